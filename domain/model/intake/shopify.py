"""Shopify's webhook bodies: orders, refunds, products and the privacy topics.

Read from Shopify's own published bodies and real ones (2020 to 2026-04): discounts stand in
`discount_allocations` alone, `total_discount` lies; money is the shop's (`shop_money`), never what the
customer saw (`presentment_money`); transactions are in presentment currency and are not read. What is left
comes from `current_quantity` and the refunds, since `current_*` totals of published bodies contradict each
other. A line that is a tip is the only one with `tip_payment_gateway`, which may be null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from domain.model.intake.bodies import Body, BodyIncomplete, id_of, mapping, mappings, text_of, whole_number
from domain.model.intake.instants import instant_of
from domain.model.intake.money import minor_units
from domain.model.intake.order_state import (
    FEE,
    GIFT_CARD,
    GOODS,
    SHIPPING,
    TAX,
    TIP,
    BodyIgnored,
    MappedBody,
    MemberHints,
    OrderLine,
    OrderRefund,
    OrderState,
    PrivacyRequest,
    RefundedPart,
    Standing,
    take_back,
    with_rest,
)
from domain.model.intake.shop_products import map_shopify_product
from domain.model.intake.shop_terms import ShopTerms
from domain.model.values import evolve

PAID: Final = frozenset({"paid", "partially_refunded"})
TAKEN_BACK: Final = frozenset({"voided", "refunded"})
TIP_KEYS: Final = ("tip", "tip_payment_gateway", "tip_payment_method")
PRIVACY_TOPICS: Final = frozenset(
    {"customers/data_request", "customers/redact", "shop/redact", "customers/merge"}
)
PRODUCT_TOPICS: Final = frozenset({"products/create", "products/update", "products/delete"})
REFUNDED_FEES: Final = ("total_duties_set", "total_additional_fees_set")
ADJUSTMENT_KEYS: Final = ("shipping_refund", "refund_discrepancy")


def map_shopify(body: object, terms: ShopTerms, *, topic: str | None = None) -> MappedBody:
    """Return what a body comes to. Without a topic its shape tells what it is. Raises BodyIncomplete,
    MoneyUnreadable, InstantUnreadable.
    """
    if not isinstance(body, dict):
        return BodyIgnored("the body is no object")
    topic = (topic or _topic_of(body)).strip().lower()
    if topic in PRIVACY_TOPICS:
        return _privacy_request(body, topic)
    if topic in PRODUCT_TOPICS:
        return map_shopify_product(body, terms, topic=topic)
    if topic == "refunds/create":
        return map_refund(body, terms)
    if topic == "orders/edited":
        return BodyIgnored("an edit holds only ids; orders/updated has the order")
    if not topic.startswith("orders/"):
        return BodyIgnored("no topic that counts")
    if "line_items" not in body:
        return BodyIgnored("the body holds no order")
    return map_order(body, terms, is_paid=topic == "orders/paid")


def _topic_of(body: Body) -> str:
    shapes = (
        ("admin_graphql_api_customer_kept_id", "customers/merge"),
        ("orders_requested", "customers/data_request"),
        ("orders_to_redact", "customers/redact"),
        ("order_edit", "orders/edited"),
        ("refund_line_items", "refunds/create"),
        ("order_adjustments", "refunds/create"),
        ("line_items", "orders/updated"),
        ("variants", "products/update"),
        ("shop_domain", "shop/redact"),
    )
    return next((topic for field, topic in shapes if field in body), "unknown")


# ---------------------------------------------------------------- orders
def map_order(body: Body, terms: ShopTerms, *, is_paid: bool = False) -> OrderState | BodyIgnored:
    """Return the state of an order. `is_paid` where the topic says so."""
    reader = _ShopifyOrder(body, terms, _order_currency(body) or terms.currency)
    lines = reader.lines()
    total = reader.total(lines)
    explained, rest = with_rest(lines, total)
    left = reader.what_stands(explained)
    created_at = body.get("created_at")
    return OrderState(
        external_id=id_of(body),
        currency=reader.currency,
        total=total,
        lines=left,
        occurred_at=instant_of(body.get("processed_at") or created_at),
        updated_at=instant_of(body.get("updated_at") or body.get("processed_at") or created_at),
        standing=_standing(body, is_paid=is_paid),
        hints=_hints(body),
        unexplained=rest,
        refund_ids=tuple(refund.id for refund in reader.refunds),
        numbers=tuple(
            text for field in ("name", "order_number") if (text := text_of(body.get(field))) is not None
        ),
        is_test=body.get("test") is True,
        is_tax_out=reader.takes_tax_out,
    )


def _standing(body: Body, *, is_paid: bool) -> Standing:
    """Return whether an order counts. What is refunded in full leaves nothing, by lines or not."""
    status = text_of(body.get("financial_status"))
    if status in TAKEN_BACK or body.get("cancelled_at"):
        return "void"
    return "counts" if status in PAID or (is_paid and status is None) else "open"


def _hints(body: Body) -> MemberHints:
    customer = mapping(body.get("customer"))
    contacts = [body.get("email"), body.get("contact_email"), customer.get("email")]
    contacts += [body.get("phone"), customer.get("phone")]
    notes = [attribute.get("value") for attribute in mappings(body.get("note_attributes"))]
    return MemberHints(
        text_of(customer.get("id")),
        tuple(dict.fromkeys(text for contact in contacts if (text := text_of(contact)) is not None)),
        tuple(text for note in (*notes, body.get("note")) if (text := text_of(note)) is not None),
    )


def _order_currency(body: Body) -> str | None:
    currency = text_of(body.get("currency"))
    return None if currency is None else currency.upper()


class _ShopifyOrder:
    """Reads the lines of one order."""

    def __init__(self, body: Body, terms: ShopTerms, currency: str) -> None:
        self._body, self._terms, self.currency = body, terms, currency
        self._is_included = body.get("taxes_included") is True
        self._items = mappings(body.get("line_items"))
        self.refunds = [map_refund(refund, terms, order=body) for refund in mappings(body.get("refunds"))]

    @property
    def takes_tax_out(self) -> bool:
        """Whether tax stands inside of the prices, and is to be counted apart."""
        return self._is_included and self._terms.count == "net"

    def lines(self) -> list[OrderLine]:
        lines = [self._goods_line(line) for line in self._items]
        tips = self._amount("total_tip_received", self._body) - sum(
            line.amount for line in lines if line.category == TIP
        )
        tax = self._money("total_tax", self._body) if not self._is_included or self.takes_tax_out else 0
        fees = ("original_total_duties_set", "original_total_additional_fees_set")
        shipping_lines = mappings(self._body.get("shipping_lines"))
        staying = [line for line in shipping_lines if line.get("is_removed") is not True]
        sums = (
            (SHIPPING, sum(map(self._shipping, staying))),
            (TAX, tax),
            (TIP, tips),
            (FEE, sum(set_money(self._body, field, self.currency) for field in fees)),
        )
        return lines + [OrderLine.summed(category, amount) for category, amount in sums if amount > 0]

    def total(self, lines: list[OrderLine]) -> int:
        """Return what the order came to. After an edit `total_price` may still be that of the day of
        purchase: where what stands now explains `current_total_price` exactly, or the goods of it
        `current_subtotal_price` and no discount explains the difference, the lines are right.
        """
        total, bought = self._money("total_price", self._body), sum(line.amount for line in lines)
        left = self.what_stands(tuple(lines))
        everything = sum(line.left_amount for line in left)
        goods = sum(line.left_amount for line in left if line.is_goods or line.category == GIFT_CARD)
        if everything and self._is_current("current_total_price", everything):
            return bought
        is_edited = 0 < bought - total != self._unallocated_discount()
        return bought if is_edited and self._is_current("current_subtotal_price", goods) else total

    def what_stands(self, lines: tuple[OrderLine, ...]) -> tuple[OrderLine, ...]:
        """Return the lines with what the body's refunds and quantities leave of them."""
        left = take_back(lines, self.refunds, is_tax_out=self.takes_tax_out)
        return _by_quantity(left, self._items)

    def _unallocated_discount(self) -> int:
        """Return what the order was lowered by beside the discounts that its lines name."""
        lines = (*self._items, *mappings(self._body.get("shipping_lines")))
        return self._amount("total_discounts", self._body) - sum(map(self._allocations, lines))

    def _is_current(self, field: str, amount: int) -> bool:
        return self._body.get(field) is not None and self._money(field, self._body) == amount

    def _goods_line(self, line: Body) -> OrderLine:
        quantity = max(whole_number(line.get("quantity")) or 0, 0)
        amount = self._money("price", line) * quantity - self._allocations(line)
        if self.takes_tax_out:
            amount -= self._taxes(line)
        sku = next(
            (
                text
                for field in ("sku", "variant_id", "product_id", "id")
                if (text := text_of(line.get(field)))
            ),
            None,
        )
        key = text_of(line.get("id")) or sku
        if sku is None or key is None:
            raise BodyIncomplete("a line of line_items has no id")
        category = (
            GIFT_CARD
            if line.get("gift_card") is True
            else TIP
            if self._is_tip(line, amount)
            else self._terms.category(sku, text_of(line.get("product_id")), text_of(line.get("vendor")))
        )
        name = text_of(line.get("name")) or text_of(line.get("title"))
        amount = max(amount, 0)
        return OrderLine(key, sku, category, amount, max(quantity, 1), amount, max(quantity, 1), name)

    def _is_tip(self, line: Body, amount: int) -> bool:
        """Tell whether a line is a tip: by its keys, or a line of no product that is all of the tip."""
        if line.get("variant_id") or line.get("product_id"):
            return False
        if any(key in line for key in TIP_KEYS):
            return True
        is_plain = line.get("taxable") is False and line.get("requires_shipping") is False
        return is_plain and amount > 0 and self._amount("total_tip_received", self._body) == amount

    def _shipping(self, line: Body) -> int:
        amount = self._money("price", line) - self._allocations(line)
        return max(amount - (self._taxes(line) if self.takes_tax_out else 0), 0)

    def _allocations(self, line: Body) -> int:
        return sum(self._money("amount", one) for one in mappings(line.get("discount_allocations")))

    def _taxes(self, line: Body) -> int:
        return sum(self._money("price", one) for one in mappings(line.get("tax_lines")))

    def _money(self, field: str, part: Body) -> int:
        return shop_money(part, field, self.currency)

    def _amount(self, field: str, part: Body) -> int:
        return self._money(field, part) if part.get(field) is not None else 0


