"""The journal read by time, over all members, row by row: for what leaves for other systems."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.model.ledger.decision import JournalRow
from domain.store.connect import Raw
from domain.store.document_store import EPOCH, DocumentStore
from domain.store.ledger import journal_rows
from domain.store.ledger.journal import COLLECTION

BATCH_SIZE = 200


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A row of a member's journal. `decided_until` is the instant that the member is decided for since this
    row; None where an earlier row had brought them that far, as with an event that came late.
    """

    member: str
    row: JournalRow
    decided_until: datetime | None


async def find_first_at(store: DocumentStore, *, until: datetime) -> datetime | None:
    """Return the instant of the earliest event up to an instant; None where there is none."""
    query = {"at": {"$gt": EPOCH, "$lte": until}}
    async for document in store[COLLECTION].find(query, {"at": 1}).sort("at", 1).limit(1):
        at: datetime = document["at"]
        return at
    return None


async def stream_rows(store: DocumentStore, *, start: datetime, end: datetime) -> AsyncIterator[MemberRow]:
    """Yield the rows whose event lies in [start, end), in the order of their instants.

    The filter is the range alone: with another field in it the embedded server reads the whole collection.
    """
    query = {"at": {"$gte": start, "$lt": end}}
    async for document in store[COLLECTION].find(query).sort("at", 1).batch_size(BATCH_SIZE):
        yield _read(document)


async def stream_member(store: DocumentStore, member: str, *, until_seq: int) -> AsyncIterator[JournalRow]:
    """Yield a member's rows up to a seq, in their order."""
    query = {"member": member, "seq": {"$gt": 0, "$lte": until_seq}}
    async for document in store[COLLECTION].find(query).sort("seq", 1).batch_size(BATCH_SIZE):
        yield journal_rows.read_row(document)


async def find_rows(
    store: DocumentStore, keys: Sequence[tuple[str, int]]
) -> Mapping[tuple[str, int], MemberRow]:
    """Return rows by member and seq, those that there are: one command."""
    ids = [f"{member}:{seq}" for member, seq in keys]
    found_rows = [_read(document) async for document in store[COLLECTION].find({"_id": {"$in": ids}})]
    return {(each.member, each.row.seq): each for each in found_rows}


def _read(document: Raw) -> MemberRow:
    row = journal_rows.read_row(document)
    decided_until = row.changes.get("decided_at")
    return MemberRow(document["member"], row, decided_until if isinstance(decided_until, datetime) else None)
