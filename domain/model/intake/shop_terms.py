"""How a source counts its shop's orders: with tax or without, and which article is of which category."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import field
from typing import Final, Literal

from domain.model.intake.order_state import GOODS
from domain.model.values import dataclass

Counting = Literal["shown", "net"]
MOST_CATEGORIES: Final = 200_000
LONGEST_CODE: Final = 64


class CategoriesMalformed(ValueError):
    """A CSV of categories that cannot be used; the message names the line."""


@dataclass(frozen=True, slots=True)
class ShopTerms:
    """How a source counts. `currency` is the programme's, for bodies that name none; `categories` go by sku,
    product or vendor.
    """

    currency: str
    count: Counting = "shown"
    categories: Mapping[str, str] = field(default_factory=dict)

    def category(self, *keys: str | None) -> str:
        """Return the category of the first of these that has one, else `goods`."""
        for key in keys:
            if key is not None and (category := self.categories.get(key)) is not None:
                return category
        return GOODS


def read_categories(text: str) -> dict[str, str]:
    """Read a CSV of two columns: an article's sku (or product, or vendor), then its category. A first line
    that ends in `category` is a heading. Raises CategoriesMalformed.
    """
    categories = dict[str, str]()
    rows = csv.reader(text.removeprefix("\ufeff").splitlines())
    for row in rows:
        cells = [cell.strip() for cell in row]
        if not any(cells) or (rows.line_num == 1 and cells[-1].lower() == "category"):
            continue
        if len(cells) != 2 or not all(cells) or len(cells[1]) > LONGEST_CODE:
            raise CategoriesMalformed(f"line {rows.line_num}: write SKU,CATEGORY -> MUG,kitchen")
        if cells[0] in categories and categories[cells[0]] != cells[1]:
            raise CategoriesMalformed(
                f"line {rows.line_num}: {cells[0]} has two categories -> keep one of them"
            )
        categories[cells[0]] = cells[1]
        if len(categories) > MOST_CATEGORIES:
            raise CategoriesMalformed(f"more than {MOST_CATEGORIES} lines -> map products, not articles")
    return categories
