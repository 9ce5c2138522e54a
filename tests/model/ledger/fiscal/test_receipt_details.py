"""What no receipt can hold is refused, each fault with its field and what would be right."""

import pytest

from domain.model.ledger.fiscal.receipt_details import ReceiptDetails, TaxLine, Tender, detail_faults

REMEDY = "leave out the change that was given back, or leave tenders out."


def faults(
    *, taxes: tuple[TaxLine, ...] = (), tenders: tuple[Tender, ...] = (), total: int = 1_000, wallets: int = 0
) -> list[tuple[str, str]]:
    details = ReceiptDetails(taxes, tenders)
    return [
        (fault.field, fault.message) for fault in detail_faults(details, total=total, paid_by_wallets=wallets)
    ]


@pytest.mark.parametrize("rate", ["0", "23", "5.5", "0.25", "23.0000", "100"])
def test_a_rate_is_a_decimal_text(rate: str) -> None:
    amount = 0 if rate == "0" else 3
    assert faults(taxes=(TaxLine(rate, 900, amount),)) == []


@pytest.mark.parametrize("rate", ["", "23%", "5,5", "-1", "1e1", "023", ".5", "23.", "1000", "5.12345", "2٣"])
def test_a_rate_of_another_form_is_refused(rate: str) -> None:
    assert faults(taxes=(TaxLine(rate, 900, 3),)) == [
        ("taxes[0].rate", 'Write the rate in percent as a decimal text, such as "23" or "5.5".')
    ]


def test_taxes_are_within_the_total() -> None:
    assert faults(taxes=(TaxLine("23", 1_001, 3),)) == [
        ("taxes[0].base", "Write a whole number from 0 to the total, 1000.")
    ]
    assert faults(taxes=(TaxLine("23", 1_000, -1),)) == [
        ("taxes[0].amount", "Write a whole number from 0 to the total, 1000.")
    ]
    assert faults(taxes=(TaxLine("23", 1_000, 600), TaxLine("6", 900, 401))) == [
        ("taxes", "The taxes sum to 1001; a receipt of 1000 holds at most its total.")
    ]
    assert faults(taxes=(TaxLine("0.00", 1_000, 1),)) == [("taxes[0].amount", "A rate of 0 comes to 0.")]
    assert faults(taxes=(TaxLine("1", 1, 0),) * 51) == [
        ("taxes", "At most 50 tax lines: add up those of one rate.")
    ]


def test_tenders_are_what_is_due() -> None:
    assert faults(tenders=(Tender("cash", 600), Tender("card", 400))) == []
    assert faults(tenders=(Tender("cash", 600),), wallets=400) == []
    assert faults(tenders=(Tender("cash", 1_500),)) == [
        ("tenders", f"The tenders sum to 1500, but 1000 is due: {REMEDY}")
    ]
    assert faults(tenders=(Tender("cash", 600),), wallets=401) == [
        ("tenders", f"The tenders sum to 600, but 599 is due after 401 paid from wallets: {REMEDY}")
    ]
    assert faults(tenders=(Tender(" ", 1_000),)) == [
        ("tenders[0].kind", "Write 1 to 64 characters, such as cash or card.")
    ]
    assert faults(tenders=(Tender("cash", -1), Tender("card", 1_001))) == [
        ("tenders[0].amount", "Write a whole number from 0 to 1000000000.")
    ]
    assert faults(tenders=(Tender("cash", 0),) * 20 + (Tender("card", 1_000),)) == [
        ("tenders", "At most 20 tenders: add up those of one kind.")
    ]
