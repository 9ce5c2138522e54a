"""Acting on the events that systems posted: a purchase or refund as the state of its order, an event of the
programme as one of the member's, a new member as an invitation.
"""

from __future__ import annotations

from datetime import datetime

from domain.model.intake.order_state import OrderRefund, OrderState, ReportedEvent
from domain.model.intake.posted_events import ItemRefused, PostedEvent
from domain.services.errors import ContactOutOfReach, InvalidInput, NotAllowed, TooManyRequests
from domain.services.intake import acting, posted_events, reported_events
from domain.services.intake.posted_events import Invitation
from domain.services.ledger.parking import sale_parking
from domain.services.ledger.parking.sale_parking import ContactOfMember, HashedContact
from domain.services.ledger.till import Till
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.proofs import parked_claims, till_invitations
from domain.store.intake import clients
from domain.store.intake.deliveries import DeliveryOutcome, StoredDelivery


async def act(
    identity: IdentityRuntime, delivery: StoredDelivery, raw: bytes, *, now: datetime
) -> DeliveryOutcome:
    """Act on a posted event. Raises Busy."""
    client = None if delivery.client is None else await clients.find(identity.store, delivery.client)
    if client is None:
        return DeliveryOutcome("failed", "no system has this name")
    event = PostedEvent.from_bytes(raw)
    try:
        meaning = posted_events.meaning_of(identity.programme, event, now=delivery.arrived_at)
    except ItemRefused as fault:  # another version of the programme rules by now
        return DeliveryOutcome("failed", f"{fault.field}: {fault.message}"[:200])
    till = posted_events.client_till(identity, client, now=now, session=f"delivery:{delivery.id[:16]}")
    match meaning:
        case OrderState() | OrderRefund():
            return await acting.take_order(
                identity, client, meaning, arrived_at=delivery.arrived_at, now=now, actor=client.actor
            )
        case ReportedEvent():
            return await reported_events.take_event(
                identity, client, meaning, arrived_at=delivery.arrived_at, now=now, till=till
            )
        case Invitation():
            return await _invite(identity, till, meaning, key=f"posted {delivery.id}", now=now)


async def _invite(
    identity: IdentityRuntime, till: Till, invitation: Invitation, *, key: str, now: datetime
) -> DeliveryOutcome:
    """Send a code to somebody who wants to join, as a till does."""
    contact = invitation.contact
    hashed = HashedContact(contact, tuple(parked_claims.contact_hashes(identity, [contact])))
    request = sale_parking.invitation_request(till, hashed, None, key=key)
    locale = invitation.locale or identity.programme.programme.locales[0]
    try:
        await sale_parking.park_sale(
            identity, till=till, hashed_contact=hashed, purchase_input=None, request=request, now=now
        )
        await till_invitations.send(identity, contact, request=request, locale=locale, now=now)
    except ContactOfMember:
        return DeliveryOutcome("ignored", "a member has this contact")
    except (ContactOutOfReach, InvalidInput) as fault:
        return DeliveryOutcome("failed", fault.message[:200])
    except TooManyRequests:
        return DeliveryOutcome("failed", "too many codes were sent to this contact")
    except NotAllowed as refusal:
        return DeliveryOutcome("failed", f"not allowed: {refusal.reason}")
    return DeliveryOutcome("applied", "a code was sent")
