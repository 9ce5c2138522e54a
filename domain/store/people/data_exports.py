"""Exports that members, or operators for them, asked for: each may be fetched once, by whoever asked, within
an hour. What is in it is read when it is fetched, and stored nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pymongo import IndexModel

from domain.model.values import dataclass
from domain.store.document_store import DocumentStore, Write, insert
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "data_exports"
KEPT_FOR = timedelta(days=1)


class DataExportDocument(StoredDocument):
    """An export in the database, kept for a day, so that those of a day can be counted."""

    member: str
    staff: str | None = None
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
    """An export of a member's data that they, or `staff` for them, asked for `at` an instant, and may fetch
    before another.
    """

    id: str
    member: str
    at: datetime
    until: datetime
    staff: str | None = None


async def find_times(store: DocumentStore, member: str, *, since: datetime) -> list[datetime]:
    """Return when a member asked for exports after an instant, oldest first."""
    documents = await store.documents(DataExportDocument).find({"member": member}).to_list()
    return sorted(document.at for document in documents if document.at > since and document.staff is None)


def open_write(export: DataExport) -> Write:
    """Return the insertion of an export."""
    document = DataExportDocument(
        id=export.id,
        member=export.member,
        staff=export.staff,
        at=export.at,
        until=export.until,
        purge_at=export.at + KEPT_FOR,
    )
    return insert(COLLECTION, document.row())


async def claim(store: DocumentStore, id: str, member: str, *, now: datetime) -> bool:
    """Take an export to be fetched; False where it is not this member's, was fetched, or its time is over."""
    return await _claim(store, {"_id": id, "member": member, "staff": None}, now=now)


async def claim_of_staff(store: DocumentStore, id: str, staff: str, *, now: datetime) -> str | None:
    """Take an export to be fetched by the employee who asked for it; return whose data it has, and None where
    it is not theirs, was fetched, or its time is over.
    """
    query = {"_id": id, "staff": staff}
    document = await store.documents(DataExportDocument).find_one(query)
    return document.member if document is not None and await _claim(store, query, now=now) else None


async def _claim(store: DocumentStore, query: dict[str, Any], *, now: datetime) -> bool:
    query = {**query, "fetched_at": None, "until": {"$gt": now}}
    result = await store.documents(DataExportDocument).update_first(query, {"$set": {"fetched_at": now}})
    return result.modified_count == 1
