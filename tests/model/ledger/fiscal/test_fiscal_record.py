"""A receipt's record adds up, and so do its refunds, to the last cent and in whatever parts."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.model.ledger.deciding.returns.refund_lines import remaining_purchase
from domain.model.ledger.decision import Entry
from domain.model.ledger.events import Payment, Purchase, WalletPayment
from domain.model.ledger.fiscal.fiscal_record import FiscalPart, FiscalRecord, refund_record, sale_record
from domain.model.ledger.fiscal.receipt_details import ReceiptDetails, TaxLine, Tender

MONEY = frozenset({"credit"})


def purchase_of(total: int, *paid: WalletPayment) -> Purchase:
    return Purchase("T-1", total, "EUR", "lisboa", payment=Payment(total, paid) if paid else None)


def discount(amount: int, voucher: str = "m-1") -> FiscalPart:
    return FiscalPart("DISCOUNT", "VOUCHER", "five-off", amount, voucher=voucher)


def refunds_of(sale: FiscalRecord, purchase: Purchase, amounts: list[int | None]) -> list[FiscalRecord]:
    """The records of refunds by amount, one after another; None is all that is left."""
    records, before = [], purchase
    for amount in amounts:
        remaining = remaining_purchase(before, amount=amount)
        records.append(refund_record(sale, total=purchase.total, before=before, remaining=remaining))
        before = remaining
    return records


def amounts_of(record: FiscalRecord) -> list[tuple[str, str, int, int | None]]:
    return [(part.kind, part.code, part.amount, part.units) for part in record.parts]


def test_a_receipt_is_the_sum_of_its_discounts_and_payments_and_credit_stands_apart() -> None:
    # 45.00 after a voucher of 5.00; 1,000 points pay 10.00; 20.00 cash and 15.00 by card; 2.25 store credit.
    details = ReceiptDetails(
        taxes=(TaxLine("23", 3659, 841),), tenders=(Tender("cash", 2_000), Tender("card", 1_500))
    )
    entries = (
        Entry("points", "SPEND", -1_000),
        Entry("points", "AWARD", 35),
        Entry("credit", "AWARD", 200),
        Entry("credit", "BONUS", 25),
    )
    sale = sale_record(
        purchase_of(4_500, WalletPayment("points", 1_000, 1_000)),
        details=details,
        discounts=[discount(500)],
        entries=entries,
        money_wallets=MONEY,
    )
    assert amounts_of(sale) == [
        ("DISCOUNT", "five-off", 500, None),
        ("PAYMENT", "points", 1_000, 1_000),
        ("PAYMENT", "cash", 2_000, None),
        ("PAYMENT", "card", 1_500, None),
        ("CREDIT", "credit", 225, None),
    ]
    assert (sale.gross, sale.discounts, sale.payments) == (5_000, 500, 4_500)
    assert sale.taxes == details.taxes


def test_what_nobody_said_how_it_was_paid_is_paid_otherwise() -> None:
    assert amounts_of(sale_record(purchase_of(4_500))) == [("PAYMENT", "other", 4_500, None)]
    assert amounts_of(sale_record(purchase_of(0), discounts=[discount(400)])) == [
        ("DISCOUNT", "five-off", 400, None)
    ]


def test_a_refund_of_a_third_floors_what_has_come_back_so_far() -> None:
    # 10.00 of 30.00, paid 10.01 by 1,001 points and 19.99 otherwise, after a discount of 1.00.
    # Money: 1999 x 1000 / 3000 = 666.33 -> 6.66; wallet 10.00 - 6.66 = 3.34 for 334 points; discount 0.33.
    purchase = purchase_of(3_000, WalletPayment("points", 1_001, 1_001))
    sale = sale_record(
        purchase,
        details=ReceiptDetails(taxes=(TaxLine("23", 2_439, 561),)),
        discounts=[discount(100)],
    )
    first, rest = refunds_of(sale, purchase, [1_000, None])
    assert amounts_of(first) == [
        ("DISCOUNT", "five-off", -33, None),
        ("PAYMENT", "points", -334, -334),
        ("PAYMENT", "other", -666, None),
    ]
    assert first.taxes == (TaxLine("23", -813, -187),)
    assert (first.gross, rest.gross) == (-1_033, -2_067)
    assert rest.taxes == (TaxLine("23", -1_626, -374),)


def test_a_receipt_of_nothing_is_refunded_whole() -> None:
    sale = sale_record(purchase_of(0), discounts=[discount(400)])
    (whole,) = refunds_of(sale, purchase_of(0), [None])
    assert amounts_of(whole) == [("DISCOUNT", "five-off", -400, None)]


def test_credit_that_a_refund_claws_back_is_in_its_record() -> None:
    sale = sale_record(purchase_of(1_000))
    record = refund_record(
        sale,
        total=1_000,
        before=purchase_of(1_000),
        remaining=remaining_purchase(purchase_of(1_000)),
        entries=(Entry("credit", "CLAWBACK", -50), Entry("points", "CLAWBACK", -10)),
        money_wallets=MONEY,
    )
    assert amounts_of(record) == [("PAYMENT", "other", -1_000, None), ("CREDIT", "credit", -50, None)]


@settings(max_examples=300, deadline=None)
@given(
    total=st.integers(1, 10_000),
    paid=st.lists(st.integers(1, 10_000), max_size=3),
    given_otherwise=st.lists(st.integers(0, 10_000), max_size=4),
    discounts=st.lists(st.integers(1, 3_000), max_size=2),
    cuts=st.lists(st.integers(1, 10_000), max_size=5),
)
def test_refunds_in_any_parts_add_up_and_none_gives_where_another_takes(
    total: int, paid: list[int], given_otherwise: list[int], discounts: list[int], cuts: list[int]
) -> None:
    payments, left = [], total
    for number, value in enumerate(paid):
        if value <= left:
            payments.append(WalletPayment(f"w{number}", value * 3, value))
            left -= value
    tenders = []
    for number, amount in enumerate(given_otherwise):
        tenders.append(Tender(f"t{number}", min(amount, left)))
        left -= tenders[-1].amount
    if tenders:
        tenders[-1] = replace(tenders[-1], amount=tenders[-1].amount + left)
    purchase = purchase_of(total, *payments)
    sale = sale_record(
        purchase,
        details=ReceiptDetails((TaxLine("5.5", total // 2, total // 9),), tuple(tenders)),
        discounts=[discount(amount, f"v-{number}") for number, amount in enumerate(discounts)],
    )
    assert sale.gross == sale.discounts + total
    amounts: list[int | None] = []
    rest = total
    for cut in cuts:
        if cut < rest:
            amounts.append(cut)
            rest -= cut
    records = refunds_of(sale, purchase, [*amounts, None])
    for index, part in enumerate(sale.parts):
        shares = [record.parts[index] for record in records]
        assert sum(share.amount for share in shares) == -part.amount
        assert sum(share.units or 0 for share in shares) == -(part.units or 0)
        assert all(share.amount <= 0 and (share.units or 0) <= 0 for share in shares)
    assert sum(record.taxes[0].base for record in records) == -(total // 2)
    assert sum(record.taxes[0].amount for record in records) == -(total // 9)
    for record, refunded in zip(records, [*amounts, rest], strict=True):
        assert record.payments == -(refunded or 0)
