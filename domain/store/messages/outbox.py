"""The outbox: one row a (cause, message), holding code and figures, no personal data; rendered when it is
sent.

Written by the commit that promises it, so that a crash after it loses nothing; delivered by workers, once or
more. A worker claims a row by a guarded update that moves its time on for as long as the lease holds: where
the worker dies, the row comes up again.

    pending -> done      each delivery is settled
            -> parked    an attempt too many, or nobody to do it: stays until an operator sends it again
            -> dropped   nobody is to have it any more, and why

People and other systems are delivered to in two lanes, so that neither waits for the other. `trouble` marks
the rows that an operator looks at; what is done or dropped goes after 30 days. A row that this version cannot
read is set aside and parked, so that it holds up nobody else's; the operator's list shows whatever can be
told of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from pymongo import UpdateOne

from domain.model.ledger.decision import JournalRow
from domain.model.ledger.events import Event, Json
from domain.store.connect import Raw
from domain.store.document_store import READ_ERRORS, DocumentStore, Write, insert
from domain.store.ledger.members import EPOCH

COLLECTION = "outbox"
CLAIM_LEASE = timedelta(seconds=60)
KEPT_FOR = timedelta(days=30)

OutboxKind = Literal["message", "webhook", "survey"]
OutboxState = Literal["pending", "done", "parked", "dropped"]
DeliveryState = Literal["pending", "sent", "skipped", "dropped", "failed"]
Lane = Literal["people", "systems"]
LANES: tuple[Lane, ...] = ("people", "systems")


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class Delivery:
    """One channel's part of a message. A push names its device in `to`; one that names none is for every
    device, as there are when it is sent. A webhook names its hook there. `reason` says why it came to what it
    did.
    """

    channel: Literal["push", "email", "sms", "webhook"]
    to: str = ""
    state: DeliveryState = "pending"
    reason: str = ""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A row: `version` is the programme's that decided it, `deliveries` None until it was fanned out,
    `superseded` by a later one. `rule` is who asked for a webhook or a survey.
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


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a claimed row: `reason` why, `deliveries` None where there is nothing to note of them,
    `due` when a pending one is tried again.
    """

    id: str
    state: OutboxState
    reason: str = ""
    deliveries: Sequence[Delivery] | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that this version cannot read, and the fault in a word."""

    id: str
    fault: str


@dataclass(frozen=True, slots=True)
class DueRows:
    """Rows whose time has come, and those that cannot be read."""

    rows: tuple[OutboxRow, ...]
    unreadable: tuple[UnreadableRow, ...]


@dataclass(frozen=True, slots=True)
class QueueItem:
    """What an operator is shown of something that waits or is in trouble, whatever else of it can be read."""

    id: str
    description: str
    due_at: datetime
    state: str
    attempts: int
    error: str


# ---------------------------------------------------------------- reads
async def find_due(store: DocumentStore, *, lane: Lane, now: datetime, first: int) -> DueRows:
    """Return rows of a lane whose time has come, soonest first."""
    query = {"state": "pending", "lane": lane, "due": {"$gt": EPOCH, "$lte": now}}
    return _read_due([row async for row in store[COLLECTION].find(query).sort("due", 1).limit(first)])


async def find_pending(store: DocumentStore, member: str) -> tuple[OutboxRow, ...]:
    """Return what is still to be sent to a member, but for what cannot be read."""
    return _read_due(
        [row async for row in store[COLLECTION].find({"member": member, "state": "pending"})]
    ).rows


async def find(store: DocumentStore, id: str) -> OutboxRow | None:
    """Return a row."""
    row = await store[COLLECTION].find_one({"_id": id})
    return None if row is None else _read_row(row)


async def find_by_state(store: DocumentStore, state: OutboxState, *, first: int) -> list[QueueItem]:
    """Return rows that an operator should see: those parked or dropped, or those that wait."""
    if state != "pending":
        return [_queue_item(row) async for row in store[COLLECTION].find({"trouble": state}).limit(first)]
    any_due = {"$gt": EPOCH, "$lt": datetime.max.replace(tzinfo=EPOCH.tzinfo)}
    cursors = [
        store[COLLECTION].find({"state": "pending", "lane": lane, "due": any_due}).limit(first)
        for lane in LANES
    ]
    return [_queue_item(row) for cursor in cursors async for row in cursor]


# ---------------------------------------------------------------- writes
def promise_writes(member: str, row: JournalRow, *, now: datetime) -> list[Write]:
    """Return the rows of what a journal row wants said and done outside: messages, webhooks, surveys."""
    writes = []
    for index, message in enumerate(row.messages):
        event_data = {**message.data, **(_total_data(row.event) if message.event == row.event.name else {})}
        writes.append(
            _insert_write(member, row, index, "message", message.code, message.event, event_data, now)
        )
    event_by_id = {one.id: one for one in (row.event, *row.raised)}
    for index, effect in enumerate(row.effects, start=len(row.messages)):
        event = event_by_id.get(effect.event, row.event)
        writes.append(
            _insert_write(
                member,
                row,
                index,
                effect.kind,
                effect.code,
                event.name,
                {**event.data, **_receipt_data(event)},
                now,
                rule=effect.rule,
            )
        )
    return writes


def _total_data(event: Event) -> dict[str, Json]:
    """Return what was paid, or taken back, as a message may name it."""
    if event.refund is not None:
        return {"total": event.refund.before.total - event.refund.remaining.total}
    return {"total": event.purchase.total} if event.purchase is not None else {}


def _receipt_data(event: Event) -> dict[str, Json]:
    """Return what other systems know a purchase by, with what was paid, or taken back."""
    purchase = event.refund.remaining if event.refund is not None else event.purchase
    if purchase is None:
        return {}
    return {
        "externalId": purchase.external_id,
        "store": purchase.store,
        "currency": purchase.currency,
        **_total_data(event),
    }


def _insert_write(
    member: str,
    row: JournalRow,
    index: int,
    kind: OutboxKind,
    code: str,
    event: str,
    event_data: Mapping[str, Json],
    now: datetime,
    *,
    rule: str = "",
) -> Write:
    return insert(
        COLLECTION,
        {
            "_id": f"{member}:{row.seq}:{index}",
            "member": member,
            "seq": row.seq,
            "kind": kind,
            "lane": "systems" if kind == "webhook" else "people",
            "code": code,
            "event": event,
            "version": row.version,
            "data": [[name, value] for name, value in event_data.items()],
            "rule": rule,
            "at": row.event.at,
            "promised_at": now,
            "state": "pending",
            "due": now,
        },
    )


async def claim(
    store: DocumentStore,
    ids: Sequence[str],
    *,
    lease: str,
    now: datetime,
    lease_duration: timedelta = CLAIM_LEASE,
) -> set[str]:
    """Take rows that are due for as long as a lease lasts; return which: another worker may have some."""
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
    """Give back rows that were taken, so that they come up again at once."""
    await store[COLLECTION].update_many(
        {"_id": {"$in": list(ids)}, "state": "pending", "lease": lease}, {"$set": {"due": now}}
    )


async def settle(
    store: DocumentStore, settlements: Sequence[Settlement], *, lease: str, now: datetime
) -> None:
    """Write down what became of claimed rows, and when one is tried again; nothing of those whose lease was
    lost meanwhile.
    """
    changes = [
        UpdateOne({"_id": end.id, "state": "pending", "lease": lease}, _settlement_change(end, now))
        for end in settlements
    ]
    await store[COLLECTION].bulk_write(changes, ordered=False)


def _settlement_change(settlement: Settlement, now: datetime) -> dict[str, Any]:
    sets: dict[str, Any] = {"state": settlement.state, "error": settlement.reason}
    if settlement.deliveries is not None:
        sets["deliveries"] = [
            [one.channel, one.to, one.state, one.reason, one.attempts] for one in settlement.deliveries
        ]
    if settlement.state == "pending":
        sets["due"] = settlement.due_at or now
    if settlement.state in ("parked", "dropped"):
        sets["trouble"] = settlement.state
    if settlement.state in ("done", "dropped"):
        sets["purge_at"] = now + KEPT_FOR
    return {"$set": sets}


async def supersede(store: DocumentStore, id: str, *, by: str) -> None:
    """Mark a row that is still to be sent as replaced by a later one."""
    await store[COLLECTION].update_one({"_id": id, "state": "pending"}, {"$set": {"superseded": by}})


async def set_aside(store: DocumentStore, row: UnreadableRow) -> None:
    """Park a row that cannot be read, with its fault."""
    sets = {"state": "parked", "trouble": "parked", "error": f"unreadable: {row.fault}"}
    await store[COLLECTION].update_one({"_id": row.id, "state": "pending"}, {"$set": sets})


async def retry(store: DocumentStore, id: str, *, now: datetime) -> bool:
    """Send a parked row again, its failed deliveries alone and with fresh attempts; False where none of this
    id is parked.
    """
    row = await store[COLLECTION].find_one({"_id": id, "state": "parked"})
    if row is None:
        return False
    sets: dict[str, Any] = {"state": "pending", "due": now, "error": ""}
    if (deliveries := _read_deliveries(row)) is not None:
        fresh_deliveries = [
            Delivery(one.channel, one.to) if one.state == "failed" else one for one in deliveries
        ]
        sets["deliveries"] = [
            [one.channel, one.to, one.state, one.reason, one.attempts] for one in fresh_deliveries
        ]
    result = await store[COLLECTION].update_one(
        {"_id": id, "state": "parked"}, {"$set": sets, "$unset": {"trouble": "", "lease": ""}}
    )
    return result.matched_count == 1


# ---------------------------------------------------------------- what a document says
def _read_due(documents: Sequence[Raw]) -> DueRows:
    rows, unreadable = list[OutboxRow](), list[UnreadableRow]()
    for row in documents:
        try:
            rows.append(_read_row(row))
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
    """Return what was noted of a row's deliveries; None where nothing was, or nothing that this version can
    read.
    """
    documents = row.get("deliveries")
    try:
        return None if documents is None else tuple(Delivery(*one) for one in documents)
    except READ_ERRORS:
        return None


def _read_row(row: Raw) -> OutboxRow:
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
    )
