"""What rewards cost in money."""

from __future__ import annotations

import pytest

from domain.model.figures.definitions.points import reward_cost
from domain.model.programme import load

CLUB = """
programme: {{code: club, name: Club, currency: {currency}, timezone: Europe/Lisbon, locales: [en]}}
wallets: [{{code: points, name: Points}}]
rewards: [{{code: one, title: One, cost: {{wallet: points, amount: 10}}, {keys}}}]
"""


@pytest.mark.parametrize(
    ("keys", "currency", "cost"),
    [
        ('unit_cost: "3.505"', "EUR", 1_051.5),
        ('unit_cost: "120"', "JPY", 360.0),  # a currency without decimals
        ("kind: discount_amount, value: {amount: 500}", "EUR", 1_500.0),
        ('kind: discount_amount, value: {amount: 500}, unit_cost: "1"', "EUR", 300.0),
        ("kind: discount_percent, value: {percent: 10}", "EUR", None),
        ("kind: product", "EUR", None),
    ],
)
def test_used_vouchers_cost_what_the_file_says_else_their_discount(
    keys: str, currency: str, cost: float | None
) -> None:
    [spec] = load(CLUB.format(currency=currency, keys=keys)).rewards
    assert reward_cost(spec, 3, currency) == cost
