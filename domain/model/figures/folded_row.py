"""What a fold gets of one row: the row itself, where and when it counts, and the member before and after."""

from __future__ import annotations

from datetime import date

from domain.model.club.leaderboards import UndoneRow
from domain.model.figures.increments import MONTHS, DocumentKey, Increments
from domain.model.figures.member_figures import MemberFigures
from domain.model.ledger.decision import JournalRow
from domain.model.programme import Programme
from domain.model.values import dataclass


@dataclass(frozen=True, slots=True)
class FoldedRow:
    """A row, the version that decided it, the programme's day of its event, the store and the tier that it
    counts for, and the member's figures before and after. `undone` are the rows that it takes back, which it
    does not say itself.
    """

    member: str
    row: JournalRow
    programme: Programme
    day: date
    store: str
    tier: str
    before: MemberFigures
    after: MemberFigures
    undone: tuple[UndoneRow, ...] = ()

    def add(self, increments: Increments, path: str, amount: int = 1) -> None:
        """Add to the sums of the row's day, store and tier."""
        increments.add_on_day(self.day, path, amount, store=self.store, tier=self.tier)

    def add_to_month(self, increments: Increments, path: str, amount: int = 1) -> None:
        """Add to what the member did in the month: distinct people are counted by it."""
        month = f"{self.day:%Y-%m}"
        key = DocumentKey(MONTHS, f"{month}|{self.member}")
        increments.add(key, path, amount, fields={"month": month, "member": self.member})
        increments.set_value(key, "tier", self.tier)
