"""The agenda: events for later and for other members.

Each item acts once: the transaction that acts on it marks it done. A partial index finds the small pending
set. A claim moves an item's due instant on, so that no two workers try it at once; where a worker dies, the
item comes up again. An item that cannot be read, or whose event fails, is parked with its error (`trouble`):
an operator sees it, and it holds up nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pymongo import IndexModel

from domain.model.event_names import move_id
from domain.model.ledger.decision import DelayedEvent
from domain.model.ledger.events import Event
from domain.model.values import dataclass
from domain.store.document_store import EPOCH, READ_ERRORS, DocumentStore, Stale, Write, insert, update
from domain.store.ledger import journal_rows
from domain.store.messages.outbox import QueueItem
from domain.store.stored_document import PENDING, TROUBLE_INDEX, StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "agenda"
CLAIM_LEASE = timedelta(seconds=60)
DONE_ITEMS_STAY = timedelta(days=35)  # for whoever asks what became of one


class AlreadyScheduled(Stale):
    """The agenda has an event of this id."""


class AgendaDocument(StoredDocument):
    """An item in the database; `_id` is the event's id, `refused` why a done item came to nothing."""

    member: str
    due: datetime
    event: dict[str, Any]
    state: str
    done_at: datetime | None = None
    purge_at: datetime | None = None
    refused: str | None = None
    trouble: str | None = None
    error: str | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"state": 1, "due": 1}, partialFilterExpression=PENDING),
            TROUBLE_INDEX,
            ttl_index("purge_at"),
        )


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """An event that waits for a member."""

    id: str
    member: str
    due_at: datetime
    event: Event


@dataclass(frozen=True, slots=True)
class DueItems:
    """Items that are due, and the id and the fault's name of those that cannot be read.

    All others are due at `rest_due_at` or later; it is None where there are no others.
    """

    items: tuple[AgendaItem, ...]
    unreadable: tuple[tuple[str, str], ...]
    rest_due_at: datetime | None


# ---------------------------------------------------------------- reads
async def find_due(store: DocumentStore, *, now: datetime, first: int) -> DueItems:
    """Return the first items that are due, the soonest first."""
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


async def find_pending(store: DocumentStore, ids: Sequence[str]) -> frozenset[str]:
    """Return those of some items that have not acted yet."""
    rows = store[COLLECTION].find(
        {"_id": {"$in": list(ids)}, "state": {"$in": ["pending", "parked"]}}, {"_id": 1}
    )
    return frozenset([row["_id"] async for row in rows])


async def find_waiting_moves(store: DocumentStore, member: str, *, first: int) -> list[AgendaItem]:
    """Return the pending items that move on what a closed membership held, the first row's first."""
    ids = {"$gte": move_id(member, ""), "$lt": move_id(member, ":")}  # a colon comes after all digits
    rows = store[COLLECTION].find({"_id": ids, "state": "pending"}).limit(first)
    moves = [
        AgendaItem(row["_id"], row["member"], row["due"], journal_rows.read_event(row["event"]))
        async for row in rows
    ]
    return sorted(moves, key=lambda move: (move.event.at, len(move.id), move.id))


async def find_parked(store: DocumentStore, *, first: int) -> list[QueueItem]:
    """Return the parked items, as an operator sees them."""
    rows = store[COLLECTION].find({"trouble": "parked"}).limit(first)
    return [QueueItem(row["_id"], "agenda", row["due"], row["state"], 0, row["error"]) async for row in rows]


# ---------------------------------------------------------------- writes
async def claim(store: DocumentStore, agenda_item: AgendaItem, *, now: datetime) -> bool:
    """Claim an item for a minute; False where another worker has it."""
    query = {"_id": agenda_item.id, "state": "pending", "due": agenda_item.due_at}
    result = await store[COLLECTION].update_one(query, {"$set": {"due": now + CLAIM_LEASE}})
    return result.matched_count == 1


def schedule_write(delayed: DelayedEvent) -> Write:
    """Return the insertion of an event for later, under its own id; it raises AlreadyScheduled."""
    row = {
        "_id": delayed.event.id,
        "member": delayed.member,
        "due": delayed.due,
        "event": journal_rows.event_document(delayed.event),
        "state": "pending",
    }
    return insert(COLLECTION, row, if_taken=AlreadyScheduled("the agenda has it"))


def settle_write(agenda_item: AgendaItem, *, now: datetime, refused: str | None = None) -> Write:
    """Return the guarded mark that an item has acted, or why it was refused."""
    sets = {"state": "done", "done_at": now, "refused": refused, "purge_at": now + DONE_ITEMS_STAY}
    return update(
        COLLECTION,
        {"_id": agenda_item.id, "state": "pending"},
        {"$set": sets},
        if_missed=Stale("the item is done"),
    )


async def park(store: DocumentStore, id: str, *, error: str) -> None:
    """Park a pending item with its error, for an operator."""
    sets = {"state": "parked", "trouble": "parked", "error": error}
    await store[COLLECTION].update_one({"_id": id, "state": "pending"}, {"$set": sets})


async def retry(store: DocumentStore, id: str, *, now: datetime) -> bool:
    """Let a parked item come up again; False where none of this id is parked."""
    change = {"$set": {"state": "pending", "due": now, "error": ""}, "$unset": {"trouble": ""}}
    result = await store[COLLECTION].update_one({"_id": id, "state": "parked"}, change)
    return result.matched_count == 1
