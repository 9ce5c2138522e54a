"""Documents as they are stored, read in the order of `_id` and never decoded, so that a copy is exact."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256

import bson
import pymongo
from bson.min_key import MinKey
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern

from domain.model.values import dataclass
from domain.store.connect import AWARE, UNDECODED, Raw
from domain.store.document_store import DocumentStore

WINDOW = 500
WINDOW_SECONDS = 60.0
SNAPSHOT_TOO_OLD = 239
FIRST = MinKey()  # before every `_id`

DocumentId = str | int


class SnapshotTooOld(Exception):
    """The database was read for longer than its server keeps the moment at which that began."""


@dataclass(frozen=True, slots=True)
class CollectionDigest:
    """What tells a collection from another: the number of its documents, and the SHA-256 of all of them."""

    documents: int
    sha256: str


def document_id(document: bytes) -> DocumentId:
    """Return the `_id` of a stored document."""
    id = RawBSONDocument(document, UNDECODED)["_id"]
    assert isinstance(id, (str, int)), "each `_id` of ours is a text or a number"
    return id


def decode(document: bytes) -> Raw:
    """Return the values of a stored document."""
    return bson.decode(document, AWARE)


@asynccontextmanager
async def open_snapshot(store: DocumentStore, *, is_embedded: bool) -> AsyncIterator[AsyncClientSession]:
    """Open a session whose reads all see the database as it was at the first of them.

    The embedded server keeps that for a transaction, MongoDB for a snapshot session, five minutes long unless
    `minSnapshotHistoryWindowInSeconds` says otherwise. Raises SnapshotTooOld.
    """
    async with store.client.start_session(causal_consistency=False, snapshot=not is_embedded) as session:
        if is_embedded:
            await session.start_transaction(read_concern=ReadConcern("snapshot"))
        try:
            yield session
        except OperationFailure as fault:
            if fault.code != SNAPSHOT_TOO_OLD:
                raise
            raise SnapshotTooOld from fault
        finally:
            if session.in_transaction:
                await session.abort_transaction()


async def collection_names(store: DocumentStore) -> list[str]:
    """Return the names of the collections, in their order."""
    names = await store.mongo.list_collection_names()
    return sorted(name for name in names if not name.startswith("system."))


async def read_windows(
    store: DocumentStore,
    collection: str,
    *,
    session: AsyncClientSession | None = None,
    after: DocumentId | None = None,
) -> AsyncIterator[Sequence[bytes]]:
    """Read a collection in the order of `_id`, at most `WINDOW` documents at a time."""
    query = {"_id": {"$gt": FIRST if after is None else after}}
    cursor = store.undecoded(collection).find(query, session=session, batch_size=WINDOW).sort("_id", 1)
    while True:
        with pymongo.timeout(WINDOW_SECONDS):
            window = await cursor.to_list(WINDOW)
        if not window:
            return
        yield [bytes(document.raw) for document in window]


async def digest_collection(store: DocumentStore, collection: str) -> CollectionDigest:
    """Return the digest of what is stored in a collection."""
    count, digest = 0, sha256()
    async for window in read_windows(store, collection):
        count += len(window)
        for document in window:
            digest.update(document)
    return CollectionDigest(count, digest.hexdigest())


async def write_window(store: DocumentStore, collection: str, documents: Sequence[bytes]) -> None:
    """Insert documents as they are."""
    rows = [RawBSONDocument(document, UNDECODED) for document in documents]
    with pymongo.timeout(WINDOW_SECONDS):
        await store.undecoded(collection).insert_many(rows, ordered=False)


async def remove_after(store: DocumentStore, collection: str, position: DocumentId | None) -> None:
    """Remove what stands behind a position: how much of a cut-off window was written, nobody knows."""
    query = {"_id": {"$gt": FIRST if position is None else position}}
    with pymongo.timeout(WINDOW_SECONDS):
        await store[collection].delete_many(query)
