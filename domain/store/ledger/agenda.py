"""The agenda: events for later and for other members. Each acts once: it is marked done in the transaction
that acts on it.

A small pending set, found by an index of the pending alone. Claiming moves an item's time on, so that no two
workers try it at once; where a worker dies the item comes up again. One that cannot be read, or whose
happening fails, is parked with its error (`trouble`), where an operator sees it, and holds up nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.model.ledger.decision import DelayedEvent
from domain.model.ledger.events import Event
from domain.store.document_store import READ_ERRORS, DocumentStore, Stale, Write, insert, update
from domain.store.ledger import journal_rows
from domain.store.ledger.members import EPOCH
from domain.store.messages.outbox import QueueItem

COLLECTION = "agenda"
CLAIM_LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """An event that waits for a member."""

    id: str
    member: str
    due_at: datetime
    event: Event


@dataclass(frozen=True, slots=True)
class DueItems:
    """Items whose time has come, and, with their fault in a word, those that cannot be read.

    No other is due before `until`; None where there is no other at all.
    """

    items: tuple[AgendaItem, ...]
    unreadable: tuple[tuple[str, str], ...]
    rest_due_at: datetime | None


# ---------------------------------------------------------------- reads
async def find_due(store: DocumentStore, *, now: datetime, first: int) -> DueItems:
    """Return the items whose time has come, the soonest, as many as asked for."""
    query = {"state": "pending", "due": {"$gt": EPOCH, "$lte": now}}
    items, unreadable = list[AgendaItem](), list[tuple[str, str]]()
    last_due_at, count = None, 0
    async for row in store[COLLECTION].find(query).sort("due", 1).limit(first):
        last_due_at, count = row["due"], count + 1
        try:
            items.append(
                AgendaItem(row["_id"], row["member"], row["due"], journal_rows.read_event(row["event"]))
            )
        except READ_ERRORS as fault:
            unreadable.append((row["_id"], type(fault).__name__))
    return DueItems(tuple(items), tuple(unreadable), last_due_at if count == first else None)


async def find_parked(store: DocumentStore, *, first: int) -> list[QueueItem]:
    """Return the items that were parked, as an operator is shown them."""
    rows = store[COLLECTION].find({"trouble": "parked"}).limit(first)
    return [QueueItem(row["_id"], "agenda", row["due"], row["state"], 0, row["error"]) async for row in rows]


# ---------------------------------------------------------------- writes
async def claim(store: DocumentStore, agenda_item: AgendaItem, *, now: datetime) -> bool:
    """Take an item for a minute; False where another worker has it."""
    query = {"_id": agenda_item.id, "state": "pending", "due": agenda_item.due_at}
    result = await store[COLLECTION].update_one(query, {"$set": {"due": now + CLAIM_LEASE}})
    return result.matched_count == 1


def schedule_write(delayed: DelayedEvent) -> Write:
    """Return the noting of an event for later, under its own id."""
    row = {
        "_id": delayed.event.id,
        "member": delayed.member,
        "due": delayed.due,
        "event": journal_rows.event_document(delayed.event),
        "state": "pending",
    }
    return insert(COLLECTION, row, if_taken=Stale("the agenda has it"))


def settle_write(agenda_item: AgendaItem, *, now: datetime, refused: str | None = None) -> Write:
    """Return the guarded mark that an item has acted, or why it came to nothing."""
    change = {"$set": {"state": "done", "done_at": now, "refused": refused}}
    return update(
        COLLECTION, {"_id": agenda_item.id, "state": "pending"}, change, if_missed=Stale("the item is done")
    )


async def park(store: DocumentStore, id: str, *, error: str) -> None:
    """Set an item aside with its error, for an operator; nothing where it is done."""
    sets = {"state": "parked", "trouble": "parked", "error": error}
    await store[COLLECTION].update_one({"_id": id, "state": "pending"}, {"$set": sets})


async def retry(store: DocumentStore, id: str, *, now: datetime) -> bool:
    """Let a parked item come up again; False where none of this id is parked."""
    change = {"$set": {"state": "pending", "due": now, "error": ""}, "$unset": {"trouble": ""}}
    result = await store[COLLECTION].update_one({"_id": id, "state": "parked"}, change)
    return result.matched_count == 1
