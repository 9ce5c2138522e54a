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

from domain.model.decision import Row
from domain.model.events import Event, Json
from domain.store.base import UNREADABLE, Store, Write, insert
from domain.store.connect import Raw
from domain.store.members import BEGINNING

COLLECTION = "outbox"
LEASE = timedelta(seconds=60)
KEPT_FOR = timedelta(days=30)

Kind = Literal["message", "webhook", "survey"]
State = Literal["pending", "done", "parked", "dropped"]
Settled = Literal["pending", "sent", "skipped", "dropped", "failed"]
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
    state: Settled = "pending"
    reason: str = ""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Promised:
    """A row: `version` is the programme's that decided it, `deliveries` None until it was fanned out,
    `superseded` by a later one. `rule` is who asked for a webhook or a survey.
    """

    id: str
    member: str
    seq: int
    index: int
    kind: Kind
    code: str
    event: str
    version: int
    data: Mapping[str, Json]
    at: datetime
    promised_at: datetime
    due: datetime
    state: State
    deliveries: tuple[Delivery, ...] | None = None
    superseded: str | None = None
    error: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """What became of a claimed row: `reason` why, `deliveries` None where there is nothing to note of them,
    `due` when a pending one is tried again.
    """

    id: str
    state: State
    reason: str = ""
    deliveries: Sequence[Delivery] | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that this version cannot read, and the fault in a word."""

    id: str
    fault: str


@dataclass(frozen=True, slots=True)
class Due:
    """Rows whose time has come, and those that cannot be read."""

    rows: tuple[Promised, ...]
    unreadable: tuple[Unreadable, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """What an operator is shown of something that waits or is in trouble, whatever else of it can be read."""

    id: str
    what: str
    due: datetime
    state: str
    attempts: int
    error: str


# ---------------------------------------------------------------- reads
async def due(store: Store, *, lane: Lane, now: datetime, first: int) -> Due:
    """Return rows of a lane whose time has come, soonest first."""
    asked = {"state": "pending", "lane": lane, "due": {"$gt": BEGINNING, "$lte": now}}
    return _read([row async for row in store[COLLECTION].find(asked).sort("due", 1).limit(first)])


async def pending_of(store: Store, member: str) -> tuple[Promised, ...]:
    """Return what is still to be sent to a member, but for what cannot be read."""
    return _read([row async for row in store[COLLECTION].find({"member": member, "state": "pending"})]).rows


async def find(store: Store, id: str) -> Promised | None:
    """Return a row."""
    found = await store[COLLECTION].find_one({"_id": id})
    return None if found is None else _promised(found)


async def troubled(store: Store, state: State, *, first: int) -> list[Listed]:
    """Return rows that an operator should see: those parked or dropped, or those that wait."""
    if state != "pending":
        return [_listed(row) async for row in store[COLLECTION].find({"trouble": state}).limit(first)]
    ever = {"$gt": BEGINNING, "$lt": datetime.max.replace(tzinfo=BEGINNING.tzinfo)}
    found = [
        store[COLLECTION].find({"state": "pending", "lane": lane, "due": ever}).limit(first) for lane in LANES
    ]
    return [_listed(row) for cursor in found async for row in cursor]


# ---------------------------------------------------------------- writes
def promised(member: str, row: Row, *, now: datetime) -> list[Write]:
    """Return the rows of what a journal row wants said and done outside: messages, webhooks, surveys."""
    out = []
    for at, message in enumerate(row.messages):
        data = {**message.data, **(_total(row.event) if message.event == row.event.name else {})}
        out.append(_row(member, row, at, "message", message.code, message.event, data, now))
    caused = {one.id: one for one in (row.event, *row.raised)}
    for at, effect in enumerate(row.effects, start=len(row.messages)):
        event = caused.get(effect.event, row.event)
        out.append(
            _row(
                member,
                row,
                at,
                effect.kind,
                effect.code,
                event.name,
                {**event.data, **_receipt(event)},
                now,
                rule=effect.rule,
            )
        )
    return out


def _total(event: Event) -> dict[str, Json]:
    """Return what was paid, or taken back, as a message may name it."""
    if event.refund is not None:
        return {"total": event.refund.before.total - event.refund.kept.total}
    return {"total": event.purchase.total} if event.purchase is not None else {}


def _receipt(event: Event) -> dict[str, Json]:
    """Return what other systems know a purchase by, with what was paid, or taken back."""
    purchase = event.refund.kept if event.refund is not None else event.purchase
    if purchase is None:
        return {}
    return {
        "externalId": purchase.external_id,
        "store": purchase.store,
        "currency": purchase.currency,
        **_total(event),
    }


def _row(
    member: str,
    row: Row,
    at: int,
    kind: Kind,
    code: str,
    event: str,
    data: Mapping[str, Json],
    now: datetime,
    *,
    rule: str = "",
) -> Write:
    return insert(
        COLLECTION,
        {
            "_id": f"{member}:{row.seq}:{at}",
            "member": member,
            "seq": row.seq,
            "kind": kind,
            "lane": "systems" if kind == "webhook" else "people",
            "code": code,
            "event": event,
            "version": row.version,
            "data": [[name, value] for name, value in data.items()],
            "rule": rule,
            "at": row.event.at,
            "promised_at": now,
            "state": "pending",
            "due": now,
        },
    )


async def claim(
    store: Store, ids: Sequence[str], *, lease: str, now: datetime, lasts: timedelta = LEASE
) -> set[str]:
    """Take rows that are due for as long as a lease lasts; return which: another worker may have some."""
    asked = {"_id": {"$in": list(ids)}, "state": "pending", "due": {"$lte": now}}
    done = await store[COLLECTION].update_many(asked, {"$set": {"due": now + lasts, "lease": lease}})
    if not done.matched_count:
        return set()
    return {
        row["_id"]
        async for row in store[COLLECTION].find({"_id": {"$in": list(ids)}, "lease": lease}, {"_id": 1})
    }


async def release(store: Store, ids: Sequence[str], *, lease: str, now: datetime) -> None:
    """Give back rows that were taken, so that they come up again at once."""
    await store[COLLECTION].update_many(
        {"_id": {"$in": list(ids)}, "state": "pending", "lease": lease}, {"$set": {"due": now}}
    )


async def settle(store: Store, ends: Sequence[End], *, lease: str, now: datetime) -> None:
    """Write down what became of claimed rows, and when one is tried again; nothing of those whose lease was
    lost meanwhile.
    """
    changes = [
        UpdateOne({"_id": end.id, "state": "pending", "lease": lease}, _change(end, now)) for end in ends
    ]
    await store[COLLECTION].bulk_write(changes, ordered=False)


def _change(end: End, now: datetime) -> dict[str, Any]:
    sets: dict[str, Any] = {"state": end.state, "error": end.reason}
    if end.deliveries is not None:
        sets["deliveries"] = [
            [one.channel, one.to, one.state, one.reason, one.attempts] for one in end.deliveries
        ]
    if end.state == "pending":
        sets["due"] = end.due or now
    if end.state in ("parked", "dropped"):
        sets["trouble"] = end.state
    if end.state in ("done", "dropped"):
        sets["purge_at"] = now + KEPT_FOR
    return {"$set": sets}


async def supersede(store: Store, id: str, *, by: str) -> None:
    """Mark a row that is still to be sent as replaced by a later one."""
    await store[COLLECTION].update_one({"_id": id, "state": "pending"}, {"$set": {"superseded": by}})


async def set_aside(store: Store, one: Unreadable) -> None:
    """Park a row that cannot be read, with its fault."""
    sets = {"state": "parked", "trouble": "parked", "error": f"unreadable: {one.fault}"}
    await store[COLLECTION].update_one({"_id": one.id, "state": "pending"}, {"$set": sets})


async def retry(store: Store, id: str, *, now: datetime) -> bool:
    """Send a parked row again, its failed deliveries alone and with fresh attempts; False where none of this
    id is parked.
    """
    row = await store[COLLECTION].find_one({"_id": id, "state": "parked"})
    if row is None:
        return False
    sets: dict[str, Any] = {"state": "pending", "due": now, "error": ""}
    if (deliveries := _deliveries(row)) is not None:
        again = [Delivery(one.channel, one.to) if one.state == "failed" else one for one in deliveries]
        sets["deliveries"] = [[one.channel, one.to, one.state, one.reason, one.attempts] for one in again]
    done = await store[COLLECTION].update_one(
        {"_id": id, "state": "parked"}, {"$set": sets, "$unset": {"trouble": "", "lease": ""}}
    )
    return done.matched_count == 1


# ---------------------------------------------------------------- what a document says
def _read(found: Sequence[Raw]) -> Due:
    rows, unreadable = list[Promised](), list[Unreadable]()
    for row in found:
        try:
            rows.append(_promised(row))
        except UNREADABLE as fault:
            unreadable.append(Unreadable(row["_id"], type(fault).__name__))
    return Due(tuple(rows), tuple(unreadable))


def _listed(row: Raw) -> Listed:
    what = f"{row.get('kind', '?')} {row.get('code', '?')}"
    attempts = max((one.attempts for one in _deliveries(row) or ()), default=0)
    return Listed(row["_id"], what, row.get("due", BEGINNING), row["state"], attempts, row.get("error", ""))


def _deliveries(row: Raw) -> tuple[Delivery, ...] | None:
    """Return what was noted of a row's deliveries; None where nothing was, or nothing that this version can
    read.
    """
    kept = row.get("deliveries")
    try:
        return None if kept is None else tuple(Delivery(*one) for one in kept)
    except UNREADABLE:
        return None


def _promised(row: Raw) -> Promised:
    deliveries = row.get("deliveries")
    return Promised(
        id=row["_id"],
        member=row["member"],
        seq=row["seq"],
        index=int(cast(str, row["_id"]).rpartition(":")[2]),
        kind=row["kind"],
        code=row["code"],
        event=row["event"],
        version=row["version"],
        data=dict(row["data"]),
        at=row["at"],
        promised_at=row["promised_at"],
        due=row["due"],
        state=row["state"],
        deliveries=None if deliveries is None else tuple(Delivery(*one) for one in deliveries),
        superseded=row.get("superseded"),
        error=row.get("error", ""),
        rule=row.get("rule", ""),
    )
