"""The journal: append-only, one row a decided event.

It is read by windows on gapless counters, never by skipping rows or sorting all of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any, ClassVar, cast

from pymongo import IndexModel

from domain.model.ledger.decision import JournalRow
from domain.model.ledger.events import Purchase
from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Stale, Write, insert
from domain.store.ledger import history_entries, journal_rows
from domain.store.ledger.history_entries import HistoryEntry
from domain.store.stored_document import StoredDocument

COLLECTION = "journal"


class JournalDocument(StoredDocument):
    """A row in the database; `_id` is `MEMBER:SEQ`. `journal_rows` spells it without what is empty."""

    member: str
    seq: int
    at: datetime
    by: str
    version: int
    event: dict[str, Any]
    marks: list[str]
    entries: list[dict[str, Any]] | None = None
    outcomes: list[list[Any]] | None = None
    raised: list[dict[str, Any]] | None = None
    messages: list[list[Any]] | None = None
    effects: list[list[Any]] | None = None
    vouchers: list[list[Any]] | None = None
    later: list[list[Any]] | None = None
    facts: dict[str, Any] | None = None
    awarded: list[list[Any]] | None = None
    puts: list[list[Any]] | None = None
    qualified: int = 0
    counted: int = 0
    extras: int = 0
    counts: list[list[Any]] | None = None
    badges: list[list[Any]] | None = None
    gifts: list[list[Any]] | None = None
    raised_facts: list[list[Any]] | None = None
    changes: list[list[Any]] | None = None
    removed: list[str] | None = None
    claim: list[Any] | None = None
    payments: list[list[Any]] | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"member": 1, "seq": 1}, unique=True),
            IndexModel({"member": 1, "marks": 1}),
            IndexModel({"member": 1, "at": 1}),
            IndexModel({"at": 1}),  # for reports over all members
        )


@dataclass(frozen=True, slots=True)
class PurchaseRow:
    """A purchase as its row holds it; `number` counts the member's purchases."""

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
    """Return the entries with counters in [before - first, before), newest first.

    They are those of all wallets, or those of one by its own counter.
    """
    window = range(max(1, before - first), before)
    documents = store[COLLECTION].find(
        {"member": member, "marks": {"$in": [journal_rows.entry_mark(n, wallet) for n in window]}}
    )
    history = [
        line
        async for document in documents
        for line in history_entries.row_history(journal_rows.read_row(document))
        if wallet in (None, line.wallet)
    ]

    def number(line: HistoryEntry) -> int:
        return line.n if wallet is None else line.wallet_n

    return tuple(line for line in sorted(history, key=number, reverse=True) if number(line) in window)


async def find_stores(store: DocumentStore, member: str, seqs: Collection[int]) -> dict[int, str | None]:
    """Return for each of a member's rows in which store it was: that of its purchase, or of its event."""
    query = {"member": member, "seq": {"$in": sorted(seqs)}}
    fields = {"seq": 1, "event.purchase.store": 1, "event.data": 1}
    return {row["seq"]: _store_of(row["event"]) async for row in store[COLLECTION].find(query, fields)}


def _store_of(event: Raw) -> str | None:
    if "purchase" in event:
        return cast("str | None", event["purchase"].get("store"))
    name = dict(event["data"]).get("store")
    return name if isinstance(name, str) else None


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
    return tuple(sorted(purchase_rows, key=lambda row: -row.number))


async def find_between(
    store: DocumentStore, member: str, *, start: datetime, end: datetime
) -> list[JournalRow]:
    """Return a member's rows whose event lies in [start, end], by its instant, then by seq."""
    documents = store[COLLECTION].find({"member": member, "at": {"$gte": start, "$lte": end}})
    return sorted(
        [journal_rows.read_row(row) async for row in documents], key=lambda row: (row.event.at, row.seq)
    )


async def iterate_members_since(store: DocumentStore, since: datetime) -> AsyncIterator[str]:
    """Yield the member of every row whose event is at an instant or later."""
    async for row in store[COLLECTION].find({"at": {"$gte": since}}, {"member": 1}):
        yield row["member"]


def _read_purchase_row(row: Raw) -> PurchaseRow:
    event = journal_rows.read_event(row["event"])
    assert event.purchase is not None, "only a purchase's row bears a purchase's mark"
    number = next(int(mark[2:]) for mark in row["marks"] if mark.startswith("p:"))
    return PurchaseRow(number, row["seq"], event.id, event.source, event.at, event.purchase)


# ---------------------------------------------------------------- writes
def append_write(member: str, row: JournalRow) -> Write:
    """Return the insertion of a row; it raises Stale where a row of its seq exists."""
    return insert(
        COLLECTION, journal_rows.row_document(member, row), if_taken=Stale("the journal has moved on")
    )
