"""A late event's own time: the programme that ruled it, the facts of the last entry before it, and what had
fired in its periods.

Read from the journal's rows, wherever they are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.model.calendar import Per, local_day, period_start
from domain.model.ledger.deciding.earning import PERIODS
from domain.model.ledger.decision import JournalRow, Outcome
from domain.model.ledger.events import Facts
from domain.model.ledger.member import PeriodCount
from domain.model.programme import Programme


@dataclass(frozen=True, slots=True)
class HistoricalContext:
    """What a late event or a refund goes by: the programme of its own time, the facts of the last entry
    before it, and what had fired (with amounts, by rule) in the periods that it falls into.
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

    def awarded_by_rule(self) -> dict[str, int]:
        """Return what each rule that applied in the row awarded."""
        out: dict[str, int] = {}
        for outcome in self.outcomes:
            if outcome.applied:
                out[outcome.rule] = out.get(outcome.rule, 0) + outcome.amount
        return out


def history_from_rows(
    programme: Programme, rows: Iterable[JournalRow], *, at: datetime, version: int = 1
) -> HistoricalContext:
    """Return what a late event of an instant goes by, from a member's journal rows in their order."""
    return history_from_traces(programme, map(RowTrace.from_row, rows), at=at, version=version)


def history_from_traces(
    programme: Programme, traces: Iterable[RowTrace], *, at: datetime, version: int = 1
) -> HistoricalContext:
    """Return what a late event of an instant goes by, from the traces of a member's rows in their order."""
    last: RowTrace | None = None
    counts: dict[str, dict[Per, PeriodCount]] = {}
    day = local_day(at, programme.zone)
    starts = {per: period_start(day, per) for per in PERIODS}
    for trace in traces:
        if trace.at <= at and (last is None or trace.at >= last.at):
            last = trace
        on = local_day(trace.at, programme.zone)
        within = [per for per in PERIODS if period_start(on, per) == starts[per]]
        for rule, amount in trace.awarded_by_rule().items():
            mine = counts.setdefault(rule, {})
            for per in within:
                count = mine.get(per, PeriodCount(starts[per], per=per))
                mine[per] = PeriodCount(count.start, count.times + 1, count.amount + amount, per)
    counts_by_rule = {rule: tuple(mine.values()) for rule, mine in counts.items()}
    return HistoricalContext(programme, last.facts if last else Facts(), counts_by_rule, version)
