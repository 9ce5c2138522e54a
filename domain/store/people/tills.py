"""Tills on which employees have signed in: known by the hash of a token that the till keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pymongo import IndexModel, UpdateOne

from domain.store.document_store import DocumentStore, Write
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "tills"
KEPT_FOR = timedelta(days=180)
MAX_EMPLOYEES = 200


class TillDocument(StoredDocument):
    """A till; `_id` is its token's hash, `employees` those who signed in on it, the last one last."""

    employees: list[str]
    purge_at: datetime

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (ttl_index("purge_at"),)


async def find_employees(store: DocumentStore, token_hash: str) -> tuple[str, ...] | None:
    """Return the employees who have signed in on a till; None where no token has this hash."""
    document = await store.documents(TillDocument).find_one({"_id": token_hash})
    return None if document is None else tuple(document.employees)


def sign_in_write(token_hash: str, employees: Sequence[str], *, now: datetime) -> Write:
    """Return the write that keeps a till with the employees who have signed in on it."""
    sets = {"employees": list(employees)[-MAX_EMPLOYEES:], "purge_at": now + KEPT_FOR}
    return Write(COLLECTION, UpdateOne({"_id": token_hash}, {"$set": sets}, upsert=True))
