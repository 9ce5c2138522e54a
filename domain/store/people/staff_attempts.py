"""Tries to sign in as an employee, counted for all processes and addresses together.

A row is known by a hash, of a name or of a till with an employee. Each write replaces what was read, so that
many tries at once count as many.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from pymongo import IndexModel

from domain.model.people.lockout import FORGOTTEN_AFTER, Failures
from domain.store.document_store import DocumentStore, Stale, Write, insert, update
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "staff_attempts"


class AttemptDocument(StoredDocument):
    """Tries in a row; `_id` is the hash, `last` the instant of the newest."""

    tries: int
    last: datetime
    purge_at: datetime

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (ttl_index("purge_at"),)


async def find(store: DocumentStore, id: str) -> Failures | None:
    """Return the tries that were counted; None where there were none."""
    document = await store.documents(AttemptDocument).find_one({"_id": id})
    return None if document is None else Failures(document.tries, document.last)


def count_write(id: str, before: Failures | None, after: Failures) -> Write:
    """Return the write of another try; it raises Stale where the tries are others by now."""
    row = {"tries": after.count, "last": after.last, "purge_at": after.last + FORGOTTEN_AFTER}
    if before is None:
        return insert(COLLECTION, {"_id": id, **row})
    query = {"_id": id, "tries": before.count, "last": before.last}
    return update(COLLECTION, query, {"$set": row}, if_missed=Stale("another try meanwhile"))


async def take_back(store: DocumentStore, id: str) -> None:
    """Take one try back that was no guess."""
    await store.documents(AttemptDocument).update_first(
        {"_id": id, "tries": {"$gt": 0}}, {"$inc": {"tries": -1}}
    )


async def forget(store: DocumentStore, id: str) -> None:
    """Forget the tries of a person who has proven who they are."""
    await store.documents(AttemptDocument).update_first({"_id": id}, {"$set": {"tries": 0}})
