"""The catalogue: products that members may be recommended, and what a list of them changes of those known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from domain.model.values import dataclass, evolve
from domain.model.visible_text import is_control

MOST_PRODUCTS: Final = 20_000
MOST_CATEGORIES_OF_ONE: Final = 10
LONGEST_SKU: Final = 200
LONGEST_TITLE: Final = 200
LONGEST_CATEGORY: Final = 64
LONGEST_ADDRESS: Final = 1_000
FILE_SOURCE: Final = "file"


@dataclass(frozen=True, slots=True)
class Product:
    """A product: its title by locale, categories with the chief one first, and its price in minor units of
    the programme's currency, None where nothing says it. `group` is what a shop calls all its
    variants, `as_of` when the shop changed it last.
    """

    sku: str
    title: Mapping[str, str]
    categories: tuple[str, ...] = ()
    price: int | None = None
    image: str | None = None
    link: str | None = None
    is_available: bool = True
    source: str = FILE_SOURCE
    group: str | None = None
    as_of: datetime | None = None


def clean_text(text: str, most: int) -> str:
    """Return a text without control signs and outer blanks, no longer than that."""
    return "".join(sign for sign in text if not is_control(sign)).strip()[:most]


# ---------------------------------------------------------------- what changes
@dataclass(frozen=True, slots=True)
class CatalogueChanges:
    """What a file changes: products that are new, changed, gone, and how many stay as they are."""

    new: tuple[Product, ...]
    changed: tuple[Product, ...]
    gone: tuple[Product, ...]
    same: int

    @property
    def writes(self) -> tuple[Product, ...]:
        """Return what is written: those that are gone stay, and are not available."""
        return (*self.new, *self.changed, *(evolve(each, is_available=False) for each in self.gone))


def changes(
    known: Mapping[str, Product], products: Iterable[Product], *, is_complete: bool
) -> CatalogueChanges:
    """Return what products change of those that are known. Where they are the whole catalogue, what they do
    not name of their source is gone.
    """
    listed = {product.sku: product for product in products}
    new = tuple(product for sku, product in listed.items() if sku not in known)
    changed = tuple(product for sku, product in listed.items() if sku in known and known[sku] != product)
    sources = {product.source for product in listed.values()}
    gone = tuple(
        product
        for sku, product in known.items()
        if is_complete and sku not in listed and product.is_available and product.source in sources
    )
    return CatalogueChanges(new, changed, gone, len(listed) - len(new) - len(changed))
