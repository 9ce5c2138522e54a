"""Writing many documents at once, outside any transaction: for data that nobody reads yet, such as the
demo's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import pymongo

from domain.store.base import Operation, Store, Write

CHUNK = 250
SECONDS = 60.0  # a bulk of hundreds is no request: it may take its time on a busy machine


async def empty(store: Store, collections: Sequence[str]) -> None:
    """Take everything out of collections."""
    with pymongo.timeout(SECONDS):
        for name in collections:
            await store[name].delete_many({})


async def write(store: Store, writes: Iterable[Write], *, told: Callable[[int, int], None]) -> None:
    """Write collection by collection, each in its order; `told` hears how many of how many are done."""
    by: dict[str, list[Operation]] = {}
    for one in writes:
        by.setdefault(one.collection, []).append(one.operation)
    total, done = sum(map(len, by.values())), 0
    for name, operations in by.items():
        for start in range(0, len(operations), CHUNK):
            chunk = operations[start : start + CHUNK]
            with pymongo.timeout(SECONDS):
                await store[name].bulk_write(chunk, ordered=True)
            done += len(chunk)
            told(done, total)
