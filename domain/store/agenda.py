"""The agenda: events for later and for other members. Each acts once: it is marked done in the transaction
that acts on it.

A small pending set, found by an index of the pending alone. Claiming moves an item's time on, so that no two
workers try it at once; where a worker dies the item comes up again. One that cannot be read, or whose
happening fails, is parked with its error (`trouble`), where an operator sees it, and holds up nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.model.decision import Later
from domain.model.events import Event
from domain.store import rows
from domain.store.base import UNREADABLE, Stale, Store, Write, insert, update
from domain.store.members import BEGINNING
from domain.store.outbox import Listed

COLLECTION = "agenda"
LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Item:
    """An event that waits for a member."""

    id: str
    member: str
    due: datetime
    event: Event


@dataclass(frozen=True, slots=True)
class Due:
    """Items whose time has come, and, with their fault in a word, those that cannot be read.

    No other is due before `until`; None where there is no other at all.
    """

    items: tuple[Item, ...]
    unreadable: tuple[tuple[str, str], ...]
    until: datetime | None


# ---------------------------------------------------------------- reads
async def due(store: Store, *, now: datetime, first: int) -> Due:
    """Return the items whose time has come, the soonest, as many as asked for."""
    asked = {"state": "pending", "due": {"$gt": BEGINNING, "$lte": now}}
    items, unreadable = list[Item](), list[tuple[str, str]]()
    until, found = None, 0
    async for row in store[COLLECTION].find(asked).sort("due", 1).limit(first):
        until, found = row["due"], found + 1
        try:
            items.append(Item(row["_id"], row["member"], row["due"], rows.event(row["event"])))
        except UNREADABLE as fault:
            unreadable.append((row["_id"], type(fault).__name__))
    return Due(tuple(items), tuple(unreadable), until if found == first else None)


async def troubled(store: Store, *, first: int) -> list[Listed]:
    """Return the items that were parked, as an operator is shown them."""
    found = store[COLLECTION].find({"trouble": "parked"}).limit(first)
    return [Listed(row["_id"], "agenda", row["due"], row["state"], 0, row["error"]) async for row in found]


# ---------------------------------------------------------------- writes
async def claim(store: Store, item: Item, *, now: datetime) -> bool:
    """Take an item for a minute; False where another worker has it."""
    asked = {"_id": item.id, "state": "pending", "due": item.due}
    done = await store[COLLECTION].update_one(asked, {"$set": {"due": now + LEASE}})
    return done.matched_count == 1


def noted(later: Later) -> Write:
    """Return the noting of an event for later, under its own id."""
    row = {
        "_id": later.event.id,
        "member": later.member,
        "due": later.due,
        "event": rows.event_document(later.event),
        "state": "pending",
    }
    return insert(COLLECTION, row, taken=Stale("the agenda has it"))


def done(item: Item, *, now: datetime, refused: str | None = None) -> Write:
    """Return the guarded mark that an item has acted, or why it came to nothing."""
    change = {"$set": {"state": "done", "done_at": now, "refused": refused}}
    return update(COLLECTION, {"_id": item.id, "state": "pending"}, change, missed=Stale("the item is done"))


async def park(store: Store, id: str, *, why: str) -> None:
    """Set an item aside with its error, for an operator; nothing where it is done."""
    sets = {"state": "parked", "trouble": "parked", "error": why}
    await store[COLLECTION].update_one({"_id": id, "state": "pending"}, {"$set": sets})


async def retry(store: Store, id: str, *, now: datetime) -> bool:
    """Let a parked item come up again; False where none of this id is parked."""
    change = {"$set": {"state": "pending", "due": now, "error": ""}, "$unset": {"trouble": ""}}
    done = await store[COLLECTION].update_one({"_id": id, "state": "parked"}, change)
    return done.matched_count == 1
