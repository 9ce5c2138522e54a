"""Paying in the store: in three commands, from two tills at once never twice, kept whole, and proven by `verify`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.model.ledger.decision import BalanceTooLow, PaymentNotAccepted
from domain.model.ledger.events import Payment, WalletPayment
from domain.model.ledger.fiscal.receipt_details import ReceiptDetails, Tender
from domain.model.ledger.payments import payment_left
from domain.services.errors import ExpiredCode, IdempotencyKeyConflict, InvalidInput, NotAllowed
from domain.services.ledger import purchases, queries
from domain.services.ledger.purchase_input import PurchaseInput
from domain.services.ledger.purchases import PurchaseRecorded
from domain.services.ledger.returns import refunds
from domain.services.ledger.returns.refunds import RefundRequest
from domain.services.ledger.till import Presence
from domain.services.ledger.verification import verify
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.ledger import journal, receipts
from tests.command_log import CommandLog
from tests.small_runtime import NOW, PORTO, SMALL, TILL, join, new_purchase, open_runtime

PAYING = SMALL.replace("debt: allow", "debt: allow, pay: {units: 10, worth: 50, share: 60}")


def paid_purchase(number: str, units: int, total: int = 1_000) -> PurchaseInput:
    return replace(new_purchase(number, total), pay_with=(WalletPayment("points", units),))


async def record(
    runtime: Runtime,
    purchase_input: PurchaseInput,
    *,
    till: object = TILL,
    presence: Presence = "shown",
    minutes: int = 1,
) -> PurchaseRecorded:
    return await purchases.record(
        runtime,
        till=PORTO if till is PORTO else TILL,
        member_id="ana",
        purchase_input=purchase_input,
        key=purchase_input.external_id,
        now=NOW + timedelta(minutes=minutes),
        presence=presence,
    )


async def open_club(database: Database) -> Runtime:
    """Return a runtime in which Ana has 100 points."""
    runtime = await open_runtime(database, PAYING)
    await join(runtime, "ana")
    await record(runtime, new_purchase("first"), presence="unproven", minutes=0)
    return runtime


async def figures(runtime: Runtime) -> tuple[int, int]:
    view = await queries.load_member_view(runtime, member_id="ana", now=NOW + timedelta(minutes=9))
    points = view.member.wallets["points"]
    return points.available, points.spent


async def test_a_paid_purchase_takes_the_commands_of_any_other(
    database: Database, command_log: CommandLog
) -> None:
    runtime = await open_club(database)
    await record(runtime, new_purchase("warm", 0), presence="unproven")  # stock is known for a second
    with command_log.counting() as counted:
        recorded = await record(runtime, paid_purchase("r", 100))
    assert counted.names == ["find", "bulkWrite", "commitTransaction"]
    assert [(one.kind, one.amount) for one in recorded.history] == [
        ("SPEND", -100),
        ("AWARD", 10),
    ]
    assert await figures(runtime) == (10, 100)


async def test_a_late_payment_is_checked_by_the_programme_that_decides_it(database: Database) -> None:
    # Of minute 2, before the version in which points pay no more, and decided after a purchase under that one.
    runtime = await open_club(database)
    await runtime.programmes.publish(SMALL, now=NOW + timedelta(minutes=5))
    await record(runtime, new_purchase("second", 0), presence="unproven", minutes=6)
    details = ReceiptDetails(tenders=(Tender("cash", 500),))  # 100 points are worth 5.00
    late = replace(paid_purchase("late", 100), details=details, occurred_at=NOW + timedelta(minutes=2))
    quoted = await purchases.quote(
        runtime, till=TILL, member_id="ana", purchase_input=late, now=NOW + timedelta(minutes=7)
    )
    assert (quoted.version, quoted.purchase.payment) == (
        1,
        Payment(1_000, (WalletPayment("points", 100, 500),)),
    )
    with pytest.raises(InvalidInput, match="500 is due"):
        await record(
            runtime, replace(late, details=ReceiptDetails(tenders=(Tender("cash", 1_000),))), minutes=7
        )
    recorded = await record(runtime, late, minutes=7)
    assert (recorded.version, await figures(runtime)) == (1, (10, 100))
    with pytest.raises(InvalidInput, match="no wallet of the programme pays"):
        await record(runtime, paid_purchase("now", 10), minutes=8)


async def test_the_tenders_of_a_late_receipt_add_up_to_what_is_due_by_its_own_programme(
    database: Database,
) -> None:
    runtime = await open_club(database)
    await runtime.programmes.publish(PAYING.replace("worth: 50", "worth: 40"), now=NOW + timedelta(minutes=5))
    await record(runtime, new_purchase("second", 0), presence="unproven", minutes=6)
    late = replace(paid_purchase("late", 100), occurred_at=NOW + timedelta(minutes=2))
    by_now, by_then = (ReceiptDetails(tenders=(Tender("cash", amount),)) for amount in (600, 500))
    with pytest.raises(InvalidInput, match="500 is due"):
        await record(runtime, replace(late, details=by_now), minutes=7)
    await record(runtime, replace(late, details=by_then), minutes=7)


async def test_two_tills_at_once_spend_the_same_points_once(database: Database) -> None:
    runtime = await open_club(database)
    answers = await asyncio.gather(
        *(record(runtime, paid_purchase("r", 100), till=till) for till in (TILL, PORTO)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in answers) == ["BalanceTooLow", "PurchaseRecorded"]
    assert await figures(runtime) == (10, 100)
    assert [one async for one in verify(runtime.store)] == []


@pytest.mark.parametrize(
    ("units", "presence", "refusal"),
    [
        (100, "unproven", NotAllowed),
        (100, "lapsed", ExpiredCode),
        (130, "shown", PaymentNotAccepted),
        (110, "shown", BalanceTooLow),
        (105, "shown", PaymentNotAccepted),
    ],
)
async def test_a_refused_payment_leaves_no_receipt(
    database: Database, units: int, presence: Presence, refusal: type[Exception]
) -> None:
    runtime = await open_club(database)
    with pytest.raises(refusal):
        await record(runtime, paid_purchase("r", units), presence=presence)
    assert await figures(runtime) == (100, 0)
    assert (
        await record(runtime, new_purchase("r", 1_000), presence="unproven")
    ).purchase.remaining.total == 1_000


async def test_a_recorded_request_is_answered_again_also_when_the_card_was_shown_long_ago(
    database: Database,
) -> None:
    runtime = await open_club(database)
    first = await record(runtime, paid_purchase("r", 100))
    again = await record(runtime, paid_purchase("r", 100), presence="lapsed", minutes=9)
    assert (again.purchase, again.history) == (first.purchase, first.history)
    with pytest.raises(IdempotencyKeyConflict):
        await record(runtime, paid_purchase("r", 50))
    assert await figures(runtime) == (10, 100)


async def test_journal_and_receipt_keep_the_payment_and_what_is_left_of_it(database: Database) -> None:
    runtime = await open_club(database)
    bought = await record(runtime, paid_purchase("r", 100))
    [amounts] = [
        await refunds.refund(
            runtime,
            till=TILL,
            refund_request=RefundRequest("r", amount=400),
            reason="returned",
            key="back",
            now=NOW + timedelta(minutes=2),
        )
    ]
    assert isinstance(amounts, refunds.PurchaseRefunded)
    assert (amounts.back.money, [(one.units, one.worth) for one in amounts.back.wallets]) == (
        200,
        [(40, 200)],
    )
    receipt = await receipts.find(runtime.store, bought.purchase.id)
    row = await journal.find(runtime.store, "ana", bought.purchase.seq)
    assert receipt is not None
    assert row is not None
    assert row.event.purchase is not None
    assert receipt.remaining is not None
    assert receipt.remaining.payment == row.event.purchase.payment
    assert payment_left(receipt.remaining) == (WalletPayment("points", 60, 300),)
    assert [(one.wallet, sum(part.amount for part in one.parts)) for one in row.payments] == [("points", 100)]


async def test_verify_finds_a_payment_that_entries_do_not_bear_out(database: Database) -> None:
    runtime = await open_club(database)
    bought = await record(runtime, paid_purchase("r", 100))
    await runtime.store["journal"].update_one(
        {"_id": f"ana:{bought.purchase.seq}"}, {"$set": {"event.purchase.payment.1.0.1": 90}}
    )
    assert [str(one) async for one in verify(runtime.store)] == [
        f"ana: row {bought.purchase.seq} payment is {{'points': -90}}, the journal gives {{'points': -100}}"
    ]


def test_what_a_key_is_compared_by_is_the_same_where_no_wallet_pays() -> None:
    plain, paid = new_purchase("r"), paid_purchase("r", 100, total=10_000)
    assert set(paid.key_input) - set(plain.key_input) == {"payWith"}
    assert set(plain.key_input) >= {"externalId", "total", "currency", "lines", "at"}
