"""Corrections bring a receipt to what it would have given at first, once for each key, whoever else acts."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.model.ledger.deciding.returns.refund_lines import RefundLine
from domain.model.ledger.fiscal.receipt_details import ReceiptDetails, TaxLine, Tender
from domain.services.errors import IdempotencyKeyConflict, InvalidInput, NotAllowed, UnknownPurchase
from domain.services.ledger import purchase_queries, purchases, queries
from domain.services.ledger.fiscal_records import iterate_documents
from domain.services.ledger.purchase_input import PurchaseInputLine
from domain.services.ledger.returns import corrections, refunds
from domain.services.ledger.returns.corrections import CorrectionRefused, CorrectionRequest, PurchaseCorrected
from domain.services.ledger.returns.refunds import PurchaseRefunded, RefundRequest
from domain.services.ledger.till import ShiftLimits, Till
from domain.services.ledger.turn import turn
from domain.services.ledger.verification import verify
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.ledger import journal
from tests.small_runtime import CASHIER, NOW, PORTO, SMALL, TILL, join, new_purchase, open_runtime

SOON = NOW + timedelta(minutes=5)
LINES = (PurchaseInputLine("a", 3_000, quantity=3), PurchaseInputLine("b", 6_000))


async def sold(
    database: Database, *, till: Till = TILL, lines: tuple[PurchaseInputLine, ...] = (), text: str = SMALL
) -> Runtime:
    runtime = await open_runtime(database, text)
    await join(runtime, "ana")
    purchase_input = new_purchase("r1", lines=lines)
    await purchases.record(
        runtime, till=till, member_id="ana", purchase_input=purchase_input, key="k1", now=NOW
    )
    return runtime


async def correct(
    runtime: Runtime,
    key: str,
    total: int,
    *,
    till: Till = TILL,
    minutes: int = 5,
    lines: tuple[PurchaseInputLine, ...] | None = None,
    store: str | None = None,
) -> PurchaseCorrected:
    correction = CorrectionRequest("r1", total, lines, store)
    now = NOW + timedelta(minutes=minutes)
    return await corrections.correct(runtime, till=till, correction=correction, key=key, now=now)


async def points(runtime: Runtime) -> int:
    view = await queries.load_member_view(runtime, member_id="ana", now=NOW + timedelta(days=9))
    return view.member.wallets["points"].available


async def differences(runtime: Runtime) -> list[object]:
    return [one async for one in verify(runtime.store)]


async def test_the_difference_is_written_up_and_down(database: Database) -> None:
    runtime = await sold(database)
    up = await correct(runtime, "a", 12_500)
    down = await correct(runtime, "b", 9_000)
    assert [entry.amount for entry in (*up.history, *down.history)] == [25, -35]
    assert [entry.event_name for entry in (*up.history, *down.history)] == ["purchase.corrected"] * 2
    assert (up.purchase.purchase.total, down.purchase.purchase.total) == (12_500, 9_000)
    assert down.purchase.remaining.total == 9_000
    assert await points(runtime) == 90
    view = await queries.load_member_view(runtime, member_id="ana", now=SOON)
    assert (view.member.purchases.total, view.member.purchases.count) == (9_000, 1)
    assert await differences(runtime) == []


async def test_a_refund_goes_by_the_corrected_receipt(database: Database) -> None:
    runtime = await sold(database)
    await correct(runtime, "a", 20_000)
    part = RefundRequest("r1", amount=15_000)
    done = await refunds.refund(runtime, till=TILL, refund_request=part, reason="r", key="b", now=SOON)
    assert isinstance(done, PurchaseRefunded)
    assert [entry.amount for entry in done.history] == [-150]
    assert (done.purchase.purchase.total, done.purchase.remaining.total) == (20_000, 5_000)
    assert done.purchase.purchased_at == NOW
    rest = RefundRequest("r1")
    await refunds.refund(runtime, till=TILL, refund_request=rest, reason="r", key="c", now=SOON)
    assert await points(runtime) == 0
    assert await differences(runtime) == []


async def test_a_delayed_rule_counts_what_is_right(database: Database) -> None:
    runtime = await sold(database)
    await correct(runtime, "a", 20_000)
    await turn(runtime, now=NOW + timedelta(days=2))
    assert await points(runtime) == 205
    await correct(runtime, "b", 10_000, minutes=60 * 24 * 3)
    assert await points(runtime) == 105
    await refunds.refund(
        runtime,
        till=TILL,
        refund_request=RefundRequest("r1"),
        reason="r",
        key="c",
        now=NOW + timedelta(days=4),
    )
    assert await points(runtime) == 0
    assert await differences(runtime) == []


async def test_a_right_receipt_stays_and_nothing_is_written(database: Database) -> None:
    runtime = await sold(database, lines=LINES)
    done = await correct(runtime, "a", 10_000)
    assert not done.is_changed
    assert done.history == ()
    view = await queries.load_member_view(runtime, member_id="ana", now=SOON)
    assert view.member.seq == 2
    assert not (await correct(runtime, "b", 10_000, lines=LINES)).is_changed


async def test_a_retry_answers_as_the_first_did(database: Database) -> None:
    runtime = await sold(database)
    first = await correct(runtime, "a", 12_000)
    await correct(runtime, "b", 13_000)
    again = await correct(runtime, "a", 12_000)
    assert (again.history, again.wallets["points"].available) == (
        first.history,
        first.wallets["points"].available,
    )
    with pytest.raises(IdempotencyKeyConflict):
        await correct(runtime, "a", 12_001)
    assert await points(runtime) == 130


async def test_two_tills_at_once_write_one_after_the_other(database: Database) -> None:
    runtime = await sold(database)
    totals = (11_000, 14_000, 8_000, 9_500)
    await asyncio.gather(*(correct(runtime, f"k{total}", total) for total in totals))
    purchase = await purchase_queries.find_purchase(runtime, source="till", store="lisboa", external_id="r1")
    assert purchase is not None
    assert await points(runtime) == purchase.purchase.total // 100
    assert await differences(runtime) == []


async def test_the_lines_share_in_the_total_and_come_back_as_they_were(database: Database) -> None:
    runtime = await sold(database, lines=LINES)
    down = await correct(runtime, "a", 3_333)
    assert [line.amount for line in down.purchase.purchase.lines] == [1_000, 2_000]
    back = await correct(runtime, "b", 10_000)
    assert [line.amount for line in back.purchase.purchase.lines] == [3_000, 6_000]
    other = await correct(runtime, "c", 700, lines=(PurchaseInputLine("c", 700),))
    assert [line.sku for line in other.purchase.purchase.lines] == ["c"]
    assert [line.amount for line in (await correct(runtime, "d", 1_400)).purchase.purchase.lines] == [1_400]


async def test_what_was_returned_stays_returned(database: Database) -> None:
    runtime = await sold(database, lines=LINES)
    part = RefundRequest("r1", lines=(RefundLine(1, quantity=1),))
    await refunds.refund(runtime, till=TILL, refund_request=part, reason="r", key="p", now=NOW)
    done = await correct(runtime, "a", 20_000)
    assert (done.purchase.purchase.total, done.purchase.remaining.total) == (20_000, 19_000)
    assert await points(runtime) == 190
    with pytest.raises(CorrectionRefused) as refused:
        await correct(runtime, "b", 1_000)
    assert (refused.value.reason, refused.value.returned) == ("BELOW_RETURNED", 1_000)
    await refunds.refund(
        runtime, till=TILL, refund_request=RefundRequest("r1"), reason="r", key="q", now=SOON
    )
    with pytest.raises(CorrectionRefused) as refused:
        await correct(runtime, "c", 20_001)
    assert refused.value.reason == "RETURNED"
    assert await points(runtime) == 0
    assert await differences(runtime) == []


async def test_who_recorded_it_may_for_ten_minutes_and_a_manager_later(database: Database) -> None:
    runtime = await sold(database, till=CASHIER)
    await correct(runtime, "a", 11_000, till=CASHIER, minutes=10)
    for till, minutes in ((CASHIER, 11), (replace(CASHIER, staff="staff-9"), 1)):
        with pytest.raises(NotAllowed) as refused:
            await correct(runtime, f"{minutes}", 12_000, till=till, minutes=minutes)
        assert refused.value.reason == "ROLE"
    await correct(runtime, "c", 12_000, till=TILL, minutes=60 * 24 * 30)
    with pytest.raises(UnknownPurchase):
        await correct(runtime, "d", 12_000, till=replace(CASHIER, store="porto"))
    assert (await correct(runtime, "e", 13_000, till=PORTO, store="lisboa")).is_changed
    with pytest.raises(NotAllowed):
        await correct(runtime, "f", 14_000, till=replace(TILL, own_members=("ana",)))


async def test_what_it_takes_off_counts_as_refunded_of_the_day(database: Database) -> None:
    runtime = await sold(database)
    till = replace(TILL, day=NOW.date(), limits=ShiftLimits(refunded=5_000))
    await correct(runtime, "a", 6_000, till=till)
    with pytest.raises(NotAllowed) as refused:
        await correct(runtime, "b", 4_000, till=till)
    assert refused.value.reason == "SHIFT_LIMIT"


async def test_what_cannot_be_a_receipt_is_refused(database: Database) -> None:
    runtime = await sold(database)
    for request in (
        CorrectionRequest("r1", -1),
        CorrectionRequest("r1", 100, (PurchaseInputLine("a", 101),)),
    ):
        with pytest.raises(InvalidInput):
            await corrections.correct(runtime, till=TILL, correction=request, key="a", now=SOON)
    unknown = CorrectionRequest("r9", 100)
    with pytest.raises(UnknownPurchase):
        await corrections.correct(runtime, till=TILL, correction=unknown, key="b", now=SOON)


async def test_its_row_is_kept_whole(database: Database) -> None:
    runtime = await sold(database, lines=LINES)
    done = await correct(runtime, "a", 12_500)
    row = await journal.find(runtime.store, "ana", done.history[0].seq)
    assert row is not None
    assert row.refunded is not None
    assert (row.awarded, row.refunded.purchased_at) == ({"points": 125}, NOW)
    assert [(one.rule, one.amount) for one in row.outcomes if one.applied] == [("purchase", 125)]


@pytest.mark.parametrize(
    ("details", "total", "right", "more"),
    [
        (ReceiptDetails(tenders=(Tender("card", 3_000), Tender("card", 2_000))), 5_000, 4_000, -1_000),
        (ReceiptDetails(taxes=(TaxLine("23", 0, 0),)), 0, 1_000, 1_000),
    ],
)
async def test_the_books_have_what_a_correction_adds_or_takes(
    database: Database, details: ReceiptDetails, total: int, right: int, more: int
) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    receipt = replace(new_purchase("r1", total), details=details)
    await purchases.record(runtime, till=TILL, member_id="ana", purchase_input=receipt, key="k1", now=NOW)
    await correct(runtime, "c", right)
    day, amounts = NOW.date(), list[tuple[str, int]]()
    async for document in iterate_documents(runtime, since=day, until=day, progress=lambda _: None):
        amounts.append((document.kind, document.record.gross))
    assert amounts == [("sale", total), ("correction", more)]
