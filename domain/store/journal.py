"""The journal: append-only, one row a decided event, read by windows on gapless counters and never by
skipping or sorting it all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.model.decision import Row
from domain.model.events import Purchase
from domain.store import members, rows
from domain.store.base import Stale, Store, Write, insert
from domain.store.connect import Raw
from domain.store.members import Told

COLLECTION = "journal"


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase as its row tells it: the member's `n`-th."""

    n: int
    seq: int
    key: str
    source: str
    at: datetime
    purchase: Purchase


# ---------------------------------------------------------------- reads
async def one(store: Store, member: str, seq: int) -> Row | None:
    """Return one row of a member."""
    found = await store[COLLECTION].find_one({"member": member, "seq": seq})
    return None if found is None else rows.row(found)


async def some(store: Store, member: str, seqs: Sequence[int]) -> dict[int, Row]:
    """Return rows of a member by their seq."""
    found = store[COLLECTION].find({"member": member, "seq": {"$in": list(seqs)}})
    return {row["seq"]: rows.row(row) async for row in found}


async def entries(
    store: Store, member: str, *, before: int, first: int, wallet: str | None = None
) -> tuple[Told, ...]:
    """Return the entries with counters in [before - first, before), newest first: of all wallets, or of one
    by its own counter.
    """
    window = range(max(1, before - first), before)
    found = store[COLLECTION].find(
        {"member": member, "marks": {"$in": [rows.entry_mark(n, wallet) for n in window]}}
    )
    told = [told async for row in found for told in members.told_by(rows.row(row))]
    counted = [
        (one.entry.n if wallet is None else one.entry.wallet_n, one)
        for one in told
        if wallet in (None, one.entry.wallet)
    ]
    return tuple(one for n, one in sorted(counted, key=lambda each: -each[0]) if n in window)


async def purchases(store: Store, member: str, *, before: int, first: int) -> tuple[Bought, ...]:
    """Return a member's purchases with counters in [before - first, before), newest first."""
    window = range(max(1, before - first), before)
    asked = {"member": member, "marks": {"$in": [rows.purchase_mark(n) for n in window]}}
    found = [_bought(row) async for row in store[COLLECTION].find(asked, {"event": 1, "seq": 1, "marks": 1})]
    return tuple(sorted(found, key=lambda one: -one.n))


async def between(store: Store, member: str, *, start: datetime, end: datetime) -> list[Row]:
    """Return a member's rows whose event lies in [start, end], by its time and then as they were decided."""
    found = store[COLLECTION].find({"member": member, "at": {"$gte": start, "$lte": end}})
    return sorted([rows.row(row) async for row in found], key=lambda row: (row.event.at, row.seq))


async def folded(store: Store, member: str, *, upto: int) -> AsyncIterator[Raw]:
    """Yield a member's rows as documents, in order, up to a seq."""
    asked = {"member": member, "seq": {"$gt": 0, "$lte": upto}}
    async for row in store[COLLECTION].find(asked).sort("seq", 1):
        yield row


def _bought(row: Raw) -> Bought:
    event = rows.event(row["event"])
    assert event.purchase is not None, "only a purchase's row bears a purchase's mark"
    n = next(int(mark[2:]) for mark in row["marks"] if mark.startswith("p:"))
    return Bought(n, row["seq"], event.id, event.source, event.at, event.purchase)


# ---------------------------------------------------------------- writes
def appended(member: str, row: Row) -> Write:
    """Return the appending of a row: two rows of one seq cannot be."""
    return insert(COLLECTION, rows.document(member, row), taken=Stale("the journal has moved on"))