def set_money(part: Body, field: str, currency: str) -> int:
    """Return an amount that is written in the shop's and the customer's money alone; 0 where it is not."""
    amount = mapping(mapping(part.get(field)).get("shop_money")).get("amount")
    return minor_units(amount, currency) if amount is not None else 0


def shop_money(part: Body, field: str, currency: str) -> int:
    """Return an amount in the shop's own money: the plain field is, and `FIELD_set` says so where it is
    alone.
    """
    value = part.get(field)
    return minor_units(value, currency) if value is not None else set_money(part, f"{field}_set", currency)


def _by_quantity(lines: tuple[OrderLine, ...], items: list[Body]) -> tuple[OrderLine, ...]:
    """Return the lines with no more left than `current_quantity` says, in proportion to what was bought."""
    current = {
        text_of(each.get("id")): quantity
        for each in items
        if (quantity := whole_number(each.get("current_quantity"))) is not None
    }
    return tuple(_at_most(line, current[line.key]) if line.key in current else line for line in lines)


def _at_most(line: OrderLine, quantity: int) -> OrderLine:
    if quantity <= 0:
        return evolve(line, left_amount=0, left_quantity=0)
    if quantity >= line.left_quantity:
        return line
    removed = line.amount * (line.left_quantity - quantity) // line.quantity
    return evolve(line, left_amount=max(line.left_amount - removed, 0), left_quantity=quantity)


