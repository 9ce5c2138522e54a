"""The outbox: one row a (cause, message), with code and figures, no personal data; rendered when sent.

The commit that promises a row writes it, so that a crash after the commit loses nothing; workers deliver it
once or more. A worker claims a row by a guarded update that moves its due instant on by a lease: where the
worker dies, the row comes up again.

    pending -> done      each delivery is settled
            -> parked    too many attempts, or nobody to deliver it: stays until an operator sends it again
            -> dropped   nobody is to have it any more, and why

People and other systems have a lane each, so that neither waits for the other. `trouble` marks the rows that
an operator looks at, `uncounted` those of which figures do not know yet; done and dropped rows are deleted
after 30 days. Of one that is sent again, `failed_at` says when it had failed, where figures counted that. Of
one that lies in no inbox, `tapped_at` says when its push was tapped, `tap_counted` that figures know. A row
that this version cannot read is parked, so that it holds up no other; the operator's list shows what can be
read of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, cast

from pymongo import IndexModel, UpdateOne

from domain.model.ledger.events import Json
from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import EPOCH, READ_ERRORS, DocumentStore
from domain.store.figures.uncounted import FLAG, FLAG_INDEX
from domain.store.stored_document import PENDING, TROUBLE_INDEX, StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "outbox"
CLAIM_LEASE = timedelta(seconds=60)
KEPT_FOR = timedelta(days=30)
MOST_OF_MEMBER = 500

OutboxKind = Literal["message", "webhook", "survey", "once"]  # once: written at the console
OutboxState = Literal["pending", "done", "parked", "dropped"]
DeliveryState = Literal["pending", "sent", "skipped", "dropped", "failed"]
Lane = Literal["people", "systems"]
LANES: tuple[Lane, ...] = ("people", "systems")


class OutboxDocument(StoredDocument):
    """A row in the database; `_id` is `MEMBER:SEQ:INDEX`."""

    member: str
    seq: int
    kind: OutboxKind
    lane: Lane
    code: str
    event: str
    version: int
    data: list[list[Any]]
    rule: str = ""
    at: datetime
    promised_at: datetime
    state: OutboxState
    due: datetime
    deliveries: list[list[Any]] | None = None
    superseded: str | None = None
    lease: str | None = None
    trouble: str | None = None
    error: str = ""
    purge_at: datetime | None = None
    trace: str | None = None
    settled_at: datetime | None = None
    uncounted: bool | None = None
    variant: str | None = None
    failed_at: datetime | None = None
    tapped_at: datetime | None = None
    tap_counted: bool | None = None
    click_only: bool | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"state": 1, "lane": 1, "due": 1}, partialFilterExpression=PENDING),
            IndexModel({"member": 1, "state": 1}, partialFilterExpression=PENDING),
            TROUBLE_INDEX,
            FLAG_INDEX,
            ttl_index("purge_at"),
        )


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class Delivery:
    """One channel's part of a message; `reason` explains its state.

    `to` is the device of a push, empty for all devices at the time of sending, or the hook of a webhook.
    """

    channel: Literal["push", "email", "sms", "webhook"]
    to: str = ""
    state: DeliveryState = "pending"
    reason: str = ""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A row: `version` is the programme's that decided it, `rule` caused a webhook or a survey.

    `deliveries` is None until the row was fanned out; a later row may supersede it. `trace` is the
    traceparent of what promised it, where that was traced, `variant` the message's as which it is sent.
    """

    id: str
    member: str
    seq: int
    index: int
    kind: OutboxKind
    code: str
    event: str
    version: int
    event_data: Mapping[str, Json]
    event_at: datetime
    promised_at: datetime
    due_at: datetime
    state: OutboxState
    deliveries: tuple[Delivery, ...] | None = None
    superseded_by: str | None = None
    error: str = ""
    rule: str = ""
    trace: str | None = None
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """The outcome of a claimed row and its reason; a pending row is tried again at `due_at`.

    `deliveries` is None where they did not change.
    """

    id: str
    state: OutboxState
    reason: str = ""
    deliveries: Sequence[Delivery] | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that this version cannot read, and the fault's name."""

    id: str
    fault: str


@dataclass(frozen=True, slots=True)
class DueRows:
    """Rows that are due, and those that cannot be read."""

    rows: tuple[OutboxRow, ...]
    unreadable: tuple[UnreadableRow, ...]


