"""WooCommerce's webhook bodies: the state of an order.

Read from WooCommerce's sources and real bodies (3.0 to 11.0): `line.total` is net even where prices include
tax; `refunds[]` holds no lines, unless the shop adds them (`scripts/woocommerce-refund-lines.php`); `number`
may be a plugin's, identity is `id`. A signed body may be an error object, `{"id"}` or `{"action", "arg"}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from domain.model.intake.bodies import Body, BodyIncomplete, id_of, mapping, mappings, text_of, whole_number
from domain.model.intake.instants import instant_of
from domain.model.intake.money import minor_units
from domain.model.intake.order_state import (
    FEE,
    SHIPPING,
    TAX,
    BodyIgnored,
    MappedBody,
    MemberHints,
    OrderLine,
    OrderRefund,
    OrderState,
    RefundedPart,
    Standing,
    spread_discount,
    take_back,
    with_rest,
)
from domain.model.intake.shop_products import map_woocommerce_product
from domain.model.intake.shop_terms import ShopTerms

COUNTED: Final = frozenset({"processing", "completed"})
VOID: Final = frozenset({"cancelled", "failed", "refunded", "trash"})
CREDIT_COUPONS: Final = frozenset({"smart_coupon", "store_credit"})
REFUNDED_ITEM: Final = "_refunded_item_id"


def map_woocommerce(body: object, terms: ShopTerms, *, topic: str | None = None) -> MappedBody:
    """Return what a body comes to. Raises BodyIncomplete, MoneyUnreadable, InstantUnreadable."""
    if not isinstance(body, dict):
        return BodyIgnored("the body is no object")
    name = (topic or "").strip().lower()
    if name.startswith("product."):
        return map_woocommerce_product(body, terms, topic=name)
    if name and not name.startswith("order."):
        return BodyIgnored("no topic that counts")
    if "line_items" in mapping(body.get("order")):
        raise BodyIncomplete("it is of the legacy API: choose WP REST API Integration v3 in the webhook")
    if "line_items" not in body or "status" not in body or isinstance(body.get("status"), int):
        return BodyIgnored("the body holds no order")
    return map_order(body, terms)


def map_order(body: Body, terms: ShopTerms) -> OrderState:
    """Return the state of an order."""
    currency = (text_of(body.get("currency")) or terms.currency).upper()
    reader = _WooCommerceOrder(body, terms, currency)
    lines = reader.lines()
    total = reader.total(lines)
    explained, rest = with_rest(lines, total)
    refunds = [reader.refund(refund) for refund in mappings(body.get("refunds"))]
    created_at = body.get("date_created_gmt") or body.get("date_created")
    paid_at = _paid_at(body)
    number = text_of(body.get("number"))
    return OrderState(
        external_id=id_of(body),
        currency=currency,
        total=total,
        lines=take_back(explained, refunds),
        occurred_at=instant_of(paid_at or created_at),
        updated_at=instant_of(body.get("date_modified_gmt") or body.get("date_modified") or created_at),
        standing=_standing(body),
        hints=_hints(body),
        unexplained=rest,
        refund_ids=tuple(refund.id for refund in refunds),
        numbers=() if number is None else (number,),
    )


def _standing(body: Body) -> Standing:
    status = (text_of(body.get("status")) or "").removeprefix("wc-")
    if status in VOID:
        return "void"
    return "counts" if status in COUNTED and _paid_at(body) else "open"


def _paid_at(body: Body) -> object:
    """Return when an order was paid; bodies of the API's first version say it in the shop's time alone."""
    return body.get("date_paid_gmt") if "date_paid_gmt" in body else body.get("date_paid")


def _hints(body: Body) -> MemberHints:
    billing = mapping(body.get("billing"))
    customer = text_of(body.get("customer_id"))
    contacts = (text_of(billing.get(field)) for field in ("email", "phone"))
    notes = [text_of(body.get("customer_note"))]
    notes += [text_of(meta.get("value")) for meta in mappings(body.get("meta_data")) if _is_membership(meta)]
    return MemberHints(
        None if customer == "0" else customer,
        tuple(contact for contact in contacts if contact is not None),
        tuple(note for note in notes if note is not None),
    )


def _is_membership(meta: Body) -> bool:
    key = text_of(meta.get("key")) or ""
    return any(word in key.lower() for word in ("member", "loyalty", "selo"))


class _WooCommerceOrder:
    """Reads the lines and refunds of one order."""

    def __init__(self, body: Body, terms: ShopTerms, currency: str) -> None:
        self._body, self._terms, self._currency = body, terms, currency
        self._is_shown = body.get("prices_include_tax") is True and terms.count == "shown"

    def lines(self) -> tuple[OrderLine, ...]:
        lines = [self._goods_line(line) for line in mappings(self._body.get("line_items"))]
        fees = [self._shown(line) for line in mappings(self._body.get("fee_lines"))]
        discount = -sum(fee for fee in fees if fee < 0)
        shipping = sum(map(self._shown, mappings(self._body.get("shipping_lines"))))
        tax = 0 if self._is_shown else self.money(self._body, "total_tax")
        sums = ((SHIPPING, shipping), (TAX, tax), (FEE, sum(fee for fee in fees if fee > 0)))
        lines += [OrderLine.summed(category, amount) for category, amount in sums if amount > 0]
        return spread_discount(lines, discount) if discount else tuple(lines)

    def total(self, lines: Sequence[OrderLine]) -> int:
        """Return what the order came to. Gift cards and store credit that pay are written as if they lowered
        it: they are money, so as far as the lines say so they are counted.
        """
        total, credit = self.money(self._body, "total"), 0
        for card in mappings(self._body.get("gift_cards")):
            credit += max(self.money(card, "amount"), 0)
        for coupon in mappings(self._body.get("coupon_lines")):
            if coupon.get("discount_type") in CREDIT_COUPONS:
                credit += max(self.money(coupon, "discount"), 0)
        return total + max(min(sum(line.amount for line in lines) - total, credit), 0)

    def refund(self, refund: Body) -> OrderRefund:
        """Return a refund: by lines where the shop adds them, the rest of it by amount."""
        amount = abs(self.money(refund, "total" if refund.get("total") is not None else "amount"))
        parts, tax = list[RefundedPart](), 0
        for field, category in (("line_items", None), ("shipping_lines", SHIPPING), ("fee_lines", FEE)):
            for line in mappings(refund.get(field)):
                key = category or _refunded_item(line)
                if key is not None:
                    quantity = abs(whole_number(line.get("quantity")) or 0)
                    parts.append(RefundedPart(key, abs(self._shown(line)), quantity))
                    tax += 0 if self._is_shown else abs(self.money(line, "total_tax"))
        if tax:
            parts.append(RefundedPart(TAX, tax))
        rest = amount - sum(part.amount for part in parts)
        return OrderRefund(id_of(refund), id_of(self._body), tuple(parts), max(rest, 0))

    def money(self, part: Body, field: str) -> int:
        value = part.get(field)
        return minor_units(value, self._currency) if value not in (None, "") else 0

    def _shown(self, line: Body) -> int:
        return self.money(line, "total") + (self.money(line, "total_tax") if self._is_shown else 0)

    def _goods_line(self, line: Body) -> OrderLine:
        product = text_of(line.get("product_id"))
        candidates = (text_of(line.get(field)) for field in ("sku", "variation_id", "product_id", "id"))
        sku = next((text for text in candidates if text not in (None, "0")), None)
        key = text_of(line.get("id")) or sku
        if sku is None or key is None:
            raise BodyIncomplete("a line of line_items has no id")
        amount, quantity = max(self._shown(line), 0), max(whole_number(line.get("quantity")) or 1, 1)
        category = self._terms.category(sku, product)
        return OrderLine(key, sku, category, amount, quantity, amount, quantity, text_of(line.get("name")))


def _refunded_item(line: Body) -> str | None:
    """Return the line of the order that a refund's line takes back."""
    metas = mappings(line.get("meta_data"))
    return next((text_of(meta.get("value")) for meta in metas if meta.get("key") == REFUNDED_ITEM), None)
