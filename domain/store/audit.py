"""The audit trail, append-only: who did what to whom, when, where and why, what it changed, by which request.

The transaction that does something writes its row; no row is ever changed. A row holds ids, codes and
figures, and the reason as it was written. What an employee did in a day is counted by a document of its own,
and each write's filter holds the bounds.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import date, datetime
from typing import ClassVar, Literal, get_args

from pymongo import IndexModel, UpdateOne

from domain.model.values import dataclass
from domain.store.audit_actions import Action
from domain.store.document_store import EPOCH, DocumentStore, StoreFault, Write, insert
from domain.store.stored_document import StoredDocument

COLLECTION = "audit"
SHIFTS = "shifts"
STAFF_ACTIONS = frozenset(
    {
        "STAFF_ADDED",
        "STAFF_DISABLED",
        "STAFF_ENABLED",
        "STAFF_MOVED",
        "PASSWORD_CHANGED",
        "SECOND_FACTOR_SET",
        "SECOND_FACTOR_RESET",
        "RECOVERY_CODE_USED",
        "STAFF_SIGN_IN_REFUSED",
    }
)  # the subject is an employee's id
COMMAND_LINE = "cli"
MEMBER_ACTOR = "member"
MAX_SHIFT_ACTS = 5_000
MOST_AT_ONCE = 200

AT_THE_TILL: tuple[Action, ...] = (
    "PURCHASE",
    "REFUND",
    "PURCHASE_CORRECTED",
    "VOUCHER_USED",
    "VOUCHER_REVERSED",
    "EVENT",
)
ShiftCounter = Literal[
    "purchases",
    "refunded",
    "adjusted",
    "vouchers",
    "look_ups",
    "corrected",
    "without_visit",
    "bad_scans",
    "reached",
]
SHIFT_COUNTERS: tuple[ShiftCounter, ...] = get_args(ShiftCounter)


# ---------------------------------------------------------------- documents
class AuditDocument(StoredDocument):
    """A row of the audit trail in the database."""

    at: datetime
    actor: str
    action: Action
    store: str | None
    session: str | None
    request: str | None
    member: str | None
    subject: str
    amount: int
    wallet: str | None
    voucher: str | None
    reason: str | None
    before: dict[str, int]
    after: dict[str, int]

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"session": 1, "at": 1}),
            IndexModel({"store": 1, "at": 1}),
            IndexModel({"member": 1, "at": 1}),
            IndexModel({"action": 1, "at": 1}),
            IndexModel({"at": 1}),
        )


class ShiftDocument(StoredDocument):
    """What an employee did in a day so far: `_id` is `shift_id`, each field a ShiftCounter."""

    purchases: int
    refunded: int
    adjusted: int
    vouchers: int
    look_ups: int = 0  # absent in the days of an older version
    corrected: int = 0  # likewise
    without_visit: int = 0  # likewise: purchases of members who were named, and not scanned
    bad_scans: int = 0  # likewise
    store: str | None = None  # likewise: where the day began

    class Settings(StoredDocument.Settings):
        name = SHIFTS


# ---------------------------------------------------------------- errors
class ShiftLimitReached(StoreFault):
    """The employee has done as much of this as one day allows."""


class ApprovalNeeded(StoreFault):
    """The employee has corrected as much as one may in a day without another's approval."""


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class AuditAct:
    """What somebody did: `subject` names it (a receipt, a voucher, a wallet), `amount` in minor units or
    points; balances by wallet.

    `actor` is an employee's id, `client:NAME` for a system with a key, `cli:NAME` for a command, or
    `member` for the member themselves. What was not done at a till has no store and no session, and what
    concerns no member has none.
    """

    id: str
    at: datetime
    actor: str
    action: Action
    store: str | None
    session: str | None
    request: str | None
    member: str | None
    subject: str = ""
    amount: int = 0
    wallet: str | None = None
    voucher: str | None = None
    reason: str | None = None
    before: Mapping[str, int] = field(default_factory=dict)
    after: Mapping[str, int] = field(default_factory=dict)


def act_id(member: str, seq: int) -> str:
    """Return the id of the act that a row of a member's journal was decided for."""
    return f"{member}:{seq}"


def shift_id(employee: str, day: date) -> str:
    """Return the id of what an employee did in a day of the programme's zone."""
    return f"{employee}:{day.isoformat()}"


# ---------------------------------------------------------------- reads
async def find_act(store: DocumentStore, id: str) -> AuditAct | None:
    """Return an act by its id (`act_id`); None where nobody acted."""
    document = await store.documents(AuditDocument).find_one({"_id": id})
    return None if document is None else _read_act(document)


async def find_by_shift(store: DocumentStore, session: str, *, since: datetime) -> list[AuditAct]:
    """Return what a shift did since an instant, newest first; hours and limits bound a shift."""
    query = {"session": session, "at": {"$gte": since}}
    documents = await store.documents(AuditDocument).find(query).to_list()
    return _newest_first(map(_read_act, documents))[:MAX_SHIFT_ACTS]


async def find_between(
    store: DocumentStore,
    *,
    since: datetime,
    until: datetime,
    store_code: str | None = None,
    member: str | None = None,
) -> list[AuditAct]:
    """Return what was done from one instant to another, by store or member or all, newest first."""
    query = between(since=since, until=until, store_code=store_code, member=member)
    documents = await store.documents(AuditDocument).find(query).to_list()
    return newest_of_store(map(_read_act, documents), store_code)


