"""Tax lines in an events file: kept with the purchase, and refused by the words of the API."""

import json
from typing import Any

import pytest

from domain.model.ledger.fiscal.receipt_details import ReceiptDetails, TaxLine
from domain.model.simulate import InputMalformed, Simulation, read_line, simulate
from tests.model.simulation_runs import PER_EURO, Line, buy, enrol, programme, rules

CLUB = programme("wallets: [{code: points, name: P}]", rules(PER_EURO))


def taxed(*taxes: Any) -> Line:
    bought = buy("2026-01-20T10:00", 1_230, id="r-1")
    return {**bought, "data": {**bought["data"], "taxes": list(taxes)}}


def test_tax_lines_are_kept_with_the_purchase() -> None:
    simulation = Simulation(CLUB)
    for number, line in enumerate((enrol(), taxed({"rate": "23", "base": 1_000, "amount": 230})), start=1):
        list(simulation.event(read_line(number, json.dumps(line))))
    event = simulation.rows["ana"][-1].event
    assert event.details == ReceiptDetails(taxes=(TaxLine("23", 1_000, 230),))


@pytest.mark.parametrize(
    ("tax", "words"),
    [
        ({"rate": 23, "base": 1_000, "amount": 230}, "data.rate is 23; write a text"),
        ({"rate": "23"}, "data.base is missing"),
        (
            {"rate": "23 %", "base": 1_000, "amount": 230},
            'data.taxes[0].rate: Write the rate in percent as a decimal text, such as "23" or "5.5".',
        ),
        (
            {"rate": "23", "base": 1_231, "amount": 230},
            "data.taxes[0].base: Write a whole number from 0 to the total, 1230.",
        ),
        ("23%", "data.taxes holds what is no map"),
    ],
)
def test_a_tax_line_that_cannot_be_is_a_fault_of_its_line(tax: Any, words: str) -> None:
    with pytest.raises(InputMalformed) as fault:
        list(simulate(CLUB, [json.dumps(enrol()), json.dumps(taxed(tax))]))
    assert str(fault.value).startswith("line 2: ")
    assert words in str(fault.value)


def test_an_unknown_field_of_a_tax_line_is_told() -> None:
    warnings: list[str] = []
    tax = {"rate": "23", "base": 1_000, "ammount": 230, "amount": 230}
    list(simulate(CLUB, [json.dumps(enrol()), json.dumps(taxed(tax))], warn=warnings.append))
    assert warnings == ["line 2: data.taxes has no field ammount; did you mean amount?"]
