"""Parking and crediting in steps of their own, as the stories of the till and of shops do them within theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from domain.model.ledger.events import Purchase
from domain.services.ledger.parking import crediting
from domain.services.ledger.parking.crediting import CreditResult
from domain.services.ledger.parking.parking import park_writes
from domain.services.runtime import Runtime
from domain.store.document_store import Write
from domain.store.ledger import parked_events
from domain.store.ledger.parked_events import ParkedEvent


async def park_event(
    runtime: Runtime, parked: ParkedEvent, *, now: datetime, extra_writes: Sequence[Write] = ()
) -> ParkedEvent:
    """Park an event once for its identity, in one transaction with `extra_writes`; return what is parked.

    The same event for the same contacts again changes nothing, and `extra_writes` are not written. Raises
    ReceiptTaken where it counts already, EventParked where it waits for other contacts, Busy.
    """

    async def attempt() -> ParkedEvent:
        writes = await park_writes(runtime, parked, now=now)
        if isinstance(writes, ParkedEvent):
            return writes
        await runtime.store.transact([*extra_writes, *writes])
        return parked

    return await runtime.store.run_rounds(attempt, queue=f"parked:{parked.id}")


async def replace_purchase(
    runtime: Runtime, parked: ParkedEvent, purchase: Purchase, *, extra_writes: Sequence[Write] = ()
) -> ParkedEvent:
    """Set what a parked purchase comes to now; nothing of it waits where `purchase` is returned. Raises Stale
    where it has changed since it was read, or was credited.
    """
    after = parked.with_purchase(purchase)
    await runtime.store.transact([*extra_writes, parked_events.replace_write(parked, after)])
    return replace(after, rev=parked.rev + 1)


async def credit_parked(
    runtime: Runtime, contact_hashes: Sequence[str], *, member: str, now: datetime
) -> list[CreditResult]:
    """Give a member what waits for contacts that were just proven to be theirs, and credit it."""
    claim = parked_events.claim_write(contact_hashes, member, now=now)

    async def attempt() -> None:
        await runtime.store.transact([claim])

    await runtime.store.run_rounds(attempt)
    return await crediting.credit_member(runtime, member, now=now)
