"""The log of what shops and systems sent, one row a body: what became of it, and the body, sealed.

pending -> applied    it changed a receipt, or its receipt has it already -> ignored    it counts for
nothing, and why -> parked     it may come right: its member is unknown, its order has not come; until when
-> failed     it waits for a person, and why

A row is the same for the same body again, whatever its delivery's id: shops share those between orders. Of
what a system with a key posts it is the same for the same id again. A worker claims a row by a guarded update
that moves its due instant on by a lease. Bodies leave after 30 days; applied and ignored rows with them,
parked and failed ones after 90. A row holds no personal data but the sealed body.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, cast

from pymongo import IndexModel, UpdateMany
from pymongo.errors import DuplicateKeyError

from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import EPOCH, DocumentStore, Write, insert
from domain.store.requests import joined_hash
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "intake_deliveries"
CLAIM_LEASE = timedelta(seconds=60)
BODY_KEPT_FOR = timedelta(days=30)
TROUBLE_KEPT_FOR = timedelta(days=90)
HELD = "its source is paused"
MOST_WOKEN = 50  # at one instant: a round takes so many, in the order of their instants

DeliveryFate = Literal["pending", "applied", "ignored", "parked", "failed"]
FATES: tuple[DeliveryFate, ...] = ("pending", "applied", "ignored", "parked", "failed")


class IntakeDocument(StoredDocument):
    """A delivery in the database; `_id` is the hash of source, topic and body, or of source and id. `client`
    is the system that posted it with a key.
    """

    source: str
    delivery: str | None = None
    topic: str | None = None
    hash: str
    body: bytes | None = None
    body_until: datetime | None = None
    arrived_at: datetime
    state: DeliveryFate
    reason: str = ""
    until: datetime | None = None
    due: datetime | None = None
    lease: str | None = None
    order: str | None = None
    client: str | None = None
    purge_at: datetime

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        keep_nulls = False
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"state": 1, "due": 1}),
            IndexModel({"order": 1}),
            IndexModel({"body_until": 1}),
            IndexModel({"source": 1, "arrived_at": 1}),
            ttl_index("purge_at"),
        )


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """A delivery; `body` is sealed, None once it has left. `order` is the order that it is about, by its id
    in `intake_orders`, or the hash of the contact that a parked event waits for; `client` the system that
    posted it with a key, `hash` that of what came.
    """

    id: str
    source: str
    topic: str | None
    delivery_id: str | None
    arrived_at: datetime
    state: DeliveryFate
    body: bytes | None = None
    reason: str = ""
    until: datetime | None = None
    order: str | None = None
    client: str | None = None
    hash: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """What became of a delivery."""

    state: DeliveryFate
    reason: str = ""
    until: datetime | None = None
    order: str | None = None


def delivery_id_of(*, source: str, topic: str | None, body_hash: str) -> str:
    """Return the identity of a delivery."""
    return joined_hash("delivery", source, topic or "", body_hash)


def posted_id_of(*, source: str, number: str) -> str:
    """Return the identity of an event that a system posted: its number within the system's source."""
    return joined_hash("posted", source, number)


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, id: str) -> StoredDelivery | None:
    """Return a delivery."""
    row = await store[COLLECTION].find_one({"_id": id})
    return None if row is None else _read(row)


async def find_many(store: DocumentStore, ids: Sequence[str]) -> dict[str, StoredDelivery]:
    """Return those of the deliveries that there are, by id, without their bodies."""
    rows = store[COLLECTION].find({"_id": {"$in": list(ids)}}, {"body": 0})
    return {row["_id"]: _read(row) async for row in rows}


async def find_by_state(
    store: DocumentStore, state: DeliveryFate, *, source: str | None, first: int
) -> list[StoredDelivery]:
    """Return deliveries of a state, those due first at the front."""
    query: dict[str, object] = {"state": state}
    if source is not None:
        query["source"] = source
    rows = store[COLLECTION].find(query, {"body": 0}).sort("due", 1).limit(first)
    return [_read(row) async for row in rows]


