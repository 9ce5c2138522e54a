"""Members with their whole journals, as bytes: for whoever decodes them elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from domain.store.document_store import DocumentStore
from domain.store.ledger import journal, members

MOST_ROWS = 20_000  # of one member: five a day for ten years; more is no person
MEMBERS_AT_ONCE = 50


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
    """Yield the first members in the order of their ids; None for one that is erased or has too many rows."""
    after, left = "", first
    while left > 0:
        query = {"_id": {"$gt": after, "$lt": "~"}}
        page = (
            store.undecoded(members.COLLECTION).find(query).sort("_id", 1).limit(min(left, MEMBERS_AT_ONCE))
        )
        documents = [document async for document in page]
        for document in documents:
            after, version = document["_id"], document["version"]
            if document["status"] == "erased" or version > MOST_ROWS:
                yield None
                continue
            rows_query = {"member": after, "seq": {"$gt": 0, "$lte": version}}
            rows = store.undecoded(journal.COLLECTION).find(rows_query).sort("seq", 1)
            yield RawHistory(bytes(document.raw), tuple([bytes(row.raw) async for row in rows]))
        left -= len(documents)
        if len(documents) < MEMBERS_AT_ONCE:
            return
