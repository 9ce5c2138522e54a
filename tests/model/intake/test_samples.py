"""The sample bodies come to the figures that were worked by hand; each has a declared fate when it stands alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from domain.model.intake.order_state import RESERVED
from domain.model.intake.sources import Source, load_sources
from domain.model.intake.trial import try_body

SAMPLES = Path(__file__).parent / "samples"
EXPECTED: dict[str, dict[str, Any]] = json.loads((SAMPLES / "expected.json").read_text())
SOURCES = """
sources:
  - {code: shopify, kind: shopify, store: online, secrets: [SHOP_SECRET]}
  - {code: woocommerce, kind: woocommerce, store: online, secrets: [WOO_SECRET]}
"""
# What each file becomes where it comes alone, for a member who is known. A refund alone is parked until its order
# comes; the ping is answered at the door. A topic stands in the file's name or in what it holds.
FATES = {
    "shopify/CONSTRUCTED_order_paid_gift_card_line_and_gift_card_payment_pos": "purchase",
    "shopify/order_cancelled_fully_refunded": "ignored: nothing of it stands",
    "shopify/order_paid_fixed_and_line_discount_shipping": "purchase",
    "shopify/order_paid_multicurrency_test_order": "ignored: a test order",
    "shopify/order_paid_tax_excluded_shipping_test_order": "ignored: a test order",
    "shopify/order_paid_taxes_included_test_order": "ignored: a test order",
    "shopify/order_partially_refunded_shopify_docs": "purchase",
    "shopify/published_2026_04_customers_data_request": "privacy: data_request",
    "shopify/published_2026_04_customers_merge": "ignored: the merge did not happen",
    "shopify/published_2026_04_customers_redact": "privacy: redact",
    "shopify/published_2026_04_orders_edited": "ignored: an edit holds only ids; orders/updated has the order",
    "shopify/published_2026_04_orders_paid": "ignored: a test order",
    "shopify/published_2026_04_refunds_create": "refund",
    "shopify/published_2026_04_shop_redact": "privacy: shop_redact",
    "shopify/refund_create_pos_whole_line_discounted": "refund",
    "shopify/refund_create_shopify_docs_shipping_only": "refund",
    "shopify/refund_create_shopify_docs_two_lines": "refund",
    "woocommerce/CONSTRUCTED_order_guest_coupon_taxes_included_partial_refund": "purchase",
    "woocommerce/action_woocommerce_order_refunded": "ignored: the body holds no order",
    "woocommerce/order_completed_taxes_included_paid_by_store_credit": "purchase",
    "woocommerce/order_completed_two_refunds_wc_docs": "ignored: not paid yet",
    "woocommerce/order_deleted": "ignored: the body holds no order",
    "woocommerce/order_processing_paid_card": "purchase",
    "woocommerce/order_restored_guestlike_zero_total": "ignored: not paid yet",
    "woocommerce/order_updated_body_is_an_error": "ignored: the body holds no order",
    "woocommerce/ping": "failed: the body is not JSON in UTF-8",
    "woocommerce/rest_order_refunds_wc_docs": "ignored: the body is no object",
}


def sources() -> dict[str, Source]:
    return {source.code: source for source in load_sources(SOURCES, {})}


def tried(name: str, **changes: str) -> dict[str, Any]:
    """What a sample would become."""
    (path,) = SAMPLES.glob(f"{name}.*")
    return try_body(sources()[name.partition("/")[0]], path.read_bytes(), currency="EUR", ineligible=RESERVED)


@pytest.mark.parametrize("name", EXPECTED)
def test_an_order_comes_to_the_figures_worked_by_hand(name: str) -> None:
    figures = tried(name)
    assert {key: figures[key] for key in EXPECTED[name]} == EXPECTED[name]


def test_every_sample_has_a_declared_fate() -> None:
    files = {f"{path.parent.name}/{path.stem}" for path in SAMPLES.glob("*/*")}
    assert files == FATES.keys()
    assert len(files) == 27


@pytest.mark.parametrize("name", FATES)
def test_a_sample_alone_has_its_declared_fate(name: str) -> None:
    figures = tried(name)
    becomes, detail = figures["becomes"], figures.get("reason") or figures.get("kind")
    assert FATES[name] == (becomes if detail is None else f"{becomes}: {detail}")


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("shopify/order_cancelled_fully_refunded", [0]),
        ("shopify/order_partially_refunded_shopify_docs", [0, 19567, 0, 398]),
        ("woocommerce/CONSTRUCTED_order_guest_coupon_taxes_included_partial_refund", [2484, 345]),
        ("woocommerce/order_completed_two_refunds_wc_docs", [461, 1026, 513]),
    ],
)
def test_what_is_left_of_an_order_is_what_its_refunds_left(name: str, left: list[int]) -> None:
    assert [line["amount"] for line in tried(name)["left"]] == left


def test_a_negative_rest_is_spread_over_the_goods() -> None:
    figures = tried("shopify/published_2026_04_orders_paid")
    assert sum(line["amount"] for line in figures["recorded"]) == figures["total"] == 40495
    assert figures["recorded"][-1] == {
        "sku": "shipping",
        "category": "shipping",
        "quantity": 1,
        "amount": 1000,
    }


def test_a_refund_names_lines_shipping_and_tax() -> None:
    assert tried("shopify/refund_create_pos_whole_line_discounted") == {
        "becomes": "refund",
        "order": "6230669074638",
        "refundId": "938203498579",
        "lines": [
            {"line": "14077963301436", "quantity": 4, "amount": 14397},
            {"line": "tax", "quantity": 0, "amount": 1728},
        ],
        "amount": 0,
    }
    shipping = tried("shopify/refund_create_shopify_docs_shipping_only")
    assert shipping["lines"] == [{"line": "shipping", "quantity": 0, "amount": 500}]
