"""When members were active last, as far as a programme's term of retention needs it: looked at every 20 days,
on the members' own documents, so that what lapses meanwhile (a session) was noted before.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from domain.model.values import dataclass
from domain.store.document_store import EPOCH, DocumentStore, Write, update
from domain.store.ledger import journal
from domain.store.ledger.members import COLLECTION


@dataclass(frozen=True, slots=True)
class LastActivity:
    """When a member was known to be active last, and when they were warned; None where that never was."""

    member: str
    active_at: datetime | None
    warned_at: datetime | None


async def find_due(store: DocumentStore, *, now: datetime, first: int) -> list[LastActivity]:
    """Return the first members to be looked at: those who never were, and those whose time has come."""
    fields = {"active_at": 1, "warned_at": 1}
    never = [
        row
        async for row in store[COLLECTION].find({"review_at": None, "status": "active"}, fields).limit(first)
    ]
    due_query = {"review_at": {"$gt": EPOCH, "$lte": now}, "status": "active"}
    left = first - len(never)
    due = [row async for row in store[COLLECTION].find(due_query, fields).limit(left)] if left else []
    return [LastActivity(row["_id"], row.get("active_at"), row.get("warned_at")) for row in (*never, *due)]


async def find_last_act(
    store: DocumentStore, member: str, *, since: datetime, besides: Collection[str]
) -> datetime | None:
    """Return when something happened to a member last, after an instant, that neither time brought nor
    service did (the events `besides`); None where nothing did.
    """
    query = {"member": member, "at": {"$gt": since}}
    rows = store[journal.COLLECTION].find(query, {"at": 1, "by": 1, "event.name": 1})
    instants = [
        row["at"] async for row in rows if row["by"] == "input" and row["event"]["name"] not in besides
    ]
    return max(instants, default=None)


def review_write(
    member: str, *, active_at: datetime, warned_at: datetime | None, review_at: datetime
) -> Write:
    """Return the write of what a look at a member found, and when the next is due."""
    sets: dict[str, Any] = {"active_at": active_at, "review_at": review_at}
    change: dict[str, Any] = {"$set": sets}
    if warned_at is not None:
        sets["warned_at"] = warned_at
    else:
        change["$unset"] = {"warned_at": ""}
    return update(COLLECTION, {"_id": member, "status": "active"}, change)
