"""Bodies of other shapes that these shops send come to the right amounts: tips, duties, edits, foreign buyers,
currencies without decimals, store credit.
"""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from domain.model.intake import shopify, woocommerce
from domain.model.intake.bodies import BodyIncomplete, parse_body
from domain.model.intake.order_state import BodyIgnored, MappedBody, OrderRefund, OrderState, what_is_left
from domain.model.intake.shop_terms import ShopTerms

TERMS = ShopTerms("EUR")
Json = dict[str, Any]


def money(amount: str, presentment: str | None = None, *, currency: str = "EUR") -> Json:
    shown = {"amount": presentment or amount, "currency_code": "USD" if presentment else currency}
    return {"shop_money": {"amount": amount, "currency_code": currency}, "presentment_money": shown}


def line(id: int, price: str, quantity: int = 1, **changes: Any) -> Json:
    return {
        "id": id, "sku": f"SKU-{id}", "price": price, "quantity": quantity, "current_quantity": quantity, "product_id": id,
        "variant_id": id, "taxable": True, "requires_shipping": True, "gift_card": False, "discount_allocations": [],
    } | changes  # fmt: skip


def shop_order(total: str, *lines: Json, **changes: Any) -> Json:
    return {
        "id": 1, "currency": "EUR", "presentment_currency": "EUR", "financial_status": "paid", "taxes_included": True,
        "total_tax": "0.00", "total_price": total, "line_items": list(lines), "shipping_lines": [], "refunds": [],
        "processed_at": "2026-03-02T09:00:00Z", "updated_at": "2026-03-02T09:00:00Z", "email": "ana@example.com",
    } | changes  # fmt: skip


def woo_order(total: str, *lines: Json, **changes: Any) -> Json:
    return {
        "id": 2, "status": "processing", "currency": "EUR", "prices_include_tax": True, "total": total, "total_tax": "0.00",
        "date_paid_gmt": "2026-03-02T09:00:00", "date_created_gmt": "2026-03-02T08:00:00", "line_items": list(lines),
        "date_modified_gmt": "2026-03-02T09:00:00", "billing": {"email": "ana@example.com"},
    } | changes  # fmt: skip


def mapped(body: Json, terms: ShopTerms = TERMS, topic: str | None = None) -> MappedBody:
    read = woocommerce.map_woocommerce if "status" in body else shopify.map_shopify
    return read(parse_body(json.dumps(body).encode()), terms, topic=topic)


def figures(body: Json, terms: ShopTerms = TERMS) -> Mapping[str, object]:
    """What an order comes to: its lines by category, the total, what earns, and what is left of what earns."""
    state = mapped(body, terms)
    assert isinstance(state, OrderState), state
    left = what_is_left(state, ())
    return {
        "lines": [(each.category, each.amount) for each in state.recorded],
        "total": state.total,
        "eligible": sum(each.amount for each in state.recorded if each.is_goods),
        "left": sum(each.left_amount for each in left if each.is_goods),
        "stands": sum(each.left_amount for each in left),
    }


TIP: Json = {
    "product_id": None,
    "variant_id": None,
    "sku": None,
    "title": "Tip",
    "taxable": False,
    "requires_shipping": False,
}


@pytest.mark.parametrize(
    "key", [{"tip_payment_gateway": None}, {"tip_payment_gateway": "x", "tip_payment_method": "Visa"}, {}]
)
def test_a_tip_earns_nothing_whether_it_is_a_line_or_not(key: Json) -> None:
    as_line = shop_order("57.50", line(1, "50.00"), line(2, "7.50", **TIP, **key), total_tip_received="7.50")
    alone = shop_order("57.50", line(1, "50.00"), total_tip_received="7.50")
    for body in (as_line, alone):
        assert figures(body)["lines"] == [("goods", 5000), ("tip", 750)]


def test_duties_and_fees_are_a_fee_and_go_with_the_refund_that_names_them() -> None:
    body = shop_order(
        "75.00", line(1, "50.00"), total_tax="0.00", original_total_duties_set=money("20.00"),
        original_total_additional_fees_set=money("5.00"), financial_status="partially_refunded",
    )  # fmt: skip
    assert figures(body)["lines"] == [("goods", 5000), ("fee", 2500)]
    refund = {"id": 9, "order_id": 1, "refund_line_items": [], "total_duties_set": money("20.00")}
    after = figures(body | {"refunds": [refund]})
    assert (after["total"], after["left"], after["stands"]) == (7500, 5000, 5500)


def test_the_shops_money_counts_never_the_customers() -> None:
    sold = line(1, "50.00", 2, price_set=money("50.00", "61.20"))
    sold["discount_allocations"] = [{"amount": "10.00", "amount_set": money("10.00", "12.24")}]
    body = shop_order("90.00", sold, presentment_currency="USD", total_price_set=money("90.00", "110.16"))
    part = {"line_item_id": 1, "quantity": 1, "subtotal_set": money("45.00", "55.08"), "subtotal": None}
    refund = {"id": 9, "order_id": 1, "refund_line_items": [part], "transactions": [{"amount": "55.08"}]}
    assert (figures(body)["eligible"], figures(body | {"refunds": [refund]})["left"]) == (9000, 4500)
    alone = mapped(refund, topic="refunds/create")
    assert isinstance(alone, OrderRefund)
    assert [each.amount for each in alone.parts] == [4500]


