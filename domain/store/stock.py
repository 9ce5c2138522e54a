"""Stock: how many vouchers of a limited reward were issued. The bound stands in the programme file and in each write's own filter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from domain.model.decision import Row, World
from domain.model.programme import Programme
from domain.store.base import Stale, Store, Write, update

COLLECTION = "stock"
FRESH = timedelta(seconds=1)


class SoldOut(Stale):
    """The last one went meanwhile: look at the shelf again, decide again."""


class Shelf:
    """What was issued of each limited reward, from memory: a second old at most."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._issued: Mapping[str, int] = {}
        self._read_at: datetime | None = None

    async def issued(self, programme: Programme, *, now: datetime) -> Mapping[str, int]:
        """Return the counts, read again where they are older than a second. No command where nothing is limited."""
        if not any(spec.stock is not None for spec in programme.rewards):
            return {}
        if self._read_at is None or not timedelta(0) <= now - self._read_at < FRESH:
            self._issued = {row["_id"]: row["issued"] async for row in self._store[COLLECTION].find({})}
            self._read_at = now
        return self._issued

    async def world(self, programme: Programme, *, now: datetime) -> World:
        """Return what deciding needs: the rewards that are used up."""
        issued = await self.issued(programme, now=now)
        limited = (spec for spec in programme.rewards if spec.stock is not None)
        return World(frozenset(spec.code for spec in limited if issued.get(spec.code, 0) >= (spec.stock or 0)))

    def forget(self) -> None:
        """Read again at the next call."""
        self._read_at = None


async def lay_out(store: Store, programme: Programme) -> None:
    """Make the counters of rewards that have become limited."""
    there = {row["_id"] async for row in store[COLLECTION].find({}, {"_id": 1})}
    for spec in programme.rewards:
        if spec.stock is not None and spec.code not in there:
            await store[COLLECTION].update_one({"_id": spec.code}, {"$setOnInsert": {"issued": 0}}, upsert=True)


def moved(rows: Iterable[Row], programme: Programme) -> list[Write]:
    """Return the guarded counts of what rows issued and gave back; SoldOut where the bound is reached. A lapse gives nothing back."""
    bounds = {spec.code: spec.stock for spec in programme.rewards if spec.stock is not None}
    steps = [step for row in rows for step in row.vouchers if step.reward in bounds]
    issued = Counter(step.reward for step in steps if step.change == "issued")
    back = Counter(step.reward for step in steps if step.change == "cancelled")
    out = [
        update(COLLECTION, {"_id": code, "issued": {"$lte": bounds[code] - times}}, {"$inc": {"issued": times}}, missed=SoldOut(code))
        for code, times in issued.items()
    ]
    return out + [update(COLLECTION, {"_id": code}, {"$inc": {"issued": -times}}) for code, times in back.items()]
