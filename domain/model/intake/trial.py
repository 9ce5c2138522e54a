"""What a body would become, in figures, for whoever sets up a source; nothing is written."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from domain.model.intake.bodies import BodyIncomplete, BodyMalformed
from domain.model.intake.instants import InstantUnreadable
from domain.model.intake.money import MoneyUnreadable
from domain.model.intake.order_state import (
    RESERVED,
    BodyIgnored,
    MappedBody,
    OrderLine,
    OrderRefund,
    OrderState,
    PrivacyRequest,
    ProductGroup,
    what_is_left,
    why_it_counts_not,
)
from domain.model.intake.sources import Source

UNREADABLE = (BodyIncomplete, BodyMalformed, InstantUnreadable, MoneyUnreadable)


def try_body(
    source: Source,
    raw: bytes,
    *,
    currency: str,
    topic: str | None = None,
    ineligible: Collection[str] = RESERVED,
) -> dict[str, object]:
    """Return what a body would become: the kind, why it counts for nothing where it does, and figures."""
    try:
        mapped = source.map(source.parse(raw), currency=currency, topic=topic)
    except UNREADABLE as fault:
        return {"becomes": "failed", "reason": str(fault)}
    return _figures(mapped, ineligible)


def _figures(mapped: MappedBody, ineligible: Collection[str]) -> dict[str, object]:
    match mapped:
        case BodyIgnored(reason=reason):
            return {"becomes": "ignored", "reason": reason}
        case OrderState():
            return _order_figures(mapped, ineligible)
        case OrderRefund():
            parts = [
                {"line": part.key, "quantity": part.quantity, "amount": part.amount} for part in mapped.parts
            ]
            return {
                "becomes": "refund",
                "order": mapped.order_id,
                "refundId": mapped.id,
                "lines": parts,
                "amount": mapped.amount,
            }
        case ProductGroup():
            return {
                "becomes": "product",
                "id": mapped.id,
                "products": [
                    {
                        "sku": each.sku,
                        "title": each.title,
                        "category": each.category,
                        "price": each.price,
                        "available": each.is_available,
                    }
                    for each in mapped.products
                ],
            }
        case PrivacyRequest():
            return {"becomes": "privacy", "kind": mapped.kind, "orders": list(mapped.order_ids)}
        case _:
            return {"becomes": "event", "name": mapped.name, "id": mapped.id, "data": dict(mapped.fields)}


def _order_figures(state: OrderState, ineligible: Collection[str]) -> dict[str, object]:
    reason = why_it_counts_not(state)
    left = what_is_left(state, ())
    figures: dict[str, object] = {"becomes": "purchase" if reason is None else "ignored"}
    if reason is not None:
        figures["reason"] = reason
    return figures | {
        "externalId": state.external_id,
        "currency": state.currency,
        "total": state.total,
        "lines": _lines(state.lines),
        "eligible": sum(line.amount for line in state.lines if line.category not in ineligible),
        "unexplained": state.unexplained,
        "occurredAt": state.occurred_at.isoformat().replace("+00:00", "Z"),
        "recorded": _lines(state.recorded),
        "left": [
            {"sku": line.sku, "quantity": line.left_quantity, "amount": line.left_amount} for line in left
        ],
        "refunds": list(state.refund_ids),
    }


def _lines(lines: Sequence[OrderLine]) -> list[dict[str, object]]:
    return [
        {"sku": line.sku, "category": line.category, "quantity": line.quantity, "amount": line.amount}
        for line in lines
    ]
