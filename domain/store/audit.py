"""The audit trail: who did what to whom, when, where and why, what it changed and by which request.
Append-only.

Each row is written in the transaction that did it, beside the journal's; nothing here is ever changed. It
holds ids, codes and figures, and the reason as it was written. A shift is one staff session: what it did so
far is counted in a document of its own, whose bounds stand in each write's filter.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pymongo import UpdateOne

from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, StoreFault, Write, insert

COLLECTION = "audit"
SHIFTS = "shifts"
STAFF_ACTIONS = frozenset(
    {"STAFF_ADDED", "STAFF_DISABLED", "STAFF_ENABLED", "PASSWORD_CHANGED"}
)  # the subject is an employee's id
COMMAND_LINE = "cli"
MEMBER_ACTOR = "member"
MAX_SHIFT_ACTS = 1_000

Action = Literal[
    # at a till
    "PURCHASE",
    "REFUND",
    "ADJUSTMENT",
    "VOUCHER_USED",
    "VOUCHER_REVERSED",
    "EVENT",
    "MEMBER_FROZEN",
    "MEMBER_UNFROZEN",
    # by whoever runs the system, and by members themselves
    "STAFF_ADDED",
    "STAFF_DISABLED",
    "STAFF_ENABLED",
    "PASSWORD_CHANGED",
    "KEYS_ROTATED",
    "PROGRAMME_PUBLISHED",
    "OUTBOX_RETRIED",
    "CONTACT_CHANGED",
]
ShiftCounter = Literal["purchases", "refunded", "adjusted", "vouchers"]
SHIFT_COUNTERS: tuple[ShiftCounter, ...] = ("purchases", "refunded", "adjusted", "vouchers")


# ---------------------------------------------------------------- errors
class ShiftLimitReached(StoreFault):
    """The shift has done as much of this as one shift may."""


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class AuditAct:
    """What somebody did: `subject` names it (a receipt, a voucher, a wallet), `amount` in minor units or
    points; balances by wallet.

    `actor` is an employee's id, `cli:NAME` for a command, or `member` for the member themselves. What was not
    done at a till has no store and no session, and what concerns no member has none.
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


# ---------------------------------------------------------------- reads
async def find_by_shift(store: DocumentStore, session: str, *, since: datetime) -> list[AuditAct]:
    """Return what a shift did since an instant, newest first. A shift is bounded: in hours, and in what it
    may do.
    """
    rows = store[COLLECTION].find({"session": session, "at": {"$gte": since}})
    return sorted([_read_act(row) async for row in rows], key=lambda act: (act.at, act.id), reverse=True)[
        :MAX_SHIFT_ACTS
    ]


async def find_between(
    store: DocumentStore,
    *,
    since: datetime,
    until: datetime,
    store_code: str | None = None,
    member: str | None = None,
) -> list[AuditAct]:
    """Return what was done from one instant to another, in one store or all, to one member or all; newest
    first.
    """
    window = {"at": {"$gte": since, "$lte": until}}
    query = (
        {"member": member, **window}
        if member is not None
        else {"store": store_code, **window}
        if store_code is not None
        else window
    )
    rows = store[COLLECTION].find(query)
    acts = [_read_act(row) async for row in rows]
    return sorted(
        (act for act in acts if store_code is None or act.store == store_code),
        key=lambda act: (act.at, act.id),
        reverse=True,
    )


# ---------------------------------------------------------------- writes
def simple_act_write(
    action: Action, *, actor: str, now: datetime, subject: str = "", member: str | None = None
) -> Write:
    """Return the noting of what was done at no till."""
    return act_write(AuditAct(secrets.token_hex(16), now, actor, action, None, None, None, member, subject))


def act_write(act: AuditAct) -> Write:
    """Return the noting of an act."""
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


def count_shift_write(session: str, counter: ShiftCounter, amount: int, *, limit: int) -> Write:
    """Return the counting of what a shift did, within its bound; it raises ShiftIsOver beyond.

    The first act of a shift makes its document; where the bound is met none matches, and making it again
    takes a key that is there.
    """
    others = {name: 0 for name in SHIFT_COUNTERS if name != counter}
    query = {"_id": session, counter: {"$lte": limit - amount}}
    operation = UpdateOne(query, {"$inc": {counter: amount}, "$setOnInsert": others}, upsert=True)
    return Write(SHIFTS, operation, ShiftLimitReached(counter))


def _read_act(row: Raw) -> AuditAct:
    return AuditAct(
        id=row["_id"],
        at=row["at"],
        actor=row["actor"],
        action=row["action"],
        store=row["store"],
        session=row["session"],
        request=row["request"],
        member=row["member"],
        subject=row["subject"],
        amount=row["amount"],
        wallet=row["wallet"],
        voucher=row["voucher"],
        reason=row["reason"],
        before=row["before"],
        after=row["after"],
    )
