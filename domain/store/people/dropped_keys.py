"""Signing keys that were dropped: no process takes their tokens any more. A dropped key never returns."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from pymongo import UpdateOne

from domain.store.document_store import DocumentStore, Write
from domain.store.stored_document import StoredDocument

COLLECTION = "dropped_keys"


class DroppedKeyDocument(StoredDocument):
    """A dropped key: `_id` is its name, the `kid` of its tokens."""

    at: datetime

    class Settings(StoredDocument.Settings):
        name = COLLECTION


async def find_all(store: DocumentStore) -> list[str]:
    """Return the names of all dropped keys."""
    rows = store[COLLECTION].find({"_id": {"$gt": ""}}, {"_id": 1})
    return [cast(str, row["_id"]) async for row in rows]


def drop_write(kid: str, *, now: datetime) -> Write:
    """Return the write that drops a key; one that was dropped stays as it is."""
    return Write(COLLECTION, UpdateOne({"_id": kid}, {"$setOnInsert": {"at": now}}, upsert=True))
