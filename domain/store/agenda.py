"""The agenda: events for later and for other members. Each acts once: it is marked done in the transaction that acts on it.

A small pending set, found by an index of the pending alone. Claiming moves an item's time on, so that no two workers try it at once;
where a worker dies the item comes up again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.model.decision import Later
from domain.model.events import Event
from domain.store import rows
from domain.store.base import Stale, Store, Write, insert, update
from domain.store.members import BEGINNING

COLLECTION = "agenda"
LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Item:
    """An event that waits for a member."""

    id: str
    member: str
    due: datetime
    event: Event


# ---------------------------------------------------------------- reads
async def due(store: Store, *, now: datetime) -> list[Item]:
    """Return the items whose time has come, soonest first."""
    asked = {"state": "pending", "due": {"$gt": BEGINNING, "$lte": now}}
    found = [Item(row["_id"], row["member"], row["due"], rows.event(row["event"])) async for row in store[COLLECTION].find(asked)]
    return sorted(found, key=lambda item: item.event.at)


# ---------------------------------------------------------------- writes
async def claim(store: Store, item: Item, *, now: datetime) -> bool:
    """Take an item for a minute; False where another worker has it."""
    asked = {"_id": item.id, "state": "pending", "due": item.due}
    done = await store[COLLECTION].update_one(asked, {"$set": {"due": now + LEASE}})
    return done.matched_count == 1


def noted(later: Later) -> Write:
    """Return the noting of an event for later, under its own id."""
    row = {"_id": later.event.id, "member": later.member, "due": later.due, "event": rows.event_document(later.event), "state": "pending"}
    return insert(COLLECTION, row, taken=Stale("the agenda has it"))


def done(item: Item, *, now: datetime, refused: str | None = None) -> Write:
    """Return the guarded mark that an item has acted, or why it came to nothing."""
    change = {"$set": {"state": "done", "done_at": now, "refused": refused}}
    return update(COLLECTION, {"_id": item.id, "state": "pending"}, change, missed=Stale("the item is done"))
