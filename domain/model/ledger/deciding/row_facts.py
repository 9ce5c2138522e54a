"""Small facts that a row states of what it changed."""

from __future__ import annotations

from domain.model.ledger.decision import RefundedPurchase, TagChanges
from domain.model.ledger.events import Refund


def tag_changes(before: frozenset[str], after: frozenset[str]) -> TagChanges | None:
    """Return the tags that were put on a member and taken away; None where none was."""
    return None if after == before else TagChanges(after - before, before - after)


def refunded_purchase(refund: Refund) -> RefundedPurchase:
    """Return what stood before a refund or a correction, and what stands."""
    return RefundedPurchase(refund.before, refund.remaining, refund.purchase.key, refund.purchase.at)
