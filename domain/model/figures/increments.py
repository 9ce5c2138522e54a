"""What rows add to documents of sums. Sums are integers; a sum that is not there is 0."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date

from domain.model.values import dataclass

DAYS, MONTHS, NOW = "figures_days", "figures_months", "figures_now"
ALL = "*"  # in place of a store or a tier: whatever it is
NO_STORE, NO_TIER = "-", "-"
LEVELS_ID, COHORTS_ID = "levels", "cohorts"


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """A document of sums."""

    collection: str
    id: str


def day_key(day: date, store: str, tier: str) -> DocumentKey:
    """Return the document of a day, a store and a tier."""
    return DocumentKey(DAYS, f"{day.isoformat()}|{store}|{tier}")


LEVELS_NOW = DocumentKey(NOW, LEVELS_ID)
COHORTS_NOW = DocumentKey(NOW, COHORTS_ID)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a document must still be, once it is added to: a query that it matches, and whether it is new."""

    query: Mapping[str, object]
    is_new: bool


class Increments:
    """Sums by document and path, with the fields that a document is found by, and plain values that the last
    row sets.
    """

    def __init__(self) -> None:
        self.sums: dict[DocumentKey, Counter[str]] = {}
        self.fields: dict[DocumentKey, Mapping[str, str]] = {}
        self.values: dict[DocumentKey, dict[str, str]] = {}
        self.expectations: dict[DocumentKey, Expectation] = {}

    def __len__(self) -> int:
        """Return how many documents are added to."""
        return len(self.sums)

    def add(
        self, key: DocumentKey, path: str, amount: int, *, fields: Mapping[str, str] | None = None
    ) -> None:
        """Add to a sum; `fields` are set where the document is new."""
        if not amount:
            return
        sums = self.sums.get(key)
        if sums is None:
            sums = self.sums[key] = Counter()
            self.fields[key] = fields or {}
        sums[path] += amount

    def set_value(self, key: DocumentKey, name: str, value: str) -> None:
        """Set a field of a document that is added to."""
        self.values.setdefault(key, {})[name] = value

    def forget(self, key: DocumentKey) -> None:
        """Leave out a document, since it was written."""
        for by_key in (self.sums, self.fields, self.values, self.expectations):
            by_key.pop(key, None)

    def add_on_day(self, day: date, path: str, amount: int, *, store: str, tier: str) -> None:
        """Add to a day's sum of a store and a tier, and to the sums over all stores, and over all tiers."""
        for shop in (store, ALL):
            for level in (tier, ALL):
                key = day_key(day, shop, level)
                fields = {"day": day.isoformat(), "store": shop, "tier": level}
                self.add(key, path, amount, fields=fields)

    def change_level(self, day: date, path: str, amount: int) -> None:
        """Change what stands from a day on: how many members are enrolled, what a wallet holds. A level at
        the end of a day is the present one less the changes of later days.
        """
        fields = {"day": day.isoformat(), "store": ALL, "tier": ALL}
        self.add(day_key(day, ALL, ALL), f"levels.{path}", amount, fields=fields)
        self.add(LEVELS_NOW, path, amount)