async def count_by_state(store: DocumentStore) -> dict[DeliveryFate, int]:
    """Return how many deliveries there are of each state."""
    return {state: await store[COLLECTION].count_documents({"state": state}) for state in FATES}


async def find_newest(store: DocumentStore, source: str) -> StoredDelivery | None:
    """Return what came last from a source."""
    rows = store[COLLECTION].find({"source": source}, {"body": 0}).sort("arrived_at", -1).limit(1)
    async for row in rows:
        return _read(row)
    return None


async def find_due(store: DocumentStore, *, now: datetime, first: int) -> list[str]:
    """Return the ids of deliveries that are due, in the order in which they came."""
    query = {"state": "pending", "due": {"$gt": EPOCH, "$lte": now}}
    rows = store[COLLECTION].find(query, {"_id": 1}).sort("due", 1).limit(first)
    return [cast(str, row["_id"]) async for row in rows]


# ---------------------------------------------------------------- writes
def _new_row(delivery: StoredDelivery) -> dict[str, object]:
    row: dict[str, object] = {
        "_id": delivery.id,
        "source": delivery.source,
        "delivery": delivery.delivery_id,
        "topic": delivery.topic,
        "hash": delivery.hash,
        "body": delivery.body,
        "body_until": delivery.arrived_at + BODY_KEPT_FOR,
        "arrived_at": delivery.arrived_at,
        "state": "pending",
        "due": delivery.arrived_at,
        "client": delivery.client,
        "purge_at": delivery.arrived_at + TROUBLE_KEPT_FOR,
    }
    return {name: value for name, value in row.items() if value is not None}


def add_write(delivery: StoredDelivery) -> Write:
    """Return the insertion of a delivery that is to be worked on; it raises Stale where it is there."""
    return insert(COLLECTION, _new_row(delivery))


async def add(store: DocumentStore, delivery: StoredDelivery) -> bool:
    """Store a delivery that is to be worked on; False where the same body has come before."""
    try:
        await store[COLLECTION].insert_one(_new_row(delivery))
    except DuplicateKeyError:
        return False
    return True


async def claim(
    store: DocumentStore, ids: Sequence[str], *, lease: str, now: datetime
) -> list[StoredDelivery]:
    """Claim due deliveries for a lease's duration; return those that no other worker has, oldest first."""
    query = {"_id": {"$in": list(ids)}, "state": "pending", "due": {"$lte": now}}
    change = {"$set": {"due": now + CLAIM_LEASE, "lease": lease}}
    if not (await store[COLLECTION].update_many(query, change)).matched_count:
        return []
    rows = store[COLLECTION].find({"_id": {"$in": list(ids)}, "lease": lease})
    return sorted([_read(row) async for row in rows], key=lambda row: (row.arrived_at, row.id))


async def settle(
    store: DocumentStore, delivery: StoredDelivery, settled: DeliveryOutcome, *, lease: str
) -> None:
    """Store what became of a delivery, unless its lease was lost meanwhile. However often it is tried, it
    leaves at an instant that counts from when it came.
    """
    is_done = settled.state in ("applied", "ignored")
    purge_at = delivery.arrived_at + (BODY_KEPT_FOR if is_done else TROUBLE_KEPT_FOR)
    sets: dict[str, object] = {"state": settled.state, "reason": settled.reason, "purge_at": purge_at}
    sets |= {"until": settled.until} if settled.until else {}
    sets |= {"order": settled.order} if settled.order else {}
    await store[COLLECTION].update_one(
        {"_id": delivery.id, "state": "pending", "lease": lease}, {"$set": sets, "$unset": {"lease": ""}}
    )


async def release(store: DocumentStore, id: str, *, lease: str, due: datetime) -> None:
    """Let a claimed delivery come up again at an instant."""
    await store[COLLECTION].update_one(
        {"_id": id, "state": "pending", "lease": lease}, {"$set": {"due": due}, "$unset": {"lease": ""}}
    )


