"""Wrong codes that a member has entered in a day, counted for all processes together.

A try takes its place before the code is looked at, and a right one gives it back: no number of tries at once
gets more than the bound. The same wrong code again takes no second place. A row holds digests, no code.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import ClassVar

from pymongo import IndexModel, UpdateOne

from domain.store.document_store import DocumentStore, Stale, Write, update
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "code_tries"
TRIES_A_DAY = 10
KEPT_FOR = timedelta(days=2)


class CodeTriesDocument(StoredDocument):
    """A member's wrong codes of a day; `_id` is `MEMBER:DAY`, `digests` tells codes apart."""

    digests: list[str]
    purge_at: datetime

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (ttl_index("purge_at"),)


def tries_id(member: str, day: date) -> str:
    """Return the id of a member's tries in a day of the programme's zone."""
    return f"{member}:{day.isoformat()}"


async def find(store: DocumentStore, id: str) -> tuple[str, ...]:
    """Return the digests of a day's tries; none where there were none."""
    row = await store[COLLECTION].find_one({"_id": id})
    return () if row is None else tuple(row["digests"])


def take_write(id: str, before: Sequence[str], digest: str, *, now: datetime) -> Write:
    """Return the write that takes the place of a try; it raises Stale where the tries are others by now."""
    operation = UpdateOne(
        {"_id": id, "digests": list(before)},
        {"$set": {"digests": [*before, digest], "purge_at": now + KEPT_FOR}},
        upsert=True,
    )
    return Write(COLLECTION, operation, Stale("another try meanwhile"))


def give_back_write(id: str, digest: str) -> Write:
    """Return the write that gives the place of a right code back."""
    return update(COLLECTION, {"_id": id}, {"$pull": {"digests": digest}})