@dataclass(frozen=True, slots=True)
class QueueItem:
    """What an operator sees of a row or agenda item that waits or is in trouble."""

    id: str
    description: str
    due_at: datetime
    state: str
    attempts: int
    error: str


# ---------------------------------------------------------------- reads
async def find_due(store: DocumentStore, *, lane: Lane, now: datetime, first: int) -> DueRows:
    """Return the first rows of a lane that are due, soonest first."""
    query = {"state": "pending", "lane": lane, "due": {"$gt": EPOCH, "$lte": now}}
    return _read_due([row async for row in store[COLLECTION].find(query).sort("due", 1).limit(first)])


async def find_pending(store: DocumentStore, member: str) -> tuple[OutboxRow, ...]:
    """Return the rows still to be sent to a member, without those that cannot be read."""
    return _read_due(
        [row async for row in store[COLLECTION].find({"member": member, "state": "pending"})]
    ).rows


async def find(store: DocumentStore, id: str) -> OutboxRow | None:
    """Return a row."""
    row = await store[COLLECTION].find_one({"_id": id})
    return None if row is None else read_row(row)


async def find_of_member(store: DocumentStore, member: str) -> list[OutboxRow]:
    """Return what was promised to a member and is still stored, newest first, without what cannot be read."""
    query = {"_id": {"$gte": f"{member}:", "$lt": f"{member};"}}
    rows = [row async for row in store[COLLECTION].find(query).limit(MOST_OF_MEMBER)]
    return sorted(_read_due(rows).rows, key=lambda row: (row.promised_at, row.id), reverse=True)


async def find_by_state(store: DocumentStore, state: OutboxState, *, first: int) -> list[QueueItem]:
    """Return the rows of a state, as an operator sees them."""
    if state != "pending":
        return [_queue_item(row) async for row in store[COLLECTION].find({"trouble": state}).limit(first)]
    any_due = {"$gt": EPOCH, "$lt": datetime.max.replace(tzinfo=EPOCH.tzinfo)}
    cursors = [
        store[COLLECTION].find({"state": "pending", "lane": lane, "due": any_due}).limit(first)
        for lane in LANES
    ]
    return [_queue_item(row) for cursor in cursors async for row in cursor]


# ---------------------------------------------------------------- writes
async def claim(
    store: DocumentStore,
    ids: Sequence[str],
    *,
    lease: str,
    now: datetime,
    lease_duration: timedelta = CLAIM_LEASE,
) -> set[str]:
    """Claim due rows for a lease's duration; return which, since another worker may have some."""
    query = {"_id": {"$in": list(ids)}, "state": "pending", "due": {"$lte": now}}
    result = await store[COLLECTION].update_many(
        query, {"$set": {"due": now + lease_duration, "lease": lease}}
    )
    if not result.matched_count:
        return set()
    return {
        row["_id"]
        async for row in store[COLLECTION].find({"_id": {"$in": list(ids)}, "lease": lease}, {"_id": 1})
    }


async def release(store: DocumentStore, ids: Sequence[str], *, lease: str, now: datetime) -> None:
    """Release claimed rows, so that they come up again at once."""
    await store[COLLECTION].update_many(
        {"_id": {"$in": list(ids)}, "state": "pending", "lease": lease}, {"$set": {"due": now}}
    )


async def extend_leases(store: DocumentStore, *, by: timedelta, now: datetime) -> None:
    """Have every lease end later: the clock by which rows are due is about to move."""
    for lane in LANES:
        query = {"state": "pending", "lane": lane, "due": {"$gt": now, "$lte": now + CLAIM_LEASE}}
        async for row in store[COLLECTION].find(query, {"due": 1, "lease": 1}):
            if row.get("lease") is not None:
                held = {"_id": row["_id"], "state": "pending", "lease": row["lease"], "due": row["due"]}
                await store[COLLECTION].update_one(held, {"$set": {"due": row["due"] + by}})


async def settle(
    store: DocumentStore, settlements: Sequence[Settlement], *, lease: str, now: datetime
) -> None:
    """Store the outcomes of claimed rows, but for those whose lease was lost meanwhile."""
    changes = [
        UpdateOne({"_id": end.id, "state": "pending", "lease": lease}, _settlement_change(end, now))
        for end in settlements
    ]
    await store[COLLECTION].bulk_write(changes, ordered=False)


