"""What a member likes, by what they bought: weights of categories and of articles, which halve in 90 days.

A receipt adds its pieces, five of a line at most, to each article and category; what a refund or a correction
takes back is taken at the weight that it has by then. Both lists are bounded: the lightest leave first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import field
from datetime import date
from typing import Final

from domain.model.club.habits import Habit, Habits, after_receipt, joined_habits
from domain.model.ledger.events import Purchase
from domain.model.values import dataclass, evolve

PIECE: Final = 1_000_000  # what one piece weighs on the day on which it is bought
HALF_LIFE_DAYS: Final = 90
MOST_PIECES: Final = 5  # of one line: who fills a shelf once likes it no more than that
MOST_CATEGORIES: Final = 30
MOST_ITEMS: Final = 40
LEAST: Final = PIECE // 100  # lighter than this is forgotten: a piece after 600 days

Weights = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Tastes:
    """Weights by category and by article (sku), as they are on a day; heavier is liked more. `habits` are of
    the articles: how often each was bought, and when.
    """

    on: date | None = None
    categories: Weights = field(default_factory=dict)
    items: Weights = field(default_factory=dict)
    habits: Habits = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.categories or self.items)


NO_TASTES = Tastes()


def after_purchase(tastes: Tastes, purchase: Purchase, *, day: date, ineligible: Collection[str]) -> Tastes:
    """Return the tastes after a purchase on a day. Lines of ineligible categories say nothing of anybody."""
    pieces = _pieces(purchase, ineligible)
    habits = after_receipt(tastes.habits, day, bought=_skus(pieces))
    return _changed(evolve(tastes, habits=habits), pieces, day=day, bought_on=day)


def after_return(
    tastes: Tastes,
    before: Purchase,
    remaining: Purchase,
    *,
    day: date,
    bought_on: date,
    ineligible: Collection[str],
) -> Tastes:
    """Return the tastes after a purchase of before became less, or another, on a day."""
    pieces, earlier = _pieces(remaining, ineligible), _pieces(before, ineligible)
    left, had = _skus(pieces), _skus(earlier)
    habits = after_receipt(tastes.habits, bought_on, bought=left - had, returned=had - left)
    pieces.subtract(earlier)
    return _changed(evolve(tastes, habits=habits), pieces, day=day, bought_on=bought_on)


def as_of(tastes: Tastes, day: date) -> Tastes:
    """Return the tastes as they weigh on a day."""
    return (
        tastes
        if tastes.on is None or day <= tastes.on
        else _changed(tastes, Counter(), day=day, bought_on=day)
    )


def joined(all_tastes: Iterable[Tastes]) -> Tastes:
    """Return the tastes of several memberships of one person as one."""
    some = [each for each in all_tastes if each]
    if not some:
        return NO_TASTES
    day = max(each.on for each in some if each.on is not None)
    categories, items = Counter[str](), Counter[str]()
    for each in some:
        known = as_of(each, day)
        categories.update(known.categories)
        items.update(known.items)
    heaviest = _heaviest(items, MOST_ITEMS)
    habits = joined_habits(each.habits for each in some)
    return Tastes(day, _heaviest(categories, MOST_CATEGORIES), heaviest, _of(habits, heaviest))


# ---------------------------------------------------------------- weights
def _pieces(purchase: Purchase, ineligible: Collection[str]) -> Counter[tuple[str, str]]:
    """Return the pieces of a receipt by what they are: ("items", sku) and ("categories", code)."""
    pieces = Counter[tuple[str, str]]()
    if purchase.is_returned:
        return pieces
    for line in purchase.lines:
        count = min(line.quantity, MOST_PIECES)
        if count <= 0 or line.category in ineligible:
            continue
        pieces["items", line.sku] += count
        if line.category:
            pieces["categories", line.category] += count
    return pieces


def _changed(tastes: Tastes, pieces: Counter[tuple[str, str]], *, day: date, bought_on: date) -> Tastes:
    """Return the tastes with pieces more, or less, that were bought on a day: what comes late weighs less."""
    newest = day if tastes.on is None else max(tastes.on, day)
    share_left = 1.0 if tastes.on is None else _share_left((newest - tastes.on).days)
    piece = int(PIECE * _share_left((newest - bought_on).days))
    weights: dict[str, Counter[str]] = {"categories": Counter(), "items": Counter()}
    for name, known in (("categories", tastes.categories), ("items", tastes.items)):
        for code, weight in known.items():
            weights[name][code] = int(weight * share_left)
    for (name, code), count in pieces.items():
        weights[name][code] += count * piece
    items = _heaviest(weights["items"], MOST_ITEMS)
    return evolve(
        tastes,
        on=newest,
        categories=_heaviest(weights["categories"], MOST_CATEGORIES),
        items=items,
        habits=_of(tastes.habits, items),
    )


def _skus(pieces: Counter[tuple[str, str]]) -> set[str]:
    return {code for (name, code), count in pieces.items() if name == "items" and count > 0}


def _of(habits: Habits, items: Weights) -> dict[str, Habit]:
    """Return the habits of the articles that are remembered, in their order."""
    return {sku: habits[sku] for sku in items if sku in habits}


def _share_left(days: int) -> float:
    return float(0.5 ** (max(days, 0) / HALF_LIFE_DAYS))


def _heaviest(weights: Counter[str], most: int) -> dict[str, int]:
    """Return the heaviest, heaviest first, even ones by their codes."""
    known = [(code, weight) for code, weight in weights.items() if weight >= LEAST]
    return dict(sorted(known, key=lambda pair: (-pair[1], pair[0]))[:most])
