"""Refunds add up, know their receipt, and act once for each key."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.model.ledger.deciding.refund_lines import RefundLine
from domain.services.errors import InvalidInput, UnknownPurchase
from domain.services.ledger import adjustments, purchases, queries, refunds
from domain.services.ledger.purchase_input import PurchaseInputLine
from domain.services.ledger.refunds import RefundRequest, RefundTooLarge
from domain.services.ledger.verification import verify
from domain.services.runtime import Runtime
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.small_runtime import CASHIER, NOW, NUMISCOLLECT, PORTO, TILL, join, new_purchase, open_runtime

LINES = (PurchaseInputLine("a", 3_333, quantity=3), PurchaseInputLine("b", 6_667))


async def sold(database: Database, text: str | None = None) -> Runtime:
    runtime = await (open_runtime(database, text) if text else open_runtime(database))
    await join(runtime, "ana")
    await purchases.record(
        runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1", lines=LINES), key="k1", now=NOW
    )
    return runtime


async def refund(runtime: Runtime, key: str, request: RefundRequest) -> refunds.PurchaseRefunded:
    return await refunds.refund(
        runtime, till=TILL, refund_request=request, reason="broken", key=key, now=NOW + timedelta(hours=1)
    )


async def test_refunds_in_parts_claim_what_one_would(database: Database) -> None:
    runtime = await sold(database)
    first = await refund(runtime, "a", RefundRequest("r1", lines=(RefundLine(1, quantity=1),)))
    second = await refund(runtime, "b", RefundRequest("r1", amount=3_889))
    third = await refund(runtime, "c", RefundRequest("r1"))
    assert [one.history[0].entry.amount for one in (first, second, third)] == [-12, -38, -50]
    assert third.purchase.remaining.total == 0
    assert third.wallets["points"].available == 0
    assert [one async for one in verify(runtime.store)] == []


async def test_a_refund_quote_is_the_refund(database: Database) -> None:
    runtime = await sold(database)
    quote = await refunds.quote(
        runtime, till=TILL, refund_request=RefundRequest("r1", amount=4_000), now=NOW + timedelta(hours=1)
    )
    done = await refund(runtime, "a", RefundRequest("r1", amount=4_000))
    assert quote.refundable_minor == 10_000
    assert quote.entries == tuple(told.entry for told in done.history)


async def test_a_retry_answers_with_the_wallets_of_then(database: Database) -> None:
    runtime = await sold(database, NUMISCOLLECT.read_text())
    request = RefundRequest("r1", amount=5_000)
    first = await refund(runtime, "a", request)
    await purchases.record(
        runtime,
        till=TILL,
        member_id="ana",
        purchase_input=new_purchase("r2"),
        key="k2",
        now=NOW + timedelta(hours=2),
    )
    again = await refund(runtime, "a", request)
    assert again.history == first.history
    assert {
        code: replace(one, validity_changes=(), lapsed_by_day={}, reminded_days=frozenset())
        for code, one in first.wallets.items()
    } == again.wallets


async def test_more_than_is_left_is_refused(database: Database) -> None:
    runtime = await sold(database)
    await refund(runtime, "a", RefundRequest("r1", amount=4_000))
    with pytest.raises(RefundTooLarge) as refused:
        await refund(runtime, "b", RefundRequest("r1", amount=6_001))
    assert refused.value.refundable == 6_000
    assert (await queries.load_member_view(runtime, member_id="ana", now=NOW)).member.wallets[
        "points"
    ].available == 60


async def test_another_store_does_not_know_the_receipt(database: Database) -> None:
    runtime = await sold(database)
    with pytest.raises(UnknownPurchase):
        await refunds.refund(
            runtime, till=PORTO, refund_request=RefundRequest("r1"), reason="broken", key="a", now=NOW
        )
    away = replace(CASHIER, store="porto")
    with pytest.raises(UnknownPurchase):
        await refunds.refund(
            runtime,
            till=away,
            refund_request=RefundRequest("r1", store="lisboa"),
            reason="broken",
            key="a",
            now=NOW,
        )


async def test_amount_and_lines_together_are_no_refund(database: Database) -> None:
    runtime = await sold(database)
    with pytest.raises(InvalidInput) as refused:
        await refund(runtime, "a", RefundRequest("r1", amount=1, lines=(RefundLine(1, quantity=1),)))
    assert refused.value.field == "amount"


async def test_a_frozen_member_is_refunded(database: Database) -> None:
    runtime = await sold(database)
    await adjustments.freeze(runtime, till=TILL, member_id="ana", reason="a stolen phone", key="f", now=NOW)
    done = await refund(runtime, "a", RefundRequest("r1"))
    assert done.wallets["points"].available == 0


async def test_a_refund_is_five_commands(database: Database, command_log: CommandLog) -> None:
    runtime = await sold(database)
    await runtime.stock.poll()
    with command_log.counting() as counted:
        await refund(runtime, "a", RefundRequest("r1"))
    assert counted.names == ["find", "find", "find", "bulkWrite", "commitTransaction"]
