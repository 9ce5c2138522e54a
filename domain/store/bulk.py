"""Writes of many documents outside a transaction, for data that nobody reads yet, such as the demo's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import pymongo

from domain.store.document_store import DocumentStore, Operation, Write

CHUNK_SIZE = 250
CHUNK_SECONDS = 60.0  # a bulk of hundreds is no request: it may take its time on a busy machine


async def empty_collections(store: DocumentStore, collections: Sequence[str]) -> None:
    """Delete every document of collections."""
    with pymongo.timeout(CHUNK_SECONDS):
        for name in collections:
            await store[name].delete_many({})


async def write_in_chunks(
    store: DocumentStore, writes: Iterable[Write], *, on_progress: Callable[[int, int], None]
) -> None:
    """Write collection by collection, each in its order; `on_progress` gets how many of how many are done."""
    all_writes = list(writes)
    done = 0
    for collection, operations in chunks(all_writes):
        await write_chunk(store, collection, operations)
        done += len(operations)
        on_progress(done, len(all_writes))


def chunks(writes: Iterable[Write]) -> Iterator[tuple[str, Sequence[Operation]]]:
    """Yield the operations of writes, collection by collection, each in its order, at most 250 at once."""
    operations_by_collection: dict[str, list[Operation]] = {}
    for queued_write in writes:
        operations_by_collection.setdefault(queued_write.collection, []).append(queued_write.operation)
    for collection, operations in operations_by_collection.items():
        for start in range(0, len(operations), CHUNK_SIZE):
            yield collection, operations[start : start + CHUNK_SIZE]


async def write_chunk(store: DocumentStore, collection: str, operations: Sequence[Operation]) -> None:
    """Write to one collection, in order."""
    with pymongo.timeout(CHUNK_SECONDS):
        await store[collection].bulk_write(list(operations), ordered=True)
