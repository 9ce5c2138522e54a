"""A late event's own time: the programme that ruled it, the facts of the last entry before it, and what had
fired in its periods.

Read from the journal's rows, wherever they are kept.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain.model.calendar import Per, local_day, period_start
from domain.model.ledger.decision import JournalRow, Outcome
from domain.model.ledger.events import Facts
from domain.model.ledger.member import PeriodCount
from domain.model.ledger.period_counts import add_firing
from domain.model.programme import Programme
from domain.model.values import dataclass

_PERIODS: tuple[Per, ...] = ("day", "week", "month", "year")  # what was ever counted the member still counts


@dataclass(frozen=True, slots=True)
class HistoricalContext:
    """What a late event or a refund goes by: the programme of its own time, the facts of the last entry
    before it, and what had fired (with amounts, by rule) in the periods that it falls into. A delayed
    part goes by the last alone.
    """

    programme: Programme
    facts: Facts = field(default_factory=Facts)
    counts: Mapping[str, tuple[PeriodCount, ...]] = field(default_factory=dict)
    version: int = 1


@dataclass(frozen=True, slots=True)
class RowTrace:
    """What a row of the journal tells a late event: when it was, its facts, and what came of each rule."""

    at: datetime
    facts: Facts
    outcomes: tuple[Outcome, ...] = ()

    @classmethod
    def from_row(cls, row: JournalRow) -> RowTrace:
        """Return the trace of a row."""
        return cls(row.event.at, row.facts, row.outcomes)


def _firings(outcomes: Iterable[Outcome]) -> dict[str, tuple[int, int]]:
    """Return how often each rule fired in a row, on its event and on those it raised, and what it awarded. A
    firing has one outcome for each wallet.
    """
    applied = [
        outcome for outcome in outcomes if outcome.applied and outcome.amount >= 0
    ]  # what a refund takes is no firing
    by_wallet = Counter((outcome.rule, outcome.wallet) for outcome in applied)
    firings: dict[str, tuple[int, int]] = {}
    for (rule, _), times in by_wallet.items():
        firings[rule] = max(times, firings.get(rule, (0, 0))[0]), 0
    for outcome in applied:
        times, amount = firings[outcome.rule]
        firings[outcome.rule] = times, amount + outcome.amount
    return firings


class TraceIndex:
    """The traces of one member's rows: what a late event goes by is looked up, not summed anew each
    time. Rows are summed only once a late event asks: most members have none.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._added: list[RowTrace] = []
        self._instants: list[datetime] = []
        self._facts: list[Facts] = []
        self._counts: dict[tuple[Per, date], dict[str, PeriodCount]] = {}

    def add(self, trace: RowTrace) -> None:
        """Add the trace of the next row."""
        self._added.append(trace)

    def _sum_added(self) -> None:
        for trace in self._added:
            self._sum(trace)
        self._added.clear()

    def _sum(self, trace: RowTrace) -> None:
        place = bisect_right(self._instants, trace.at)
        self._instants.insert(place, trace.at)
        self._facts.insert(place, trace.facts)
        firings = _firings(trace.outcomes)
        for per in _PERIODS if firings else ():
            start = period_start(local_day(trace.at, self._zone), per)
            counts = self._counts.setdefault((per, start), {})
            for rule, (times, amount) in firings.items():
                count = counts.get(rule, PeriodCount(start, per=per))
                counts[rule] = PeriodCount(start, count.times + times, count.amount + amount, per)

    def has_row_by(self, at: datetime) -> bool:
        """Tell whether a row is of an instant or earlier."""
        self._sum_added()
        return bool(self._instants) and self._instants[0] <= at

    def history(self, programme: Programme, *, at: datetime, version: int = 1) -> HistoricalContext:
        """Return what a late event of an instant goes by: the facts of the last row up to it, and what had
        fired in the periods that it falls into.
        """
        self._sum_added()
        place = bisect_right(self._instants, at)
        facts = self._facts[place - 1] if place else Facts()
        return HistoricalContext(programme, facts, self._counts_around(at), version)

    def _counts_around(self, at: datetime) -> dict[str, tuple[PeriodCount, ...]]:
        day = local_day(at, self._zone)
        counts: dict[str, list[PeriodCount]] = {}
        for per in _PERIODS:
            for rule, count in self._counts.get((per, period_start(day, per)), {}).items():
                counts.setdefault(rule, []).append(count)
        return {rule: tuple(mine) for rule, mine in counts.items()}


def with_firings(
    counts: Mapping[str, tuple[PeriodCount, ...]], outcomes: Iterable[Outcome], day: date
) -> dict[str, tuple[PeriodCount, ...]]:
    """Return the counts around a late event's day with what its own row has fired so far."""
    out = dict(counts)
    for rule, (times, amount) in _firings(outcomes).items():
        out[rule] = add_firing(out.get(rule, ()), _PERIODS, day, amount=amount, times=times)
    return out


def history_from_rows(
    programme: Programme, rows: Iterable[JournalRow], *, at: datetime, version: int = 1
) -> HistoricalContext:
    """Return what a late event of an instant goes by, from a member's journal rows in their order."""
    index = TraceIndex(programme.zone)
    for row in rows:
        index.add(RowTrace.from_row(row))
    return index.history(programme, at=at, version=version)
