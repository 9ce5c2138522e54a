"""An order's end state is the same in whatever order its bodies came, and an amount is clamped to what is left."""

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from domain.model.intake import shopify, woocommerce
from domain.model.intake.bodies import parse_body
from domain.model.intake.order_state import OrderLine, OrderRefund, OrderState, what_is_left
from domain.model.intake.shop_terms import ShopTerms

SAMPLES = Path(__file__).parent / "samples"
TERMS = ShopTerms("EUR")


def body_of(name: str, **changes: Any) -> dict[str, Any]:
    (path,) = SAMPLES.glob(f"{name}.*")
    return {**json.loads(path.read_text()), **changes}


def order(body: dict[str, Any], terms: ShopTerms = TERMS) -> OrderState:
    mapped = shopify.map_shopify(parse_body(json.dumps(body).encode()), terms)
    assert isinstance(mapped, OrderState)
    return mapped


def woo_order(body: dict[str, Any], terms: ShopTerms = TERMS) -> OrderState:
    mapped = woocommerce.map_woocommerce(parse_body(json.dumps(body).encode()), terms)
    assert isinstance(mapped, OrderState)
    return mapped


def refund(name: str) -> OrderRefund:
    mapped = shopify.map_shopify(body_of(name), TERMS)
    assert isinstance(mapped, OrderRefund)
    return mapped


def amounts(lines: tuple[OrderLine, ...]) -> list[int]:
    return [line.left_amount for line in lines]


def as_paid() -> OrderState:
    """The order of Shopify's documentation before anything was taken back."""
    body = body_of("shopify/order_partially_refunded_shopify_docs", refunds=[])
    for line in body["line_items"]:
        line["current_quantity"] = line["quantity"]
    return order(body)


def test_a_refund_is_clamped_to_what_its_line_cost() -> None:
    left = what_is_left(as_paid(), [refund("shopify/refund_create_shopify_docs_two_lines")])
    assert amounts(left) == [0, 19567, 1, 398]
    assert sum(amounts(as_paid().lines)[:3]) - sum(amounts(left)[:3]) == 39132


def test_a_refund_that_the_body_counts_takes_nothing_again() -> None:
    state = order(body_of("shopify/order_partially_refunded_shopify_docs"))
    assert amounts(what_is_left(state, [refund("shopify/refund_create_shopify_docs_two_lines")])) == [
        0,
        19567,
        0,
        398,
    ]


def test_refunds_take_the_same_in_any_order() -> None:
    refunds = [
        refund("shopify/refund_create_shopify_docs_two_lines"),
        refund("shopify/refund_create_shopify_docs_shipping_only"),
        OrderRefund("7", "448375752", amount=1000),
    ]
    results = {tuple(amounts(what_is_left(as_paid(), each))) for each in itertools.permutations(refunds)}
    assert len(results) == 1


def test_an_edit_leaves_what_its_current_quantity_says() -> None:
    body = body_of("shopify/refund_create_pos_whole_line_discounted")["refund_line_items"][0]["line_item"]
    order_body = body_of(
        "shopify/order_partially_refunded_shopify_docs",
        refunds=[],
        line_items=[{**body, "current_quantity": 1}],
        total_price="161.25",
        total_tax="17.28",
        total_tip_received="0.00",
    )
    (line, tax) = order(order_body).lines
    assert (line.amount, line.left_amount, line.left_quantity, tax.amount) == (14397, 3600, 1, 1728)


def test_an_edit_that_adds_goods_counts_them_though_the_total_is_of_the_first_day() -> None:
    body = body_of("shopify/order_paid_fixed_and_line_discount_shipping")
    added = {**body["line_items"][1], "id": 99, "price": "50.00", "discount_allocations": []}
    added.pop("price_set")
    edited = order({**body, "line_items": [*body["line_items"], added], "current_total_price": "354.00"})
    assert (edited.total, edited.unexplained, edited.eligible) == (35400, 0, 33400)


