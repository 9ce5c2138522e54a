"""Parked events: what happened to somebody who has not proven their contact yet, such as a guest's purchase.

`_id` is the identity under which the event counts once (`receipts.find_id`). Whoever it is of is known by
hashes of their contacts alone. It waits until one of these is proven: the transaction that proves it gives
the row a member (`claim_write`). The event is decided after that, and the same transaction deletes the row
and claims the receipt. What nobody claims is deleted after `WAITING`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field
from pymongo import DeleteMany, DeleteOne, IndexModel, UpdateMany

from domain.model.ledger.events import Event, Purchase
from domain.model.values import dataclass, evolve
from domain.store.connect import Raw
from domain.store.document_store import EPOCH, DocumentStore, Stale, Write, insert, replace
from domain.store.ledger import journal_rows
from domain.store.ledger.receipts import ReceiptKind, RefundIdentity, read_identity, write_identity
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "parked_events"
WAITING = timedelta(days=90)


class ParkedEventDocument(StoredDocument):
    """A parked event in the database. `contacts` are hashes. `member` and `due` are set once a contact is
    proven; `refused` says why a claim of it came to nothing. `staff` is missing where a system brought it.
    """

    source: str
    kind: ReceiptKind
    contacts: list[str]
    event: dict[str, Any]
    staff: str | None = None
    parked_at: datetime
    until: datetime
    rev: int
    refund_ids: list[dict[str, Any]] = Field(default_factory=list)
    member: str | None = None
    due: datetime | None = None
    refused: str | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        keep_nulls = False
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"contacts": 1}),
            IndexModel({"due": 1}, sparse=True),
            IndexModel({"member": 1}, sparse=True),
            ttl_index("until"),
        )


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that waits for whoever proves one of its contacts, known by their hashes. `event.at` is its
    own date, `until` the end of waiting; `member` is who has proven one, and `staff` who brought it.
    """

    id: str
    source: str
    kind: ReceiptKind
    contact_hashes: tuple[str, ...]
    event: Event
    parked_at: datetime
    until: datetime
    staff: str | None = None
    rev: int = 1
    refund_ids: tuple[RefundIdentity, ...] = ()
    member: str | None = None
    due: datetime | None = None

    @property
    def purchase(self) -> Purchase | None:
        """Return the purchase, as refunds have left it; None for another event."""
        return self.event.purchase

    @property
    def is_returned(self) -> bool:
        """Tell whether it is a purchase of which nothing is kept, so that there is nothing to credit."""
        return self.event.purchase is not None and self.event.purchase.is_returned

    def with_purchase(self, purchase: Purchase) -> ParkedEvent:
        """Return it with another state of its purchase."""
        return dataclasses.replace(self, event=evolve(self.event, purchase=purchase))


# ---------------------------------------------------------------- reads
async def find_any(store: DocumentStore, id: str) -> ParkedEvent | None:
    """Return a parked event by its identity, also one whose time is over and that was not deleted yet."""
    row = await store[COLLECTION].find_one({"_id": id})
    return None if row is None else _read(row)


async def find(store: DocumentStore, id: str, *, now: datetime) -> ParkedEvent | None:
    """Return a parked event by its identity; None where there is none, or its time is over."""
    parked = await find_any(store, id)
    return parked if parked is not None and now < parked.until else None


async def find_of_member(store: DocumentStore, member: str, *, first: int) -> list[ParkedEvent]:
    """Return the first events that a member has claimed and that are to be credited."""
    query = {"member": member, "due": {"$gt": EPOCH}}
    return _by_instant([_read(row) async for row in store[COLLECTION].find(query).limit(first)])


async def find_due(store: DocumentStore, *, now: datetime, first: int) -> list[ParkedEvent]:
    """Return the first claimed events that are due to be credited."""
    query = {"due": {"$gt": EPOCH, "$lte": now}}
    rows = store[COLLECTION].find(query).sort("due", 1).limit(first)
    return _by_instant([_read(row) async for row in rows])


