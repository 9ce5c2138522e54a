"""What a migration's step works with: its saved position, and ways to rewrite documents and build indexes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import pymongo
from pymongo import IndexModel, UpdateOne

from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore

WINDOW = 500
WINDOW_SECONDS = 60.0
INDEX_SECONDS = 24 * 3600.0

Change = Callable[[Raw], Raw | None]


@dataclass(slots=True)
class StepRun:
    """One run of a step. `position` is where an earlier run of it was cut off, empty at the beginning.

    `save` stores a position and the count of documents changed since the last one; it raises LeaseLost where
    another runner has taken over.
    """

    store: DocumentStore
    position: str
    save: Callable[[str, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Migration:
    """A step; `number` is the format that it leads to."""

    number: int
    title: str
    apply: Callable[[StepRun], Awaitable[None]]


async def rewrite_documents(
    run: StepRun, collection: str, change: Change, *, fields: Sequence[str] = ()
) -> None:
    """Update each document of a collection by what `change` returns for it; None leaves it as it is.

    `change` gets the named fields, or all of them. Documents are read in the order of `_id`, which must be a
    string, and the position is saved after each window. A batch is a window: of more, writing could take
    longer than the ten minutes for which a server keeps a cursor that nobody reads.
    """
    projection = dict.fromkeys(("_id", *fields), 1) if fields else None
    query = {"_id": {"$gt": run.position}}
    cursor = run.store[collection].find(query, projection).sort("_id", 1).batch_size(WINDOW)
    window: list[Raw] = []
    async for document in cursor:
        window.append(document)
        if len(window) == WINDOW:
            await _rewrite_window(run, collection, change, window)
            window = []
    if window:
        await _rewrite_window(run, collection, change, window)


async def _rewrite_window(run: StepRun, collection: str, change: Change, window: Sequence[Raw]) -> None:
    changes: Mapping[str, Raw | None] = {document["_id"]: change(document) for document in window}
    updates = [UpdateOne({"_id": id}, update) for id, update in changes.items() if update is not None]
    if updates:
        with pymongo.timeout(WINDOW_SECONDS):
            await run.store[collection].bulk_write(updates, ordered=False)
    run.position = window[-1]["_id"]
    await run.save(run.position, len(updates))


async def build_indexes(run: StepRun, collection: str, indexes: Sequence[IndexModel]) -> None:
    """Build indexes, however long that takes; those that exist already cost nothing."""
    with pymongo.timeout(INDEX_SECONDS):
        await run.store[collection].create_indexes(list(indexes))
