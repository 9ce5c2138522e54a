"""The journal read by time, over all members: the rows of receipts, for reports. Nothing else reads it so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from domain.model.event_names import CORRECTED, PURCHASED, REFUNDED
from domain.model.ledger.decision import Entry
from domain.model.ledger.events import Event, Purchase
from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore
from domain.store.ledger import journal_rows, receipts
from domain.store.ledger.archived import journal_bases
from domain.store.ledger.archived.journal_bases import ArchiveAway
from domain.store.ledger.journal import COLLECTION
from domain.store.ledger.journal_stream import find_archived, stream_documents
from domain.store.ledger.receipts import StoredReceipt

_FIELDS = dict.fromkeys(("member", "seq", "at", "version", "event", "entries"), 1)


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A row about a receipt: its purchase, a delayed rule of it, or a refund or correction, which says what
    stood `before` it and what `remaining` after it. `version` is the programme that decided it.
    """

    member: str
    seq: int
    version: int
    event: Event
    entries: tuple[Entry, ...]
    before: Purchase | None = None
    remaining: Purchase | None = None


async def stream_receipt_rows(
    store: DocumentStore, *, start: datetime, end: datetime
) -> AsyncIterator[ReceiptRow]:
    """Yield the rows whose event lies in [start, end), in the order of their instants. Raises ArchiveAway."""
    async for document in stream_documents(store, start=start, end=end, fields=_FIELDS):
        if document["event"]["name"] in (PURCHASED, REFUNDED, CORRECTED):
            yield _read_row(document)


async def find_receipt_rows(
    store: DocumentStore, keys: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], ReceiptRow]:
    """Return rows of members by member and seq, of the archive too. Raises ArchiveAway."""
    ids = [f"{member}:{seq}" for member, seq in keys]
    documents = store[COLLECTION].find({"_id": {"$in": ids}}, _FIELDS)
    rows = [_read_row(document) async for document in documents]
    archived = await find_archived(store, sorted(set(keys) - {(row.member, row.seq) for row in rows}))
    return {(row.member, row.seq): row for row in (*rows, *map(_read_row, archived))}


async def find_whole_receipts(store: DocumentStore, ids: Sequence[str]) -> dict[str, StoredReceipt]:
    """Return those receipts that there are, by id; closed ones as they lie in the archive. Raises
    ArchiveAway.
    """
    stored = await receipts.find_many(store, ids)
    for member in sorted({receipt.member for receipt in stored.values() if receipt.is_closed}):
        if store.archive is None:
            raise ArchiveAway("receipts stand in the archive")
        closed = store.archive.receipts_of(member, until_seq=await journal_bases.find_seq(store, member))
        whole = {row["_id"]: receipts.read_receipt(row) for row in closed if row["_id"] in stored}
        stored |= {id: receipt for id, receipt in whole.items() if stored[id].is_closed}
    return stored


def _read_row(document: Raw) -> ReceiptRow:
    _, before, remaining = document["event"].get("refund", (None, None, None))[:3]
    return ReceiptRow(
        document["member"],
        document["seq"],
        document["version"],
        journal_rows.read_event(document["event"]),
        tuple(journal_rows.read_entry(entry) for entry in document.get("entries", ())),
        None if before is None else journal_rows.read_purchase(before),
        None if remaining is None else journal_rows.read_purchase(remaining),
    )
