"""The parts of a file that a job wrote: rows as compressed lines of JSON, for a day.

They hold random ids, codes and figures. What names a person is read when the file is fetched, and stored
nowhere.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

import orjson
from pymongo import IndexModel, ReplaceOne

from domain.model.ledger.events import Json
from domain.store.document_store import DocumentStore
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "file_parts"
MOST_BYTES = 64_000_000  # of one part, taken apart


class FilePartDocument(StoredDocument):
    """A part in the database; `_id` is `JOB:POSITION:N`, in the order of the rows."""

    body: bytes
    rows: int
    purge_at: datetime

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (ttl_index("purge_at"),)


async def write_part(
    store: DocumentStore, job: str, name: str, rows: Sequence[Mapping[str, Json]], *, purge_at: datetime
) -> None:
    """Write a part, or write it again."""
    id = f"{job}:{name}"
    body = zlib.compress(b"\n".join(orjson.dumps(row) for row in rows))
    document = {"_id": id, "body": body, "rows": len(rows), "purge_at": purge_at}
    await store[COLLECTION].bulk_write([ReplaceOne({"_id": id}, document, upsert=True)])


async def iterate_parts(store: DocumentStore, job: str) -> AsyncIterator[list[dict[str, Json]]]:
    """Yield the rows of a job's parts in their order, a part at a time."""
    query = {"_id": {"$gt": f"{job}:", "$lt": f"{job};"}}
    ids = [row["_id"] async for row in store[COLLECTION].find(query, {"_id": 1}).sort("_id", 1)]
    for id in ids:
        row = await store[COLLECTION].find_one({"_id": id})
        if row is not None:
            body = zlib.decompressobj().decompress(row["body"], MOST_BYTES)
            yield [orjson.loads(line) for line in body.split(b"\n") if line]
