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
from domain.model.ledger.ladder import (
    REVIEW,
    earned_tier,
    floor_end,
    held_tier,
    note_missed_keep,
    qualifying,
    rung_for,
    step,
    tiers_of,
    window_start,
)
from domain.model.ledger.member import Member, TierStanding
from domain.model.programme import Programme
from domain.model.values import evolve

DAY = timedelta(days=1)
INSTANT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class TierProgress:
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


def review_day(programme: Programme, standing: TierStanding, *, today: date) -> date | None:
    """Return the day on which the earned tier's review is due: the day that no longer meets `keep`, or the
    day after its term.
    """
    tiers = tiers_of(programme)
    if programme.tier_order[earned_tier(programme, standing)] == 0 or tiers.downgrade == "never":
        return None
    if tiers.window.kind != "rolling":
        return standing.held_through + DAY if standing.held_through else None
    if standing.keep_missed_on is not None:
        return standing.keep_missed_on
    span, keep = tiers.window.span, programme.tier(earned_tier(programme, standing)).keep
    assert span is not None, "a rolling window has a span"
    days, sums = standing.cumulative
    first, total = bisect_left(days, window_start(span, today)), sums[bisect_right(days, today)]
    if total - sums[first] < keep:
        return today
    # the first day at whose passing less than `keep` is left
    at = bisect_right(sums, total - keep, lo=first)
    return max(today, day_after(days[at - 1], span)) + DAY if at <= len(days) else None


def loss_day(programme: Programme, due: date) -> date:
    """Return the day at whose start a tier goes that was due on a day: that day, or the day after its
    grace.
    """
    grace = tiers_of(programme).grace
    return due if grace is None else day_after(due, grace) + DAY


def next_review(programme: Programme, standing: TierStanding, *, after: datetime) -> datetime | None:
    """Return the next midnight at which a review may change something: one due, or the end of its grace."""
    today = local_day(after, programme.zone)
    due = review_day(programme, standing, today=today)
    if due is None:
        return None
    if due <= today and standing.keep_missed_on is None and standing.held_through is None:
        return start_of(
            today + DAY, programme.zone
        )  # missed with no turn having noted it: by another version of the programme
    at = [start_of(day, programme.zone) for day in (due, loss_day(programme, due))]
    return next((one for one in at if one > after), start_of(today + DAY, programme.zone))


# ---------------------------------------------------------------- what


def review(programme: Programme, standing: TierStanding, *, at: datetime) -> TierStanding:
    """Judge a tier at the start of a day: kept, in grace, or lost. The same standing comes back where no
    review is due.
    """
    day = local_day(at, programme.zone)
    due = review_day(programme, standing, today=day)
    if due is None or day < due:
        return standing
    after_pass = pass_review(programme, standing, at=at)
    if after_pass is not standing:
        return after_pass
    if day >= loss_day(programme, due):
        return _down(programme, standing, at=at, day=day)
    rolling = tiers_of(programme).window.kind == "rolling"
    return evolve(standing, keep_missed_on=due) if rolling and standing.keep_missed_on is None else standing


def pass_review(programme: Programme, standing: TierStanding, *, at: datetime) -> TierStanding:
    """End a grace, or begin a new term, where a review is due and `keep` is met."""
    day = local_day(at, programme.zone)
    window = tiers_of(programme).window
    rung = programme.tier(earned_tier(programme, standing))
    if window.kind == "rolling":
        met = standing.keep_missed_on is not None and qualifying(programme, standing, day=day) >= rung.keep
        return evolve(standing, keep_missed_on=None) if met else standing
    if (
        standing.held_through is None
        or day <= standing.held_through
        or term_count(programme, standing, day=day) < rung.keep
    ):
        return standing
    return evolve(standing, held_through=_term_end(programme, day), term=0, term_from=at)


def term_count(programme: Programme, standing: TierStanding, *, day: date) -> int:
    """Return what a review of a term looks at: the year just ended or, in grace, the one that has begun; or
    what came in the term.
    """
    if tiers_of(programme).window.span is not None:
        return standing.term
    assert standing.held_through is not None, "a term has an end"
    ended = qualifying(programme, standing, day=min(standing.held_through, day))
    return max(ended, qualifying(programme, standing, day=day))


def _term_end(programme: Programme, day: date) -> date:
    """The last day of a term that a review begins: through the year that has begun, or a span from the
    review's day.
    """
    span = tiers_of(programme).window.span
    return date(day.year, 12, 31) if span is None else day_after(day, span)


def _down(programme: Programme, standing: TierStanding, *, at: datetime, day: date) -> TierStanding:
    tiers = tiers_of(programme)
    place = programme.tier_order[earned_tier(programme, standing)] - 1
    if tiers.downgrade == "requalify":
        ended = standing.held_through if tiers.window.span is None and standing.held_through else day
        reach = max(qualifying(programme, standing, day=ended), qualifying(programme, standing, day=day))
        place = min(place, programme.tier_order[rung_for(tiers, reach).code])
    held = None if tiers.window.kind == "rolling" else _term_end(programme, day)
    down = step(programme, standing, to=tiers.ladder[place].code, at=at, reason=REVIEW, held_through=held)
    return note_missed_keep(programme, down, today=day)  # the next rung's own review begins then


# ---------------------------------------------------------------- reading


def tier_progress(programme: Programme, member: Member, *, now: datetime) -> TierProgress | None:
    """Return where a member stands at an instant. None without tiers."""
    standing = member.tier
    if standing is None or programme.tiers is None:
        return None
    code, rungs = held_tier(programme, standing), programme.tiers.ladder
    amount = qualifying(programme, standing, day=local_day(now, programme.zone))
    place = programme.tier_order[code]
    here, above = rungs[place], rungs[place + 1] if place + 1 < len(rungs) else None
    is_floor = code != earned_tier(programme, standing)
    until, to_keep = (
        _floor_end(programme, standing, code) if is_floor else _held_through(programme, standing, now=now)
    )
    return TierProgress(
        code=code,
        since=standing.steps[-1].at if is_floor and standing.steps else standing.since,
        until=until,
        next=above.code if above else None,
        qualifying=amount,
        to_next=max(0, above.from_ - amount) if above else None,
        to_keep=to_keep,
        fraction=1.0
        if above is None
        else min(1.0, max(0.0, (amount - here.from_) / (above.from_ - here.from_))),
    )


def _floor_end(programme: Programme, standing: TierStanding, code: str) -> tuple[date | None, int | None]:
    until = floor_end(standing, code)
    return (local_day(until - INSTANT, programme.zone) if until else None), None


def _held_through(
    programme: Programme, standing: TierStanding, *, now: datetime
) -> tuple[date | None, int | None]:
    today = local_day(now, programme.zone)
    due = review_day(programme, standing, today=today)
    if due is None:
        return None, None
    if tiers_of(programme).window.kind == "rolling":
        counts = qualifying(programme, standing, day=max(due, today))
    elif tiers_of(programme).window.span is not None:
        counts = standing.term
    else:
        counts = term_count(programme, standing, day=today) if today.year >= (due - DAY).year else 0
    keep = programme.tier(earned_tier(programme, standing)).keep
    return max(today, loss_day(programme, due) - DAY), max(0, keep - counts)
