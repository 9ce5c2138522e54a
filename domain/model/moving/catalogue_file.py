"""A file of products, CSV or NDJSON: every fault is found at once, with its line, the column and what would
be right.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from domain.model.club.products import (
    LONGEST_ADDRESS,
    LONGEST_CATEGORY,
    LONGEST_SKU,
    LONGEST_TITLE,
    MOST_CATEGORIES_OF_ONE,
    MOST_PRODUCTS,
    Product,
    clean_text,
)
from domain.model.intake.money import MoneyUnreadable, minor_units
from domain.model.programme.addresses import address_fault
from domain.model.values import dataclass

MOST_FAULTS: Final = 50
COLUMNS: Final = ("sku", "title", "categories", "price", "image", "link", "available")
_TRUE, _FALSE = frozenset({"", "yes", "true", "1"}), frozenset({"no", "false", "0"})
_TITLE_COLUMN: Final = re.compile(r"title[_:]([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)")


@dataclass(frozen=True, slots=True)
class ProductFault:
    """What is wrong with a line of a file, in which column, and what would be right."""

    line: int
    column: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: {self.message} -> {self.remedy}"


class CatalogueMalformed(ValueError):
    """A file of products that cannot be taken, with its faults, fifty at most."""

    def __init__(self, faults: Sequence[ProductFault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


# ---------------------------------------------------------------- files
def read_catalogue(text: str, *, currency: str, locales: Sequence[str]) -> tuple[Product, ...]:
    """Return the products of a file: NDJSON where its first sign is a brace, else a CSV with a heading.
    Raises CatalogueMalformed.
    """
    text = text.removeprefix("\ufeff")
    rows = _json_rows(text) if text.lstrip().startswith("{") else _csv_rows(text)
    faults, products, lines = list[ProductFault](), list[Product](), dict[str, int]()
    for line, row in rows:
        if isinstance(row, ProductFault):
            faults.append(row)
            continue
        reader = _RowReader(line, row, currency, locales)
        product = reader.product()
        faults += reader.faults
        if product.sku and product.sku in lines:
            message = f"{product.sku} stands in line {lines[product.sku]} already"
            faults.append(ProductFault(line, "sku", message, "give each product one line"))
        lines.setdefault(product.sku, line)
        products.append(product)
        if len(products) > MOST_PRODUCTS:
            message = f"there are more than {MOST_PRODUCTS} products"
            faults.append(ProductFault(line, "sku", message, "leave out what is sold no more"))
            break
        if len(faults) >= MOST_FAULTS:
            break
    if not products and not faults:
        faults.append(ProductFault(1, "sku", "there are no products", f"begin with {','.join(COLUMNS)}"))
    if faults:
        raise CatalogueMalformed(faults[:MOST_FAULTS])
    return tuple(products)


def _csv_rows(text: str) -> Iterator[tuple[int, Mapping[str, object] | ProductFault]]:
    rows = csv.reader(text.splitlines())
    heading = [cell.strip() for cell in next(rows, [])]
    for name in heading:
        if name not in COLUMNS and not _TITLE_COLUMN.fullmatch(name):
            remedy = f"the columns are {', '.join(COLUMNS)}, and title_pt for a language"
            yield 1, ProductFault(1, name or "heading", "there is no such column", remedy)
            return
    for cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(heading):
            message, remedy = "there are more cells than columns", "put a text with a comma in quotes"
            yield rows.line_num, ProductFault(rows.line_num, heading[-1], message, remedy)
            continue
        row = {name: cell.strip() for name, cell in zip(heading, cells, strict=False) if cell.strip()}
        titles = {match[1]: row.pop(name) for name in heading if (match := _title_match(name, row))}
        plain = row.pop("title", None)
        row_values: dict[str, object] = dict(row)
        if titles or plain:
            row_values["title"] = titles if not plain else {"": plain, **titles}
        if "categories" in row:
            row_values["categories"] = [part.strip() for part in re.split("[;|]", row["categories"])]
        yield rows.line_num, row_values


def _title_match(name: str, row: Mapping[str, str]) -> re.Match[str] | None:
    return _TITLE_COLUMN.fullmatch(name) if name in row else None


def _json_rows(text: str) -> Iterator[tuple[int, Mapping[str, object] | ProductFault]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            remedy = 'write one object a line: {"sku": "mug", "title": "Mug"}'
            yield number, ProductFault(number, "line", "it is no JSON object", remedy)
        elif unknown := sorted(set(row) - set(COLUMNS)):
            remedy = f"the fields are {', '.join(COLUMNS)}"
            yield number, ProductFault(number, unknown[0], "there is no such field", remedy)
        else:
            yield number, row


# ---------------------------------------------------------------- one row
class _RowReader:
    """Reads one row into a product, and notes its faults."""

    def __init__(self, line: int, row: Mapping[str, object], currency: str, locales: Sequence[str]) -> None:
        self.line, self.row, self.currency, self.locales = line, row, currency, locales
        self.faults: list[ProductFault] = []

    def product(self) -> Product:
        """Return the product, which is not to be used where there are faults."""
        return Product(
            sku=self._text("sku", LONGEST_SKU, needed=True) or "",
            title=self._title(),
            categories=self._categories(),
            price=self._price(),
            image=self._address("image", "picture"),
            link=self._address("link", "page"),
            is_available=self._available(),
        )

    def _fault(self, column: str, message: str, remedy: str) -> None:
        self.faults.append(ProductFault(self.line, column, message, remedy))

    def _text(self, column: str, most: int, *, needed: bool = False) -> str | None:
        value = self.row.get(column)
        if value is None and not needed:
            return None
        text = clean_text(value if isinstance(value, str) else "", most + 1)
        if not text or len(text) > most:
            self._fault(column, "it is missing or too long", f"write 1 to {most} characters")
            return None
        return text

    def _title(self) -> Mapping[str, str]:
        value = self.row.get("title")
        texts = {"": value} if isinstance(value, str) else value
        if not isinstance(texts, dict) or not texts:
            self._fault("title", "it is missing", "write what members call it")
            return {}
        titles = {}
        for locale, text in texts.items():
            name = locale or self.locales[0]
            if name not in self.locales:
                self._fault(
                    "title", f"{name} is no locale of the programme", f"use {', '.join(self.locales)}"
                )
            cleaned = clean_text(text, LONGEST_TITLE + 1) if isinstance(text, str) else ""
            if not cleaned or len(cleaned) > LONGEST_TITLE:
                self._fault("title", "it is missing or too long", f"write 1 to {LONGEST_TITLE} characters")
            titles[name] = cleaned
        return titles

    def _categories(self) -> tuple[str, ...]:
        value = self.row.get("categories", [])
        listed = [value] if isinstance(value, str) else value
        codes = [code for code in listed if isinstance(code, str)] if isinstance(listed, list) else None
        if codes is None or codes != listed or len(codes) > MOST_CATEGORIES_OF_ONE:
            remedy = f"write {MOST_CATEGORIES_OF_ONE} codes at most, with ; between: coins;silver-coins"
            self._fault("categories", "it is no short list of codes", remedy)
            return ()
        cleaned = [clean_text(code, LONGEST_CATEGORY + 1) for code in codes]
        if any(not code or len(code) > LONGEST_CATEGORY for code in cleaned):
            self._fault(
                "categories", "a code is empty or too long", f"write 1 to {LONGEST_CATEGORY} characters"
            )
        return tuple(dict.fromkeys(cleaned))

    def _price(self) -> int | None:
        value = self.row.get("price")
        if value is None:
            return None
        try:
            price = minor_units(value, self.currency)
        except MoneyUnreadable as fault:
            self._fault("price", str(fault), f"write an amount of {self.currency} such as 19.90")
            return None
        if price < 0:
            self._fault("price", "it is below 0", "leave it out, or write what it costs")
        return price

    def _address(self, column: str, kind: Literal["picture", "page"]) -> str | None:
        text = self._text(column, LONGEST_ADDRESS)
        fault = address_fault(text, kind) if text else None
        if fault is not None:
            self._fault(column, *fault)
        return text

    def _available(self) -> bool:
        value = self.row.get("available", True)
        word = value.lower() if isinstance(value, str) else value
        if word is True or word in _TRUE:
            return True
        if word is not False and word not in _FALSE:
            self._fault("available", "it is neither yes nor no", "write yes or no, or leave it out")
        return False