@pytest.mark.parametrize(("price", "currency", "amount"), [("1200", "JPY", 1200), ("1.500", "KWD", 1500)])
def test_a_currency_has_its_own_decimals(price: str, currency: str, amount: int) -> None:
    for text in (currency, currency.lower()):
        state = mapped(shop_order(price, line(1, price), currency=text))
        assert isinstance(state, OrderState)
        assert (state.currency, state.total, state.eligible) == (currency, amount, amount)


def test_a_refund_by_amount_is_spread_and_one_in_full_leaves_nothing() -> None:
    adjustment = {"kind": "refund_discrepancy", "amount": "-20.00", "tax_amount": "0.00"}
    refund = {"id": 9, "order_id": 1, "refund_line_items": [], "order_adjustments": [adjustment]}
    body = shop_order(
        "80.00", line(1, "50.00"), line(2, "30.00"), financial_status="partially_refunded", refunds=[refund]
    )
    assert (figures(body)["left"], figures(body)["stands"]) == (6000, 6000)
    for refunds in ([refund], []):
        assert figures(body | {"financial_status": "refunded", "refunds": refunds})["stands"] == 0


def test_a_partial_quantity_goes_back_with_its_tax_and_shipping() -> None:
    body = shop_order(
        "131.00", line(1, "50.00", 2, current_quantity=1), taxes_included=False, total_tax="21.00",
        shipping_lines=[{"price": "10.00", "discount_allocations": [], "tax_lines": []}], financial_status="partially_refunded",
    )  # fmt: skip
    shipping = {"kind": "shipping_refund", "amount": "-10.00", "tax_amount": "-1.00"}
    part = {"line_item_id": 1, "quantity": 1, "subtotal": 50.0, "total_tax": 10.0}
    refund = {"id": 9, "order_id": 1, "refund_line_items": [part], "order_adjustments": [shipping]}
    assert figures(body | {"refunds": [refund]}) == {
        "lines": [("goods", 10000), ("shipping", 1000), ("tax", 2100)],
        "total": 13100, "eligible": 10000, "left": 5000, "stands": 6000,
    }  # fmt: skip


def test_an_edited_order_comes_to_its_goods_though_its_totals_are_of_different_days() -> None:
    # A line was added: tax stands outside, and `total_price` and `total_tax` are of the first day.
    added = shop_order(
        "60.00", line(1, "50.00"), line(2, "20.00"), taxes_included=False, total_tax="10.00", total_discounts="0.00",
        current_subtotal_price="70.00", current_total_price="84.00",
    )  # fmt: skip
    assert (figures(added)["eligible"], figures(added)["total"]) == (7000, 8000)
    # A discount was added: `total_price` still has what nobody pays.
    lowered = line(1, "50.00", discount_allocations=[{"amount": "5.00"}])
    cheaper = shop_order("50.00", lowered, current_total_price="45.00", current_subtotal_price="45.00")
    assert figures(cheaper)["lines"] == [("goods", 4500)]
    # A line was taken out, which is written as a refund without money.
    part = {"line_item_id": 2, "quantity": 1, "subtotal": 20.0, "total_tax": 0, "restock_type": "cancel"}
    discrepancy = {"kind": "refund_discrepancy", "amount": "20.00"}
    refund = {"id": 9, "order_id": 1, "refund_line_items": [part], "order_adjustments": [discrepancy]}
    removed = shop_order("70.00", line(1, "50.00"), line(2, "20.00", current_quantity=0), refunds=[refund])
    assert (figures(removed)["eligible"], figures(removed)["left"]) == (7000, 5000)
    # Delivery was taken out.
    kept, gone = {"price": "5.00"}, {"price": "9.00", "is_removed": True}
    delivered = shop_order("55.00", line(1, "50.00"), shipping_lines=[kept, gone])
    assert figures(delivered)["lines"] == [("goods", 5000), ("shipping", 500)]


def test_an_exchange_counts_what_the_buyer_keeps() -> None:
    part = {"line_item_id": 1, "quantity": 1, "subtotal": 50.0, "total_tax": 0, "restock_type": "return"}
    refund = {"id": 9, "order_id": 1, "refund_line_items": [part], "return": {"id": 3}}
    body = shop_order(
        "50.00", line(1, "50.00", current_quantity=0), line(2, "60.00"), refunds=[refund],
        current_total_price="60.00", current_subtotal_price="60.00", financial_status="partially_refunded",
    )  # fmt: skip
    assert (figures(body)["eligible"], figures(body)["left"]) == (11000, 6000)


