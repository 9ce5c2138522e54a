"""What a back-test found: what was, beside what would have been under the draft; over the members of a batch,
then over all of them.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING

from domain.model.figures.backtest.history import MemberHistory, RulingVersions, is_brought_by_time
from domain.model.figures.backtest.sold_out import NEVER_SOLD_OUT
from domain.model.figures.backtest.totals import Totals, totals_of
from domain.model.programme import Programme
from domain.model.values import dataclass

if TYPE_CHECKING:
    from domain.model.figures.backtest.replay import Replay

MOST_CHANGED = 10


@dataclass(frozen=True, slots=True)
class MemberChange:
    """What the programme gave a member, in units of all wallets, and would have given."""

    member: str
    was: int
    would_be: int

    @property
    def difference(self) -> int:
        return self.would_be - self.was


@dataclass
class TakenAsStored:
    """How often the past was taken as it is stored: decisions for which a reward was sold out, effects that
    other members had, and decisions that looked at what is private, by the values of today.
    """

    sold_out: int = 0
    from_others: int = 0
    private: int = 0

    def add(self, other: TakenAsStored) -> None:
        """Add other counts to these."""
        self.sold_out += other.sold_out
        self.from_others += other.from_others
        self.private += other.private


@dataclass
class Comparison:
    """Sums over members, and over the events of theirs that were decided again; `left_out` counts those whom
    the draft could not decide at all, such as where it lacks a wallet of theirs. `refused` counts by (event,
    refusal) what happened and would be refused.
    """

    members: int = 0
    left_out: int = 0
    events: int = 0
    was: Totals = field(default_factory=Totals)
    would_be: Totals = field(default_factory=Totals)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    gaining: list[MemberChange] = field(default_factory=list)
    losing: list[MemberChange] = field(default_factory=list)
    gaining_count: int = 0
    losing_count: int = 0
    taken: TakenAsStored = field(default_factory=TakenAsStored)

    def add(self, other: Comparison) -> None:
        """Add other members to these."""
        self.members += other.members
        self.left_out += other.left_out
        self.events += other.events
        self.was.add(other.was)
        self.would_be.add(other.would_be)
        self.refused.update(other.refused)
        self.taken.add(other.taken)
        self.gaining_count += other.gaining_count
        self.losing_count += other.losing_count
        changes = [*self.gaining, *other.gaining]
        self.gaining = heapq.nsmallest(
            MOST_CHANGED, changes, key=lambda change: (-change.difference, change.member)
        )
        changes = [*self.losing, *other.losing]
        self.losing = heapq.nsmallest(
            MOST_CHANGED, changes, key=lambda change: (change.difference, change.member)
        )


@dataclass(frozen=True, slots=True)
class BacktestCase:
    """A draft, and what it is tried on: all that happened from an instant on. `was_sold_out` where a limited
    reward is used up: then each member's rows are decided as it was ruled first, to know since when.
    """

    draft: Programme
    versions: RulingVersions
    since: datetime
    was_sold_out: bool = False


def compare(case: BacktestCase, history: MemberHistory) -> Comparison:
    """Decide what happened to a member again by a draft, and compare."""
    # Imported here, because a server decides nothing again and need not load what does.
    from domain.model.figures.backtest.replay import replay_draft, sold_out_as_stored

    stock = NEVER_SOLD_OUT
    if case.was_sold_out:
        stock = sold_out_as_stored(history, case.versions, since=case.since)
    replay = replay_draft(history, case.versions, case.draft, since=case.since, stock=stock)
    was = _totals_as_stored(case, history, replay)
    would_be = totals_of(case.draft, replay.rows, replay.member, until=history.until)
    change = MemberChange(history.id, was.units_given(), would_be.units_given())
    return Comparison(
        members=1,
        events=sum(not is_brought_by_time(row) for row in replay.stored_rows),
        was=was,
        would_be=would_be,
        refused=Counter((one.event, one.refusal) for one in replay.refused),
        gaining=[change] if change.difference > 0 else [],
        losing=[change] if change.difference < 0 else [],
        gaining_count=int(change.difference > 0),
        losing_count=int(change.difference < 0),
        taken=TakenAsStored(replay.sold_out_count, replay.from_others, replay.private_count),
    )


def _totals_as_stored(case: BacktestCase, history: MemberHistory, replay: Replay) -> Totals:
    programme = case.versions.programmes[case.versions.at(history.until)]
    return totals_of(programme, replay.stored_rows, history.member, until=history.until)
