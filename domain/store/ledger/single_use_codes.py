"""Single-use codes of batches: one document each, known by a digest that only the server's secret makes.

A code is claimed in the transaction that acts on it, so that it counts once over all members.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

import pymongo
from pymongo import IndexModel, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from domain.model.values import dataclass
from domain.store.bulk import CHUNK_SECONDS
from domain.store.document_store import DocumentStore, Stale, Write, update
from domain.store.stored_document import StoredDocument

COLLECTION = "single_use_codes"


class SingleUseCodeDocument(StoredDocument):
    """A code in the database; `_id` is its digest. `used_by` and `used_at` are there once it is used."""

    batch: str
    used_by: str | None = None
    used_at: datetime | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        keep_nulls = False
        indexes: ClassVar[Sequence[IndexModel]] = (IndexModel({"used_by": 1}, sparse=True),)


@dataclass(frozen=True, slots=True)
class SingleUseCode:
    """A code of a batch, and the member who has entered it."""

    id: str
    batch: str
    used_by: str | None = None


@dataclass(frozen=True, slots=True)
class UsedCode:
    """A code of a batch that a member has entered, without the code."""

    batch: str
    used_at: datetime


class CodeSpent(Stale):
    """Somebody has entered the code meanwhile."""


async def find(store: DocumentStore, digests: Sequence[str]) -> SingleUseCode | None:
    """Return the code of one of these digests; None where there is none."""
    row = await store[COLLECTION].find_one({"_id": {"$in": list(digests)}})
    return None if row is None else SingleUseCode(row["_id"], row["batch"], row.get("used_by"))


async def find_used(store: DocumentStore, member: str) -> tuple[UsedCode, ...]:
    """Return the codes that a member has entered, oldest first."""
    rows = store[COLLECTION].find({"used_by": member}, {"batch": 1, "used_at": 1})
    used = [UsedCode(row["batch"], row["used_at"]) async for row in rows]
    return tuple(sorted(used, key=lambda code: code.used_at))


async def count_claimed(store: DocumentStore, member: str, *, session: AsyncClientSession) -> Counter[str]:
    """Return how many codes of each batch a member has entered, in a transaction."""
    rows = store[COLLECTION].find({"used_by": member}, {"batch": 1}, session=session)
    return Counter([row["batch"] async for row in rows])


def claim_write(code: SingleUseCode, *, member: str, now: datetime) -> Write:
    """Return the write that claims a code for a member; it raises CodeSpent where somebody has it."""
    return update(
        COLLECTION,
        {"_id": code.id, "used_by": {"$exists": False}},
        {"$set": {"used_by": member, "used_at": now}},
        if_missed=CodeSpent("the code is spent"),
    )


async def add_new(store: DocumentStore, batch: str, digests: Iterable[str]) -> frozenset[str]:
    """Store codes of a batch, in one command; return the digests that are new. One that exists stays as it
    is.
    """
    listed = list(digests)
    operations = [UpdateOne({"_id": one}, {"$setOnInsert": {"batch": batch}}, upsert=True) for one in listed]
    with pymongo.timeout(CHUNK_SECONDS):
        result = await store[COLLECTION].bulk_write(operations, ordered=False)
    upserted: Mapping[int, object] = result.upserted_ids or {}
    return frozenset(listed[index] for index in upserted)