def _settlement_change(settlement: Settlement, now: datetime) -> dict[str, Any]:
    sets: dict[str, Any] = {"state": settlement.state, "error": settlement.reason}
    if settlement.deliveries is not None:
        sets["deliveries"] = _delivery_rows(settlement.deliveries)
    if settlement.state == "pending":
        sets["due"] = settlement.due_at or now
    if settlement.state in ("parked", "dropped"):
        sets["trouble"] = settlement.state
    if settlement.state in ("done", "dropped"):
        sets["purge_at"] = now + KEPT_FOR
    if settlement.state != "pending":
        sets |= {FLAG: True, "settled_at": now}
    return {"$set": sets}


async def supersede(store: DocumentStore, id: str, *, by: str) -> None:
    """Mark a row that is still to be sent as replaced by a later one."""
    await store[COLLECTION].update_one({"_id": id, "state": "pending"}, {"$set": {"superseded": by}})


async def set_aside(store: DocumentStore, row: UnreadableRow) -> None:
    """Park a row that cannot be read, with its fault."""
    sets = {"state": "parked", "trouble": "parked", "error": f"unreadable: {row.fault}"}
    await store[COLLECTION].update_one({"_id": row.id, "state": "pending"}, {"$set": sets})


async def retry(store: DocumentStore, id: str, *, now: datetime) -> bool:
    """Send the failed deliveries of a parked row again; False where no row of this id is parked, or figures
    are counting it at this moment.
    """
    row = await store[COLLECTION].find_one({"_id": id, "state": "parked"})
    if row is None:
        return False
    sets: dict[str, Any] = {"state": "pending", "due": now, "error": ""}
    if (FLAG not in row or row.get("click_only")) and row.get("settled_at") is not None:
        sets["failed_at"] = row["settled_at"]
    if (deliveries := _read_deliveries(row)) is not None:
        fresh_deliveries = [
            Delivery(one.channel, one.to) if one.state == "failed" else one for one in deliveries
        ]
        sets["deliveries"] = _delivery_rows(fresh_deliveries)
    query = {"_id": id, "state": "parked", FLAG: row.get(FLAG)}
    result = await store[COLLECTION].update_one(
        query, {"$set": sets, "$unset": {"trouble": "", "lease": "", FLAG: "", "click_only": ""}}
    )
    return result.matched_count == 1


# ---------------------------------------------------------------- the parts of the document
def _delivery_rows(deliveries: Sequence[Delivery]) -> list[list[Any]]:
    return [
        [delivery.channel, delivery.to, delivery.state, delivery.reason, delivery.attempts]
        for delivery in deliveries
    ]


def _read_due(documents: Sequence[Raw]) -> DueRows:
    rows, unreadable = list[OutboxRow](), list[UnreadableRow]()
    for row in documents:
        try:
            rows.append(read_row(row))
        except READ_ERRORS as fault:
            unreadable.append(UnreadableRow(row["_id"], type(fault).__name__))
    return DueRows(tuple(rows), tuple(unreadable))


def _queue_item(row: Raw) -> QueueItem:
    description = f"{row.get('kind', '?')} {row.get('code', '?')}"
    attempts = max((one.attempts for one in _read_deliveries(row) or ()), default=0)
    return QueueItem(
        row["_id"], description, row.get("due", EPOCH), row["state"], attempts, row.get("error", "")
    )


def _read_deliveries(row: Raw) -> tuple[Delivery, ...] | None:
    """Return a row's deliveries; None where there are none, or this version cannot read them."""
    documents = row.get("deliveries")
    try:
        return None if documents is None else tuple(Delivery(*one) for one in documents)
    except READ_ERRORS:
        return None


def read_row(row: Raw) -> OutboxRow:
    """Return the row of a document."""
    deliveries = row.get("deliveries")
    return OutboxRow(
        id=row["_id"],
        member=row["member"],
        seq=row["seq"],
        index=int(cast(str, row["_id"]).rpartition(":")[2]),
        kind=row["kind"],
        code=row["code"],
        event=row["event"],
        version=row["version"],
        event_data=dict(row["data"]),
        event_at=row["at"],
        promised_at=row["promised_at"],
        due_at=row["due"],
        state=row["state"],
        deliveries=None if deliveries is None else tuple(Delivery(*one) for one in deliveries),
        superseded_by=row.get("superseded"),
        error=row.get("error", ""),
        rule=row.get("rule", ""),
        trace=row.get("trace"),
        variant=row.get("variant"),
    )
