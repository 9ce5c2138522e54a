"""Bringing a receipt to what its order is by now: recorded, lowered by a refund, or raised by a correction.

Each step is one transaction of the ledger's own service, which also claims the order at the revision that
the step was decided on. So a body that comes twice, late or out of order changes nothing that is right
already, and a crash between two steps leaves what the next attempt goes on from.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

from domain.model.intake.order_book import difference, keys_of, raised_lines
from domain.model.intake.order_state import (
    MemberHints,
    OrderLine,
    OrderRefund,
    OrderState,
    why_it_counts_not,
)
from domain.model.intake.sources import Reporter
from domain.model.ledger.decision import CorrectionRefused, MemberFrozen, Refusal
from domain.model.values import dataclass
from domain.model.visible_text import is_control
from domain.services.errors import InvalidInput, NotFound
from domain.services.input_checks import MAX_EVENT_AGE, MAX_ID_LENGTH, MAX_TEXT_LENGTH
from domain.services.intake import hints as whom
from domain.services.intake import till_receipts
from domain.services.ledger import purchase_queries, purchases
from domain.services.ledger.purchase_input import PurchaseInput, PurchaseInputLine
from domain.services.ledger.purchases import PurchaseClaimed
from domain.services.ledger.returns import corrections, refunds
from domain.services.ledger.returns.corrections import CorrectionRequest
from domain.services.ledger.returns.refunds import RefundRequest
from domain.services.ledger.till import Till
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.document_store import Busy, Stale
from domain.store.intake import bindings, orders
from domain.store.intake.deliveries import DeliveryOutcome
from domain.store.intake.orders import OrderMoved, StoredOrder
from domain.store.ledger import receipts
from domain.store.ledger.receipts import StoredReceipt

MOST_STEPS = 12
REFUND_REASON = "the shop took it back"
RAISE_REASON = "the shop raised the order"


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class _Case:
    """An order about to be settled: as it is stored, as it is by now, and who it may be of."""

    stored: StoredOrder
    order: StoredOrder
    hints: MemberHints
    arrived_at: datetime
    now: datetime

    @property
    def state(self) -> OrderState:
        assert self.order.book.state is not None, "an order that is settled has a state"
        return self.order.book.state

    @property
    def until(self) -> datetime:
        """Until when it waits."""
        return self.order.purge_at or self.arrived_at + orders.WAITS_FOR


def system_till(order: StoredOrder) -> Till:
    """Return the till that acts for a source, or for a system with a key: an operator's, without a shift."""
    return Till(
        staff=order.actor or f"source:{order.source}", role="OPERATOR", store=order.store, source=order.source
    )


# ---------------------------------------------------------------- what a delivery brings
async def take_order(
    identity: IdentityRuntime,
    source: Reporter,
    mapped: OrderState | OrderRefund,
    *,
    arrived_at: datetime,
    now: datetime,
    actor: str | None = None,
) -> DeliveryOutcome:
    """Take an order's state, or a refund of it, and bring its receipt to it; `arrived_at` is when it was told
    of, `actor` the system with a key that reports it. Raises Busy.
    """
    external_id = mapped.external_id if isinstance(mapped, OrderState) else mapped.order_id
    id = orders.order_id_of(source=source.code, store=source.store, external_id=external_id)

    async def attempt() -> DeliveryOutcome | None:
        stored = await orders.find(identity.store, id)
        stored = (stored or StoredOrder(id, source.code, source.store, external_id)).standing_at(now)
        order, hints = _with(identity, stored, mapped)
        order = replace(order, actor=actor or order.actor)
        return await _step(identity, _Case(stored, order, hints, arrived_at, now))

    return await _keep_stepping(identity, id, attempt)


async def take_stored(identity: IdentityRuntime, id: str, *, now: datetime) -> DeliveryOutcome:
    """Bring the receipt of an order to what is known of it, without a new body. Raises Busy."""

    async def attempt() -> DeliveryOutcome | None:
        stored = await orders.find(identity.store, id)
        if stored is None or stored.standing_at(now) != stored:
            return DeliveryOutcome("failed", "what was known of the order has left")
        return await _step(identity, _Case(stored, stored, MemberHints(), now, now))

    return await _keep_stepping(identity, id, attempt)


async def _keep_stepping(
    identity: IdentityRuntime, id: str, attempt: Callable[[], Awaitable[DeliveryOutcome | None]]
) -> DeliveryOutcome:
    """Attempt steps of an order until it is settled; in this process one after another. Raises Busy."""
    async with identity.store.lock_for(f"order:{id}"):
        for _ in range(MOST_STEPS):
            try:
                settled = await attempt()
            except (OrderMoved, Stale):  # another process was first: read it again
                continue
            if settled is not None:
                return replace(settled, order=id)
    raise Busy


