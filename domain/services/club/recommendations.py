"""For you: what is recommended to a member, with the reason of each.

A member's tastes are read only with their consent to profiling. Whatever the numbers of members and products,
it is one command for the tastes, one for the links of at most fifteen articles and categories, and one for at
most seventy products.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from domain.model.calendar import local_day
from domain.model.club import tastes as likes
from domain.model.club.products import Product
from domain.model.club.recommending import (
    ITEMS_READ,
    Candidate,
    RewardStanding,
    mixed,
    only,
    rank_again,
    rank_products,
    rank_rewards,
    read_keys,
    with_again,
)
from domain.model.club.tastes import NO_TASTES, Tastes
from domain.model.ledger import rewards
from domain.model.ledger.decision import StockState
from domain.model.ledger.member import Member
from domain.model.programme import RewardSpec
from domain.model.programme.messages import PROFILING
from domain.model.values import dataclass
from domain.services.runtime import Runtime
from domain.store.club import product_links, products
from domain.store.figures import member_figures

MAX_FIRST = 100


@dataclass(frozen=True, slots=True)
class RecommendationReader:
    """Whom something is recommended to: the member now, the purposes that they agreed to, and the memberships
    that were merged into theirs.
    """

    member: Member
    consents: Collection[str]
    merged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A product or a reward, one of both, and why: `bought` is the product that the reason names, None where
    the catalogue does not have it, `category` the category.
    """

    candidate: Candidate
    product: Product | None = None
    reward: RewardSpec | None = None
    bought: Product | None = None
    category: str | None = None


async def recommend(
    runtime: Runtime, reader: RecommendationReader, stock: StockState, *, first: int, now: datetime
) -> list[Recommendation]:
    """Return what is recommended to a member, the first first: three products, then a reward, and so on."""
    known = await _tastes_of(runtime, reader, now=now)
    items, categories = read_keys(known or NO_TASTES)
    links = await product_links.find(runtime.store, items=items, categories=categories)
    ranked = rank_products(known or NO_TASTES, links)
    again = rank_again(known, local_day(now, runtime.programme.zone)) if known else []
    wanted = {*(each.code for each in (*ranked, *again)), *items[:ITEMS_READ]}
    in_catalogue = await products.find_many(runtime.store, sorted(wanted)) if wanted else {}
    sold = {sku for sku, product in in_catalogue.items() if product.is_available}
    available = with_again(only(ranked, sold), only(again, sold))
    of_rewards = rank_rewards(known, _standings(runtime, reader.member, stock, now=now), links.rewards)
    return [_of(runtime, each, in_catalogue) for each in mixed(available, of_rewards, first)]


async def _tastes_of(runtime: Runtime, reader: RecommendationReader, *, now: datetime) -> Tastes | None:
    """Return what a member likes today, by all their memberships; None where that may not be looked at."""
    if PROFILING not in reader.consents:
        return None
    stored = await member_figures.find_tastes(runtime.store, [reader.member.id, *reader.merged])
    return likes.as_of(likes.joined(stored), local_day(now, runtime.programme.zone))


def _standings(
    runtime: Runtime, member: Member, stock: StockState, *, now: datetime
) -> Sequence[RewardStanding]:
    """Return the rewards that a member could redeem, were it not for the balance."""
    programme = runtime.programme
    expression_view = rewards.member_only_view(programme, member, now)
    standings = list[RewardStanding]()
    for listed in rewards.listed(programme):
        spec = listed.for_member(member.id)
        locks = rewards.locks(programme, member, spec, now=now, stock=stock, view=expression_view)
        if any(lock.reason != "BALANCE" for lock in locks) or spec.cost is None:
            continue
        share = 1 - rewards.missing(member, spec) / spec.cost.amount
        standings.append(RewardStanding(spec.code, spec.categories, share, is_unlocked=not locks))
    return standings


def _of(runtime: Runtime, candidate: Candidate, in_catalogue: dict[str, Product]) -> Recommendation:
    is_bought = candidate.reason == "bought_product" and candidate.because is not None
    return Recommendation(
        candidate,
        product=in_catalogue[candidate.code] if candidate.kind == "product" else None,
        reward=runtime.programme.reward(candidate.code) if candidate.kind == "reward" else None,
        bought=in_catalogue.get(candidate.because or "") if is_bought else None,
        category=candidate.because if candidate.reason == "bought_category" else None,
    )