# ---------------------------------------------------------------- refunds
def map_refund(body: Body, terms: ShopTerms, *, order: Body | None = None) -> OrderRefund:
    """Return what a refund takes back: goods by line, shipping as shipping, tax with both, and what a
    negative discrepancy says beside them by amount. A positive one is money not moved yet. `order` is the
    body that holds the refund. Whether the order's prices hold the tax is the order's to say.
    """
    currency = _order_currency(mapping(order)) or _currency_of(body) or terms.currency
    parts, tax, shipping = list[RefundedPart](), 0, 0
    for line in mappings(body.get("refund_line_items")):
        line_tax = shop_money(line, "total_tax", currency)
        key = text_of(line.get("line_item_id")) or text_of(mapping(line.get("line_item")).get("id"))
        if key is None:
            raise BodyIncomplete("a refunded line names no line of the order")
        amount = shop_money(line, "subtotal", currency)
        quantity = max(whole_number(line.get("quantity")) or 0, 0)
        parts.append(RefundedPart(key, amount, quantity, line_tax))
        tax += line_tax
    by_kind = dict.fromkeys(ADJUSTMENT_KEYS, 0)
    for adjustment in mappings(body.get("order_adjustments")):
        kind = text_of(adjustment.get("kind")) or "refund_discrepancy"
        if kind in by_kind:
            amount = shop_money(adjustment, "amount", currency)
            by_kind[kind] += min(amount, 0) if kind == "refund_discrepancy" else amount
            if kind == "shipping_refund":
                tax -= shop_money(adjustment, "tax_amount", currency)
    refunded_shipping = mappings(body.get("refund_shipping_lines"))
    if refunded_shipping:
        shipping = sum(shop_money(line, "subtotal_amount", currency) for line in refunded_shipping)
    else:
        shipping = -by_kind["shipping_refund"]
    fees = sum(set_money(body, field, currency) for field in REFUNDED_FEES)
    sums = ((SHIPPING, shipping), (TAX, tax), (FEE, fees))
    parts += [RefundedPart(key, amount) for key, amount in sums if amount > 0]
    order_id = id_of(body, "order_id") if order is None else id_of(order)
    return OrderRefund(id_of(body), order_id, tuple(parts), -by_kind["refund_discrepancy"])


