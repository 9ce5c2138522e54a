"""Codes of guests' receipts: which receipt a code is of, also once it was claimed. `_id` is the code's
digest, which only the server's secret makes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pymongo import IndexModel, UpdateOne

from domain.model.values import dataclass
from domain.store.document_store import DocumentStore, Write
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "receipt_codes"
KEPT_FOR = timedelta(days=400)  # who enters one again is told what became of it


class ReceiptCodeDocument(StoredDocument):
    """A code in the database; `receipt` is the identity of its purchase, `asked_by` who was told the code
    at a till.
    """

    receipt: str
    purge_at: datetime
    asked_by: list[str] | None = None  # absent in codes of an older version

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (ttl_index("purge_at"),)


@dataclass(frozen=True, slots=True)
class ReceiptCode:
    """The receipt that a code is of, and the employees who were told the code."""

    receipt: str
    asked_by: tuple[str, ...]


async def find_code(store: DocumentStore, digests: Sequence[str]) -> ReceiptCode | None:
    """Return what a code is of; None where there is none."""
    row = await store[COLLECTION].find_one({"_id": {"$in": list(digests)}})
    return None if row is None else ReceiptCode(str(row["receipt"]), tuple(row.get("asked_by") or ()))


def note_write(digest: str, receipt: str, *, asked_by: str, now: datetime) -> Write:
    """Return the write that notes a code, and who is told it."""
    change = {
        "$setOnInsert": {"receipt": receipt, "purge_at": now + KEPT_FOR},
        "$addToSet": {"asked_by": asked_by},
    }
    return Write(COLLECTION, UpdateOne({"_id": digest}, change, upsert=True))
