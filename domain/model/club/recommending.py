"""What is recommended to a member, and why: each with one reason, which is true of them.

A product's score is what speaks for it: articles that the member bought and others bought with it, a
category that they buy and in which it is popular, and a little that it is popular at all. The reason is what
spoke most. What they have bought already is not recommended, but for what they buy again and again, once it
is about time. A reward's is its category, or how near its
price is. Without the consent to profiling nothing of the member is looked at: then it is what is popular.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import date
from typing import Final, Literal

from domain.model.club.co_purchases import FULL, ProductLinks, Ranking
from domain.model.club.habits import Habit
from domain.model.club.tastes import Tastes
from domain.model.values import dataclass

Reason = Literal["bought_product", "bought_category", "reachable", "nearly", "popular", "buy_again"]
Kind = Literal["product", "reward"]

ITEMS_READ: Final = 10  # of a member's heaviest articles, and of their categories
CATEGORIES_READ: Final = 5
MOST_CANDIDATES: Final = 60
MOST_AGAIN: Final = 3  # that are bought again, in one list
PRODUCTS_BETWEEN: Final = 3  # after so many products comes a reward
_OF_CATEGORY: Final = 0.4
_OF_POPULAR: Final = 0.02
_NEARLY: Final = 0.5
_UNLOCKED: Final = 0.5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product or a reward that may be recommended: its score, the reason that speaks most for it, and what
    that names: an article, or a category; of what is bought again, how often it was.
    """

    kind: Kind
    code: str
    score: float
    reason: Reason
    because: str | None = None
    habit: Habit | None = None


@dataclass(frozen=True, slots=True)
class RewardStanding:
    """How a reward stands to a member: its categories, the share of its price that they have, and whether
    they could redeem it now.
    """

    code: str
    categories: tuple[str, ...]
    share: float
    is_unlocked: bool


@dataclass(slots=True)
class _Votes:
    """What speaks for a product, by reason and what the reason names."""

    score: float = 0.0
    best: tuple[float, Reason, str | None] = field(default=(0.0, "popular", None))

    def add(self, weight: float, reason: Reason, because: str | None) -> None:
        self.score += weight
        if weight > self.best[0]:
            self.best = (weight, reason, because)


def read_keys(tastes: Tastes) -> tuple[list[str], list[str]]:
    """Return the articles and categories by which a member's products are found."""
    return list(tastes.items)[:ITEMS_READ], list(tastes.categories)[:CATEGORIES_READ]


def rank_products(tastes: Tastes, links: ProductLinks) -> list[Candidate]:
    """Return the products that speak to a member, the first first."""
    items, categories = read_keys(tastes)
    votes: dict[str, _Votes] = {}
    for sku, share in _shares({sku: tastes.items[sku] for sku in items}):
        for other, weight in links.neighbours.get(sku, ()):
            votes.setdefault(other, _Votes()).add(share * weight / FULL, "bought_product", sku)
    for code, share in _shares({code: tastes.categories[code] for code in categories}):
        for other, weight in links.categories.get(code, ()):
            votes.setdefault(other, _Votes()).add(
                share * _OF_CATEGORY * weight / FULL, "bought_category", code
            )
    for other, weight in links.popular:
        votes.setdefault(other, _Votes()).add(_OF_POPULAR * weight / FULL, "popular", None)
    return _first(
        Candidate("product", sku, each.score, each.best[1], each.best[2])
        for sku, each in votes.items()
        if sku not in tastes.items
    )


def rank_again(tastes: Tastes, day: date) -> list[Candidate]:
    """Return what a member buys again and again and is about to buy, what they like most first."""
    shares = dict(_shares(tastes.items))
    due = [
        Candidate("product", sku, shares[sku], "buy_again", habit=habit)
        for sku, habit in tastes.habits.items()
        if habit.is_due(day) and sku in shares
    ]
    return _first(due)[:MOST_AGAIN]


def with_again(products: Sequence[Candidate], again: Sequence[Candidate]) -> list[Candidate]:
    """Return what is new to a member, and after each three of it one thing that they buy again."""
    left, others, together = list(products), list(again), list[Candidate]()
    while left or others:
        together += [*left[:PRODUCTS_BETWEEN], *others[:1]]
        del left[:PRODUCTS_BETWEEN]
        del others[:1]
    return together


def rank_rewards(
    tastes: Tastes | None, standings: Iterable[RewardStanding], popular: Ranking
) -> list[Candidate]:
    """Return the rewards that speak to a member, the first first; `tastes` is None where nothing of them may
    be looked at.
    """
    weights = dict(popular)
    candidates = list[Candidate]()
    shares = dict(_shares(tastes.categories)) if tastes is not None else {}
    for standing in standings:
        liked = max(standing.categories, key=lambda code: shares.get(code, 0.0), default=None)
        likes = shares.get(liked, 0.0) if liked is not None else 0.0
        popularity = weights.get(standing.code, 0) / FULL
        near = standing.share if tastes is not None else 0.0
        score = likes + near * _UNLOCKED + popularity * _OF_POPULAR
        reason: Reason = "popular"
        because = None
        if likes:
            reason, because = "bought_category", liked
        elif tastes is not None and standing.is_unlocked:
            reason = "reachable"
        elif near >= _NEARLY:
            reason = "nearly"
        elif not popularity:
            continue
        candidates.append(Candidate("reward", standing.code, score, reason, because))
    return _first(candidates)


def mixed(products: Sequence[Candidate], rewards: Sequence[Candidate], first: int) -> list[Candidate]:
    """Return one list of both: three products, a reward, and so on; the rest of one where the other ends."""
    left, others, chosen = list(products), list(rewards), list[Candidate]()
    while len(chosen) < first and (left or others):
        chosen += left[:PRODUCTS_BETWEEN]
        del left[:PRODUCTS_BETWEEN]
        chosen += others[:1]
        del others[:1]
    return chosen[:first]


def only(candidates: Iterable[Candidate], codes: Collection[str]) -> list[Candidate]:
    """Return the candidates of some codes."""
    return [each for each in candidates if each.code in codes]


def _shares(weights: Mapping[str, int]) -> list[tuple[str, float]]:
    total = sum(weights.values())
    return [(code, weight / total) for code, weight in weights.items()] if total else []


def _first(candidates: Iterable[Candidate]) -> list[Candidate]:
    ranked = sorted(candidates, key=lambda each: (-each.score, each.code))
    return ranked[:MOST_CANDIDATES]
