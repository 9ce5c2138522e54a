"""All members in the order of their ids: the ids first, in one long page, then the documents by their ids.

The embedded server reads a whole collection for a range of ids, whatever the limit; single ids it finds by
its index. So pages of documents by ranges would take time by the square of how many members there are.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, TypeVar

from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.collection import AsyncCollection

from domain.model.id_ranges import END
from domain.store.document_store import DocumentStore
from domain.store.ledger.members import COLLECTION, NOT_SHOWN, StoredMember, read_member

DocumentT = TypeVar("DocumentT", bound=Mapping[str, Any])

IDS_AT_ONCE = 10_000
DOCUMENTS_AT_ONCE = 50


async def find_ids(store: DocumentStore, *, after: str, first: int = IDS_AT_ONCE) -> list[str]:
    """Return the first ids of members after an id, in order, closed and erased ones too."""
    query = {"_id": {"$gt": after, "$lt": END}}
    return [row["_id"] async for row in store[COLLECTION].find(query, {"_id": 1}).sort("_id", 1).limit(first)]


async def iterate_undecoded(store: DocumentStore, ids: Sequence[str]) -> AsyncIterator[RawBSONDocument]:
    """Yield the documents of members as they are stored, in the order of these ids."""
    async for document in _iterate(store.undecoded(COLLECTION), ids, None):
        yield document


async def read_in_order(store: DocumentStore, ids: Sequence[str]) -> AsyncIterator[StoredMember]:
    """Yield members in the order of these ids."""
    async for row in _iterate(store[COLLECTION], ids, NOT_SHOWN):
        yield read_member(row)


async def iterate_members(store: DocumentStore, *, after: str, first: int) -> AsyncIterator[StoredMember]:
    """Yield the first members after an id, in order of ids."""
    async for member in read_in_order(store, await find_ids(store, after=after, first=first)):
        yield member


async def _iterate(
    collection: AsyncCollection[DocumentT], ids: Sequence[str], fields: Mapping[str, int] | None
) -> AsyncIterator[DocumentT]:
    for start in range(0, len(ids), DOCUMENTS_AT_ONCE):
        chunk = list(ids[start : start + DOCUMENTS_AT_ONCE])
        page = collection.find({"_id": {"$in": chunk}}, fields)
        document_by_id = {document["_id"]: document async for document in page}
        for id in chunk:
            if id in document_by_id:
                yield document_by_id[id]
