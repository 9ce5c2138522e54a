"""Those of the demo's people who show something: a plan, a debt, open vouchers, a streak, a tier about to
fall. What they do is written down, and nothing of it is left to chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from domain.model.event_names import PLAN_RENEWED, PLAN_STARTED, PURCHASED, REDEEMED, REFUNDED
from domain.model.ledger.events import Json


@dataclass(frozen=True, slots=True)
class PersonaAct:
    """What somebody does, so many days before the demo began."""

    days_ago: int
    name: str
    event_data: Mapping[str, Json] = field(default_factory=dict)
    source: str = "till"


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody who shows something, as `demo.json` says it."""

    shows: str
    joined_days_ago: int
    acts: tuple[PersonaAct, ...]


def _bought(days_ago: int, euros: int, *, receipt: str) -> PersonaAct:
    amount = euros * 100
    line: dict[str, Json] = {
        "sku": "catalogue",
        "name": "Catálogo de moedas",
        "category": "books",
        "quantity": 1,
        "amount": amount,
    }
    return PersonaAct(
        days_ago,
        PURCHASED,
        {"externalId": receipt, "store": "lisboa", "total": amount, "lines": [line]},
    )


def _redeemed(days_ago: int, reward: str) -> PersonaAct:
    return PersonaAct(days_ago, REDEEMED, {"reward": reward}, source="app")


# In the order of the members' numbers: the second member is the first of these.
PERSONAS: Final = (
    Persona(
        "a paid plan",
        300,
        (
            PersonaAct(40, PLAN_STARTED, {"plan": "numis-plus"}, source="billing"),
            _bought(35, 120, receipt="PLAN-1"),
            # Two days before the trial ends.
            PersonaAct(12, PLAN_RENEWED, {"plan": "numis-plus"}, source="billing"),
        ),
    ),
    Persona(
        "points owed after a refund",
        200,
        (
            _bought(60, 240, receipt="DEBT-1"),
            _bought(58, 240, receipt="DEBT-2"),
            _redeemed(20, "discount-5"),
            PersonaAct(10, REFUNDED, {"externalId": "DEBT-1"}),
        ),
    ),
    Persona(
        "open vouchers",
        200,
        (
            _bought(90, 240, receipt="OPEN-1"),
            _bought(80, 240, receipt="OPEN-2"),
            _bought(70, 240, receipt="OPEN-3"),
            _redeemed(12, "discount-5"),
            _redeemed(8, "coin-capsules"),
        ),
    ),
    Persona(
        "a streak", 150, tuple(_bought(7 * week, 20, receipt=f"WEEK-{week}") for week in range(10, -1, -1))
    ),
    Persona(
        "a tier about to fall",
        420,
        tuple(_bought(380 - place, 240, receipt=f"TIER-{place + 1}") for place in range(5)),
    ),
)


def persona_of(number: int) -> Persona | None:
    """Return who the member of a number is, from 0; None for one like any other."""
    return PERSONAS[number - 1] if 1 <= number <= len(PERSONAS) else None


def own_receipts(act: PersonaAct, person_id: str) -> dict[str, Json]:
    """Return the data of an act; a receipt's number is its person's own."""
    event_data = dict(act.event_data)
    if "externalId" in event_data:
        event_data["externalId"] = f"L-{person_id[:6]}-{event_data['externalId']}"
    return event_data


def acts_in_order(persona: Persona) -> Iterator[PersonaAct]:
    """Yield the acts of a persona, the earliest first."""
    yield from sorted(persona.acts, key=lambda act: -act.days_ago)
