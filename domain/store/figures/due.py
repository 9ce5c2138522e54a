"""Which members have rows that no figure holds yet: a mark a member, left by every commit.

The commit raises the mark to the member's newest row, in its own bulk write. Whoever has folded the rows
deletes the mark only where it still says what was folded, so that a row committed meanwhile is not forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from pymongo import DeleteOne, IndexModel, UpdateOne

from domain.model.values import dataclass
from domain.store.document_store import EPOCH, DocumentStore, Write
from domain.store.stored_document import StoredDocument

COLLECTION = "figures_due"
FOREVER = datetime.max.replace(tzinfo=EPOCH.tzinfo)


class DueDocument(StoredDocument):
    """A mark; `_id` is the member, `seq` their newest row, `since` when the oldest of those rows came."""

    seq: int
    since: datetime

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (IndexModel({"since": 1}),)


@dataclass(frozen=True, slots=True)
class DueMember:
    """A member with rows to be folded, up to `seq`, the first of which was committed at `since`."""

    member: str
    seq: int
    since: datetime


async def find_due(store: DocumentStore, *, first: int) -> list[DueMember]:
    """Return the first members that wait, the longest first."""
    query = {"since": {"$gte": EPOCH, "$lte": FOREVER}}
    rows = store[COLLECTION].find(query).sort("since", 1).limit(first)
    return [DueMember(row["_id"], row["seq"], row["since"]) async for row in rows]


async def find_marked(store: DocumentStore, members: Sequence[str]) -> set[str]:
    """Return those of some members who have a mark, in one command."""
    return {row["_id"] async for row in store[COLLECTION].find({"_id": {"$in": list(members)}}, {"_id": 1})}


def mark_write(member: str, seq: int, *, now: datetime) -> Write:
    """Return the write of a commit that marks a member's rows up to `seq`."""
    change = {"$max": {"seq": seq}, "$setOnInsert": {"since": now}}
    return Write(COLLECTION, UpdateOne({"_id": member}, change, upsert=True))


async def delete_folded(store: DocumentStore, folded: Mapping[str, int], *, read_at: datetime) -> None:
    """Delete the marks of members whose rows are folded up to a seq, as they were read at an instant. A mark
    that was raised meanwhile stays, of rows that came since then.
    """
    operations: list[DeleteOne | UpdateOne] = []
    for member, seq in folded.items():
        operations.append(DeleteOne({"_id": member, "seq": {"$lte": seq}}))
        operations.append(UpdateOne({"_id": member, "seq": {"$gt": seq}}, {"$set": {"since": read_at}}))
    if operations:
        await store[COLLECTION].bulk_write(operations, ordered=False)
