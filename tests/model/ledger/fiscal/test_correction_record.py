"""A receipt's record and those of its corrections add up to the record of the receipt as it is now."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.model.ledger.events import Payment, Purchase, WalletPayment
from domain.model.ledger.fiscal.fiscal_record import (
    FiscalRecord,
    correction_record,
    details_of_total,
    sale_record,
)
from domain.model.ledger.fiscal.receipt_details import ReceiptDetails, TaxLine, Tender, detail_faults

CARDS = ReceiptDetails(tenders=(Tender("card", 3_000), Tender("card", 2_000)))
NOTHING_LEFT = ReceiptDetails(tenders=(Tender("cash", 0),))


def purchase_of(total: int, *, paid: int = 0) -> Purchase:
    payment = Payment(total, (WalletPayment("points", paid * 2, paid),)) if paid else None
    return Purchase("T-1", total, "EUR", payment=payment)


def records_of(details: ReceiptDetails, totals: list[int], *, paid: int = 0) -> list[FiscalRecord]:
    """The records of a receipt of the first total, which is corrected to each of the others in turn, and last
    the one of the receipt as it is then.
    """
    sold = purchase_of(totals[0], paid=paid)
    before, records = sale_record(sold, details=details), list[FiscalRecord]()
    records.append(before)
    for total in totals[1:]:
        corrected = purchase_of(total, paid=paid)
        after = sale_record(corrected, details=details_of_total(details, sold, corrected))
        records.append(correction_record(before, after))
        before = after
    return [*records, before]


def sums_of(*records: FiscalRecord) -> Counter[tuple[str, ...]]:
    """The amounts of records, added up by what they are amounts of; what comes to 0 is left out."""
    sums = Counter[tuple[str, ...]]()
    for record in records:
        sums["gross",] += record.gross
        for part in record.parts:
            sums[part.kind, part.code, "amount"] += part.amount
            sums[part.kind, part.code, "units"] += part.units or 0
        for number, tax in enumerate(record.taxes):
            sums[str(number), tax.rate, "base"] += tax.base
            sums[str(number), tax.rate, "amount"] += tax.amount
    return Counter({of: amount for of, amount in sums.items() if amount})


@pytest.mark.parametrize(("total", "more"), [(4_000, -1_000), (6_000, 1_000), (0, -5_000)])
def test_two_cards_of_a_receipt_are_corrected_together(total: int, more: int) -> None:
    _, correction, _ = records_of(CARDS, [5_000, total])
    assert [(part.code, part.amount) for part in correction.parts] == [("card", more)]
    assert correction.gross == more


def test_a_receipt_of_nothing_with_a_tax_is_corrected_without_knowing_its_taxes() -> None:
    _, correction, _ = records_of(ReceiptDetails(taxes=(TaxLine("23", 0, 0),)), [0, 1_000])
    assert [(part.code, part.amount) for part in correction.parts] == [("other", 1_000)]
    assert correction.taxes == (TaxLine("23", 0, 0),)


def test_what_wallets_do_not_pay_of_a_corrected_receipt_was_paid_otherwise() -> None:
    _, correction, corrected = records_of(NOTHING_LEFT, [1_000, 1_500], paid=1_000)
    assert (correction.gross, corrected.gross) == (500, 1_500)
    assert {part.code: part.amount for part in correction.parts} == {"points": 0, "other": 500, "cash": 0}


@settings(max_examples=300, deadline=None)
@given(
    total=st.integers(0, 10_000),
    share=st.sampled_from((0, 30, 100)),
    cuts=st.lists(st.integers(0, 100), max_size=3),
    kinds=st.lists(st.sampled_from(("cash", "card")), min_size=4, max_size=4),
    is_told=st.booleans(),
    more=st.lists(st.integers(0, 10_000), min_size=1, max_size=3),
)
def test_a_receipt_and_its_corrections_are_what_it_is_now(
    total: int, share: int, cuts: list[int], kinds: list[str], is_told: bool, more: list[int]
) -> None:
    paid = total * share // 100
    due, tenders = total - paid, list[Tender]()
    for cut, kind in zip([*cuts, 100], kinds, strict=False):
        tenders.append(Tender(kind, due * cut // 100))
        due -= tenders[-1].amount
    taxes = (TaxLine("23", total // 2, total // 9), TaxLine("5.5", total // 3, total // 60))
    details = ReceiptDetails(taxes, tuple(tenders) if is_told else ())
    assert list(detail_faults(details, total=total, paid_by_wallets=paid)) == []
    *records, now = records_of(details, [total, *(paid + each for each in more)], paid=paid)
    assert sums_of(*records) == sums_of(now)
    assert now.gross == paid + more[-1]
    for record in records:
        assert record.gross == record.discounts + record.payments
