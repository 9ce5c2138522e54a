"""Sources whose reports wait: a row while an operator has paused one, with who, when and why."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from pymongo import DeleteOne

from domain.model.values import dataclass
from domain.store.document_store import DocumentStore, Stale, Write, insert
from domain.store.stored_document import StoredDocument

COLLECTION = "source_pauses"


class SourcePauseDocument(StoredDocument):
    """A pause in the database; `_id` is the source's code."""

    staff: str
    at: datetime
    reason: str

    class Settings(StoredDocument.Settings):
        name = COLLECTION


class NotPaused(Stale):
    """Somebody has resumed it meanwhile."""


class PausedAlready(Stale):
    """Somebody has paused it meanwhile."""


@dataclass(frozen=True, slots=True)
class SourcePause:
    """A source that an employee (`staff`) has paused."""

    source: str
    staff: str
    at: datetime
    reason: str


async def find_all(store: DocumentStore, *, sources: Collection[str] | None = None) -> dict[str, SourcePause]:
    """Return the pauses by source, of those that are named or of all."""
    query = {"_id": {"$gt": ""}} if sources is None else {"_id": {"$in": list(sources)}}
    return {
        row["_id"]: SourcePause(row["_id"], row["staff"], row["at"], row["reason"])
        async for row in store[COLLECTION].find(query)
    }


def pause_write(pause: SourcePause) -> Write:
    """Return the insertion of a pause; it raises PausedAlready."""
    document = {"_id": pause.source, "staff": pause.staff, "at": pause.at, "reason": pause.reason}
    return insert(COLLECTION, document, if_taken=PausedAlready(pause.source))


def resume_write(source: str) -> Write:
    """Return the deletion of a pause; it raises NotPaused."""
    return Write(COLLECTION, DeleteOne({"_id": source}), NotPaused(source))