def test_tax_inside_of_prices_is_taken_out_where_the_source_counts_net() -> None:
    shown = order(body_of("shopify/order_paid_taxes_included_test_order"))
    net = order(body_of("shopify/order_paid_taxes_included_test_order"), replace(TERMS, count="net"))
    assert (shown.eligible, net.eligible, net.total) == (10095, 8412, 10095)
    woo = body_of("woocommerce/CONSTRUCTED_order_guest_coupon_taxes_included_partial_refund")
    net = woo_order(woo, replace(TERMS, count="net"))
    assert [(line.category, line.amount) for line in net.lines] == [
        ("goods", 3600),
        ("shipping", 500),
        ("tax", 943),
    ]


def test_a_negative_fee_is_a_discount_and_a_positive_one_a_fee() -> None:
    body = body_of("woocommerce/order_processing_paid_card", total="26.44")
    body["fee_lines"] = [
        {"id": 1, "name": "x", "total": "-3.00", "total_tax": "0.00"},
        {"id": 2, "total": "1.00"},
    ]
    assert [(line.category, line.amount) for line in woo_order(body).lines] == [
        ("goods", 1199), ("shipping", 1345), ("fee", 100),
    ]  # fmt: skip


def test_refunds_of_woocommerce_go_by_line_where_the_shop_adds_the_lines() -> None:
    (refunds,) = SAMPLES.glob("woocommerce/rest_order_refunds*")
    body = body_of("woocommerce/order_completed_two_refunds_wc_docs", refunds=json.loads(refunds.read_text()))
    assert amounts(woo_order(body).lines) == [0, 1333, 667]


def test_a_positive_discrepancy_is_money_not_moved_and_a_negative_one_is_an_amount() -> None:
    body = body_of("shopify/refund_create_shopify_docs_shipping_only", refund_shipping_lines=[])
    body["order_adjustments"] = [
        {"kind": "refund_discrepancy", "amount": "12.00"},
        {"kind": "refund_discrepancy", "amount": "-7.50"},
    ]
    mapped = shopify.map_shopify(body, TERMS)
    assert isinstance(mapped, OrderRefund)
    assert (mapped.parts, mapped.amount) == ((), 750)


def test_categories_go_by_sku_product_or_vendor_and_never_replace_a_gift_card() -> None:
    terms = ShopTerms("EUR", categories={"TEE-1": "clothes", "15518907892102": "clothes"})
    state = order(body_of("shopify/CONSTRUCTED_order_paid_gift_card_line_and_gift_card_payment_pos"), terms)
    assert [line.category for line in state.lines] == ["gift-card", "clothes", "tax"]


def test_an_order_that_the_shop_took_back_leaves_nothing() -> None:
    for status in ("cancelled", "failed", "refunded", "trash"):
        state = woo_order(body_of("woocommerce/order_processing_paid_card", status=status))
        assert amounts(what_is_left(state, ())) == [0, 0]


def taxed_order(*, is_included: bool, **changes: Any) -> dict[str, Any]:
    """Two pieces at 12.30 with 2.30 of tax each inside of the price, or at 10.00 and the tax beside it."""
    tax = [{"price": "4.60"}]
    price = "12.30" if is_included else "10.00"
    line = {"id": 1, "sku": "MUG", "price": price, "quantity": 2, "current_quantity": 2, "tax_lines": tax}
    return {
        "id": 7, "currency": "EUR", "financial_status": "paid", "taxes_included": is_included, "total_tax": "4.60",
        "total_price": "24.60", "line_items": [line], "refunds": [], "processed_at": "2026-03-02T09:00:00Z", **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("count", "is_included", "left"),
    [("net", True, [1000, 230]), ("shown", True, [1230]), ("net", False, [1000, 230])],
)
def test_a_refund_takes_the_same_alone_and_within_its_order(
    count: Literal["shown", "net"], is_included: bool, left: list[int]
) -> None:
    terms, subtotal = replace(TERMS, count=count), "12.30" if is_included else "10.00"
    piece = {"line_item_id": 1, "quantity": 1, "subtotal": subtotal, "total_tax": "2.30"}
    body = {"id": 9, "order_id": 7, "refund_line_items": [piece]}
    alone = shopify.map_shopify(parse_body(json.dumps(body).encode()), terms)
    assert isinstance(alone, OrderRefund)
    paid = order(taxed_order(is_included=is_included), terms)
    updated = order(taxed_order(is_included=is_included, refunds=[body]), terms)
    assert amounts(what_is_left(paid, [alone])) == left
    assert amounts(what_is_left(updated, [alone])) == left