async def find_page(
    store: DocumentStore,
    *,
    since: datetime,
    until: datetime,
    store_code: str | None = None,
    member: str | None = None,
    actor: str | None = None,
    actions: Sequence[Action] = (),
    after: AuditAct | None = None,
    first: int,
) -> list[AuditAct]:
    """Return the newest acts between two instants, or those that come after one of them in the list; of an
    actor and of some kinds alone where these are named. Of one instant at most MOST_AT_ONCE are listed.
    """
    query = between(since=since, until=until, store_code=store_code, member=member)
    if member is not None and store_code is not None:
        query["store"] = store_code
    if actor is not None:
        query["actor"] = actor
    if actions:
        query["action"] = {"$in": list(actions)}
    if after is not None:
        query["at"] = {"$gte": since, "$lte": min(until, after.at)}
    at_once = 0 if after is None else MOST_AT_ONCE
    documents = store.documents(AuditDocument).find(query).sort("-at").limit(first + at_once)
    acts = [_read_act(document) for document in await documents.to_list()]
    # Acts of one instant stand in the index's own order, which is the same each time.
    known = next((place for place, act in enumerate(acts) if after is not None and act.id == after.id), -1)
    return acts[known + 1 : known + 1 + first]


async def find_beside_ledger(store: DocumentStore, member: str) -> list[AuditAct]:
    """Return what was done for a member that their journal does not say, newest first."""
    query = {"member": member, "at": {"$gt": EPOCH}, "action": {"$nin": list(AT_THE_TILL)}}
    return _newest_first(map(_read_act, await store.documents(AuditDocument).find(query).to_list()))


def between(
    *, since: datetime, until: datetime, store_code: str | None, member: str | None
) -> dict[str, object]:
    """Return the filter of what an index finds: by member, else by store, else by instant. Where both are
    meant, `newest_of_store` leaves out other stores.
    """
    window: dict[str, object] = {"at": {"$gte": since, "$lte": until}}
    if member is not None:
        return {"member": member, **window}
    return {"store": store_code, **window} if store_code is not None else window


def newest_of_store(acts: Iterable[AuditAct], store_code: str | None) -> list[AuditAct]:
    """Return what was done at a store, or anywhere where none is named, newest first."""
    return _newest_first(act for act in acts if store_code is None or act.store == store_code)


async def find_reasons(store: DocumentStore, ids: Sequence[str], *, action: Action) -> dict[str, str]:
    """Return the reasons that were written with acts of a kind, by their ids."""
    query = {"_id": {"$in": list(ids)}, "action": action}
    documents = store[COLLECTION].find(query, {"reason": 1})
    return {row["_id"]: row["reason"] async for row in documents if row.get("reason")}


def _newest_first(acts: Iterable[AuditAct]) -> list[AuditAct]:
    return sorted(acts, key=lambda act: (act.at, act.id), reverse=True)


# ---------------------------------------------------------------- writes
def simple_act_write(
    action: Action,
    *,
    actor: str,
    now: datetime,
    subject: str = "",
    member: str | None = None,
    amount: int = 0,
    reason: str | None = None,
) -> Write:
    """Return the insertion of an act that was done at no till."""
    id = secrets.token_hex(16)
    return act_write(
        AuditAct(id, now, actor, action, None, None, None, member, subject, amount=amount, reason=reason)
    )


def act_write(act: AuditAct) -> Write:
    """Return the insertion of an act."""
    return insert(
        COLLECTION,
        {
            "_id": act.id,
            "at": act.at,
            "actor": act.actor,
            "action": act.action,
            "store": act.store,
            "session": act.session,
            "request": act.request,
            "member": act.member,
            "subject": act.subject,
            "amount": act.amount,
            "wallet": act.wallet,
            "voucher": act.voucher,
            "reason": act.reason,
            "before": dict(act.before),
            "after": dict(act.after),
        },
    )


def count_shift_write(
    id: str,
    counts: Mapping[ShiftCounter, int],
    *,
    room: Mapping[ShiftCounter, int],
    fault: StoreFault | None = None,
    store_code: str | None = None,
) -> Write:
    """Return the write that raises counters of a day, each where `room` or less is counted already; it raises
    `fault`, by default ShiftLimitReached, beyond.

    The first act of a day inserts its document. At a bound no document matches, so the upsert inserts a key
    that exists, and fails.
    """
    others: dict[str, object] = {name: 0 for name in SHIFT_COUNTERS if name not in counts}
    others |= {} if store_code is None else {"store": store_code}
    bounds = {counter: {"$lte": most} for counter, most in room.items()}
    operation = UpdateOne({"_id": id} | bounds, {"$inc": dict(counts), "$setOnInsert": others}, upsert=True)
    return Write(SHIFTS, operation, fault or ShiftLimitReached(", ".join(counts)))


def _read_act(document: AuditDocument) -> AuditAct:
    return AuditAct(
        id=document.id,
        at=document.at,
        actor=document.actor,
        action=document.action,
        store=document.store,
        session=document.session,
        request=document.request,
        member=document.member,
        subject=document.subject,
        amount=document.amount,
        wallet=document.wallet,
        voucher=document.voucher,
        reason=document.reason,
        before=document.before,
        after=document.after,
    )
