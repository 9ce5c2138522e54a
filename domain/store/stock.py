"""Stock: how many vouchers of a limited reward were issued. The bound stands in the programme file and in
each write's own filter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from domain.model.decision import Row, World
from domain.model.programme import Programme
from domain.store.base import Stale, Store, Write, update

COLLECTION = "stock"
FRESH = timedelta(seconds=1)
JUDGED_BY = timedelta(seconds=60)


class SoldOut(Stale):
    """The last one went meanwhile: look at the shelf again, decide again."""


class Shelf:
    """What was issued of each limited reward, from memory: a second old at most."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._issued: Mapping[str, int] = {}
        self._read_at: datetime | None = None
        self._looked_after = False
        self._doubts = 0
        self._settled = 0

    async def issued(
        self, programme: Programme, *, now: datetime, within: timedelta = FRESH
    ) -> Mapping[str, int]:
        """Return the counts, read again where they are older. No command where nothing is limited, or where
        `look` is called anyway.
        """
        if not any(spec.stock is not None for spec in programme.rewards):
            return {}
        fresh = self._looked_after or (
            self._read_at is not None and timedelta(0) <= now - self._read_at < within
        )
        if self._settled < self._doubts or not fresh:
            await self._read()
            self._read_at = now
        return self._issued

    async def look(self) -> None:
        """Read what was issued; whoever goes on calling this each second spares all others from it."""
        await self._read()
        self._looked_after = True

    async def _read(self) -> None:
        doubts = self._doubts  # a doubt that comes while the answer is under way is not settled by it
        self._issued = {row["_id"]: row["issued"] async for row in self._store[COLLECTION].find({})}
        self._settled = doubts

    async def world(self, programme: Programme, *, now: datetime) -> World:
        """Return what deciding needs: the rewards that are used up, a minute old at most. Each issue has its
        bound in its own filter.
        """
        issued = await self.issued(programme, now=now, within=JUDGED_BY)
        limited = (spec for spec in programme.rewards if spec.stock is not None)
        return World(
            frozenset(spec.code for spec in limited if issued.get(spec.code, 0) >= (spec.stock or 0))
        )

    def forget(self) -> None:
        """Read again at the next call."""
        self._doubts += 1


async def lay_out(store: Store, programme: Programme) -> None:
    """Make the counters of rewards that have become limited."""
    there = {row["_id"] async for row in store[COLLECTION].find({}, {"_id": 1})}
    for spec in programme.rewards:
        if spec.stock is not None and spec.code not in there:
            await store[COLLECTION].update_one(
                {"_id": spec.code}, {"$setOnInsert": {"issued": 0}}, upsert=True
            )


def moved(rows: Iterable[Row], programme: Programme) -> list[Write]:
    """Return the guarded counts of what rows issued and gave back; SoldOut where the bound is reached. A
    lapse gives nothing back.
    """
    bounds = {spec.code: spec.stock for spec in programme.rewards if spec.stock is not None}
    steps = [step for row in rows for step in row.vouchers if step.reward in bounds]
    issued = Counter(step.reward for step in steps if step.change == "issued")
    back = Counter(step.reward for step in steps if step.change == "cancelled")
    out = [
        update(
            COLLECTION,
            {"_id": code, "issued": {"$lte": bounds[code] - times}},
            {"$inc": {"issued": times}},
            missed=SoldOut(code),
        )
        for code, times in issued.items()
    ]
    return out + [
        update(COLLECTION, {"_id": code}, {"$inc": {"issued": -times}}) for code, times in back.items()
    ]
