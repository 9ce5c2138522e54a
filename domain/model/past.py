"""A late event's own time: the programme that ruled it, the facts of the last entry before it, and what had
fired in its periods.

Read from the journal's rows, wherever they are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.model.calendar import Per, local_day, period_start
from domain.model.decision import Outcome, Row
from domain.model.earning import PERS
from domain.model.events import Facts
from domain.model.member import Count
from domain.model.programme import Programme


@dataclass(frozen=True, slots=True)
class Past:
    """What a late event or a refund goes by: the programme of its own time, the facts of the last entry
    before it, and what had fired (with amounts, by rule) in the periods that it falls into.
    """

    programme: Programme
    facts: Facts = field(default_factory=Facts)
    counts: Mapping[str, tuple[Count, ...]] = field(default_factory=dict)
    version: int = 1


@dataclass(frozen=True, slots=True)
class Trace:
    """What a row of the journal tells a late event: when it was, its facts, and what came of each rule."""

    at: datetime
    facts: Facts
    outcomes: tuple[Outcome, ...] = ()

    @classmethod
    def of(cls, row: Row) -> Trace:
        """Return the trace of a row."""
        return cls(row.event.at, row.facts, row.outcomes)

    def applied(self) -> dict[str, int]:
        """Return what each rule that applied in the row awarded."""
        out: dict[str, int] = {}
        for outcome in self.outcomes:
            if outcome.applied:
                out[outcome.rule] = out.get(outcome.rule, 0) + outcome.amount
        return out


def past_of(programme: Programme, rows: Iterable[Row], *, at: datetime, version: int = 1) -> Past:
    """Return what a late event of an instant goes by, from a member's journal rows in their order."""
    return past_by(programme, map(Trace.of, rows), at=at, version=version)


def past_by(programme: Programme, traces: Iterable[Trace], *, at: datetime, version: int = 1) -> Past:
    """Return what a late event of an instant goes by, from the traces of a member's rows in their order."""
    last: Trace | None = None
    counts: dict[str, dict[Per, Count]] = {}
    day = local_day(at, programme.zone)
    starts = {per: period_start(day, per) for per in PERS}
    for trace in traces:
        if trace.at <= at and (last is None or trace.at >= last.at):
            last = trace
        on = local_day(trace.at, programme.zone)
        within = [per for per in PERS if period_start(on, per) == starts[per]]
        for rule, amount in trace.applied().items():
            mine = counts.setdefault(rule, {})
            for per in within:
                one = mine.get(per, Count(starts[per], per=per))
                mine[per] = Count(one.start, one.times + 1, one.amount + amount, per)
    found = {rule: tuple(mine.values()) for rule, mine in counts.items()}
    return Past(programme, last.facts if last else Facts(), found, version)
