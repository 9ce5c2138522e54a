"""The log of deliveries as an operator sees it: no contact, no body."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from domain.model.intake.order_state import PrivacyRequest
from domain.model.intake.sealing import open_body
from domain.model.intake.trial import UNREADABLE
from domain.services.intake.privacy import orders_of
from domain.services.intake.registry import SourceRegistry
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store import audit
from domain.store.intake import deliveries, orders
from domain.store.intake.deliveries import DeliveryFate, StoredDelivery
from domain.store.intake.orders import StoredOrder


# ---------------------------------------------------------------- reads
async def count_by_state(identity: IdentityRuntime) -> dict[str, int]:
    """Return how many deliveries there are of each state."""
    counts = await deliveries.count_by_state(identity.store)
    return {str(state): count for state, count in counts.items()}


async def find_by_state(
    identity: IdentityRuntime, state: str, *, source: str | None, first: int
) -> list[StoredDelivery]:
    """Return deliveries of a state."""
    return await deliveries.find_by_state(
        identity.store, cast(DeliveryFate, state), source=source, first=first
    )


async def describe(identity: IdentityRuntime, id: str) -> dict[str, object] | None:
    """Return a delivery with what is known of its orders; None where there is none of this id."""
    delivery = await deliveries.find(identity.store, id)
    if delivery is None:
        return None
    return {
        "id": delivery.id,
        "source": delivery.source,
        "client": delivery.client,
        "topic": delivery.topic,
        "deliveryId": delivery.delivery_id,
        "arrivedAt": delivery.arrived_at.isoformat(),
        "state": delivery.state,
        "reason": delivery.reason,
        "until": delivery.until and delivery.until.isoformat(),
        "hasBody": delivery.body is not None,
        "orders": [_order(order) for order in await _orders_about(identity, delivery)],
    }


async def _orders_about(identity: IdentityRuntime, delivery: StoredDelivery) -> list[StoredOrder]:
    if delivery.order is not None:
        return await orders.find_many(identity.store, [delivery.order])
    if delivery.client is not None:
        return []
    source = await SourceRegistry(identity.store).find(delivery.source)
    raw = delivery.body and open_body(delivery.body, delivery=delivery.id, keys=identity.all_secrets)
    if source is None or not raw:
        return []
    try:
        currency = identity.programme.programme.currency
        mapped = source.map(source.parse(raw), currency=currency, topic=delivery.topic)
    except UNREADABLE:
        return []
    return await orders_of(identity, source, mapped) if isinstance(mapped, PrivacyRequest) else []


def _order(order: StoredOrder) -> dict[str, object]:
    state = order.book.state
    return {
        "externalId": order.external_id,
        "store": order.store,
        "member": order.member,
        "recorded": order.is_recorded,
        "currency": state and state.currency,
        "total": state and state.total,
        "standing": state and state.standing,
        "occurredAt": state and state.occurred_at.isoformat(),
        "left": [
            {
                "sku": line.sku,
                "category": line.category,
                "quantity": line.left_quantity,
                "amount": line.left_amount,
            }
            for line in order.book.left()
        ],
        "refunds": [*(state.refund_ids if state else ()), *(refund.id for refund in order.book.refunds)],
    }


# ---------------------------------------------------------------- writes
async def retry(
    identity: IdentityRuntime, ids: Sequence[str] | None, *, actor: str, now: datetime
) -> list[str]:
    """Let parked and failed deliveries be tried again: those named, or all; return which."""
    retried = await deliveries.retry(identity.store, ids, now=now)
    if retried:
        act = audit.simple_act_write(
            "INTAKE_RETRIED", actor=actor, now=now, subject=f"{len(retried)} deliveries"
        )
        await identity.store.transact([act])
    return retried
