"""Crediting: what was parked counts once a contact of it is proven, on its own date.

The transaction that proves a contact gives the rows their member. Each is then decided and committed by
itself, with the deletion of its row and the claim of its receipt. So neither a crash, nor a retry, nor a
till that has recorded the receipt meanwhile counts it twice. Whoever has just signed in need not wait; what a
crash has left, the turn credits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import structlog

from domain.model.ledger.decision import Decision, MemberFrozen, Refusal
from domain.services.decisions import commit_decision, decide_event
from domain.services.errors import NotAllowed
from domain.services.runtime import Runtime
from domain.store.document_store import Busy, DatabaseError, Stale, StoreFault, Write
from domain.store.ledger import members, parked_events, receipts
from domain.store.ledger.members import StoredMember
from domain.store.ledger.parked_events import ParkedEvent
from domain.store.ledger.receipts import ReceiptTaken

MOST_AT_ONCE = 50
RETRY_AFTER = timedelta(minutes=10)

CreditResult = Literal["credited", "counted_before", "refused", "gone", "left"]

log = structlog.get_logger(__name__)


# ---------------------------------------------------------------- pure rules
def _require_creditable(stored_member: StoredMember, parked: ParkedEvent) -> None:
    """Raise NotAllowed where the employee who brought it is the member, and MemberFrozen."""
    if parked.staff is not None and parked.staff in stored_member.employees:
        raise NotAllowed("OWN_MEMBERSHIP")
    if stored_member.member.frozen:
        raise MemberFrozen("a frozen member earns nothing")


# ---------------------------------------------------------------- writes
async def credit_member(runtime: Runtime, member: str, *, now: datetime) -> list[CreditResult]:
    """Credit what a member has claimed: one command where nothing waits. What fails is left to the turn."""
    claimed = await parked_events.find_of_member(runtime.store, member, first=MOST_AT_ONCE)
    return [await _credit_or_leave(runtime, parked, now=now) for parked in claimed]


async def credit_due(runtime: Runtime, *, now: datetime, first: int) -> list[CreditResult]:
    """Credit what was claimed and not credited, because a process died or the database was busy; `first` of
    it.
    """
    due = await parked_events.find_due(runtime.store, now=now, first=first)
    return [await _credit_or_leave(runtime, parked, now=now) for parked in due]


async def _credit_or_leave(runtime: Runtime, parked: ParkedEvent, *, now: datetime) -> CreditResult:
    async def attempt() -> CreditResult:
        return await _credit(runtime, parked.id, now=now)

    try:
        return await runtime.store.run_rounds(attempt, queue=parked.member)
    except (Busy, StoreFault):
        return "left"
    except DatabaseError:
        raise
    except Exception as error:
        log.exception("parked.failed", id=parked.id)
        fault = type(error).__name__
        await parked_events.postpone(runtime.store, parked, due=now + RETRY_AFTER, fault=fault)
        return "left"


async def _credit(runtime: Runtime, id: str, *, now: datetime) -> CreditResult:
    """Decide a claimed event as it is stored now, and commit it: one round."""
    parked = await parked_events.find_any(runtime.store, id)
    if parked is None or parked.member is None:
        return "gone"
    stored_member = await members.find(runtime.store, parked.member)
    if stored_member is None or stored_member.status != "active" or stored_member.member.joined_at is None:
        await parked_events.release(runtime.store, parked, refused="NotFound")
        return "refused"
    if parked.is_returned:
        await parked_events.release(runtime.store, parked, refused="Returned")
        return "gone"
    try:
        await commit_parked(runtime, parked, stored_member, now=now)
    except Refusal as refusal:
        await parked_events.release(runtime.store, parked, refused=type(refusal).__name__)
        return "refused"
    except ReceiptTaken:
        await settle_counted(runtime, parked)
        return "counted_before"
    return "credited"


async def commit_parked(
    runtime: Runtime,
    parked: ParkedEvent,
    stored_member: StoredMember,
    *,
    now: datetime,
    claims: Sequence[Write] = (),
) -> Decision:
    """Decide a parked event for a member and commit it, on its own date; it is parked no more. `claims` are
    the caller's, in the same commit. Raises NotAllowed, MemberFrozen, ReceiptTaken and Stale.
    """
    published = runtime.programmes.current()
    _require_creditable(stored_member, parked)
    decision = await decide_event(
        runtime, published, stored_member, parked.event, now=max(now, parked.event.at)
    )
    receipt = receipts.credit_write(
        parked.id, member=decision.member.id, row=decision.row, refund_ids=parked.refund_ids
    )
    settled = parked_events.settle_write(parked)
    await commit_decision(runtime, published, decision, now=now, claims=[settled, receipt, *claims])
    return decision


async def settle_counted(runtime: Runtime, parked: ParkedEvent) -> None:
    """Delete the row of an event that a till has recorded meanwhile."""
    if await receipts.find(runtime.store, parked.id) is None:
        raise Stale("the receipt is being written")
    await runtime.store.transact([parked_events.settle_write(parked)])
