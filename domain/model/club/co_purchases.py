"""Which articles go together, and which are popular, by what a sample of members likes: bounded, and of three
people at least, so that no list tells of anybody's purchases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from math import isqrt
from typing import Final

from domain.model.club.tastes import PIECE, Tastes
from domain.model.values import dataclass

MOST_MEMBERS: Final = 20_000  # that a measuring takes
MOST_NEIGHBOURS: Final = 50
MOST_POPULAR: Final = 50
LEAST_PEOPLE: Final = 3
_ITEMS_OF_ONE: Final = 20  # the heaviest of each member, so that one person makes 190 pairs at most
_MOST_PAIRS: Final = 300_000  # more than this, and pairs of one person alone are forgotten
FULL: Final = 1_000
_UNKNOWN: Final = 30  # of an article that is not popular, or not yet, among those of its category

# Articles with a weight of 1 to 1,000, the heaviest first.
Ranking = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ProductLinks:
    """What was measured: by article those that go with it, by category and over all the popular ones, and the
    rewards that are redeemed most.
    """

    neighbours: Mapping[str, Ranking]
    categories: Mapping[str, Ranking]
    popular: Ranking
    rewards: Ranking


class CoPurchases:
    """Counts over members: who buys an article, and who buys two of them."""

    def __init__(self) -> None:
        self._people = Counter[str]()
        self._weights = Counter[str]()
        self._buyers = Counter[str]()
        self._pairs = Counter[tuple[str, str]]()

    def add(self, tastes: Tastes) -> None:
        """Add what one member likes."""
        for sku, weight in tastes.items.items():
            self._buyers[sku] += 1
            self._weights[sku] += min(weight, PIECE)
        heaviest = sorted(list(tastes.items)[:_ITEMS_OF_ONE])
        self._people.update(heaviest)
        self._pairs.update(combinations(heaviest, 2))
        if len(self._pairs) > _MOST_PAIRS:
            self._pairs = Counter({pair: count for pair, count in self._pairs.items() if count > 1})

    def neighbours(self) -> dict[str, Ranking]:
        """Return what goes with each article: the share of people who like both, of the geometric mean of
        those who like either.
        """
        near: dict[str, list[tuple[str, int]]] = {}
        for (first, second), both in self._pairs.items():
            if both < LEAST_PEOPLE:
                continue
            weight = both * FULL // max(isqrt(self._people[first] * self._people[second]), 1)
            if weight:
                near.setdefault(first, []).append((second, min(weight, FULL)))
                near.setdefault(second, []).append((first, min(weight, FULL)))
        return {sku: _ranking(pairs, MOST_NEIGHBOURS) for sku, pairs in near.items()}

    def of_category(self, skus: Collection[str]) -> Ranking:
        """Return the articles of a category: the popular ones, then the others, such as new ones."""
        popular = self.popular_of(skus)
        known = {sku for sku, _ in popular}
        return (*popular, *((sku, _UNKNOWN) for sku in sorted(skus) if sku not in known))[:MOST_POPULAR]

    def popular_of(self, skus: Iterable[str]) -> Ranking:
        """Return which of some articles are popular now, the first with 1,000."""
        return relative({sku: self._weights[sku] for sku in skus if self._buyers[sku] >= LEAST_PEOPLE})


def relative(counts: Mapping[str, int]) -> Ranking:
    """Return counts as a ranking in which the highest weighs 1,000."""
    top = max(counts.values(), default=0)
    pairs = [(code, count * FULL // top) for code, count in counts.items() if count > 0]
    return _ranking(pairs, MOST_POPULAR)


def _ranking(pairs: Sequence[tuple[str, int]], most: int) -> Ranking:
    return tuple(sorted((pair for pair in pairs if pair[1]), key=lambda pair: (-pair[1], pair[0]))[:most])
