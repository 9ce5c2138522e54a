"""Files of products: CSV and NDJSON say the same, and every fault is told at once."""

from __future__ import annotations

import pytest

from domain.model.club.products import Product, changes
from domain.model.moving.catalogue_file import CatalogueMalformed, read_catalogue

DUCAT = Product(
    "au-1",
    {"pt": "Ducado", "en": "Ducat"},
    ("gold-coins", "coins"),
    31_000,
    "/media/ducat.svg",
    "https://shop.example/ducat",
)
CSV = """\ufeffsku,title,title_en,categories,price,image,link,available
au-1,Ducado,Ducat,gold-coins;coins,310.00,/media/ducat.svg,https://shop.example/ducat,
bk-1,Catálogo,,,,,,no
"""
NDJSON = """{"sku": "au-1", "title": {"pt": "Ducado", "en": "Ducat"}, "categories": ["gold-coins", "coins"], "price": 310, "image": "/media/ducat.svg", "link": "https://shop.example/ducat"}

{"sku": "bk-1", "title": "Catálogo", "available": false}
"""


def read(text: str) -> tuple[Product, ...]:
    return read_catalogue(text, currency="EUR", locales=["pt", "en"])


@pytest.mark.parametrize("text", [CSV, NDJSON])
def test_both_forms_say_the_same(text: str) -> None:
    assert read(text) == (DUCAT, Product("bk-1", {"pt": "Catálogo"}, is_available=False))


def test_every_fault_is_told_with_its_line_and_remedy() -> None:
    text = """sku,title,categories,price,image,link,available
a,A,,12.5O,,,
,B,,,,,
a,C,,,,,
d,D,one;two;three;four;five;six;seven;eight;nine;ten;eleven,-3,javascript:x,ftp://x,maybe
e,E,,,,,,surplus
f,,,,,,
"""
    with pytest.raises(CatalogueMalformed) as refused:
        read(text)
    assert [(fault.line, fault.column) for fault in refused.value.faults] == [
        (2, "price"),
        (3, "sku"),
        (4, "sku"),
        (5, "categories"),
        (5, "price"),
        (5, "image"),
        (5, "link"),
        (5, "available"),
        (6, "available"),
        (7, "title"),
    ]
    assert str(refused.value.faults[0]) == (
        "line 2, price: an amount is another text, not a number or a text such as 19.99 -> write an amount"
        " of EUR such as 19.90"
    )
    assert (
        str(refused.value.faults[2])
        == "line 4, sku: a stands in line 2 already -> give each product one line"
    )


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("", "sku"),
        ("sku,titel\na,A\n", "titel"),
        ("sku,title_fr\na,A\n", "title"),
        ('{"sku": "a", "title": "A", "colour": "red"}', "colour"),
        ('{"sku": "a"', "line"),
        ('{"sku": 7, "title": {}}', "sku"),
        ('{"sku": "a", "title": "A", "categories": [1]}', "categories"),
        ('{"sku": "a", "title": "A", "price": true}', "price"),
    ],
)
def test_what_is_no_list_of_products_is_refused(text: str, column: str) -> None:
    with pytest.raises(CatalogueMalformed) as refused:
        read(text)
    assert refused.value.faults[0].column == column


def test_what_a_file_changes() -> None:
    dearer, sold = Product("au-1", {"pt": "Ducado"}, price=1), Product("z", {"pt": "Z"})
    from_shop = Product("s", {"pt": "S"}, source="shop")
    known = {"au-1": dearer, "z": sold, "s": from_shop, "same": Product("same", {"pt": "Same"})}
    found = changes(
        known, [DUCAT, Product("new", {"pt": "New"}), Product("same", {"pt": "Same"})], is_complete=True
    )
    assert ([each.sku for each in found.new], found.changed, found.gone, found.same) == (
        ["new"],
        (DUCAT,),
        (sold,),
        1,
    )
    assert [(each.sku, each.is_available) for each in found.writes] == [
        ("new", True),
        ("au-1", True),
        ("z", False),
    ]
