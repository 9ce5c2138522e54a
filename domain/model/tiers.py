"""Tiers: the review that may take one away, and how a member's standing is shown: what counts, what is
missing, how long it is held.

A review due on day X without grace happens at the start of X; with 30 days of grace the tier is lost at the
start of X + 31 unless `keep` was met on a day between.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.model.calendar import day_after, local_day, start_of
from domain.model.ladder import (
    REVIEW,
    earned,
    held,
    ladder,
    missing_from,
    qualifying,
    rung_for,
    step,
    window_start,
)
from domain.model.member import Member, Standing
from domain.model.programme import Programme
from domain.model.values import evolve

DAY = timedelta(days=1)
INSTANT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Progress:
    """A member's way on the ladder as it is shown. `until` is the last day held as things stand, None where
    it cannot be lost.
    """

    code: str
    since: datetime
    until: date | None
    next: str | None
    qualifying: int
    to_next: int | None
    to_keep: int | None
    fraction: float


# ---------------------------------------------------------------- when


def due_day(programme: Programme, standing: Standing, *, today: date) -> date | None:
    """Return the day on which the earned tier's review is due: the day that no longer meets `keep`, or the
    day after its term.
    """
    tiers = ladder(programme)
    if programme.rung_order[earned(programme, standing)] == 0 or tiers.downgrade == "never":
        return None
    if tiers.window.kind != "rolling":
        return standing.held + DAY if standing.held else None
    if standing.due is not None:
        return standing.due
    span, keep = tiers.window.span, programme.rung(earned(programme, standing)).keep
    assert span is not None, "a rolling window has a span"
    days, sums = standing.sums
    first, total = bisect_left(days, window_start(span, today)), sums[bisect_right(days, today)]
    if total - sums[first] < keep:
        return today
    # the first day at whose passing less than `keep` is left
    at = bisect_right(sums, total - keep, lo=first)
    return max(today, day_after(days[at - 1], span)) + DAY if at <= len(days) else None


def lost_on(programme: Programme, due: date) -> date:
    """Return the day at whose start a tier goes that was due on a day: that day, or the day after its
    grace.
    """
    grace = ladder(programme).grace
    return due if grace is None else day_after(due, grace) + DAY


def next_review(programme: Programme, standing: Standing, *, after: datetime) -> datetime | None:
    """Return the next midnight at which a review may change something: one due, or the end of its grace."""
    today = local_day(after, programme.zone)
    due = due_day(programme, standing, today=today)
    if due is None:
        return None
    if due <= today and standing.due is None and standing.held is None:
        return start_of(
            today + DAY, programme.zone
        )  # missed with no turn having noted it: by another version of the programme
    at = [start_of(day, programme.zone) for day in (due, lost_on(programme, due))]
    return next((one for one in at if one > after), start_of(today + DAY, programme.zone))


# ---------------------------------------------------------------- what


def review(programme: Programme, standing: Standing, *, at: datetime) -> Standing:
    """Judge a tier at the start of a day: kept, in grace, or lost. The same standing comes back where no
    review is due.
    """
    day = local_day(at, programme.zone)
    due = due_day(programme, standing, today=day)
    if due is None or day < due:
        return standing
    kept = passed(programme, standing, at=at)
    if kept is not standing:
        return kept
    if day >= lost_on(programme, due):
        return _down(programme, standing, at=at, day=day)
    rolling = ladder(programme).window.kind == "rolling"
    return evolve(standing, due=due) if rolling and standing.due is None else standing


def passed(programme: Programme, standing: Standing, *, at: datetime) -> Standing:
    """End a grace, or begin a new term, where a review is due and `keep` is met."""
    day = local_day(at, programme.zone)
    window = ladder(programme).window
    rung = programme.rung(earned(programme, standing))
    if window.kind == "rolling":
        met = standing.due is not None and qualifying(programme, standing, day=day) >= rung.keep
        return evolve(standing, due=None) if met else standing
    if standing.held is None or day <= standing.held or term_count(programme, standing, day=day) < rung.keep:
        return standing
    return evolve(standing, held=_term_end(programme, day), term=0, term_from=at)


def term_count(programme: Programme, standing: Standing, *, day: date) -> int:
    """Return what a review of a term looks at: the year just ended or, in grace, the one that has begun; or
    what came in the term.
    """
    if ladder(programme).window.span is not None:
        return standing.term
    assert standing.held is not None, "a term has an end"
    ended = qualifying(programme, standing, day=min(standing.held, day))
    return max(ended, qualifying(programme, standing, day=day))


def _term_end(programme: Programme, day: date) -> date:
    """The last day of a term that a review begins: through the year that has begun, or a span from the
    review's day.
    """
    span = ladder(programme).window.span
    return date(day.year, 12, 31) if span is None else day_after(day, span)


def _down(programme: Programme, standing: Standing, *, at: datetime, day: date) -> Standing:
    tiers = ladder(programme)
    place = programme.rung_order[earned(programme, standing)] - 1
    if tiers.downgrade == "requalify":
        ended = standing.held if tiers.window.span is None and standing.held else day
        reach = max(qualifying(programme, standing, day=ended), qualifying(programme, standing, day=day))
        place = min(place, programme.rung_order[rung_for(tiers, reach).code])
    held = None if tiers.window.kind == "rolling" else _term_end(programme, day)
    down = step(programme, standing, to=tiers.ladder[place].code, at=at, reason=REVIEW, held=held)
    return missing_from(programme, down, today=day)  # the next rung's own review begins then


# ---------------------------------------------------------------- reading


def progress(programme: Programme, member: Member, *, now: datetime) -> Progress | None:
    """Return where a member stands at an instant. None without tiers."""
    standing = member.tier
    if standing is None or programme.tiers is None:
        return None
    code, rungs = held(programme, standing), programme.tiers.ladder
    amount = qualifying(programme, standing, day=local_day(now, programme.zone))
    place = programme.rung_order[code]
    here, above = rungs[place], rungs[place + 1] if place + 1 < len(rungs) else None
    given = code != earned(programme, standing)
    until, to_keep = (
        _floor_end(programme, standing, code) if given else _held_through(programme, standing, now=now)
    )
    return Progress(
        code=code,
        since=standing.steps[-1].at if given and standing.steps else standing.since,
        until=until,
        next=above.code if above else None,
        qualifying=amount,
        to_next=max(0, above.from_ - amount) if above else None,
        to_keep=to_keep,
        fraction=1.0
        if above is None
        else min(1.0, max(0.0, (amount - here.from_) / (above.from_ - here.from_))),
    )


def _floor_end(programme: Programme, standing: Standing, code: str) -> tuple[date | None, int | None]:
    until = next(floor.until for floor in standing.floors if floor.code == code)
    return (local_day(until - INSTANT, programme.zone) if until else None), None


def _held_through(
    programme: Programme, standing: Standing, *, now: datetime
) -> tuple[date | None, int | None]:
    today = local_day(now, programme.zone)
    due = due_day(programme, standing, today=today)
    if due is None:
        return None, None
    if ladder(programme).window.kind == "rolling":
        counts = qualifying(programme, standing, day=max(due, today))
    elif ladder(programme).window.span is not None:
        counts = standing.term
    else:
        counts = term_count(programme, standing, day=today) if today.year >= (due - DAY).year else 0
    keep = programme.rung(earned(programme, standing)).keep
    return max(today, lost_on(programme, due) - DAY), max(0, keep - counts)
