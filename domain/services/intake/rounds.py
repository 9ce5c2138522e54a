"""Working off the log: each delivery is claimed by one worker, mapped, acted upon, and its fate is noted.

A worker that dies leaves its deliveries to the next, once their lease has ended. Whatever a body holds, it is
not logged: a fault is told by its kind and the delivery's id.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from domain.model.calendar import milliseconds
from domain.model.intake.order_state import (
    BodyIgnored,
    MappedBody,
    OrderRefund,
    OrderState,
    PrivacyRequest,
    ProductGroup,
    ReportedEvent,
)
from domain.model.intake.sealing import open_body
from domain.model.intake.sources import Source
from domain.model.intake.trial import UNREADABLE
from domain.model.values import dataclass
from domain.services.concurrency import gather_limited
from domain.services.intake import (
    acting,
    pausing,
    posted_acting,
    privacy,
    reported_events,
    shop_products,
)
from domain.services.intake.registry import SourceRegistry
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.cancellation import raise_pending_cancellation
from domain.store.counters import INTAKE
from domain.store.document_store import Busy, DatabaseError, StoreFault
from domain.store.intake import deliveries, orders
from domain.store.intake.deliveries import DeliveryOutcome, StoredDelivery

MAX_BATCH = 50
MAX_CONCURRENT = 4
POLL_SECONDS = 0.5
RETRY_AFTER = timedelta(seconds=2)
BODIES_EVERY = timedelta(minutes=10)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class IntakeRound:
    """What a round did: deliveries claimed, and orders credited to members who proved their contact."""

    claimed_count: int = 0
    credited_count: int = 0


async def run_round(identity: IdentityRuntime, registry: SourceRegistry, *, now: datetime) -> IntakeRound:
    """Work off up to 50 due deliveries and orders. Raises Unreachable where the database is away."""
    now = milliseconds(now)
    credited_count = await _credit_due(identity, now=now)
    ids = await deliveries.find_due(identity.store, now=now, first=MAX_BATCH)
    if not ids:
        return IntakeRound(0, credited_count)
    lease = secrets.token_hex(8)
    claimed = await deliveries.claim(identity.store, ids, lease=lease, now=now)
    claimed = await pausing.hold_back(identity.store, claimed, lease=lease, now=now)
    await gather_limited(
        [_work_off(identity, registry, delivery, lease, now=now) for delivery in claimed],
        limit=MAX_CONCURRENT,
    )
    return IntakeRound(len(claimed), credited_count)


async def _credit_due(identity: IdentityRuntime, *, now: datetime) -> int:
    """Credit the orders whose member was noted by the proof of a contact."""
    due = await orders.find_due(identity.store, now=now, first=MAX_BATCH)
    for order in due:
        settled = await acting.take_stored(identity, order.id, now=now)
        if settled.state != "applied":  # it waits on, for the next proof or for a person
            await orders.set_aside(identity.store, order)
        await deliveries.wake_parked(identity.store, order.id, now=now)
    return len(due)


async def _work_off(
    identity: IdentityRuntime,
    registry: SourceRegistry,
    delivery: StoredDelivery,
    lease: str,
    *,
    now: datetime,
) -> None:
    """Work off one delivery. What passes by itself is tried again; any other fault waits for a person."""
    try:
        settled = await _settle(identity, registry, delivery, now=now)
    except (Busy, DatabaseError, StoreFault):
        with contextlib.suppress(DatabaseError):  # the lease ends by itself
            await deliveries.release(identity.store, delivery.id, lease=lease, due=now + RETRY_AFTER)
        return
    except Exception as fault:  # noqa: BLE001 - a fault of ours may quote the body: its kind and place are logged
        place = traceback.extract_tb(fault.__traceback__)[-1]
        log.error(
            "intake.failed",
            delivery=delivery.id,
            source=delivery.source,
            fault=type(fault).__name__,
            place=f"{place.filename}:{place.lineno}",
        )
        settled = DeliveryOutcome("failed", type(fault).__name__)
    log.info(
        "intake.settled",
        delivery=delivery.id,
        source=delivery.source,
        topic=delivery.topic,
        fate=settled.state,
        reason=settled.reason,
    )
    await deliveries.settle(identity.store, delivery, settled, lease=lease)
    INTAKE.labels(settled.state).inc()
    if settled.state in ("applied", "ignored") and settled.order is not None:  # a refund waits no more
        await deliveries.wake_parked(identity.store, settled.order, now=now)


async def _settle(
    identity: IdentityRuntime, registry: SourceRegistry, delivery: StoredDelivery, *, now: datetime
) -> DeliveryOutcome:
    source = await registry.find(delivery.source)
    if source is None and delivery.client is None:
        return DeliveryOutcome("failed", "its source is published no more")
    if delivery.body is None:
        if delivery.order is None:
            return DeliveryOutcome("failed", "its body has left after 30 days")
        return await acting.take_stored(identity, delivery.order, now=now)
    raw = open_body(delivery.body, delivery=delivery.id, keys=identity.all_secrets)
    if raw is None:
        return DeliveryOutcome("failed", "its body was sealed by another secret")
    if source is None or delivery.client is not None:
        return await posted_acting.act(identity, delivery, raw, now=now)
    try:
        mapped = map_raw(identity, source, raw, topic=delivery.topic)
    except UNREADABLE as fault:
        return DeliveryOutcome("failed", str(fault)[:200])
    match mapped:
        case BodyIgnored(reason=reason):
            return DeliveryOutcome("ignored", reason)
        case OrderState() | OrderRefund():
            return await acting.take_order(identity, source, mapped, arrived_at=delivery.arrived_at, now=now)
        case PrivacyRequest():
            return await privacy.obey(identity, source, mapped, delivery=delivery, now=now)
        case ProductGroup():
            return await shop_products.take_group(identity, source, mapped, arrived_at=delivery.arrived_at)
        case ReportedEvent():
            return await reported_events.take_event(
                identity, source, mapped, arrived_at=delivery.arrived_at, now=now
            )


def map_raw(identity: IdentityRuntime, source: Source, raw: bytes, *, topic: str | None) -> MappedBody:
    """Return what a body comes to in the current programme. Raises what UNREADABLE names."""
    return source.map(source.parse(raw), currency=identity.programme.programme.currency, topic=topic)


async def keep_working(
    identity: IdentityRuntime,
    registry: SourceRegistry,
    *,
    clock: Callable[[], datetime],
    on_error: Callable[[Exception], None],
) -> None:
    """Work off what comes, twice a second while nothing does, until cancelled."""
    bodies_due_at = clock()
    while True:
        worked = IntakeRound()
        try:
            worked = await run_round(identity, registry, now=clock())
            if clock() >= bodies_due_at:
                await deliveries.drop_bodies(identity.store, now=clock())
                bodies_due_at = clock() + BODIES_EVERY
        except Exception as fault:  # noqa: BLE001 - reported, and the next round goes on
            on_error(fault)
        raise_pending_cancellation()
        await asyncio.sleep(0 if worked.claimed_count == MAX_BATCH else POLL_SECONDS)