async def hold(store: DocumentStore, ids: Sequence[str], *, lease: str, until: datetime) -> None:
    """Let claimed deliveries of paused sources wait, to be looked at again at an instant."""
    query = {"_id": {"$in": list(ids)}, "state": "pending", "lease": lease}
    change = {"$set": {"due": until, "reason": HELD}, "$unset": {"lease": ""}}
    await store[COLLECTION].update_many(query, change)


async def wake_held(store: DocumentStore, source: str, *, now: datetime) -> int:
    """Let what waits of a source that was paused come up again now, in its order; return how many."""
    query = {"source": source, "state": "pending", "reason": HELD}
    held = store[COLLECTION].find(query, {"_id": 1, "arrived_at": 1}).sort("arrived_at", 1)
    ids = [row["_id"] async for row in held]
    for place in range(0, len(ids), MOST_WOKEN):
        due = now + timedelta(milliseconds=place // MOST_WOKEN)
        chunk = {"_id": {"$in": ids[place : place + MOST_WOKEN]}, "state": "pending", "reason": HELD}
        await store[COLLECTION].update_many(chunk, {"$set": {"due": due, "reason": ""}})
    return len(ids)


async def wake_parked(store: DocumentStore, order: str, *, now: datetime) -> int:
    """Let what is parked of an order come up again now; return how many deliveries."""
    result = await store[COLLECTION].update_many(
        {"order": order, "state": "parked"}, {"$set": {"state": "pending", "due": now, "reason": ""}}
    )
    return result.modified_count


def wake_write(contact_hashes: Sequence[str], *, now: datetime) -> Write:
    """Return the write by which events that wait for contacts still come up again, once those are proven."""
    query = {"order": {"$in": list(contact_hashes)}, "state": "parked", "until": {"$gt": now}}
    change = {"$set": {"state": "pending", "due": now, "reason": ""}}
    return Write(COLLECTION, UpdateMany(query, change))


async def retry(store: DocumentStore, ids: Sequence[str] | None, *, now: datetime) -> list[str]:
    """Let parked and failed deliveries come up again: those named, or all; return which."""
    query: dict[str, object] = {"state": {"$in": ["parked", "failed"]}}
    if ids is not None:
        query["_id"] = {"$in": list(ids)}
    rows = [row["_id"] async for row in store[COLLECTION].find(query, {"_id": 1})]
    change = {"$set": {"state": "pending", "due": now, "reason": ""}}
    await store[COLLECTION].update_many(
        {"_id": {"$in": rows}, "state": {"$in": ["parked", "failed"]}}, change
    )
    return rows


async def drop_bodies(store: DocumentStore, *, now: datetime) -> int:
    """Drop the bodies whose time is over; return how many."""
    query = {"body_until": {"$gt": EPOCH, "$lte": now}}
    result = await store[COLLECTION].update_many(query, {"$unset": {"body": "", "body_until": ""}})
    return result.modified_count


async def erase_of_orders(store: DocumentStore, orders: Sequence[str]) -> int:
    """Drop the deliveries about these orders, bodies and all; return how many."""
    result = await store[COLLECTION].delete_many({"order": {"$in": list(orders)}})
    return result.deleted_count


async def erase_of_source(store: DocumentStore, source: str, *, but: str) -> int:
    """Drop the deliveries of a source but for the one that asks for it; return how many."""
    result = await store[COLLECTION].delete_many({"source": source, "_id": {"$ne": but}})
    return result.deleted_count


def _read(row: Mapping[str, Any] | Raw) -> StoredDelivery:
    return StoredDelivery(
        row["_id"],
        row["source"],
        row.get("topic"),
        row.get("delivery"),
        row["arrived_at"],
        row["state"],
        row.get("body"),
        row.get("reason", ""),
        row.get("until"),
        row.get("order"),
        row.get("client"),
        row["hash"],
    )
