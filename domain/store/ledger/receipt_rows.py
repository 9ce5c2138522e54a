"""The journal read by time, over all members: the rows of receipts, for reports. Nothing else reads it so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.model.event_names import CORRECTED, PURCHASED, REFUNDED
from domain.model.ledger.decision import Entry
from domain.model.ledger.events import Event, Purchase
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore
from domain.store.ledger import journal_rows
from domain.store.ledger.journal import COLLECTION

BATCH_SIZE = 200
_FIELDS = dict.fromkeys(("member", "seq", "version", "event", "entries"), 1)


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
    """Yield the rows whose event lies in [start, end), in the order of their instants.

    The filter is the range alone: with another field in it the embedded server reads the whole collection.
    """
    query = {"at": {"$gte": start, "$lt": end}}
    documents = store[COLLECTION].find(query, _FIELDS).sort("at", 1).batch_size(BATCH_SIZE)
    async for document in documents:
        if document["event"]["name"] in (PURCHASED, REFUNDED, CORRECTED):
            yield _read_row(document)


async def find_receipt_rows(
    store: DocumentStore, keys: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], ReceiptRow]:
    """Return rows of members by member and seq."""
    ids = [f"{member}:{seq}" for member, seq in keys]
    documents = store[COLLECTION].find({"_id": {"$in": ids}}, _FIELDS)
    rows = [_read_row(document) async for document in documents]
    return {(row.member, row.seq): row for row in rows}


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
