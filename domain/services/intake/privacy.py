"""What a shop asks about a person's data, or about its own: Shopify's privacy topics.

`customers/redact` drops what this source brought of a customer: bindings, waiting orders, bodies. Receipts
that members were credited for are the members' own history and stay: they hold no contact. A merge moves the
binding. A shop that leaves, 48 hours after it removed the app, takes all that the source brought, its
products too; what members were credited for stays theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.model.intake.order_state import MemberHints, PrivacyRequest
from domain.model.intake.sources import Source
from domain.services.intake import hints as whom
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store import audit
from domain.store.club import product_links, products
from domain.store.intake import bindings, deliveries, orders
from domain.store.intake.deliveries import DeliveryOutcome, StoredDelivery
from domain.store.intake.orders import StoredOrder

ANSWERED_WITHIN = timedelta(days=30)


async def obey(
    identity: IdentityRuntime,
    source: Source,
    request: PrivacyRequest,
    *,
    delivery: StoredDelivery,
    now: datetime,
) -> DeliveryOutcome:
    """Do what a shop asks. The act stands in the audit trail, without whom it was about."""
    match request.kind:
        case "data_request":
            held = await orders_of(identity, source, request)
            reason = f"a person asks for their data: {len(held)} orders; answer with selo intake show"
            return DeliveryOutcome("parked", reason, delivery.arrived_at + ANSWERED_WITHIN)
        case "redact":
            return await _redact(identity, source, request, now=now)
        case "shop_redact":
            return await _redact_shop(identity, source, delivery.id, now=now)
        case "merge":
            return await _merge(identity, source, request, now=now)


async def orders_of(identity: IdentityRuntime, source: Source, request: PrivacyRequest) -> list[StoredOrder]:
    """Return the orders that stand of a customer: those named, and those by customer or contact."""
    ids = [
        orders.order_id_of(source=source.code, store=source.store, external_id=external_id)
        for external_id in request.order_ids
    ]
    named = await orders.find_many(identity.store, ids)
    contacts = whom.read_contacts(MemberHints(contacts=request.contacts))
    placed = await orders.find_of_person(
        identity.store,
        source.code,
        customer=whom.customer_hashes(identity, source.code, request.customer),
        contacts=whom.all_contact_hashes(identity, contacts),
    )
    return list({order.id: order for order in (*named, *placed)}.values())


async def _redact(
    identity: IdentityRuntime, source: Source, request: PrivacyRequest, *, now: datetime
) -> DeliveryOutcome:
    held = await orders_of(identity, source, request)
    await bindings.remove(identity.store, whom.customer_hashes(identity, source.code, request.customer))
    await _forget(identity, source, [order.id for order in held], now=now)
    return DeliveryOutcome("applied", f"erased what was held of {len(held)} orders")


async def _redact_shop(
    identity: IdentityRuntime, source: Source, delivery: str, *, now: datetime
) -> DeliveryOutcome:
    held = await orders.find_of_source(identity.store, source.code)
    await bindings.remove_source(identity.store, source.code)
    await _forget(identity, source, [order.id for order in held], now=now)
    await deliveries.erase_of_source(identity.store, source.code, but=delivery)
    product_count = await products.remove_source(identity.store, source.code)
    if product_count:
        await product_links.ask(identity.store)
    return DeliveryOutcome(
        "applied", f"erased what was held of {len(held)} orders, and {product_count} products"
    )


async def _forget(identity: IdentityRuntime, source: Source, ids: Sequence[str], *, now: datetime) -> None:
    await deliveries.erase_of_orders(identity.store, ids)
    await orders.forget(identity.store, ids)
    act = audit.simple_act_write("INTAKE_ERASED", actor=f"source:{source.code}", now=now, subject=source.code)
    await identity.store.transact([act])


async def _merge(
    identity: IdentityRuntime, source: Source, request: PrivacyRequest, *, now: datetime
) -> DeliveryOutcome:
    """Move the binding of a customer to the one that stays, unless that one has a member already."""
    merged = whom.customer_hashes(identity, source.code, request.customer)
    staying = whom.customer_hashes(identity, source.code, request.successor)
    member = await bindings.find_member(identity.store, merged)
    if member is not None and await bindings.find_member(identity.store, staying) is None:
        write = bindings.bind_write(staying[0], source=source.code, member=member, now=now)
        await identity.store.transact([write])
    await bindings.remove(identity.store, merged)
    return DeliveryOutcome("applied", "merged")
