"""Receipts, revenue, what is returned and corrected, and codes that led to a purchase. Minor units.

Receipts of before an import stand apart, as in exports: they make a customer, but no revenue here.
"""

from __future__ import annotations

from domain.model.event_names import CORRECTED, PURCHASED, REFUNDED
from domain.model.figures.folded_row import FoldedRow
from domain.model.figures.increments import Increments
from domain.model.ledger.deciding.opening import is_history


def fold(folded: FoldedRow, increments: Increments) -> None:
    """Add what a purchase, a refund or a correction says of receipts."""
    event, refunded = folded.row.event, folded.row.refunded
    if event.purchase is None or event.delayed_rule is not None:
        return
    if event.name == PURCHASED and not folded.before.has_bought:
        folded.add(increments, "first_purchases")
    if is_history(event):
        folded.add(increments, "history.receipts")
        folded.add(increments, "history.revenue", event.purchase.total)
    elif event.name == PURCHASED:
        folded.add(increments, "receipts")
        folded.add(increments, "revenue", event.purchase.total)
        folded.add_to_month(increments, "receipts")
        folded.add_to_month(increments, "revenue", event.purchase.total)
        for code, has_bought in folded.before.codes.items():
            if not has_bought:
                folded.add(increments, f"codes.{code}.converted")
    elif event.name == REFUNDED and refunded is not None:
        less = refunded.before.total - refunded.remaining.total
        folded.add(increments, "refunds")
        folded.add(increments, "returned", less)
        folded.add_to_month(increments, "returned", less)
        if refunded.remaining.is_returned:
            folded.add(increments, "returned_receipts")
    elif event.name == CORRECTED and refunded is not None:
        more = refunded.remaining.total - refunded.before.total
        folded.add(increments, "corrections")
        folded.add(increments, "corrected", more)
        folded.add_to_month(increments, "revenue", more)
