"""Parking: an event of somebody without a membership is kept until they prove their contact.

Whoever brings it knows the contact, and hands in its hashes alone. What is parked says what stands now: a
system that hears of another state of an order replaces it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from domain.model.ledger.decision import Refusal
from domain.services.runtime import Runtime
from domain.store.document_store import Write
from domain.store.ledger import parked_events, receipts
from domain.store.ledger.parked_events import ParkedEvent
from domain.store.ledger.receipts import ReceiptTaken

CORRECTABLE = timedelta(minutes=10)  # by the employee who parked it: a contact or a total was mistyped


class EventParked(Refusal):
    """An event of this identity waits for other contacts."""

    def __init__(self) -> None:
        super().__init__("the event waits for other contacts")


def _may_correct(stored: ParkedEvent, parked: ParkedEvent, *, now: datetime) -> bool:
    """Tell whether an employee puts right what they have parked a moment ago, for another contact or with
    another total.
    """
    is_same = stored.contact_hashes == parked.contact_hashes and stored.purchase == parked.purchase
    is_own = stored.staff is not None and stored.staff == parked.staff
    is_untouched = stored.member is None and not stored.refund_ids and stored.rev == 1
    return not is_same and is_own and is_untouched and now < stored.parked_at + CORRECTABLE


async def park_writes(runtime: Runtime, parked: ParkedEvent, *, now: datetime) -> list[Write] | ParkedEvent:
    """Return the writes that park an event, for one round of a story of its own; what is parked already where
    it is for the same contacts, also a sale of which nothing is kept. Raises EventParked, and ReceiptTaken
    also where something of it was returned and the rest waits no more.
    """
    receipt = await receipts.find(runtime.store, parked.id)
    if receipt is not None and receipt.returned is None:
        raise ReceiptTaken
    stored = await parked_events.find_any(runtime.store, parked.id)
    is_waiting = stored is not None and now < stored.until
    if receipt is not None and not is_waiting:
        raise ReceiptTaken
    if stored is None:
        return [parked_events.park_write(parked)]
    if not is_waiting:
        return [parked_events.replace_write(stored, replace(parked, refund_ids=stored.refund_ids))]
    if _may_correct(stored, parked, now=now):
        return [parked_events.replace_write(stored, parked)]
    if not set(stored.contact_hashes) & set(parked.contact_hashes):
        raise EventParked
    return stored
