"""What bounded rules and shared caps have fired and awarded, by period, and the room that is left of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from domain.model.calendar import Per, period_start, previous_period
from domain.model.ledger.member import PeriodCount
from domain.model.programme import Programme, Rule, SharedCap

SHARED = "cap:"
RuleRoom = tuple[bool, int | None]


def room_left(rule: Rule, counts: Sequence[PeriodCount], day: date) -> RuleRoom:
    """Return whether a rule's limit has room on a day, and what its cap leaves (None: no cap)."""
    fires = rule.limit is None or used_in_period(counts, rule.limit.per, day).times < rule.limit.times
    left = (
        None
        if rule.cap is None
        else max(0, rule.cap.amount - used_in_period(counts, rule.cap.per, day).amount)
    )
    return fires, left


def used_in_period(counts: Iterable[PeriodCount], per: Per, day: date) -> PeriodCount:
    """Return what fired and was awarded in the period that a day falls into."""
    start = period_start(day, per)
    return next(
        (count for count in counts if count.start == start and count.per == per), PeriodCount(start, per=per)
    )


def add_firing(
    counts: Iterable[PeriodCount], periods: Iterable[Per], day: date, *, amount: int, times: int = 1
) -> tuple[PeriodCount, ...]:
    """Return the counts with a firing added (or taken back) in each kind of period that bounds the rule.

    Of each the current period and the one before are kept; what is older stands in the journal.
    """
    out = {(count.per, count.start): count for count in counts}
    for per in periods:
        start = period_start(day, per)
        count = out.get((per, start), PeriodCount(start, per=per))
        out[per, start] = PeriodCount(start, max(0, count.times + times), count.amount + amount, per)
        oldest = _oldest_counted(out.values(), per)
        out = {key: count for key, count in out.items() if count.per != per or count.start >= oldest}
    return tuple(out[key] for key in sorted(out))


def _oldest_counted(counts: Iterable[PeriodCount], per: Per) -> date:
    """Return the first day of the oldest period that is still counted: the one before the newest."""
    return previous_period(max([count.start for count in counts if count.per == per], default=date.max), per)


def with_past_counts(
    counts: Sequence[PeriodCount], past_counts: Iterable[PeriodCount]
) -> tuple[PeriodCount, ...]:
    """Return counts with those of the journal for periods that are counted no more. What is still counted is
    exact: the journal's outcomes know neither what refunds gave back nor what a merge brought.
    """
    older = [count for count in past_counts if count.start < _oldest_counted(counts, count.per)]
    return (*older, *counts)


def shared_counter(cap: str) -> str:
    """Return the name under which a cap that rules share is counted."""
    return f"{SHARED}{cap}"


def shared_room_left(cap: SharedCap, counts: Iterable[PeriodCount], day: date) -> int:
    """Return what a cap that rules share leaves on a day."""
    return max(0, cap.amount - used_in_period(counts, cap.per, day).amount)


def bounding_periods(rule: Rule) -> set[Per]:
    """Return the kinds of period that bound a rule."""
    return {bound.per for bound in (rule.limit, rule.cap) if bound is not None}


def periods_of(programme: Programme, counter: str) -> set[Per]:
    """Return the kinds of period in which a counter of a rule, or of a shared cap, bounds something."""
    try:
        if counter.startswith(SHARED):
            return {programme.cap(counter.removeprefix(SHARED)).per}
        return bounding_periods(programme.rule(counter))
    except KeyError:  # it has left the programme
        return set()