def _by_instant(parked_events: list[ParkedEvent]) -> list[ParkedEvent]:
    return sorted(parked_events, key=lambda parked: (parked.event.at, parked.id))


# ---------------------------------------------------------------- writes
def park_write(parked: ParkedEvent) -> Write:
    """Return the insertion of a parked event; it raises Stale where its identity is parked already."""
    return insert(COLLECTION, _row(parked), if_taken=Stale("it was parked meanwhile"))


def replace_write(before: ParkedEvent, after: ParkedEvent) -> Write:
    """Return the update to another state of the event, its contacts and its refunds, guarded by the state
    that it was decided on; it raises Stale.
    """
    row = {**_row(after), "rev": before.rev + 1}
    if before.member is not None and after.member == before.member:
        row |= {"member": before.member, "due": before.due}
    return replace(COLLECTION, _guard(before), row, if_missed=Stale("the parked event has changed"))


def claim_write(contact_hashes: Sequence[str], member: str, *, now: datetime) -> Write:
    """Return the update that gives a member all that waits for contacts that they have proven, to be credited
    at once. It changes nothing where nothing waits.
    """
    waiting = {"contacts": {"$in": list(contact_hashes)}, "member": None, "until": {"$gt": now}}
    query = {**waiting, "event.purchase.returned": {"$ne": True}}
    sets = {"member": member, "due": now, "until": now + WAITING}
    operation = UpdateMany(query, {"$set": sets, "$unset": {"refused": ""}, "$inc": {"rev": 1}})
    return Write(COLLECTION, operation)


def settle_write(parked: ParkedEvent) -> Write:
    """Return the deletion of an event that counts now, in the state that it was decided on; it raises
    Stale.
    """
    return Write(COLLECTION, DeleteOne(_guard(parked)), Stale("the parked event has changed"))


async def release(store: DocumentStore, parked: ParkedEvent, *, refused: str) -> None:
    """Let an event that was refused wait again, for the next proof of its contacts."""
    change = {"$set": {"refused": refused}, "$unset": {"member": "", "due": ""}, "$inc": {"rev": 1}}
    await store[COLLECTION].update_one(_guard(parked), change)


async def postpone(store: DocumentStore, parked: ParkedEvent, *, due: datetime, fault: str) -> None:
    """Let an event that could not be decided come up again later."""
    change = {"$set": {"due": due, "refused": fault}, "$inc": {"rev": 1}}
    await store[COLLECTION].update_one(_guard(parked), change)


def delete_write(contact_hashes: Collection[str]) -> Write:
    """Return the deletion of all that waits for contacts whose owner is to be forgotten."""
    return Write(COLLECTION, DeleteMany({"contacts": {"$in": list(contact_hashes)}}))


# ---------------------------------------------------------------- the row as it is stored
def _guard(parked: ParkedEvent) -> dict[str, Any]:
    return {"_id": parked.id, "rev": parked.rev}


def _row(parked: ParkedEvent) -> dict[str, Any]:
    row: dict[str, Any] = {
        "_id": parked.id,
        "source": parked.source,
        "kind": parked.kind,
        "contacts": list(parked.contact_hashes),
        "event": journal_rows.event_document(parked.event),
        "parked_at": parked.parked_at,
        "until": parked.until,
        "rev": parked.rev,
        "refund_ids": [write_identity(each) for each in parked.refund_ids],
    }
    return row if parked.staff is None else {**row, "staff": parked.staff}


def _read(row: Raw) -> ParkedEvent:
    return ParkedEvent(
        row["_id"],
        row["source"],
        row["kind"],
        tuple(row["contacts"]),
        journal_rows.read_event(row["event"]),
        row["parked_at"],
        row["until"],
        row.get("staff"),
        row["rev"],
        tuple(map(read_identity, row["refund_ids"])),
        row.get("member"),
        row.get("due"),
    )
