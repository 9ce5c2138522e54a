"""What a till of the store records of a shop's order, by any of its numbers, while the shop counts none.

Whoever is first records the order. So what the shop takes back of one that waits is withheld from the till;
and where the till was first, its receipt loses as much as the shop took back, if both say the same total.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from domain.services.ledger import purchase_queries
from domain.services.ledger.returns.refunds import RefundRequest
from domain.services.ledger.till import TILL_SOURCE, Till
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.document_store import Write
from domain.store.intake.orders import OrderMoved, StoredOrder
from domain.store.ledger import receipts


# ---------------------------------------------------------------- pure rules
def till_receipt_ids(order: StoredOrder) -> list[str]:
    """Return the receipts that a till of the store would record the order as, by any of its numbers."""
    state = order.book.state
    numbers = (order.external_id, *(state.numbers if state is not None else ()))
    ids = (receipts.purchase_id(source=TILL_SOURCE, store=order.store, external_id=text) for text in numbers)
    return list(dict.fromkeys(ids))


def own_receipt_id(order: StoredOrder) -> str:
    """Return the receipt that the order is recorded as, by the intake or by its system itself."""
    return receipts.purchase_id(source=order.source, store=order.store, external_id=order.external_id)


def reserve_writes(order: StoredOrder, ids: Sequence[str], *, member: str) -> list[Write]:
    """Return the writes after which no till records the order; they raise OrderMoved where one has."""
    return [receipts.reserve_write(id, member=member, store=order.store, if_taken=OrderMoved()) for id in ids]


def _totals(order: StoredOrder) -> tuple[int, int]:
    """Return what an order came to, and what of that the shop has taken back, in minor units."""
    state = order.book.state
    if state is None or state.is_test or state.standing == "open":
        return 0, 0
    recorded, left = sum(line.amount for line in state.recorded), order.book.left()
    if not state.recorded:
        return state.total, state.total if state.standing == "void" else 0
    return recorded, recorded - sum(line.left_amount for line in left)


def _has_returns(before: StoredOrder, order: StoredOrder) -> bool:
    """Tell whether something was returned of an order that was paid, or that has not come itself."""
    state, earlier = order.book.state, before.book.state
    if state is None:
        return bool(order.book.refunds)
    was_paid = earlier is not None and earlier.standing == "counts"
    return (was_paid or state.standing == "counts") and bool(_totals(order)[1])


# ---------------------------------------------------------------- reads
async def is_recorded_by_till(identity: IdentityRuntime, order: StoredOrder) -> bool:
    """Tell whether a till of the store recorded the order, also for somebody who has yet to claim what a
    refund has left of it.
    """
    recorded = await receipts.find_many(identity.store, till_receipt_ids(order))
    return any(each.is_purchase or each.returned is not None for each in recorded.values())


async def withheld_writes(identity: IdentityRuntime, before: StoredOrder, order: StoredOrder) -> list[Write]:
    """Return the writes that withhold an order from tills and its own system because something of it was
    returned since it was paid: none where nothing was, or where one of them has recorded it.
    """
    if order.is_recorded or not _has_returns(before, order):
        return []
    ids = [own_receipt_id(order), *till_receipt_ids(order)]
    known = await receipts.find_many(identity.store, ids)
    if any(each.is_purchase or each.returned is not None for each in known.values()):
        return []
    missing = [id for id in ids if id not in known]
    return reserve_writes(order, missing, member=receipts.NOBODY)


async def find_refund(
    identity: IdentityRuntime, order: StoredOrder, till: Till
) -> tuple[Till, RefundRequest] | None:
    """Return what a receipt of an order has to lose that a till, or its system itself, recorded, and the till
    that takes it; None for nothing.
    """
    total, returned = _totals(order)
    state = order.book.state
    if order.is_recorded or state is None or not returned:
        return None
    said = (total, state.currency)
    ids = [own_receipt_id(order), *till_receipt_ids(order)]
    known = await purchase_queries.find_purchases_by_id(identity, receipt_ids=ids)
    alike = (each for each in known.values() if (each.purchase.total, each.purchase.currency) == said)
    recorded = next(alike, None)
    if recorded is None or recorded.remaining.is_returned:
        return None
    excess = recorded.remaining.total - (total - returned)
    if excess <= 0:
        return None
    amount = None if excess == recorded.remaining.total else excess
    request = RefundRequest(recorded.purchase.external_id, amount=amount, refund_id=f"intake {order.rev}")
    return replace(till, source=recorded.source), request
