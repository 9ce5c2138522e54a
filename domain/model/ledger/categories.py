"""What a member bought of each category: the amount, the quantity, and when last.

Amounts and quantities are of what stands: a refund takes off what it returns, and of a receipt that is wholly
returned nothing stands. When a category was bought last stays, as `last_purchase_at` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.model.ledger.events import Purchase, Refund
from domain.model.ledger.member import CATEGORIES_KEPT, CategoryTotal, PurchaseTotals
from domain.model.values import evolve


def count_purchase(bought: PurchaseTotals, purchase: Purchase, *, at: datetime, seq: int) -> PurchaseTotals:
    """Return the totals with the lines of a purchase, which the row of this number records."""
    lines = [line for line in purchase.lines if line.category]
    if not lines:
        return bought
    known, since = bought.categories, bought.quantities_since_seq
    if since is None and known and not any(total.last_at for total in known.values()):
        since = seq  # what came before was counted by amount alone
    totals = dict(known)
    for line in lines:
        category = line.category or ""
        before = totals.get(category)
        if before is None:
            if len(totals) < CATEGORIES_KEPT:
                totals[category] = CategoryTotal(line.amount, line.quantity, at)
            continue
        last_at = before.last_at
        totals[category] = CategoryTotal(
            before.amount + line.amount,
            before.quantity + line.quantity,
            at if last_at is None or last_at < at else last_at,
        )
    return evolve(bought, categories=totals, quantities_since_seq=since)


def count_refund(bought: PurchaseTotals, refund: Refund) -> PurchaseTotals:
    """Return the totals without what a refund takes of its purchase."""
    if not any(line.category for line in refund.before.lines):
        return bought
    since = bought.quantities_since_seq
    has_quantities = since is None or refund.purchase.seq >= since
    totals = dict(bought.categories)
    remaining = _by_category(refund.remaining)
    for category, (amount, quantity) in _by_category(refund.before).items():
        before = totals.get(category)
        if before is None:
            continue
        amount_left, quantity_left = remaining.get(category, (0, 0))
        returned = quantity - quantity_left if has_quantities and before.last_at else 0
        totals[category] = evolve(
            before, amount=before.amount - amount + amount_left, quantity=before.quantity - returned
        )
    return evolve(bought, categories=totals)


def count_correction(bought: PurchaseTotals, correction: Refund) -> PurchaseTotals:
    """Return the totals with what a correction makes of its purchase."""
    less = count_refund(bought, correction)
    before, remaining = _by_category(correction.before), _by_category(correction.remaining)
    totals = dict(less.categories)
    for category, (amount, quantity) in remaining.items():
        known = totals.get(category)
        if category in before:
            continue
        if known is None:
            if len(totals) < CATEGORIES_KEPT:
                totals[category] = CategoryTotal(amount, quantity, correction.purchase.at)
            continue
        last_at = known.last_at
        totals[category] = CategoryTotal(
            known.amount + amount,
            known.quantity + quantity,
            correction.purchase.at if last_at is None else max(last_at, correction.purchase.at),
        )
    return evolve(less, categories=totals)


def favourite(totals: Mapping[str, CategoryTotal], among: Sequence[str]) -> str | None:
    """Return the category of these that was bought most by quantity, the one bought latest where they are
    even, and the one named first where that is too; None where none was bought.
    """
    bought = [
        (total.quantity, total.last_at, category)
        for category in among
        if (total := totals.get(category)) is not None and total.quantity > 0 and total.last_at is not None
    ]
    return max(bought, key=lambda total: total[:2])[2] if bought else None


def _by_category(purchase: Purchase) -> dict[str, tuple[int, int]]:
    """Return amount and quantity by category."""
    totals = dict[str, tuple[int, int]]()
    for line in purchase.lines:
        if line.category:
            amount, quantity = totals.get(line.category, (0, 0))
            totals[line.category] = amount + line.amount, quantity + line.quantity
    return totals
