"""Refunds add up, know their receipt, and act once for each key."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.model.ledger.deciding.returns.refund_lines import RefundLine
from domain.services.errors import IdempotencyKeyConflict, InvalidInput, UnknownPurchase
from domain.services.ledger import adjustments, purchases, queries
from domain.services.ledger.purchase_input import PurchaseInputLine
from domain.services.ledger.returns import refunds
from domain.services.ledger.returns.refunds import RefundRequest, RefundTooLarge
from domain.services.ledger.verification import verify
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.ledger import journal
from domain.store.prepare import prepare
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
    refunded = await refunds.refund(
        runtime, till=TILL, refund_request=request, reason="broken", key=key, now=NOW + timedelta(hours=1)
    )
    assert isinstance(refunded, refunds.PurchaseRefunded)
    return refunded


async def test_refunds_in_parts_claim_what_one_would(database: Database) -> None:
    runtime = await sold(database)
    first = await refund(runtime, "a", RefundRequest("r1", lines=(RefundLine(1, quantity=1),)))
    second = await refund(runtime, "b", RefundRequest("r1", amount=3_889))
    third = await refund(runtime, "c", RefundRequest("r1"))
    assert [one.history[0].amount for one in (first, second, third)] == [-12, -38, -50]
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
    row = await journal.find(runtime.store, "ana", done.history[0].seq)
    assert row is not None
    assert quote.entries == row.entries


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


async def test_the_same_refund_under_another_key_answers_as_the_first_did(database: Database) -> None:
    runtime = await sold(database)
    request = RefundRequest(
        "r1", lines=(RefundLine(1, quantity=1), RefundLine(2, amount=667)), refund_id="n1"
    )
    first = await refund(runtime, "a", request)
    await refund(runtime, "b", RefundRequest("r1", amount=1_000, refund_id="n2"))
    again = [
        await refund(runtime, "a", request),
        await refund(runtime, "c", request),
        await refund(runtime, "d", replace(request, lines=request.lines[::-1])),
    ]
    assert [one.amount for one in first.history] == [-18]
    assert [(done.history, done.wallets, done.member_id) for done in again] == [
        (first.history, again[0].wallets, "ana")
    ] * 3
    assert again[0].wallets["points"].available == first.wallets["points"].available == 82
    view = await queries.load_member_view(runtime, member_id="ana", now=NOW)
    assert view.member.wallets["points"].available == 72
    receipt = await runtime.store["receipts"].find_one({"_id": first.purchase.id})
    assert receipt is not None
    assert [(kept["id"], kept["seq"]) for kept in receipt["refund_ids"]] == [("n1", 3), ("n2", 4)]
    assert [one async for one in verify(runtime.store)] == []


async def test_a_whole_refund_of_one_identity_answers_again(database: Database) -> None:
    runtime = await sold(database)
    first = await refund(runtime, "a", RefundRequest("r1", refund_id="n1"))
    again = await refund(runtime, "b", RefundRequest("r1", refund_id="n1"))
    assert again.history == first.history
    assert again.purchase.remaining.is_returned
    with pytest.raises(RefundTooLarge):
        await refund(runtime, "b", RefundRequest("r1", refund_id="n2"))


async def test_refunds_of_one_identity_at_once_count_once(database: Database) -> None:
    runtime = await sold(database)
    request = RefundRequest("r1", amount=3_000, refund_id="n1")
    done = await asyncio.gather(*(refund(runtime, f"at{n}", request) for n in range(5)))
    assert {one.history[0].amount for one in done} == {-30}
    assert {one.history[0].n for one in done} == {2}
    view = await queries.load_member_view(runtime, member_id="ana", now=NOW)
    assert view.member.wallets["points"].available == 70


async def test_refunds_of_one_identity_in_two_processes_count_once(database: Database) -> None:
    runtime = await sold(database)
    other = Runtime.for_store(DocumentStore.of(database, embedded=True))
    await prepare(other.store)
    await other.programmes.refresh()
    request = RefundRequest("r1", amount=3_000, refund_id="n1")
    done = await asyncio.gather(
        *(refund(process, f"at{n}", request) for n, process in enumerate([runtime, other] * 3))
    )
    assert {(one.history[0].amount, one.history[0].n) for one in done} == {(-30, 2)}
    view = await queries.load_member_view(runtime, member_id="ana", now=NOW)
    assert view.member.wallets["points"].available == 70
    assert [one async for one in verify(runtime.store)] == []


async def test_another_refund_of_the_same_identity_is_refused(database: Database) -> None:
    runtime = await sold(database)
    await refund(runtime, "a", RefundRequest("r1", amount=3_000, refund_id="n1"))
    with pytest.raises(InvalidInput) as refused:
        await refund(runtime, "b", RefundRequest("r1", amount=3_001, refund_id="n1"))
    assert refused.value.field == "refundId"
    with pytest.raises(IdempotencyKeyConflict):
        await refund(runtime, "a", RefundRequest("r1", amount=3_000, refund_id="n2"))
    with pytest.raises(IdempotencyKeyConflict):
        await refund(runtime, "a", RefundRequest("r1", amount=3_001, refund_id="n1"))
    view = await queries.load_member_view(runtime, member_id="ana", now=NOW)
    assert view.member.wallets["points"].available == 70


async def test_the_same_identity_on_another_receipt_is_another_refund(database: Database) -> None:
    runtime = await sold(database)
    await purchases.record(
        runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r2"), key="k2", now=NOW
    )
    for number in ("r1", "r2"):
        await refund(runtime, number, RefundRequest(number, amount=3_000, refund_id="n1"))
    view = await queries.load_member_view(runtime, member_id="ana", now=NOW)
    assert view.member.wallets["points"].available == 140


async def test_a_line_that_the_receipt_does_not_have_is_named(database: Database) -> None:
    runtime = await sold(database)
    request = RefundRequest("r1", lines=(RefundLine(1, quantity=1), RefundLine(3, quantity=1)))
    with pytest.raises(InvalidInput) as refused:
        await refund(runtime, "a", request)
    assert refused.value.field == "lines[1].line"
    with pytest.raises(InvalidInput) as refused:
        await refunds.quote(runtime, till=TILL, refund_request=request, now=NOW)
    assert refused.value.field == "lines[1].line"
    view = await queries.load_member_view(runtime, member_id="ana", now=NOW)
    assert view.member.wallets["points"].available == 100


async def test_a_line_is_clamped_and_free_lines_keep_their_quantities(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    lines = (PurchaseInputLine("a", 3_000, quantity=3), PurchaseInputLine("gift", 0, quantity=2))
    await purchases.record(
        runtime,
        till=TILL,
        member_id="ana",
        purchase_input=new_purchase("r1", total=10_000, lines=lines),
        key="k1",
        now=NOW,
    )
    by_both = await refund(runtime, "a", RefundRequest("r1", lines=(RefundLine(1, quantity=1, amount=500),)))
    assert [(line.quantity, line.amount) for line in by_both.purchase.remaining.lines] == [(2, 2_500), (2, 0)]
    clamped = await refund(
        runtime, "b", RefundRequest("r1", lines=(RefundLine(1, quantity=9, amount=9_999),))
    )
    assert [(line.quantity, line.amount) for line in clamped.purchase.remaining.lines] == [(0, 0), (2, 0)]
    assert clamped.purchase.remaining.total == 7_000
    free = await refund(runtime, "c", RefundRequest("r1", lines=(RefundLine(2, quantity=1),)))
    assert [(line.quantity, line.amount) for line in free.purchase.remaining.lines] == [(0, 0), (1, 0)]
    assert free.history == ()
    with pytest.raises(RefundTooLarge) as refused:
        await refund(runtime, "d", RefundRequest("r1", lines=(RefundLine(1, quantity=1),)))
    assert refused.value.refundable == 7_000
    assert free.wallets["points"].available == 70
    assert [one async for one in verify(runtime.store)] == []


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
