"""The journal: append-only, one row a decided event, read by windows on gapless counters and never by
skipping or sorting it all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.model.ledger.decision import JournalRow
from domain.model.ledger.events import Purchase
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Stale, Write, insert
from domain.store.ledger import journal_rows, members
from domain.store.ledger.members import HistoryEntry

COLLECTION = "journal"


@dataclass(frozen=True, slots=True)
class PurchaseRow:
    """A purchase as its row tells it: the member's `n`-th."""

    number: int
    seq: int
    event_id: str
    source: str
    purchased_at: datetime
    purchase: Purchase


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, member: str, seq: int) -> JournalRow | None:
    """Return one row of a member."""
    document = await store[COLLECTION].find_one({"member": member, "seq": seq})
    return None if document is None else journal_rows.read_row(document)


async def find_many(store: DocumentStore, member: str, seqs: Sequence[int]) -> dict[int, JournalRow]:
    """Return rows of a member by their seq."""
    documents = store[COLLECTION].find({"member": member, "seq": {"$in": list(seqs)}})
    return {row["seq"]: journal_rows.read_row(row) async for row in documents}


async def find_entries(
    store: DocumentStore, member: str, *, before: int, first: int, wallet: str | None = None
) -> tuple[HistoryEntry, ...]:
    """Return the entries with counters in [before - first, before), newest first: of all wallets, or of one
    by its own counter.
    """
    window = range(max(1, before - first), before)
    documents = store[COLLECTION].find(
        {"member": member, "marks": {"$in": [journal_rows.entry_mark(n, wallet) for n in window]}}
    )
    history = [told async for row in documents for told in members.row_history(journal_rows.read_row(row))]
    numbered = [
        (one.entry.n if wallet is None else one.entry.wallet_n, one)
        for one in history
        if wallet in (None, one.entry.wallet)
    ]
    return tuple(one for n, one in sorted(numbered, key=lambda each: -each[0]) if n in window)


async def find_purchases(
    store: DocumentStore, member: str, *, before: int, first: int
) -> tuple[PurchaseRow, ...]:
    """Return a member's purchases with counters in [before - first, before), newest first."""
    window = range(max(1, before - first), before)
    query = {"member": member, "marks": {"$in": [journal_rows.purchase_mark(n) for n in window]}}
    purchase_rows = [
        _read_purchase_row(row)
        async for row in store[COLLECTION].find(query, {"event": 1, "seq": 1, "marks": 1})
    ]
    return tuple(sorted(purchase_rows, key=lambda one: -one.number))


async def find_between(
    store: DocumentStore, member: str, *, start: datetime, end: datetime
) -> list[JournalRow]:
    """Return a member's rows whose event lies in [start, end], by its time and then as they were decided."""
    documents = store[COLLECTION].find({"member": member, "at": {"$gte": start, "$lte": end}})
    return sorted(
        [journal_rows.read_row(row) async for row in documents], key=lambda row: (row.event.at, row.seq)
    )


async def iterate_documents(store: DocumentStore, member: str, *, up_to_seq: int) -> AsyncIterator[Raw]:
    """Yield a member's rows as documents, in order, up to a seq."""
    query = {"member": member, "seq": {"$gt": 0, "$lte": up_to_seq}}
    async for row in store[COLLECTION].find(query).sort("seq", 1):
        yield row


def _read_purchase_row(row: Raw) -> PurchaseRow:
    event = journal_rows.read_event(row["event"])
    assert event.purchase is not None, "only a purchase's row bears a purchase's mark"
    number = next(int(mark[2:]) for mark in row["marks"] if mark.startswith("p:"))
    return PurchaseRow(number, row["seq"], event.id, event.source, event.at, event.purchase)


# ---------------------------------------------------------------- writes
def append_write(member: str, row: JournalRow) -> Write:
    """Return the appending of a row: two rows of one seq cannot be."""
    return insert(
        COLLECTION, journal_rows.row_document(member, row), if_taken=Stale("the journal has moved on")
    )
