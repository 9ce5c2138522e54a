"""What definitions read: sums of a period, what stood before and after it, and its people by whole months."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import date

from domain.model.figures.increments import LEVELS_ID
from domain.model.values import dataclass

Sums = Mapping[str, int]
NO_SUMS: Sums = {}


@dataclass(frozen=True, slots=True)
class People:
    """Distinct members of the whole months of a period, whatever they did in several of them counted once:
    `buyers` bought, `repeaters` twice or more, `redeemers` redeemed a reward. `receipts` are those of buyers.
    """

    buyers: int = 0
    repeaters: int = 0
    redeemers: int = 0
    receipts: int = 0


@dataclass(frozen=True, slots=True)
class YearSums:
    """The year that ends with the period: its sums over all stores and tiers, and the levels before it."""

    sums: Sums = field(default_factory=lambda: NO_SUMS)
    levels_before: Sums = field(default_factory=lambda: NO_SUMS)


@dataclass(frozen=True, slots=True)
class PeriodFigures:
    """A period from `start` through `end`, days of the programme. `sums` are of the store and the tier that
    were asked for; levels and `all_sums` are of the whole programme, since a member has no store. `people` is
    None where the period has no whole month.
    """

    start: date
    end: date
    sums: Sums
    all_sums: Sums = field(default_factory=lambda: NO_SUMS)
    levels_before: Sums = field(default_factory=lambda: NO_SUMS)
    levels: Sums = field(default_factory=lambda: NO_SUMS)
    people: People | None = None
    year: YearSums = field(default_factory=YearSums)
    cohorts: Sums = field(default_factory=lambda: NO_SUMS)


def add_up(documents: Iterable[Sums]) -> dict[str, int]:
    """Return the sums of several documents."""
    total: dict[str, int] = {}
    for document in documents:
        for path, amount in document.items():
            total[path] = total.get(path, 0) + amount
    return total


def levels_at(now: Sums, changes_by_day: Mapping[date, Sums], day: date) -> dict[str, int]:
    """Return what stood at the end of a day: what stands now, less what changed on later days."""
    levels = dict(now)
    prefix = f"{LEVELS_ID}."
    for changed_on, changes in changes_by_day.items():
        if changed_on > day:
            for path, amount in changes.items():
                if path.startswith(prefix):
                    name = path[len(prefix) :]
                    levels[name] = levels.get(name, 0) - amount
    return levels


def below(sums: Sums, prefix: str) -> dict[str, int]:
    """Return the sums below a path, by what follows it."""
    start = f"{prefix}."
    return {path[len(start) :]: amount for path, amount in sums.items() if path.startswith(start)}
