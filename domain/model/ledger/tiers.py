"""Tiers: the review that may take one away, and how a member's standing is shown: what counts, what is
missing, how long it is held.

A review due on day X without grace happens at the start of X; with 30 days of grace the tier is lost at the
start of X + 31 unless `keep` was met on a day between.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from domain.model.calendar import Span, day_after, local_day, start_of
from domain.model.ledger.counting import (
    REVIEW,
    earned_tier,
    meets,
    note_missed_keep,
    qualifying_by_count,
    rung_for,
    tally_of,
    tiers_of,
    window_start,
    with_terms,
)
from domain.model.ledger.ladder import floor_end, held_tier, step
from domain.model.ledger.member import Member, Tally, TierStanding
from domain.model.programme import SINGLE_COUNT, Programme, TierSpec
from domain.model.values import dataclass, evolve

DAY = timedelta(days=1)
INSTANT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class CountProgress:
    """What one count has, and what it misses for the next tier and for keeping this one: None where it does
    neither. `fraction` is 0..1 of the way to the next tier.
    """

    name: str
    qualifying: int
    to_next: int | None
    to_keep: int | None
    fraction: float


@dataclass(frozen=True, slots=True)
class TierProgress:
    """A member's way on the ladder as it is shown. `until` is the last day held as things stand, None where
    it cannot be lost. Where there are several counts, `qualifying`, `to_next` and `fraction` are of the one
    that is the nearest to the next tier, `to_keep` of the one that is the nearest to keeping this one.
    """

    code: str
    since: datetime
    until: date | None
    next: str | None
    qualifying: int
    to_next: int | None
    to_keep: int | None
    fraction: float
    counts: tuple[CountProgress, ...]


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
    span, last = tiers.window.span, today  # the day of the count that keeps it longest
    assert span is not None, "a rolling window has a span"
    for name, keep in programme.tier(earned_tier(programme, standing)).keeping.items():
        missed = _day_missed(span, tally_of(programme, standing, name), keep, today=today)
        if missed is None:
            return None
        last = max(last, missed)
    return last


def _day_missed(span: Span, tally: Tally, keep: int, *, today: date) -> date | None:
    """Return the first day from today on whose rolling window holds less than `keep`; None for none."""
    days, sums = tally.cumulative
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
    keeping = programme.tier(earned_tier(programme, standing)).keeping
    if tiers_of(programme).window.kind == "rolling":
        met = standing.keep_missed_on is not None and meets(
            keeping, qualifying_by_count(programme, standing, day=day)
        )
        return evolve(standing, keep_missed_on=None) if met else standing
    if (
        standing.held_through is None
        or day <= standing.held_through
        or not meets(keeping, term_counts(programme, standing, day=day))
    ):
        return standing
    return evolve(with_terms(standing, {}), held_through=_term_end(programme, day), term_from=at)


def term_counts(programme: Programme, standing: TierStanding, *, day: date) -> dict[str, int]:
    """Return what a review of a term looks at, by count: the year just ended or, in grace, the one that has
    begun; or what came in the term.
    """
    if tiers_of(programme).window.span is not None:
        return {name: tally_of(programme, standing, name).term for name in tiers_of(programme).all_counts}
    assert standing.held_through is not None, "a term has an end"
    return _highest(programme, standing, min(standing.held_through, day), day)


def _highest(programme: Programme, standing: TierStanding, *days: date) -> dict[str, int]:
    """Return each count as of that one of some days on which it is highest."""
    by_day = [qualifying_by_count(programme, standing, day=day) for day in days]
    return {name: max(amounts[name] for amounts in by_day) for name in by_day[0]}


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
        reached = rung_for(tiers, _highest(programme, standing, ended, day))
        place = min(place, programme.tier_order[reached.code])
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
    place = programme.tier_order[code]
    above = rungs[place + 1] if place + 1 < len(rungs) else None
    is_floor = code != earned_tier(programme, standing)
    until, missing = (
        (_floor_end(programme, standing, code), {})
        if is_floor
        else _held_through(programme, standing, now=now)
    )
    amounts = qualifying_by_count(programme, standing, day=local_day(now, programme.zone))
    counts = tuple(
        _count_progress(name, amount, rungs[place], above, missing) for name, amount in amounts.items()
    )
    nearest = max(counts, key=lambda count: (count.to_next is not None, count.fraction))
    return TierProgress(
        code=code,
        since=standing.steps[-1].at if is_floor and standing.steps else standing.since,
        until=until,
        next=above.code if above else None,
        qualifying=nearest.qualifying,
        to_next=nearest.to_next,
        to_keep=_nearest_to_keep(counts),
        fraction=nearest.fraction if above else 1.0,
        counts=counts,
    )


def _count_progress(
    name: str, amount: int, here: TierSpec, above: TierSpec | None, missing: Mapping[str, int]
) -> CountProgress:
    to_keep, target = missing.get(name), above.reaching.get(name) if above else None
    if target is None:
        return CountProgress(name, amount, None, to_keep, 0.0)
    # of several counts each is shown from 0: one may be far behind what another has reached
    start = here.reaching.get(name, 0) if name == SINGLE_COUNT else 0
    fraction = min(1.0, max(0.0, (amount - start) / (target - start)))
    return CountProgress(name, amount, max(0, target - amount), to_keep, fraction)


def _nearest_to_keep(counts: Sequence[CountProgress]) -> int | None:
    """Return what keeping misses of the count that is the nearest to it; None where nothing is to be kept."""
    shares = [
        (count.to_keep / max(1, count.to_keep + count.qualifying), count.to_keep)
        for count in counts
        if count.to_keep is not None
    ]
    return min(shares)[1] if shares else None


def _floor_end(programme: Programme, standing: TierStanding, code: str) -> date | None:
    until = floor_end(standing, code)
    return local_day(until - INSTANT, programme.zone) if until else None


def _held_through(
    programme: Programme, standing: TierStanding, *, now: datetime
) -> tuple[date | None, dict[str, int]]:
    """Return the last day held, and what each count that keeps the tier still misses for its review."""
    today = local_day(now, programme.zone)
    due = review_day(programme, standing, today=today)
    if due is None:
        return None, {}
    counts: Mapping[str, int] = {}
    if tiers_of(programme).window.kind == "rolling":
        counts = qualifying_by_count(programme, standing, day=max(due, today))
    elif tiers_of(programme).window.span is not None or today.year >= (due - DAY).year:
        counts = term_counts(programme, standing, day=today)
    keeping = programme.tier(earned_tier(programme, standing)).keeping
    missing = {name: max(0, keep - counts.get(name, 0)) for name, keep in keeping.items()}
    return max(today, loss_day(programme, due) - DAY), missing