def _currency_of(body: Body) -> str | None:
    """Return the shop's currency as the amounts of a refund name it."""
    lines = [*mappings(body.get("refund_line_items")), *mappings(body.get("order_adjustments"))]
    for part in (body, *lines, *mappings(body.get("refund_shipping_lines"))):
        for field in ("subtotal_set", "amount_set", "subtotal_amount_set", "total_duties_set"):
            code = text_of(mapping(mapping(part.get(field)).get("shop_money")).get("currency_code"))
            if code is not None:
                return code
    return None


# ---------------------------------------------------------------- privacy
def _privacy_request(body: Body, topic: str) -> PrivacyRequest | BodyIgnored:
    customer = mapping(body.get("customer"))
    contacts = tuple(
        text for field in ("email", "phone") if (text := text_of(customer.get(field))) is not None
    )
    if topic == "shop/redact":
        return PrivacyRequest("shop_redact")
    if topic == "customers/merge":
        if text_of(body.get("status")) not in (None, "completed"):
            return BodyIgnored("the merge did not happen")
        return PrivacyRequest(
            "merge",
            customer=_last_part(body, "admin_graphql_api_customer_deleted_id"),
            successor=_last_part(body, "admin_graphql_api_customer_kept_id"),
        )
    field = "orders_requested" if topic == "customers/data_request" else "orders_to_redact"
    orders = body.get(field)
    return PrivacyRequest(
        "data_request" if topic == "customers/data_request" else "redact",
        customer=text_of(customer.get("id")),
        contacts=contacts,
        order_ids=tuple(
            text for each in (orders if isinstance(orders, list) else []) if (text := text_of(each))
        ),
    )


def _last_part(body: Mapping[str, object], field: str) -> str:
    """Return the number at the end of a global id: `gid://shopify/Customer/1` names customer 1."""
    return id_of(body, field).rpartition("/")[2]


__all__ = ["GOODS", "PRIVACY_TOPICS", "map_order", "map_refund", "map_shopify"]
