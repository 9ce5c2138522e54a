"""Made histories with affinities that are planted: circles of members who buy the same ten articles, and one
article of each circle that nearly all of it buy, but not those who are asked.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from domain.model.ledger.events import Line, Purchase

CIRCLES = 12
ITEMS = 10
MEMBERS = 1_000
ASKED = 100
FIRST_DAY = date(2025, 3, 1)
TODAY = date(2026, 3, 1)


@dataclass
class PlantedHistory:
    """Purchases by member with their days, the circle of each, and who has not bought what was planted."""

    seed: int
    purchases: dict[str, list[tuple[date, Purchase]]] = field(default_factory=dict)
    circle_of: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def planted_for(self, member: str) -> str:
        return sku_of(self.circle_of[member], 0)

    def bought_by(self, member: str) -> set[str]:
        return {line.sku for _, purchase in self.purchases[member] for line in purchase.lines}


def sku_of(circle: int, item: int) -> str:
    return f"item-{circle}-{item}"


def category_of(circle: int) -> str:
    """Two circles share a category, so that a category alone does not tell what is planted."""
    return f"kind-{circle // 2}"


def all_skus() -> dict[str, str]:
    """Every article with its category."""
    return {sku_of(circle, item): category_of(circle) for circle in range(CIRCLES) for item in range(ITEMS)}


def plant(seed: int) -> PlantedHistory:
    """Make the histories of 1,000 members, of whom 100 have not bought what was planted for them."""
    rng = random.Random(seed)
    history = PlantedHistory(seed)
    for number in range(MEMBERS):
        member, circle = f"member-{number}", rng.randrange(CIRCLES)
        history.circle_of[member] = circle
        is_asked = number < ASKED
        if is_asked:
            history.asked.append(member)
        history.purchases[member] = list(_purchases(rng, member, circle, is_asked=is_asked))
    return history


def _purchases(
    rng: random.Random, member: str, circle: int, *, is_asked: bool
) -> list[tuple[date, Purchase]]:
    days = sorted(rng.sample(range((TODAY - FIRST_DAY).days), 6))
    planted_in = None if is_asked or rng.random() > 0.95 else rng.randrange(6)
    made = []
    for place, day in enumerate(days):
        skus = [_sku(rng, circle, is_asked=is_asked) for _ in range(rng.randint(1, 2))]
        if place == planted_in:
            skus.append(sku_of(circle, 0))
        lines = tuple(
            Line(number, sku, 1_000, rng.randint(1, 2), category=all_skus()[sku])
            for number, sku in enumerate(dict.fromkeys(skus), start=1)
        )
        receipt = f"{member}-{place}"
        purchase = Purchase(receipt, 1_000 * len(lines), "EUR", "lisboa", lines)
        made.append((FIRST_DAY + timedelta(days=day), purchase))
    return made


def _sku(rng: random.Random, circle: int, *, is_asked: bool) -> str:
    """Four of five are of one's own circle; what is planted there is bought by `plant` alone."""
    if rng.random() < 0.8:
        return sku_of(circle, rng.randrange(1, ITEMS))
    while True:
        other = rng.randrange(CIRCLES), rng.randrange(ITEMS)
        if not is_asked or other != (circle, 0):
            return sku_of(*other)
