"""Exports that members asked for: each may be fetched once, by its member, within an hour. What is in it is
read when it is fetched, and stored nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from pymongo import IndexModel

from domain.store.document_store import DocumentStore, Write, insert
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "data_exports"
KEPT_FOR = timedelta(days=1)


class DataExportDocument(StoredDocument):
    """An export in the database, kept for a day, so that those of a day can be counted."""

    member: str
    at: datetime
    until: datetime
    purge_at: datetime
    fetched_at: datetime | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        keep_nulls = False
        indexes: ClassVar[Sequence[IndexModel]] = (IndexModel({"member": 1}), ttl_index("purge_at"))


@dataclass(frozen=True, slots=True)
class DataExport:
    """An export that a member asked for `at` an instant, and may fetch before another."""

    id: str
    member: str
    at: datetime
    until: datetime


async def find_times(store: DocumentStore, member: str, *, since: datetime) -> list[datetime]:
    """Return when a member asked for exports after an instant, oldest first."""
    documents = await store.documents(DataExportDocument).find({"member": member}).to_list()
    return sorted(document.at for document in documents if document.at > since)


def open_write(export: DataExport) -> Write:
    """Return the insertion of an export."""
    document = DataExportDocument(
        id=export.id,
        member=export.member,
        at=export.at,
        until=export.until,
        purge_at=export.at + KEPT_FOR,
    )
    return insert(COLLECTION, document.row())


async def claim(store: DocumentStore, id: str, member: str, *, now: datetime) -> bool:
    """Take an export to be fetched; False where it is not this member's, was fetched, or its time is over."""
    query = {"_id": id, "member": member, "fetched_at": None, "until": {"$gt": now}}
    result = await store.documents(DataExportDocument).update_first(query, {"$set": {"fetched_at": now}})
    return result.modified_count == 1