def _with(
    identity: IdentityRuntime, stored: StoredOrder, mapped: OrderState | OrderRefund
) -> tuple[StoredOrder, MemberHints]:
    """Return an order with what a body brings."""
    if isinstance(mapped, OrderRefund):
        return replace(stored, book=stored.book.with_refund(mapped)), MemberHints()
    order = replace(stored, book=stored.book.with_state(replace_hints(mapped)))
    hints = mapped.hints
    if not order.is_recorded:
        order = replace(order, contacts=whom.contact_hashes(identity, hints) or order.contacts)
    if hints.customer is not None and not order.is_recorded:  # whose a receipt is does not change
        order = replace(order, customer=whom.customer_hash(identity, order.source, hints.customer))
    return order, hints


def replace_hints(state: OrderState) -> OrderState:
    """Return a state without the contacts in it: they are never stored."""
    return replace(state, hints=MemberHints())


# ---------------------------------------------------------------- one step
async def _step(identity: IdentityRuntime, case: _Case) -> DeliveryOutcome | None:
    """Take one step; return what became of it, None where a further step may be due. Raises OrderMoved."""
    if case.order.book.state is None:
        return await _leave(identity, case, DeliveryOutcome("parked", "its order has not come", case.until))
    if (lowered := await _lower_till_receipt(identity, case)) is not None:
        return lowered
    reason = why_it_counts_not(case.state, is_recorded=case.order.is_recorded)
    if reason is not None:
        return await _leave(identity, case, DeliveryOutcome("ignored", reason))
    if case.order.is_recorded:
        return await _settle_receipt(identity, case)
    return await _record(identity, case)


async def _leave(identity: IdentityRuntime, case: _Case, settled: DeliveryOutcome) -> DeliveryOutcome:
    """Store what is known where it is new, and act on nothing."""
    order = case.order
    if not order.is_recorded:
        order = replace(order, purge_at=case.until)
    if order != case.stored:
        withheld = await till_receipts.withheld_writes(identity, case.stored, order)
        await identity.store.transact([orders.put_write(order), *withheld])
    return settled


async def _record(identity: IdentityRuntime, case: _Case) -> DeliveryOutcome | None:
    state, order = case.state, case.order
    if state.currency != identity.programme.programme.currency:
        return await _leave(identity, case, DeliveryOutcome("parked", "another currency", case.until))
    lines = state.recorded
    left = order.book.left()
    if lines and not any(line.left_amount or line.left_quantity for line in left):
        return await _leave(identity, case, DeliveryOutcome("ignored", "nothing of it stands"))
    if state.occurred_at < case.now - MAX_EVENT_AGE:
        return await _leave(identity, case, DeliveryOutcome("ignored", "older than 400 days"))
    if await till_receipts.is_recorded_by_till(identity, order):
        return await _leave(identity, case, DeliveryOutcome("ignored", "the till has recorded it"))
    member = order.member or await whom.find_member(identity, order.source, case.hints)
    if member is None:
        if not (order.contacts or order.customer):
            return await _leave(identity, case, DeliveryOutcome("ignored", "it names nobody"))
        return await _leave(identity, case, DeliveryOutcome("parked", "nobody has its contact", case.until))
    try:
        await _record_purchase(identity, case, member, lines)
    except NotFound:
        return await _forget_member(identity, case)
    except MemberFrozen:
        return await _leave(identity, case, DeliveryOutcome("parked", "its member is frozen", case.until))
    except PurchaseClaimed:
        return await _leave(identity, case, DeliveryOutcome("ignored", "it was recorded in another way"))
    except (InvalidInput, Refusal) as refusal:
        return await _leave(identity, case, DeliveryOutcome("failed", _reason(refusal)))
    return None


async def _forget_member(identity: IdentityRuntime, case: _Case) -> DeliveryOutcome | None:
    """Drop a member who has left, so that the next step finds who has the contact by now."""
    order = replace(case.order, member=None, purge_at=case.until)
    removed = await bindings.remove(identity.store, [order.customer]) if order.customer else 0
    if case.order.member is None and not removed:
        return await _leave(identity, case, DeliveryOutcome("parked", "its member has left", case.until))
    await identity.store.transact([orders.put_write(order)])
    return None


async def _record_purchase(
    identity: IdentityRuntime, case: _Case, member: str, lines: Sequence[OrderLine]
) -> None:
    order = case.order
    recorded = replace(order, member=member, keys=keys_of(lines), contacts=(), purge_at=None)
    claims = [orders.put_write(recorded), receipts.release_write(till_receipts.own_receipt_id(order))]
    claims += till_receipts.reserve_writes(order, till_receipts.till_receipt_ids(order), member=member)
    if order.customer is not None and not await _is_proven(identity, order.customer):
        claims.append(bindings.bind_write(order.customer, source=order.source, member=member, now=case.now))
    await purchases.record(
        identity,
        till=system_till(order),
        member_id=member,
        purchase_input=_purchase_input(case.state, lines),
        key=_key(order),
        now=case.now,
        claims=claims,
    )


