"""The demo's people and what they bought: two years of believable events, the same for the same seed. Dated
lines for `simulate`.

Names, tastes and rhythms are made up; contacts end in `.example`, which no mail ever reaches.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from domain.model.ledger.events import Json

DAYS = 730
MEMBERS = 200
STORES = {"lisboa": "NumisCollect Lisboa", "porto": "NumisCollect Porto"}

_FIRST = {
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
_LAST = {
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
_GOODS = (
    ("gold-coins", "Libra de ouro", 52_000, 2),
    ("gold-coins", "Ducado 1/10 oz", 31_000, 3),
    ("silver-coins", "Onça de prata", 3_900, 18),
    ("silver-coins", "Dez euros comemorativa", 2_450, 20),
    ("silver-coins", "Denário romano", 8_900, 6),
    ("stamps", "Bloco filatélico", 1_250, 16),
    ("stamps", "Série anual de selos", 4_800, 8),
    ("books", "Catálogo de moedas", 2_990, 9),
    ("supplies", "Álbum de coleção", 1_990, 12),
    ("supplies", "Lupa de bolso", 990, 10),
    ("gift-card", "Cartão oferta", 2_500, 4),
)


@dataclass(frozen=True, slots=True)
class Person:
    """One made-up member: who they are, when they joined, how often they buy and how much at once."""

    id: str
    name: str
    email: str
    locale: str
    birthday: date | None
    joined_at: datetime
    every_days: float
    basket: int
    news: bool
    active_days: int
    referred_by: str | None


def people(*, seed: int, until: datetime) -> list[Person]:
    """Return the demo's members in the order in which they joined. The first buys every week, so that there
    is much to see.
    """
    chance = random.Random(seed)  # noqa: S311 - believable, not secret
    begin = until - timedelta(days=DAYS)
    out: list[Person] = []
    for number in range(MEMBERS):
        locale = chance.choices(("pt", "en", "pl"), (8, 1, 1))[0]
        name = f"{chance.choice(_FIRST[locale])} {chance.choice(_LAST[locale])}"
        later = timedelta(days=chance.triangular(0, DAYS - 5, 60), minutes=chance.randrange(600))
        joined = begin + (later if number else timedelta(hours=9))
        rare = chance.random() < 0.15
        out.append(
            Person(
                id=f"{chance.getrandbits(128):032x}",
                name="Ana Silva" if number == 0 else name,
                email=f"member{number + 1}@numiscollect.example",
                locale="pt" if number == 0 else locale,
                birthday=_birthday(chance),
                joined_at=_whole(joined),
                every_days=7.0 if number == 0 else chance.choice((12.0, 20.0, 30.0, 45.0, 70.0, 120.0)),
                basket=chance.choice((1, 1, 2, 2, 3)),
                news=number == 0 or chance.random() < 0.6,
                active_days=chance.randrange(20, 200) if rare and number else DAYS,
                referred_by=None,
            )
        )
    out.sort(key=lambda person: person.joined_at)
    return [_referred(person, out[:place], chance) for place, person in enumerate(out)]


def _birthday(chance: random.Random) -> date | None:
    day = date(chance.randrange(1948, 2004), chance.randrange(1, 13), chance.randrange(1, 29))
    return day if chance.random() < 0.8 else None


def _referred(person: Person, earlier: list[Person], chance: random.Random) -> Person:
    if not earlier or chance.random() > 0.15:
        return person
    friend = chance.choice(earlier[: max(1, len(earlier) // 4)])
    return Person(
        **{name: getattr(person, name) for name in Person.__slots__ if name != "referred_by"},
        referred_by=friend.id,
    )


def history(members: list[Person], *, seed: int, until: datetime) -> list[dict[str, Json]]:
    """Return every dated line of the members' two years, in order."""
    chance = random.Random(seed + 1)  # noqa: S311 - believable, not secret
    lines = [line for person in members for line in _life(person, chance, until)]
    return sorted(lines, key=lambda line: str(line["at"]))


def _life(person: Person, chance: random.Random, until: datetime) -> Iterator[dict[str, Json]]:
    at = person.joined_at
    data: dict[str, Json] = {
        "name": person.name,
        "birthday": str(person.birthday) if person.birthday else None,
        "locale": person.locale,
        "consents": [],
        "referredBy": person.referred_by,
    }
    yield _line(at, person, "member.enrolled", "app", data)
    if person.news:
        yield _line(
            at + timedelta(minutes=2),
            person,
            "member.consented",
            "app",
            {"purpose": "marketing", "granted": True},
        )
        yield _line(at + timedelta(minutes=3), person, "newsletter.subscribed", "app", {})
    end = min(until, person.joined_at + timedelta(days=person.active_days))
    number = 0
    while (
        at := _shopping_hour(at + timedelta(days=chance.uniform(0.6, 1.5) * person.every_days), chance)
    ) < end:
        number += 1
        receipt = f"{chance.choice(tuple(STORES))[0].upper()}-{person.id[:6]}-{number:04d}"
        yield _line(at, person, "purchase.completed", "till", _purchase(receipt, person, chance))
        if chance.random() < 0.04 and at + timedelta(days=3) < until:
            back: dict[str, Json] = {"externalId": receipt, "lines": [{"line": 1, "quantity": 1}]}
            yield _line(at + timedelta(days=3), person, "purchase.refunded", "till", back)
        if chance.random() < 0.05 and at + timedelta(hours=30) < until:
            yield _line(
                at + timedelta(hours=30), person, "event.attended", "crm", {"event": "feira-de-moedas"}
            )
        if chance.random() < 0.08 and at + timedelta(hours=5) < until:
            yield _line(at + timedelta(hours=5), person, "social.shared", "app", {"network": "instagram"})
        if chance.random() < 0.12 and at + timedelta(days=20) < until:
            yield from _redeems(person, at + timedelta(days=20), chance, until)


def _redeems(
    person: Person, at: datetime, chance: random.Random, until: datetime
) -> Iterator[dict[str, Json]]:
    reward = chance.choice(("discount-5", "coin-capsules", "stamps-credit"))
    yield _line(at, person, "reward.redeemed", "app", {"reward": reward})
    used = at + timedelta(days=chance.randrange(1, 20))
    if chance.random() < 0.8 and used < until:
        yield _line(
            used, person, "voucher.used", "till", {"reward": reward, "store": chance.choice(tuple(STORES))}
        )


def _purchase(receipt: str, person: Person, chance: random.Random) -> dict[str, Json]:
    lines: list[Json] = []
    total = 0
    for place in range(1 + chance.randrange(person.basket)):
        category, name, price, _ = chance.choices(_GOODS, [goods[3] for goods in _GOODS])[0]
        quantity = chance.choices((1, 2, 3), (8, 2, 1))[0] if price < 10_000 else 1
        amount = price * quantity
        total += amount
        lines.append(
            {
                "sku": f"{category}-{place}",
                "name": name,
                "category": category,
                "quantity": quantity,
                "amount": amount,
            }
        )
    return {
        "externalId": receipt,
        "store": "lisboa" if receipt.startswith("L") else "porto",
        "total": total,
        "lines": lines,
    }


def _shopping_hour(at: datetime, chance: random.Random) -> datetime:
    return _whole(at.replace(hour=9, minute=0) + timedelta(minutes=chance.randrange(10 * 60)))


def _whole(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def _line(at: datetime, person: Person, name: str, source: str, data: dict[str, Json]) -> dict[str, Json]:
    return {"at": at.isoformat(), "member": person.id, "name": name, "source": source, "data": data}
