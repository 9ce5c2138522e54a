"""The demo's people and their purchases: two years of believable events, the same for the same seed.

Names, tastes and rhythms are made up. Contacts end in `.example`, which no mail reaches.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal, get_args

from domain.model.event_names import (
    CONSENTED,
    ENROLLED,
    PLAN_RENEWED,
    PLAN_STARTED,
    PURCHASED,
    REDEEMED,
    REFUNDED,
    VOUCHER_USED,
)
from domain.model.ledger.events import Json
from domain.model.values import dataclass
from domain.services.demo_catalogue import ATTENDED, NEWSLETTER, SHARED, DemoCatalogue, DemoProduct

DemoPart = Literal["a plan", "points below zero", "a tier about to fall"]
PARTS: Final[tuple[DemoPart, ...]] = get_args(DemoPart)

DAYS = 730
MEMBERS = 200
# The cities of the demo's two stores, by code.
STORES = {"lisboa": "Lisboa", "porto": "Porto"}

_FIRST_NAMES = {
    "pt": (
        "Ana",
        "João",
        "Maria",
        "Rui",
        "Inês",
        "Tiago",
        "Beatriz",
        "Pedro",
        "Sofia",
        "Miguel",
        "Leonor",
        "Nuno",
        "Marta",
        "Diogo",
    ),
    "en": ("Emma", "Oliver", "Grace", "Harry", "Ruby", "George", "Alice", "Jack"),
    "pl": ("Zofia", "Jan", "Hanna", "Jakub", "Maja", "Antoni", "Julia", "Piotr"),
}
_LAST_NAMES = {
    "pt": (
        "Silva",
        "Santos",
        "Ferreira",
        "Pereira",
        "Oliveira",
        "Costa",
        "Rodrigues",
        "Martins",
        "Sousa",
        "Fernandes",
        "Lopes",
        "Gomes",
    ),
    "en": ("Smith", "Taylor", "Brown", "Wilson", "Evans", "Walker"),
    "pl": ("Nowak", "Kowalska", "Wójcik", "Kamińska", "Lewandowski", "Zielińska"),
}


_MONEY_WORDS: Final = ("amount", "total", "price", "spend", "value", "paid")
# What other systems report after a purchase: how often, so many hours later, by whom, and what of it.
_OTHER_EVENTS: Final[tuple[tuple[str, float, int, str, dict[str, Json]], ...]] = (
    (ATTENDED, 0.05, 30, "crm", {"event": "feira-de-moedas"}),
    (SHARED, 0.08, 5, "app", {"network": "instagram"}),
)


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One made-up member: who they are, when they joined, how often they buy and how much at once.

    A few have a `part`: their history is made for what there is to see of it.
    """

    id: str
    name: str
    email: str
    locale: str
    birthday: date | None
    joined_at: datetime
    days_between_purchases: float
    max_basket_lines: int
    wants_news: bool
    active_days: int
    referred_by: str | None
    part: DemoPart | None = None


