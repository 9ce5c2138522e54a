"""Products as shops tell them: variants, what they cost, whether they can be had, and by which category."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.model.intake.bodies import BodyIncomplete, parse_body
from domain.model.intake.order_state import BodyIgnored, ProductGroup, ShopProduct
from domain.model.intake.shop_terms import ShopTerms
from domain.model.intake.shopify import map_shopify
from domain.model.intake.woocommerce import map_woocommerce

TERMS = ShopTerms("EUR", categories={"MUG-RED": "mugs", "632": "coins"})
Json = dict[str, Any]
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def variant(id: int, **changes: Any) -> Json:
    return {
        "id": id, "product_id": 632, "title": "Default Title", "price": "19.90", "sku": f"SKU-{id}", "image_id": None,
        "inventory_policy": "deny", "inventory_quantity": 4, "inventory_management": "shopify",
    } | changes  # fmt: skip


def shopify_product(*variants: Json, **changes: Any) -> Json:
    return {
        "id": 632, "title": "Ducado", "vendor": "Casa", "product_type": "", "handle": "ducado", "status": "active",
        "updated_at": "2026-03-02T10:00:00+01:00", "variants": list(variants),
        "images": [{"id": 7, "src": "https://cdn.example/red.jpg"}], "image": {"id": 9, "src": "https://cdn.example/a.jpg"},
    } | changes  # fmt: skip


def of_shopify(body: Json, topic: str | None = "products/update") -> object:
    return map_shopify(parse_body(json.dumps(body).encode()), TERMS, topic=topic)


def of_woo(body: Json, topic: str = "product.updated") -> object:
    return map_woocommerce(parse_body(json.dumps(body).encode()), TERMS, topic=topic)


@pytest.mark.parametrize("topic", ["products/update", "products/create", None])
def test_a_product_of_shopify_comes_with_its_variants(topic: str | None) -> None:
    red = variant(1, sku="MUG-RED", title="Red", image_id=7)
    unnamed = variant(2, sku="", price="20", inventory_quantity=0)
    assert of_shopify(shopify_product(red, unnamed), topic) == ProductGroup(
        "632",
        (
            ShopProduct("MUG-RED", "Ducado – Red", "mugs", 1_990, "https://cdn.example/red.jpg"),
            ShopProduct("2", "Ducado", "coins", 2_000, "https://cdn.example/a.jpg", is_available=False),
        ),
        AT,
    )


@pytest.mark.parametrize(
    ("changes", "is_available"),
    [
        ({"inventory_quantity": 0}, False),
        ({"inventory_quantity": -3, "inventory_policy": "continue"}, True),
        ({"inventory_quantity": 0, "inventory_management": None}, True),
        ({"inventory_quantity": None}, True),
    ],
)
def test_what_is_out_of_stock_is_not_available(changes: Json, is_available: bool) -> None:
    group = of_shopify(shopify_product(variant(1, **changes)))
    assert isinstance(group, ProductGroup)
    assert [each.is_available for each in group.products] == [is_available]


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_what_is_not_on_sale_is_not_available(status: str) -> None:
    group = of_shopify(shopify_product(variant(1), status=status))
    assert isinstance(group, ProductGroup)
    assert not group.products[0].is_available


def test_a_deleted_product_has_nothing_left() -> None:
    assert of_shopify({"id": 632}, "products/delete") == ProductGroup("632")
    assert of_woo({"id": 9}, "product.deleted") == ProductGroup("9")
    with pytest.raises(BodyIncomplete):
        of_shopify({}, "products/delete")
    assert isinstance(of_shopify({"id": 632}), BodyIgnored)
    assert isinstance(of_woo({"id": 9}), BodyIgnored)


def test_a_product_of_woocommerce() -> None:
    body = {
        "id": 632, "name": "Ducado", "sku": "", "price": "31.50", "status": "publish", "stock_status": "instock",
        "permalink": "https://shop.example/ducado", "images": [{"src": "https://shop.example/d.jpg"}],
        "date_modified_gmt": "2026-03-02T09:00:00",
    }  # fmt: skip
    product = ShopProduct(
        "632", "Ducado", "coins", 3_150, "https://shop.example/d.jpg", "https://shop.example/ducado"
    )
    assert of_woo(body) == ProductGroup("632", (product,), AT)
    for changes in ({"stock_status": "outofstock"}, {"status": "private"}):
        group = of_woo({**body, **changes, "price": ""})
        assert isinstance(group, ProductGroup)
        assert (group.products[0].is_available, group.products[0].price) == (False, None)