def test_orders_of_tills_and_companies_count_as_others_do_and_wait_until_they_are_paid() -> None:
    till = shop_order("50.00", line(1, "50.00"), source_name="pos", location_id=5, customer=None, email="")
    company = shop_order("50.00", line(1, "50.00"), company={"id": 4, "location_id": 5}, po_number="PO-1")
    for body in (till, company):
        assert figures(body)["eligible"] == 5000
    for status in ("pending", "authorized", "partially_paid", "expired", None):
        state = mapped(company | {"financial_status": status}, topic="orders/create")
        assert isinstance(state, OrderState)
        assert state.standing == "open"
    free = figures(shop_order("0.00", line(1, "50.00", discount_allocations=[{"amount": "50.00"}])))
    assert (free["lines"], free["total"]) == ([("goods", 0)], 0)


@pytest.mark.parametrize(
    "topic",
    ["customers/update", "orders/delete", "order_transactions/create", "app/uninstalled", "carts/update"],
)
def test_other_topics_of_shopify_count_for_nothing(topic: str) -> None:
    assert isinstance(mapped({"id": 1, "email": "ana@example.com"}, topic=topic), BodyIgnored)


# ---------------------------------------------------------------- WooCommerce
def sold(id: int, total: str, tax: str = "0.00", **changes: Any) -> Json:
    return {"id": id, "product_id": id, "sku": "", "quantity": 1, "total": total, "total_tax": tax} | changes


def test_store_credit_and_gift_cards_that_pay_lower_nothing_and_coupons_do() -> None:
    goods = sold(1, "40.00")
    for paid_by in (
        {"gift_cards": [{"id": 1, "code": "x", "amount": 15}]},
        {"coupon_lines": [{"id": 1, "code": "x", "discount": "15.00", "discount_type": "smart_coupon"}]},
    ):
        assert figures(woo_order("25.00", goods, **paid_by))["lines"] == [("goods", 4000)]
    coupon = {"id": 1, "code": "x", "discount": "15.00", "discount_type": "fixed_cart"}
    assert figures(woo_order("25.00", goods, coupon_lines=[coupon]))["eligible"] == 2500


def test_an_order_with_everything_sums_to_its_total() -> None:
    body = woo_order(
        "68.33", sold(1, "32.52", "7.48", quantity=2), sold(2, "8.13", "1.87", variation_id=77), total_tax="12.68",
        shipping_lines=[{"id": 3, "total": "5.00", "total_tax": "1.15"}],
        fee_lines=[{"id": 4, "total": "10.00", "total_tax": "2.18"}, {"id": 5, "total": "-0.00", "total_tax": "0.00"}],
        tax_lines=[{"id": 6, "tax_total": "11.53", "shipping_tax_total": "1.15"}], customer_id=0,
    )  # fmt: skip
    assert figures(body)["lines"] == [("goods", 4000), ("goods", 1000), ("shipping", 615), ("fee", 1218)]
    net = figures(body, ShopTerms("EUR", "net"))
    assert net["lines"] == [("goods", 3252), ("goods", 813), ("shipping", 500), ("tax", 1268), ("fee", 1000)]


def test_refunds_of_woocommerce_by_amount_by_line_and_in_full() -> None:
    body = woo_order("60.00", sold(1, "40.00", quantity=2), sold(2, "20.00"), status="completed")
    by_amount = {"id": 9, "reason": "", "total": "-15.00"}
    item = {"id": 90, "quantity": -1, "total": "-20.00", "total_tax": "0.00"}
    item["meta_data"] = [{"id": 1, "key": "_refunded_item_id", "value": "1"}]
    by_line = {"id": 10, "total": "-20.00", "line_items": [item]}
    assert figures(body | {"refunds": [by_amount]})["left"] == 4500
    assert figures(body | {"refunds": [by_line]})["left"] == 4000
    assert figures(body | {"refunds": [by_line, by_amount]})["left"] == 2500
    assert figures(body | {"status": "refunded", "refunds": [by_amount | {"total": "-60.00"}]})["stands"] == 0


def test_an_unpaid_order_waits_and_a_legacy_webhook_is_told_apart() -> None:
    unpaid = woo_order("40.00", sold(1, "40.00"), date_paid_gmt=None, date_paid=None)
    first_version = woo_order("40.00", sold(1, "40.00"), date_paid="2026-03-02T09:00:00")
    del first_version["date_paid_gmt"]
    standings = [
        mapped(woo_order("40.00", sold(1, "40.00"), status=status))
        for status in ("pending", "on-hold", "checkout-draft", "auto-draft")
    ]
    for state in (mapped(unpaid), *standings):
        assert isinstance(state, OrderState)
        assert state.standing == "open"
    state = mapped(first_version)
    assert isinstance(state, OrderState)
    assert state.standing == "counts"
    with pytest.raises(BodyIncomplete, match="legacy"):
        woocommerce.map_woocommerce({"order": {"id": 1, "line_items": []}}, TERMS, topic="order.updated")
    for topic in (
        "customer.updated",
        "coupon.created",
        "action.woocommerce_order_refunded",
    ):
        assert isinstance(woocommerce.map_woocommerce({"id": 1}, TERMS, topic=topic), BodyIgnored)