async def _settle_receipt(identity: IdentityRuntime, case: _Case) -> DeliveryOutcome | None:
    order = case.order
    receipt = await _find_receipt(identity, order)
    assert receipt is not None, "a recorded order has its receipt"
    if receipt.is_closed:
        return await _leave(identity, case, DeliveryOutcome("ignored", "its receipt stands in the archive"))
    assert receipt.remaining is not None, "a receipt is of a purchase"
    keys = order.keys or ()
    missing = difference(order.book.left(), remaining=receipt.remaining, keys=keys)
    if missing.is_none:
        return await _leave(identity, case, DeliveryOutcome("applied"))
    request = RefundRequest(order.external_id, lines=missing.lines, refund_id=f"intake {order.rev}")
    try:
        if missing.is_raised:
            await _raise_receipt(identity, case, receipt)
            return None
        await refunds.refund(
            identity,
            till=system_till(order),
            refund_request=request,
            reason=REFUND_REASON,
            key=_key(order),
            now=case.now,
            claims=[orders.put_write(order)],
        )
    except CorrectionRefused:  # nothing stands of it that could be raised
        return await _leave(
            identity, case, DeliveryOutcome("parked", "raised after all of it was returned", case.until)
        )
    except NotFound:
        return await _leave(identity, case, DeliveryOutcome("ignored", "its member has left"))
    except (InvalidInput, Refusal) as refusal:
        return await _leave(identity, case, DeliveryOutcome("failed", _reason(refusal)))
    return None


async def _lower_till_receipt(identity: IdentityRuntime, case: _Case) -> DeliveryOutcome | None:
    """Take back of the receipt that a till recorded the order as what the shop took back; None where that is
    nothing.
    """
    order = replace(case.order, purge_at=case.until)
    refund = await till_receipts.find_refund(identity, order, system_till(order))
    if refund is None:
        return None
    till, request = refund
    try:
        await refunds.refund(
            identity,
            till=till,
            refund_request=request,
            reason=REFUND_REASON,
            key=_key(order),
            now=case.now,
            claims=[orders.put_write(order)],
        )
    except NotFound:
        return await _leave(identity, case, DeliveryOutcome("ignored", "its member has left"))
    except (InvalidInput, Refusal) as refusal:
        return await _leave(identity, case, DeliveryOutcome("failed", _reason(refusal)))
    return DeliveryOutcome("applied", "the receipt was lowered")


async def _raise_receipt(identity: IdentityRuntime, case: _Case, receipt: StoredReceipt) -> None:
    """Correct a receipt upward, line by line. What was returned of it stays returned: what stands again in
    the shop is added. Raises what `corrections.correct` raises.
    """
    order, till = case.order, system_till(case.order)
    known = await purchase_queries.find_purchase_by_id(identity, receipt_id=receipt.id)
    assert known is not None, "a recorded order has its receipt"
    lines = raised_lines(
        order.book.left(), recorded=known.purchase, remaining=known.remaining, keys=order.keys or ()
    )
    raised = _purchase_input(case.state, lines)
    await corrections.correct(
        identity,
        till=till,
        correction=CorrectionRequest(order.external_id, raised.total, raised.lines),
        key=_key(order),
        now=case.now,
        reason=RAISE_REASON,
        claims=[orders.put_write(replace(order, keys=keys_of(lines)))],
    )


# ---------------------------------------------------------------- reads
async def _find_receipt(identity: IdentityRuntime, order: StoredOrder) -> StoredReceipt | None:
    id = receipts.purchase_id(source=order.source, store=order.store, external_id=order.external_id)
    return await receipts.find(identity.store, id)


async def _is_proven(identity: IdentityRuntime, customer_hash: str) -> bool:
    """Tell whether a customer was bound by the member's card: no order changes that."""
    return bool(await bindings.find_proven(identity.store, [customer_hash]))


# ---------------------------------------------------------------- pure rules
def _key(order: StoredOrder) -> str:
    """Return an idempotency key for a step, which its claim of the order's revision guards."""
    return f"intake {order.rev} {secrets.token_hex(16)}"


def _purchase_input(state: OrderState, lines: Sequence[OrderLine]) -> PurchaseInput:
    return PurchaseInput(
        state.external_id,
        sum(line.amount for line in lines) if lines else state.total,
        state.currency,
        tuple(
            PurchaseInputLine(
                _clean(line.sku, MAX_ID_LENGTH) or line.key[:MAX_ID_LENGTH],
                line.amount,
                line.quantity,
                _clean(line.name, MAX_TEXT_LENGTH),
                _clean(line.category, MAX_TEXT_LENGTH),
            )
            for line in lines
        ),
        state.occurred_at,
    )


def _clean(text: str | None, length: int) -> str | None:
    """Return a text as a receipt takes it; None where nothing of it is left."""
    shown = "".join(character for character in text or "" if not is_control(character)).strip()
    return shown[:length].strip() or None


def _reason(refusal: Exception) -> str:
    """Return why the ledger refused, without a value of the body."""
    if isinstance(refusal, InvalidInput):
        return f"{refusal.field}: {refusal.message}"[:200]
    return type(refusal).__name__
