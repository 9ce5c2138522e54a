"""What was returned of a sale while nobody had it gives nothing by any door, in any order."""

import asyncio
from typing import Any

import pytest

from domain.services.ledger.verification import verify
from tests.running_app import Json, RunningApp

SALE = {"externalId": "G-1", "currency": "EUR", "total": 20_000}
CLAIMED = """__typename ... on Problem { message } ... on PurchaseClaimed { sameMember receiptState purchase { total } }"""


async def guest(app: RunningApp, till: str, key: str = "g", **more: Any) -> Json:
    input = {"sale": {**SALE, **more}, "idempotencyKey": key}
    answer = f"{CLAIMED} ... on GuestPurchaseRecorded {{ code sale {{ total }} }}"
    return await app.mutate("recordGuestPurchase", input, answer, token=till, language="en")


async def invite(app: RunningApp, till: str) -> Json:
    input = {"contact": "bea@example.com", "sale": SALE, "idempotencyKey": "g"}
    return await app.mutate("enrolAtTill", input, CLAIMED, token=till)


async def refund(app: RunningApp, till: str, key: str = "r", **what: object) -> str:
    input = {"externalId": "G-1", "reason": "Não serviu", "idempotencyKey": key, **what}
    return str((await app.mutate("refundPurchase", input, "__typename", token=till))["__typename"])


async def record(
    app: RunningApp, till: str, token: str, key: str = "p", *, by: str = "recordPurchase", number: str = "G-1"
) -> Json:
    member = (await app.do("{ me { number } }", token=token))["me"]["number"]
    more: Json = {"vouchers": []} if by == "checkout" else {}
    purchase = {"member": member, "idempotencyKey": key, **SALE, "externalId": number, **more}
    return await app.mutate(by, purchase, CLAIMED, token=till, language="en")


async def claim(app: RunningApp, token: str, code: str) -> Json:
    answer = "__typename ... on ReceiptRefused { refused: reason }"
    return await app.mutate("claimReceipt", {"code": code}, answer, token=token)


async def pending(app: RunningApp, token: str) -> int:
    me = (await app.do("{ me { wallets { code pending } } }", token=token))["me"]
    return next(int(each["pending"]) for each in me["wallets"] if each["code"] == "points")


async def is_proved(app: RunningApp) -> bool:
    return [each async for each in verify(app.process.store)] == []


@pytest.mark.parametrize("by", ["recordPurchase", "checkout"])
@pytest.mark.parametrize(("amount", "state"), [(None, "RETURNED"), (5_000, "PARTLY_RETURNED")])
@pytest.mark.parametrize("parks", [guest, invite], ids=["guest", "contact"])
async def test_a_till_records_no_receipt_that_was_returned_while_it_waited(
    app: RunningApp, parks: Any, amount: int | None, state: str, by: str
) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    before = await pending(app, token)
    await parks(app, till)
    assert await refund(app, till, amount=amount) == "ParkedSaleRefunded"
    refused = await record(app, till, token, by=by)
    assert (refused["__typename"], refused["sameMember"], refused["purchase"]) == (
        "PurchaseClaimed",
        False,
        None,
    )
    assert refused["receiptState"] == state
    assert await record(app, till, token, by=by) == refused, "the same key again"
    assert await record(app, till, token, by=by, key="another") == refused
    assert (await pending(app, token), await app.count("receipts")) == (before, 1)
    assert await is_proved(app)


async def test_what_is_left_counts_by_the_code_and_is_refunded_as_any_receipt(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    before = await pending(app, token)
    code = (await guest(app, till))["code"]
    assert await refund(app, till, amount=5_000, refundId="A") == "ParkedSaleRefunded"
    assert (await record(app, till, token))["receiptState"] == "PARTLY_RETURNED"
    assert (await guest(app, till, "again"))["code"] == code, "the till shows the code again"
    assert (await claim(app, token, code))["__typename"] == "ReceiptClaimed"
    assert await pending(app, token) == before + 150
    counted = await record(app, till, token)
    assert (counted["sameMember"], counted["receiptState"]) == (True, "RECORDED")
    assert await refund(app, till, "r2", amount=5_000, refundId="A") == "ParkedSaleRefunded"
    assert await refund(app, till, "r3") == "PurchaseRefunded"
    assert await pending(app, token) == before
    assert await is_proved(app)


async def test_what_was_returned_stays_returned_when_its_time_to_wait_is_over(app: RunningApp) -> None:
    till = await app.hire("rui")
    code = (await guest(app, till))["code"]
    await refund(app, till)
    app.clock.advance(days=91)
    token, till = await app.enrol_member(), await app.hire("eva")
    before = await pending(app, token)
    for _ in range(2):  # as it stands, and as the database has deleted what waited
        assert (await guest(app, till, "late"))["receiptState"] == "RETURNED"
        assert (await record(app, till, token))["receiptState"] == "RETURNED"
        assert (await claim(app, token, code))["refused"] in ("OVER", "RETURNED")
        await app.process.store["parked_events"].delete_many({"_id": {"$gt": ""}})
    assert await pending(app, token) == before


async def test_of_a_refund_and_a_record_at_once_none_is_lost(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    before = await pending(app, token)
    for turn in range(6):
        await guest(app, till, f"g{turn}", externalId=f"G-{turn}")
        number = {"externalId": f"G-{turn}"}
        refunding = refund(app, till, f"r{turn}", **number)
        recording = record(app, till, token, f"p{turn}", number=f"G-{turn}")
        both = (refunding, recording) if turn % 2 else (recording, refunding)
        await asyncio.gather(*both)
        assert await pending(app, token) == before
    assert await is_proved(app)


async def test_a_receipt_that_was_recorded_is_refunded_for_its_member(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    before = await pending(app, token)
    code = (await guest(app, till))["code"]
    assert (await record(app, till, token))["__typename"] == "PurchaseRecorded"
    assert await refund(app, till, amount=5_000) == "PurchaseRefunded"
    assert await pending(app, token) == before + 150
    corrected = {"externalId": "G-1", "total": 20_000, "idempotencyKey": "c"}
    await app.mutate("correctPurchase", corrected, "__typename", token=till)
    assert await pending(app, token) == before + 150
    assert (await claim(app, token, code))["__typename"] == "ReceiptClaimed"
    assert await pending(app, token) == before + 150
    assert await is_proved(app)
