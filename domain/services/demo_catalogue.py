"""What the demo's people can do in a programme: the products that they buy, the rewards that they redeem, the
events and the consent that they have.

The example programme has its own. In any other the products are the categories that its rules name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from domain.model.club.products import Product
from domain.model.conditions import Expression
from domain.model.programme import Programme
from domain.model.programme.field_types import ProgrammePart
from domain.model.programme.header import RESERVED_CATEGORIES, EventSpec
from domain.model.programme.messages import PROFILING
from domain.model.programme.rules import CountBasis
from domain.model.values import dataclass

EXAMPLE: Final = "numiscollect"
# Reported by other systems than the till.
NEWSLETTER, ATTENDED, SHARED = "newsletter.subscribed", "event.attended", "social.shared"

_CATEGORIES: Final = re.compile(
    r"""(?:category\s*(?:==|in\b)|categories|quantities|favourite)[\s\[(]*((?:"[^"]*"|'[^']*')(?:\s*,\s*(?:"[^"]*"|'[^']*'))*)"""
)
_QUOTED: Final = re.compile(r"""["']([^"']+)["']""")
_PRICES_MINOR: Final = (1_490, 2_450, 990, 3_900, 8_900, 490)


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """A product of the demo's stores, and how often it is bought beside the others."""

    category: str
    name: str
    price_minor: int
    weight: int
    names: tuple[str, str] | None = None  # in English and Polish

    @property
    def sku(self) -> str:
        """Return its sku: its name in plain letters."""
        plain = unicodedata.normalize("NFKD", self.name).encode("ascii", "ignore").decode()
        return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or self.category


_EXAMPLE_PRODUCTS: Final = (
    DemoProduct("gold-coins", "Libra de ouro", 52_000, 2, ("Gold sovereign", "Złoty suweren")),
    DemoProduct("gold-coins", "Ducado 1/10 oz", 31_000, 3, ("Ducat 1/10 oz", "Dukat 1/10 oz")),
    DemoProduct("silver-coins", "Onça de prata", 3_900, 18, ("Silver ounce", "Uncja srebra")),
    DemoProduct(
        "silver-coins",
        "Dez euros comemorativa",
        2_450,
        20,
        ("Commemorative ten euros", "Okolicznościowe dziesięć euro"),
    ),
    DemoProduct("silver-coins", "Denário romano", 8_900, 6, ("Roman denarius", "Denar rzymski")),
    DemoProduct("stamps", "Bloco filatélico", 1_250, 16, ("Stamp sheet", "Bloczek znaczków")),
    DemoProduct("stamps", "Série anual de selos", 4_800, 8, ("Year set of stamps", "Rocznik znaczków")),
    DemoProduct("books", "Catálogo de moedas", 2_990, 9, ("Coin catalogue", "Katalog monet")),
    DemoProduct("supplies", "Álbum de coleção", 1_990, 12, ("Collector's album", "Album kolekcjonerski")),
    DemoProduct("supplies", "Lupa de bolso", 990, 10, ("Pocket magnifier", "Lupa kieszonkowa")),
    DemoProduct("gift-card", "Cartão oferta", 2_500, 4, ("Gift card", "Karta podarunkowa")),
)
# What the shop has now and nobody bought yet.
_NEW_PRODUCTS: Final = (
    DemoProduct("gold-coins", "Peça de 20 francos", 41_500, 0, ("20 francs piece", "20 franków w złocie")),
    DemoProduct("silver-coins", "Meia onça de prata", 2_290, 0, ("Half-ounce of silver", "Pół uncji srebra")),
    DemoProduct(
        "silver-coins", "Tetradracma de Atenas", 24_900, 0, ("Athenian tetradrachm", "Tetradrachma ateńska")
    ),
    DemoProduct("stamps", "Selos de Natal", 890, 0, ("Christmas stamps", "Znaczki świąteczne")),
    DemoProduct(
        "books",
        "Moedas de Portugal, volume 2",
        3_450,
        0,
        ("Coins of Portugal, volume 2", "Monety Portugalii, tom 2"),
    ),
    DemoProduct("supplies", "Luvas de algodão", 590, 0, ("Cotton gloves", "Bawełniane rękawiczki")),
)
_EXAMPLE_REWARDS: Final = ("discount-5", "coin-capsules", "stamps-credit")


@dataclass(frozen=True, slots=True)
class DemoCatalogue:
    """What there is in a programme: rewards are those with a cost, the consent and the plan are the first, if
    any. The stores are called by `shop` and their city; `reports` are the events that other systems report of
    anybody.
    """

    shop: str
    products: tuple[DemoProduct, ...]
    rewards: tuple[str, ...]
    events: frozenset[str]
    reports: tuple[EventSpec, ...]
    consents: tuple[str, ...]
    plan: str | None
    locales: tuple[str, ...]


def catalogue_of(programme: Programme) -> DemoCatalogue:
    """Return what the demo's people can do in a programme."""
    header = programme.programme
    is_example = header.code == EXAMPLE
    return DemoCatalogue(
        shop="NumisCollect" if is_example else header.name.for_locale(header.locales[0]),
        products=_EXAMPLE_PRODUCTS if is_example else _named_products(programme),
        rewards=_EXAMPLE_REWARDS
        if is_example
        else tuple(spec.code for spec in programme.rewards if spec.cost is not None),
        events=frozenset(
            spec.name for spec in programme.events if spec.name in (NEWSLETTER, ATTENDED, SHARED)
        ),
        reports=() if is_example else programme.events,
        consents=_asked(programme),
        plan=next((spec.code for spec in programme.plans), None),
        locales=header.locales,
    )


def demo_products(catalogue: DemoCatalogue) -> list[Product]:
    """Return the demo's products as its catalogue holds them; vouchers for gifts are not recommended."""
    is_example = catalogue.products is _EXAMPLE_PRODUCTS
    return [
        Product(
            product.sku,
            _titles(product, catalogue.locales),
            (product.category,),
            product.price_minor,
        )
        for product in (*catalogue.products, *(_NEW_PRODUCTS if is_example else ()))
        if product.category not in RESERVED_CATEGORIES
    ]


def _titles(product: DemoProduct, locales: tuple[str, ...]) -> dict[str, str]:
    if product.names is None:
        return {locales[0]: product.name}
    return {"pt": product.name, "en": product.names[0], "pl": product.names[1]}


def _asked(programme: Programme) -> tuple[str, ...]:
    """Return the purposes that people agree to: the first, and that of recommendations."""
    purposes = [spec.purpose for spec in programme.consents]
    return tuple(dict.fromkeys([*purposes[:1], *(each for each in purposes if each == PROFILING)]))


def _named_products(programme: Programme) -> tuple[DemoProduct, ...]:
    """Return what the rules name, and goods beside it where that is one thing or none. What earns nothing is
    bought where the file has a name of its own for it.
    """
    named = tuple(
        category
        for expression in _expressions(programme)
        for words in _CATEGORIES.findall(expression.source)
        for category in _QUOTED.findall(words)
    )
    ineligible = programme.programme.ineligible
    own = tuple(category for category in ineligible if category not in RESERVED_CATEGORIES)
    more = ("other",) if own else () if len(set(named)) > 1 else ("goods",)
    categories = tuple(dict.fromkeys((*named, *own, *more)))
    return tuple(
        DemoProduct(
            category,
            category.replace("-", " ").capitalize(),
            _PRICES_MINOR[place % len(_PRICES_MINOR)],
            1 if category in own else 5,
        )
        for place, category in enumerate(categories)
    )


def _expressions(part: object) -> Iterator[Expression]:
    """Yield every expression of a part and of the parts within it."""
    if isinstance(part, Expression):
        yield part
    elif isinstance(part, CountBasis):
        yield part.expression
    elif isinstance(part, tuple):
        for element in part:
            yield from _expressions(element)
    elif isinstance(part, dict):
        yield from _expressions(tuple(part.values()))
    elif isinstance(part, ProgrammePart):
        yield from _expressions(tuple(getattr(part, name) for name in type(part).model_fields))