def make_people(*, seed: int, until: datetime) -> list[DemoPerson]:
    """Return the demo's members in the order in which they joined. The first buys every week."""
    rng = random.Random(seed)  # noqa: S311 - believable, not secret
    begin = until - timedelta(days=DAYS)
    made_people: list[DemoPerson] = []
    for number in range(MEMBERS):
        locale = rng.choices(("pt", "en", "pl"), (8, 1, 1))[0]
        name = f"{rng.choice(_FIRST_NAMES[locale])} {rng.choice(_LAST_NAMES[locale])}"
        joined_after = timedelta(days=rng.triangular(0, DAYS - 5, 60), minutes=rng.randrange(600))
        joined_at = begin + (joined_after if number else timedelta(hours=9))
        leaves_early = rng.random() < 0.15
        made_people.append(
            DemoPerson(
                id=f"{rng.getrandbits(128):032x}",
                name="Ana Silva" if number == 0 else name,
                email=f"member{number + 1}@numiscollect.example",
                locale="pt" if number == 0 else locale,
                birthday=_random_birthday(rng),
                joined_at=_at_whole_minute(joined_at),
                days_between_purchases=7.0
                if number == 0
                else rng.choice((12.0, 20.0, 30.0, 45.0, 70.0, 120.0)),
                max_basket_lines=rng.choice((1, 1, 2, 2, 3)),
                wants_news=number == 0 or rng.random() < 0.6,
                active_days=rng.randrange(20, 200) if leaves_early and number else DAYS,
                referred_by=None,
            )
        )
    made_people.sort(key=lambda person: person.joined_at)
    for place, part in enumerate(PARTS, start=1 + MEMBERS // 10):  # early ones: two years are behind them
        made_people[place] = replace(made_people[place], part=part)
    return [_with_referrer(person, made_people[:place], rng) for place, person in enumerate(made_people)]


def _random_birthday(rng: random.Random) -> date | None:
    day = date(rng.randrange(1948, 2004), rng.randrange(1, 13), rng.randrange(1, 29))
    return day if rng.random() < 0.8 else None


def _with_referrer(person: DemoPerson, earlier: list[DemoPerson], rng: random.Random) -> DemoPerson:
    if not earlier or rng.random() > 0.15:
        return person
    referrer = rng.choice(earlier[: max(1, len(earlier) // 4)])
    return replace(person, referred_by=referrer.id)


def make_history(
    members: list[DemoPerson], catalogue: DemoCatalogue, *, seed: int, until: datetime
) -> list[dict[str, Json]]:
    """Return every dated line of the members' two years, in order, as `simulate` reads them."""
    rng = random.Random(seed + 1)  # noqa: S311 - believable, not secret
    lines = list[dict[str, Json]]()
    for person in members:
        made = list(_member_lines(person, catalogue, rng, until))
        if person.part is not None:
            joining = [line for line in made if line["name"] in (ENROLLED, CONSENTED)]
            made = [*joining, *part_lines(person, person.part, catalogue, until)]
        lines += made
    return sorted(lines, key=lambda line: str(line["at"]))


def joining_lines(person: DemoPerson, catalogue: DemoCatalogue) -> Iterator[dict[str, Json]]:
    """Return the lines by which a person joins, and answers what is asked then."""
    event_data: dict[str, Json] = {
        "name": person.name,
        "birthday": str(person.birthday) if person.birthday else None,
        "locale": person.locale if person.locale in catalogue.locales else catalogue.locales[0],
        "consents": [],
        "referredBy": person.referred_by,
    }
    yield demo_line(person.joined_at, person, ENROLLED, "app", event_data)
    if person.wants_news and catalogue.consents:
        for purpose in catalogue.consents:
            yield demo_line(
                person.joined_at + timedelta(minutes=2),
                person,
                CONSENTED,
                "app",
                {"purpose": purpose, "granted": True},
            )
        if NEWSLETTER in catalogue.events:
            yield demo_line(person.joined_at + timedelta(minutes=3), person, NEWSLETTER, "app", {})


def _member_lines(
    person: DemoPerson, catalogue: DemoCatalogue, rng: random.Random, until: datetime
) -> Iterator[dict[str, Json]]:
    yield from joining_lines(person, catalogue)
    happened_at = person.joined_at
    ends_at = min(until, person.joined_at + timedelta(days=person.active_days))
    purchase_number = 0
    while (
        happened_at := at_shopping_hour(
            happened_at + timedelta(days=rng.uniform(0.6, 1.5) * person.days_between_purchases), rng
        )
    ) < ends_at:
        purchase_number += 1
        receipt = f"{rng.choice(tuple(STORES))[0].upper()}-{person.id[:6]}-{purchase_number:04d}"
        bought = purchase_data(receipt, person, catalogue, rng)
        yield demo_line(happened_at, person, PURCHASED, "till", bought)
        if rng.random() < 0.04 and happened_at + timedelta(days=3) < until:
            refund_data: dict[str, Json] = {"externalId": receipt, "lines": [{"line": 1, "quantity": 1}]}
            yield demo_line(happened_at + timedelta(days=3), person, REFUNDED, "till", refund_data)
        for name, share, hours, source, event_data in _OTHER_EVENTS:
            reported_at = happened_at + timedelta(hours=hours)
            if rng.random() < share and reported_at < until and name in catalogue.events:
                yield demo_line(reported_at, person, name, source, dict(event_data))
        reported_at = happened_at + timedelta(hours=1)
        if catalogue.reports and rng.random() < 0.5 and reported_at < until:
            spec = rng.choice(catalogue.reports)
            made_data = {field: _made_up(field, kind, reported_at, rng) for field, kind in spec.data.items()}
            yield demo_line(reported_at, person, spec.name, "partner", made_data)
        if rng.random() < 0.12 and happened_at + timedelta(days=20) < until and catalogue.rewards:
            yield from redemption_lines(person, catalogue, happened_at + timedelta(days=20), rng, until)


def _made_up(field: str, kind: str, at: datetime, rng: random.Random) -> Json:
    """Return a value of a declared field: money by its name in minor units, else a small number."""
    if kind == "int":
        is_money = any(word in field.lower() for word in _MONEY_WORDS)
        return rng.randrange(2_000, 12_000, 500) if is_money else rng.randrange(1, 4)
    made: dict[str, Json] = {"bool": True, "date": str(at.date()), "string": "demo"}
    return made[kind]


def redemption_lines(
    person: DemoPerson,
    catalogue: DemoCatalogue,
    redeemed_at: datetime,
    rng: random.Random,
    until: datetime,
) -> Iterator[dict[str, Json]]:
    """Return the lines of a reward that a person takes, and mostly uses."""
    reward = rng.choice(catalogue.rewards)
    yield demo_line(redeemed_at, person, REDEEMED, "app", {"reward": reward})
    used_at = redeemed_at + timedelta(days=rng.randrange(1, 20))
    if rng.random() < 0.8 and used_at < until:
        yield demo_line(
            used_at, person, VOUCHER_USED, "till", {"reward": reward, "store": rng.choice(tuple(STORES))}
        )


def part_lines(
    person: DemoPerson, part: DemoPart, catalogue: DemoCatalogue, until: datetime
) -> Iterator[dict[str, Json]]:
    """Return the lines that bring about what a person is there to show, as far as the programme has it."""
    dearest = max(catalogue.products, key=lambda product: product.price_minor)
    cheapest = min(catalogue.products, key=lambda product: product.price_minor)

    def bought(days_ago: int, product: DemoProduct, quantity: int) -> dict[str, Json]:
        receipt = f"L-{person.id[:6]}-{days_ago:04d}"
        return line(days_ago, PURCHASED, "till", _receipt_data(receipt, [(product, quantity)]))

    def line(days_ago: int, name: str, source: str, line_data: dict[str, Json]) -> dict[str, Json]:
        at = _at_whole_minute(until - timedelta(days=days_ago, hours=1))
        return demo_line(at, person, name, source, line_data)

    match part:
        case "a plan":
            yield from (bought(days_ago, cheapest, 2) for days_ago in range(170, 0, -21))
            if catalogue.plan is not None:
                yield line(60, PLAN_STARTED, "crm", {"plan": catalogue.plan})
                yield line(31, PLAN_RENEWED, "crm", {"plan": catalogue.plan})
        case "points below zero":
            yield bought(60, dearest, 3)
            yield from (line(30, REDEEMED, "app", {"reward": reward}) for reward in catalogue.rewards)
            yield line(3, REFUNDED, "till", {"externalId": f"L-{person.id[:6]}-0060"})
        case "a tier about to fall":
            yield bought(355, dearest, 3)
            yield from (bought(days_ago, cheapest, 1) for days_ago in (90, 45, 9))


def purchase_data(
    receipt: str, person: DemoPerson, catalogue: DemoCatalogue, rng: random.Random
) -> dict[str, Json]:
    """Return the data of a purchase: a basket to a person's taste."""
    basket = list[tuple[DemoProduct, int]]()
    for _ in range(1 + rng.randrange(person.max_basket_lines)):
        product = rng.choices(catalogue.products, [product.weight for product in catalogue.products])[0]
        quantity = rng.choices((1, 2, 3), (8, 2, 1))[0] if product.price_minor < 10_000 else 1
        basket.append((product, quantity))
    return _receipt_data(receipt, basket)


def _receipt_data(receipt: str, basket: Sequence[tuple[DemoProduct, int]]) -> dict[str, Json]:
    lines: list[Json] = [
        {
            "sku": product.sku,
            "name": product.name,
            "category": product.category,
            "quantity": quantity,
            "amount": product.price_minor * quantity,
        }
        for product, quantity in basket
    ]
    return {
        "externalId": receipt,
        "store": "lisboa" if receipt.startswith("L") else "porto",
        "total": sum(product.price_minor * quantity for product, quantity in basket),
        "lines": lines,
    }


def at_shopping_hour(at: datetime, rng: random.Random) -> datetime:
    """Return an instant of the same day at which the stores are open."""
    return _at_whole_minute(at.replace(hour=9, minute=0) + timedelta(minutes=rng.randrange(10 * 60)))


def _at_whole_minute(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def demo_line(
    at: datetime, person: DemoPerson, name: str, source: str, event_data: dict[str, Json]
) -> dict[str, Json]:
    """Return what a person does as a line of an events file."""
    return {"at": at.isoformat(), "member": person.id, "name": name, "source": source, "data": event_data}
