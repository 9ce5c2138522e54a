"""Stock: how many vouchers of a limited reward were issued.

The programme file holds the bound, and so does each write's filter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from domain.model.ledger.decision import JournalRow, StockState
from domain.model.programme import Programme
from domain.store.document_store import DocumentStore, Stale, Write, update
from domain.store.stored_document import StoredDocument

COLLECTION = "stock"


class StockDocument(StoredDocument):
    """A counter in the database; `_id` is the reward's code."""

    issued: int

    class Settings(StoredDocument.Settings):
        name = COLLECTION


FRESH_FOR = timedelta(seconds=1)
JUDGED_WITHIN = timedelta(seconds=60)


class SoldOut(Stale):
    """The last one was issued meanwhile: read the stock again, decide again."""


class StockCounts:
    """What was issued of each limited reward, held in memory for a second at most."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store
        self._issued: Mapping[str, int] = {}
        self._read_at: datetime | None = None
        self._is_polled = False
        self._stale_marks = 0
        self._read_marks = 0

    async def issued(
        self, programme: Programme, *, now: datetime, within: timedelta = FRESH_FOR
    ) -> Mapping[str, int]:
        """Return the counts; they are read again where they are older than `within`.

        It costs no command where no reward is limited, or where somebody calls `poll` each second.
        """
        issued = self.known_issued(programme, now=now, within=within)
        if issued is None:
            await self._read()
            self._read_at, issued = now, self._issued
        return issued

    def known_issued(
        self, programme: Programme, *, now: datetime, within: timedelta = FRESH_FOR
    ) -> Mapping[str, int] | None:
        """Return the counts without waiting; None where they have to be read."""
        if not any(spec.stock is not None for spec in programme.rewards):
            return {}
        is_fresh = self._is_polled or (
            self._read_at is not None and timedelta(0) <= now - self._read_at < within
        )
        return self._issued if is_fresh and self._read_marks >= self._stale_marks else None

    async def poll(self) -> None:
        """Read what was issued. Whoever calls this each second spares all other callers the read."""
        await self._read()
        self._is_polled = True

    async def _read(self) -> None:
        stale_marks = self._stale_marks  # a mark that comes during this read needs another read
        self._issued = {row["_id"]: row["issued"] async for row in self._store[COLLECTION].find({})}
        self._read_marks = stale_marks

    async def stock_state(self, programme: Programme, *, now: datetime) -> StockState:
        """Return what a decision needs: the rewards that are used up, as of a minute ago at most.

        The filter of each issue holds its bound.
        """
        return _used_up(programme, await self.issued(programme, now=now, within=JUDGED_WITHIN))

    def known_stock_state(self, programme: Programme, *, now: datetime) -> StockState | None:
        """Return the same without waiting; None where the counts have to be read."""
        issued = self.known_issued(programme, now=now, within=JUDGED_WITHIN)
        return None if issued is None else _used_up(programme, issued)

    def mark_stale(self) -> None:
        """Read again at the next call."""
        self._stale_marks += 1


def _used_up(programme: Programme, issued: Mapping[str, int]) -> StockState:
    limited = (spec for spec in programme.rewards if spec.stock is not None)
    return StockState(
        frozenset(spec.code for spec in limited if issued.get(spec.code, 0) >= (spec.stock or 0))
    )


async def create_counters(store: DocumentStore, programme: Programme) -> None:
    """Make the counters of rewards that have become limited."""
    existing = {row["_id"] async for row in store[COLLECTION].find({}, {"_id": 1})}
    for spec in programme.rewards:
        if spec.stock is not None and spec.code not in existing:
            await store[COLLECTION].update_one(
                {"_id": spec.code}, {"$setOnInsert": {"issued": 0}}, upsert=True
            )


def count_writes(rows: Iterable[JournalRow], programme: Programme) -> list[Write]:
    """Return the guarded counts of what rows issued and returned; they raise SoldOut at the bound.

    A voucher that lapses returns nothing.
    """
    bounds = {spec.code: spec.stock for spec in programme.rewards if spec.stock is not None}
    steps = [step for row in rows for step in row.vouchers if step.reward in bounds]
    issued = Counter(step.reward for step in steps if step.change == "issued")
    returned = Counter(step.reward for step in steps if step.change == "cancelled")
    writes = [
        update(
            COLLECTION,
            {"_id": code, "issued": {"$lte": bounds[code] - times}},
            {"$inc": {"issued": times}},
            if_missed=SoldOut(code),
        )
        for code, times in issued.items()
    ]
    return writes + [
        update(COLLECTION, {"_id": code}, {"$inc": {"issued": -times}}) for code, times in returned.items()
    ]
