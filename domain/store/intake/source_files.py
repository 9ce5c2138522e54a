"""Published sources files: immutable, numbered from 1, with the CSV files that each names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from domain.model.values import dataclass
from domain.store import audit
from domain.store.document_store import DocumentStore, insert
from domain.store.stored_document import StoredDocument

COLLECTION = "intake_sources"


class SourcesVersion(StoredDocument):
    """One published version: the file's text, and the CSV files that it names, as they were."""

    id: int  # type: ignore[assignment]  # the version's number is its identity
    text: str
    files: dict[str, str]
    published_at: datetime
    published_by: str | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION


@dataclass(frozen=True, slots=True)
class StoredSources:
    """A published sources file and its number; `published_at` is None until it is."""

    number: int
    text: str
    files: Mapping[str, str]
    published_at: datetime | None = None


async def find_newest(store: DocumentStore, *, after: int = 0) -> StoredSources | None:
    """Return the newest version where there is one after a number."""
    rows = store[COLLECTION].find({"_id": {"$gt": after}}).sort("_id", -1).limit(1)
    async for row in rows:
        return StoredSources(row["_id"], row["text"], row["files"], row["published_at"])
    return None


async def publish(store: DocumentStore, sources: StoredSources, *, now: datetime, by: str | None) -> None:
    """Store a version under its number. Raises Stale where another was first."""
    row = {
        "_id": sources.number,
        "text": sources.text,
        "files": dict(sources.files),
        "published_at": now,
        "published_by": by,
    }
    act = audit.simple_act_write(
        "SOURCES_PUBLISHED",
        actor=by or audit.COMMAND_LINE,
        now=now,
        subject=f"sources version {sources.number}",
    )
    await store.transact([insert(COLLECTION, row), act])
