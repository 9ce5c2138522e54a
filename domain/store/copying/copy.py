"""A database copied into an empty one, from a backup or from another server; one that was cut off goes on.

The target is marked before anything is written: no server starts on a part of a database. The mark says how
far the copy has come. At the end both sides are compared, document by document, and the mark gives way to the
source's own format.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from pymongo.errors import DuplicateKeyError

from domain.model.values import dataclass
from domain.store import meta
from domain.store.connect import Raw
from domain.store.copying.documents import (
    CollectionDigest,
    DocumentId,
    collection_names,
    digest_collection,
    document_id,
    read_windows,
    remove_after,
    write_window,
)
from domain.store.document_store import DocumentStore
from domain.store.migrations.format import read_format

Progress = Callable[[str, int], None]


class TargetNotEmpty(Exception):
    """The database to copy into holds something already."""


class OtherCopy(TargetNotEmpty):
    """It holds a part of another copy."""


class CopyDiffers(Exception):
    """What was copied is not what the source holds; the message names the collection."""


class DocumentSource(Protocol):
    """Where documents come from. `id` is the same for the same source, so that a copy can go on."""

    @property
    def id(self) -> str: ...

    @property
    def collections(self) -> Sequence[str]:
        """Return the names of all collections but `meta`, in their order."""
        ...

    def windows(self, collection: str, after: DocumentId | None) -> AsyncIterator[Sequence[bytes]]:
        """Read a collection in the order of `_id`, from behind a position."""
        ...

    async def digest(self, collection: str) -> CollectionDigest:
        """Return the digest of a collection."""
        ...

    async def meta_documents(self) -> Sequence[Raw]:
        """Return the documents of `meta`."""
        ...


@dataclass(frozen=True, slots=True)
class StoreSource:
    """A database as a source; nothing may write to it meanwhile."""

    id: str
    store: DocumentStore
    collections: Sequence[str]

    @classmethod
    async def of(cls, store: DocumentStore, *, id: str) -> StoreSource:
        """Return a database as a source."""
        names = [name for name in await collection_names(store) if name != meta.COLLECTION]
        return cls(id, store, names)

    def windows(self, collection: str, after: DocumentId | None) -> AsyncIterator[Sequence[bytes]]:
        return read_windows(self.store, collection, after=after)

    async def digest(self, collection: str) -> CollectionDigest:
        return await digest_collection(self.store, collection)

    async def meta_documents(self) -> Sequence[Raw]:
        return await self.store[meta.COLLECTION].find({}).to_list(None)


def _no_progress(_collection: str, _count: int) -> None:
    """Tell nobody."""


async def copy_database(
    source: DocumentSource, target: DocumentStore, *, progress: Progress = _no_progress
) -> int | None:
    """Copy every document, compare, and return how many documents there are; None where an earlier run did
    all that. `progress` gets the number of documents of each window. Indexes are for `prepare` to build.

    Raises TargetNotEmpty, OtherCopy, CopyDiffers.
    """
    if (await read_format(target)).origin == source.id:
        return None
    mark = await _begin(source, target)
    for collection in source.collections:
        if collection < mark.get("collection", ""):
            continue
        position = mark.get("position") if collection == mark.get("collection") else None
        await remove_after(target, collection, position)
        async for window in source.windows(collection, position):
            await write_window(target, collection, window)
            await _save(target, source, {"collection": collection, "position": document_id(window[-1])})
            progress(collection, len(window))
    count = 0
    for collection in source.collections:
        digest = await source.digest(collection)
        if await digest_collection(target, collection) != digest:
            raise CopyDiffers(collection)
        count += digest.documents
    await _finish(source, target)
    return count


async def _begin(source: DocumentSource, target: DocumentStore) -> Raw:
    """Mark the target, and return how far an earlier run has come."""
    stored = await read_format(target)
    if stored.copied is not None:
        if stored.copied["source"] != source.id:
            raise OtherCopy
        return stored.copied
    for collection in await collection_names(target):
        if await target[collection].find_one({}, {"_id": 1}) is not None:
            raise TargetNotEmpty(collection)
    mark = {"source": source.id}
    try:
        await target[meta.COLLECTION].insert_one({"_id": meta.FORMAT_ID, "number": None, "copied": mark})
    except DuplicateKeyError:  # a server has started there
        raise TargetNotEmpty(meta.COLLECTION) from None
    return mark


async def _save(target: DocumentStore, source: DocumentSource, position: Raw) -> None:
    change = {"$set": {"copied": {"source": source.id, **position}}}
    await target[meta.COLLECTION].update_one({"_id": meta.FORMAT_ID}, change)


async def _finish(source: DocumentSource, target: DocumentStore) -> None:
    """Copy `meta`, last of all its format: from then on the database may be used."""
    documents = {row["_id"]: row for row in await source.meta_documents()}
    stored_format = {
        name: value
        for name, value in documents.pop(meta.FORMAT_ID).items()
        if name not in ("indexes", "moved")  # they are the source's own
    } | {"origin": source.id}
    documents.pop(meta.MIGRATION_ID, None)
    for row in documents.values():
        await target[meta.COLLECTION].replace_one({"_id": row["_id"]}, row, upsert=True)
    await target[meta.COLLECTION].replace_one({"_id": meta.FORMAT_ID}, stored_format)
