"""A shop's products in the catalogue: what the shop says of one replaces what it said before."""

from __future__ import annotations

from datetime import datetime

from domain.model.club.products import LONGEST_ADDRESS, LONGEST_CATEGORY, LONGEST_TITLE, Product, clean_text
from domain.model.intake.order_state import ProductGroup, ShopProduct
from domain.model.intake.sources import Reporter
from domain.model.programme import safe_address
from domain.services.club import catalogue
from domain.services.errors import InvalidInput
from domain.services.input_checks import MAX_ID_LENGTH
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.intake.deliveries import DeliveryOutcome


async def take_group(
    identity: IdentityRuntime, source: Reporter, group: ProductGroup, *, arrived_at: datetime
) -> DeliveryOutcome:
    """Take a product with its variants; those that are sold no more are recommended no more. What came late
    changes nothing.
    """
    locale, as_of = identity.programme.programme.locales[0], group.updated_at or arrived_at
    variants = {
        product.sku: product
        for each in group.products
        if (product := _product(each, source.code, group.id, locale, as_of)) is not None
    }
    try:
        changed = await catalogue.put_group(
            identity, source.code, group.id, list(variants.values()), as_of=as_of
        )
    except InvalidInput as refusal:
        return DeliveryOutcome("failed", refusal.message[:200])
    if not changed:
        return DeliveryOutcome("ignored", "the catalogue knows it newer, or not at all")
    return DeliveryOutcome("applied")


def _product(each: ShopProduct, source: str, group: str, locale: str, as_of: datetime) -> Product | None:
    """Return a product as the catalogue takes it; None of one without a name."""
    sku, title = clean_text(each.sku, MAX_ID_LENGTH), clean_text(each.title, LONGEST_TITLE)
    category = clean_text(each.category or "", LONGEST_CATEGORY)
    if not sku or not title:
        return None
    return Product(
        sku=sku,
        title={locale: title},
        categories=(category,) if category else (),
        price=each.price if each.price is None or each.price >= 0 else None,
        image=safe_address((each.image or "")[:LONGEST_ADDRESS], "picture"),
        link=safe_address((each.link or "")[:LONGEST_ADDRESS], "page"),
        is_available=each.is_available,
        source=source,
        group=group,
        as_of=as_of,
    )
