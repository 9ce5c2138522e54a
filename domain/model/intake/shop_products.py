"""Products as shops tell them: Shopify's `products/*`, WooCommerce's `product.*`. A body says what one is by
now, with all its variants; a deletion holds the id alone.

Categories come from the source's own map, as those of orders' lines do, so that both name the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from domain.model.intake.bodies import Body, id_of, mapping, mappings, text_of, whole_number
from domain.model.intake.instants import instant_of
from domain.model.intake.money import minor_units
from domain.model.intake.order_state import GOODS, BodyIgnored, ProductGroup, ShopProduct
from domain.model.intake.shop_terms import ShopTerms

MOST_VARIANTS: Final = 500
_ONLY_VARIANT: Final = "default title"  # what Shopify calls the variant of a product without variants


def map_shopify_product(body: Body, terms: ShopTerms, *, topic: str) -> ProductGroup | BodyIgnored:
    """Return a product of Shopify with its variants; none where it is deleted. Raises BodyIncomplete,
    InstantUnreadable, MoneyUnreadable.
    """
    group = id_of(body)
    if topic == "products/delete":
        return ProductGroup(group)
    variants = mappings(body.get("variants"))
    if not variants or len(variants) > MOST_VARIANTS:
        return BodyIgnored("the body holds no product with its variants")
    pictures = {text_of(each.get("id")): text_of(each.get("src")) for each in mappings(body.get("images"))}
    is_on_sale = (text_of(body.get("status")) or "active") == "active"
    return ProductGroup(
        group,
        tuple(
            ShopProduct(
                sku=_sku(variant, ("sku", "id"), group),
                title=_title(body, variant),
                category=_category(terms, _sku(variant, ("sku", "id"), group), group, body),
                price=_price(variant.get("price"), terms.currency),
                image=pictures.get(text_of(variant.get("image_id")))
                or text_of(mapping(body.get("image")).get("src")),
                is_available=is_on_sale and _is_in_stock(variant),
            )
            for variant in variants
        ),
        updated_at=_updated_at(body.get("updated_at")),
    )


def map_woocommerce_product(body: Body, terms: ShopTerms, *, topic: str) -> ProductGroup | BodyIgnored:
    """Return a product of WooCommerce; nothing of it where it is deleted. Raises BodyIncomplete,
    MoneyUnreadable. Its variations WooCommerce tells nobody of: the product stands for them.
    """
    group = id_of(body)
    if topic == "product.deleted":
        return ProductGroup(group)
    name = text_of(body.get("name"))
    if name is None:
        return BodyIgnored("the body holds no product")
    sku = _sku(body, ("sku",), group)
    pictures: Iterator[str | None] = (text_of(each.get("src")) for each in mappings(body.get("images")))
    product = ShopProduct(
        sku=sku,
        title=name,
        category=_category(terms, sku, group, body),
        price=_price(body.get("price"), terms.currency),
        image=next((each for each in pictures if each is not None), None),
        link=text_of(body.get("permalink")),
        is_available=text_of(body.get("status")) == "publish"
        and text_of(body.get("stock_status")) != "outofstock",
    )
    updated_at = _updated_at(body.get("date_modified_gmt"))
    return ProductGroup(group, (product,), updated_at)


def _updated_at(value: object) -> datetime | None:
    return None if value in (None, "") else instant_of(value)


def _sku(body: Body, fields: tuple[str, ...], group: str) -> str:
    """Return the sku as lines of orders have it: an empty one falls back to variant, then to product."""
    return next((text for field in fields if (text := text_of(body.get(field))) is not None), group)


def _title(body: Body, variant: Body) -> str:
    title, own = text_of(body.get("title")) or "", text_of(variant.get("title"))
    return title if own is None or own.lower() == _ONLY_VARIANT else f"{title} – {own}"


def _category(terms: ShopTerms, sku: str, group: str, body: Body) -> str | None:
    category = terms.category(sku, group, text_of(body.get("vendor")))
    return None if category == GOODS else category


def _price(value: object, currency: str) -> int | None:
    return None if value in (None, "") else minor_units(value, currency)


def _is_in_stock(variant: Body) -> bool:
    """Tell whether a variant can be bought: one without a count always can, and one that sells on."""
    left = whole_number(variant.get("inventory_quantity"))
    is_counted = variant.get("inventory_management") is not None
    return (
        not is_counted or left is None or left > 0 or text_of(variant.get("inventory_policy")) == "continue"
    )
