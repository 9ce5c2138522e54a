"""The catalogue: products come from a file, or from a shop as it changes them. Recommendations follow within
seconds, once they are measured again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from domain.model.club.products import MOST_PRODUCTS, CatalogueChanges, Product, changes
from domain.model.values import evolve
from domain.services.errors import InvalidInput
from domain.services.runtime import Runtime
from domain.store.club import product_links, products


async def try_products(runtime: Runtime, listed: Iterable[Product], *, is_complete: bool) -> CatalogueChanges:
    """Return what a file's products would change. Raises InvalidInput where there would be too many."""
    known = {product.sku: product async for product in products.iterate(runtime.store)}
    catalogue_changes = changes(known, listed, is_complete=is_complete)
    if len(known) + len(catalogue_changes.new) > MOST_PRODUCTS:
        raise InvalidInput("sku", f"The catalogue holds {MOST_PRODUCTS} products at most.")
    return catalogue_changes


async def put_products(runtime: Runtime, catalogue_changes: CatalogueChanges) -> None:
    """Store what changes. Cut off, the same file does the rest."""
    if catalogue_changes.writes:
        await products.put_many(runtime.store, catalogue_changes.writes)
        await product_links.ask(runtime.store)


async def put_group(
    runtime: Runtime, source: str, group: str, variants: Collection[Product], *, as_of: datetime
) -> bool:
    """Make what a shop calls by one name be these variants as of an instant, none where it is sold no more;
    tell whether that is news. What a file, or another source, says of an article stays. Raises InvalidInput
    where there would be too many products, and Busy.
    """

    async def attempt() -> bool:
        stored = await products.find_of_group(runtime.store, source, group)
        if any(each.as_of is not None and each.as_of > as_of for each in stored.values()):
            return False
        known = {**await products.find_many(runtime.store, [each.sku for each in variants]), **stored}
        own = (each for each in variants if each.sku not in known or known[each.sku].source == source)
        wanted = {each.sku: each for each in own}
        for sku, each in stored.items():
            wanted.setdefault(sku, evolve(each, is_available=False, as_of=as_of))
        new = len(wanted.keys() - known.keys())
        if new and await products.count(runtime.store) + new > MOST_PRODUCTS:
            raise InvalidInput("sku", f"The catalogue holds {MOST_PRODUCTS} products at most.")
        if not wanted:
            return False
        writes = [products.move_write(known.get(sku), each) for sku, each in wanted.items()]
        if any(_is_other(known.get(sku), each) for sku, each in wanted.items()):
            writes.append(product_links.ask_write())
        await runtime.store.transact(writes)
        return True

    return await runtime.store.run_rounds(attempt, queue=f"products:{source}:{group}")


def _is_other(before: Product | None, after: Product) -> bool:
    """Tell whether more of a product changed than when its shop told of it."""
    return before is None or evolve(before, as_of=after.as_of) != after
