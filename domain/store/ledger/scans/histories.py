"""Members with their whole journals, as bytes: for whoever decodes them elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bson import encode
from bson.raw_bson import RawBSONDocument

from domain.model.values import dataclass
from domain.store.document_store import DocumentStore
from domain.store.ledger import journal, members
from domain.store.ledger.archived import journal_bases
from domain.store.ledger.archived.journal_bases import ArchiveAway
from domain.store.ledger.scans.member_scans import IDS_AT_ONCE, find_ids, iterate_undecoded

MOST_ROWS = 20_000  # of one member: five a day for ten years; more is no person


@dataclass(frozen=True, slots=True)
class RawHistory:
    """The document of a member, and those of their rows in the journal's order."""

    member: bytes
    rows: tuple[bytes, ...]


async def count_members(store: DocumentStore, *, most: int) -> int:
    """Return how many members there are, closed and erased ones too; no more than so many are counted."""
    ids = store[members.COLLECTION].find({"_id": {"$gt": "", "$lt": "~"}}, {"_id": 1}).limit(most)
    return len([document async for document in ids])


async def iterate_histories(store: DocumentStore, *, first: int) -> AsyncIterator[RawHistory | None]:
    """Yield the first members in the order of their ids; None for one that is erased, has too many rows, or
    some of them in an archive that is away.
    """
    after, left, is_last = "", first, False
    while left > 0 and not is_last:
        wanted = min(left, IDS_AT_ONCE)
        ids = await find_ids(store, after=after, first=wanted)
        left, is_last = left - len(ids), len(ids) < wanted
        after = ids[-1] if ids else after
        async for document in iterate_undecoded(store, ids):
            member, version = document["_id"], document["version"]
            if document["status"] == "erased" or version > MOST_ROWS:
                yield None
                continue
            archived = await _archived_rows(store, document)
            if archived is None:
                yield None
                continue
            stored = await _stored_rows(store, member, after=len(archived), until=version)
            yield RawHistory(bytes(document.raw), (*archived, *stored))


async def _stored_rows(store: DocumentStore, member: str, *, after: int, until: int) -> list[bytes]:
    """Return a member's rows by their numbers. What is beyond came meanwhile; a range in the query would cost
    the embedded server a third more.
    """
    rows = [row async for row in store.undecoded(journal.COLLECTION).find({"member": member}).sort("seq", 1)]
    # Numbers are in order and without gaps, so the last one tells all; each that is read costs a parse.
    are_all = len(rows) == until - after and (not rows or rows[-1]["seq"] == until)
    return [bytes(row.raw) for row in rows if are_all or after < row["seq"] <= until]


async def _archived_rows(store: DocumentStore, document: RawBSONDocument) -> tuple[bytes, ...] | None:
    """Return a member's rows that stand in the archive; None where that is away."""
    if "archived" not in document:
        return ()
    member = document["_id"]
    seq = await journal_bases.find_seq(store, member)
    try:
        return tuple(encode(row) for row in journal_bases.archived_rows(store, member, seq=seq))
    except ArchiveAway:
        return None
