"""Measures which articles go together and what is popular: once a day, and after the catalogue has changed,
by the process that folds figures.

A sample of members bounds it, another one each day; what is written is of the catalogue's products alone.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256

import structlog

from domain.model.calendar import local_day
from domain.model.club.co_purchases import MOST_MEMBERS, CoPurchases, ProductLinks, Ranking, relative
from domain.services.club.openings import count_taken
from domain.services.runtime import Runtime
from domain.store.club import product_links, products
from domain.store.figures import due, member_figures, sums

REWARDS_OVER = timedelta(days=90)
MOST_BEHIND = timedelta(minutes=1)
MEMBERS_AT_ONCE = 100

log = structlog.get_logger(__name__)


async def measure_if_due(runtime: Runtime, *, now: datetime) -> bool:
    """Measure where the day has not been, or the catalogue has changed since; tell whether it was done. What
    waits to be folded for longer than a minute is waited for.
    """
    today = local_day(now, runtime.programme.zone).isoformat()
    if await product_links.find_day(runtime.store) == today:
        return False
    waiting = await due.find_due(runtime.store, first=1)
    if waiting and now - waiting[0].since > MOST_BEHIND:
        return False
    await measure(runtime, now=now)
    await count_taken(runtime, now=now)
    return True


async def measure(runtime: Runtime, *, now: datetime, most_members: int = MOST_MEMBERS) -> ProductLinks:
    """Measure by so many members at most, and store it."""
    today = local_day(now, runtime.programme.zone).isoformat()
    counts, member_count = CoPurchases(), 0
    start = sha256(today.encode()).hexdigest()
    async for tastes in member_figures.iterate_tastes(runtime.store, start=start, first=most_members):
        counts.add(tastes)
        member_count += 1
        if member_count % MEMBERS_AT_ONCE == 0:  # the loop has others to serve
            await asyncio.sleep(0)
    by_category = await _available(runtime)
    all_skus = {sku for skus in by_category.values() for sku in skus}
    links = ProductLinks(
        neighbours=_of_catalogue(await asyncio.to_thread(counts.neighbours), all_skus),
        categories={
            code: ranking
            for code, skus in by_category.items()
            if code and (ranking := counts.of_category(skus))
        },
        popular=counts.popular_of(all_skus),
        rewards=await _redeemed(runtime, now=now),
    )
    await product_links.replace_all(runtime.store, links, day=today, run=secrets.token_hex(8))
    log.info("recommendations.measured", members=member_count, items=len(links.neighbours))
    return links


async def _available(runtime: Runtime) -> dict[str, set[str]]:
    """Return the products that can be had by category; those of none under an empty code."""
    by_category: dict[str, set[str]] = {}
    async for product in products.iterate(runtime.store):
        for code in product.categories or ("",) if product.is_available else ():
            by_category.setdefault(code, set()).add(product.sku)
    return by_category


def _of_catalogue(neighbours: Mapping[str, Ranking], skus: set[str]) -> dict[str, Ranking]:
    """Return what goes with each article, as far as it can be had."""
    listed = (
        (sku, tuple(pair for pair in ranking if pair[0] in skus)) for sku, ranking in neighbours.items()
    )
    return {sku: ranking for sku, ranking in listed if ranking}


async def _redeemed(runtime: Runtime, *, now: datetime) -> Ranking:
    """Return the rewards by how often they were redeemed of late."""
    today = local_day(now, runtime.programme.zone)
    days = await sums.find_days(
        runtime.store, shops=["*"], tiers=["*"], start=today - REWARDS_OVER, end=today
    )
    counts = Counter[str]()
    for day in days:
        for reward, steps in day.get("vouchers", {}).items():
            counts[reward] += steps.get("redeemed", 0)
    return relative(counts)
