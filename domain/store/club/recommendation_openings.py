"""What members opened of what was recommended to them: a document a member, of the newest fifty, for 30 days.
It is personal, and goes with the member; figures count openings, and what was bought or redeemed after one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pymongo import IndexModel

from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Stale, Write, insert, update
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "recommendation_openings"
KEPT_FOR = timedelta(days=30)
MOST_OPENED = 50


class OpeningsDocument(StoredDocument):
    """A member's openings; `_id` is the member, `opened` are [kind, code, at, taken]."""

    rev: int
    opened: list[list[Any]]
    purge_at: datetime

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (ttl_index("purge_at"),)


@dataclass(frozen=True, slots=True)
class Opening:
    """A recommended product or reward that was opened, and whether it was bought or redeemed after that."""

    kind: str
    code: str
    at: datetime
    is_taken: bool = False


@dataclass(frozen=True, slots=True)
class Openings:
    """What a member opened, the newest last; `rev` counts the writes."""

    member: str
    opened: tuple[Opening, ...] = ()
    rev: int = 0

    def standing_at(self, now: datetime) -> Openings:
        """Return what is no older than 30 days."""
        return replace(self, opened=tuple(each for each in self.opened if each.at > now - KEPT_FOR))


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, member: str) -> Openings:
    """Return what a member opened."""
    row = await store[COLLECTION].find_one({"_id": member})
    return Openings(member) if row is None else _read(row)


async def iterate(store: DocumentStore, *, first: int) -> AsyncIterator[Openings]:
    """Yield what members opened, of so many at most."""
    async for row in store[COLLECTION].find({"_id": {"$gte": ""}}).sort("_id", 1).limit(first):
        yield _read(row)


# ---------------------------------------------------------------- writes
def put_write(before: Openings, opened: Sequence[Opening]) -> Write:
    """Return the guarded write by which a member has opened these; it raises Stale."""
    rows = [[each.kind, each.code, each.at, each.is_taken] for each in opened[-MOST_OPENED:]]
    newest = max(each.at for each in opened)
    values = {"rev": before.rev + 1, "opened": rows, "purge_at": newest + KEPT_FOR}
    if not before.rev:
        return insert(COLLECTION, {"_id": before.member, **values}, if_taken=Stale("opened meanwhile"))
    query = {"_id": before.member, "rev": before.rev}
    return update(COLLECTION, query, {"$set": values}, if_missed=Stale("opened meanwhile"))


def _read(row: Raw) -> Openings:
    opened = tuple(Opening(kind, code, at, is_taken) for kind, code, at, is_taken in row["opened"])
    return Openings(row["_id"], opened, row["rev"])
