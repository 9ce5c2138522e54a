"""Payments that meet something else: another till, another input under the same key, and another version of the
programme before the refund.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.services.ledger.verification import verify
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.journeys.test_paying import PAY_WITH, PROGRAMME, RECEIPT, Till, moved, open_till
from tests.running_app import Json, RunningApp, open_running_app

ALL_POINTS = [{"wallet": "points", "units": 600}]
WALLETS = "{ me { wallets { code available spent debt } purchases { edges { cursor } } } }"
WITHOUT_CREDIT = PROGRAMME.replace(
    "  - {code: credit, name: {en: Credit, pt: Saldo}, kind: money}\n", ""
).partition("  - {code: coins")[0]
WITHOUT_PAY = PROGRAMME.replace(", pay: {units: 100, worth: 500, minimum: 200, share: 50}", "").replace(
    "kind: money}", "kind: money, pay: false}"
)
DEARER = PROGRAMME.replace("units: 100, worth: 500, minimum: 200", "units: 100, worth: 900, minimum: 300")


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    file = tmp_path / "paying.yaml"
    file.write_text(PROGRAMME, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path, programme=file) as running:
        yield running


async def held(till: Till) -> tuple[dict[str, Json], int]:
    me = (await till.app.do(WALLETS, token=till.ana))["me"]
    return {one.pop("code"): one for one in me["wallets"]}, len(me["purchases"]["edges"])


async def test_two_tills_at_once_are_paid_once_with_the_same_points(app: RunningApp) -> None:
    first = await open_till(app)
    second = Till(app, first.ana, await app.hire("ines", store="porto"), first.manager)
    app.clock.advance(minutes=1)  # a code is scanned once
    await second.scan()
    answers = await asyncio.gather(
        first.record("A-1", payWith=ALL_POINTS), second.record("B-1", payWith=ALL_POINTS)
    )
    by_kind = {answer["__typename"]: answer for answer in answers}
    assert by_kind.keys() == {"PurchaseRecorded", "InsufficientBalance"}
    # 600 points are 30.00 of the 80.00 that may be paid so: 50.00 are left of it, and earn 50 points.
    assert by_kind["PurchaseRecorded"]["purchase"]["paid"] == 7_000
    assert moved(by_kind["PurchaseRecorded"]["entries"])[:2] == [
        ("points", "SPEND", -600),
        ("points", "AWARD", 50),
    ]
    assert by_kind["InsufficientBalance"]["missing"] == 550
    wallets, purchases = await held(first)
    assert (wallets["points"], purchases) == ({"available": 50, "spent": 600, "debt": 0}, 1)
    assert [str(one) async for one in verify(app.process.store)] == []


async def test_a_key_is_no_other_payments(app: RunningApp) -> None:
    till = await open_till(app)
    recorded = await till.record("T-1", payWith=PAY_WITH)
    before = await held(till)
    for pay_with in (ALL_POINTS, PAY_WITH[:1], PAY_WITH[::-1], []):
        again = await till.record("T-1", payWith=pay_with)
        assert again["__typename"] == "IdempotencyConflict"
        assert await held(till) == before
    assert await till.record("T-1", payWith=PAY_WITH) == recorded
    assert await held(till) == before


@pytest.mark.parametrize("programme", [WITHOUT_CREDIT, WITHOUT_PAY, DEARER], ids=["gone", "closed", "dearer"])
async def test_what_paid_comes_back_whatever_the_programme_says_of_the_wallet_by_then(
    app: RunningApp, programme: str
) -> None:
    till = await open_till(app)
    recorded = await till.record("T-1", payWith=PAY_WITH)
    app.clock.advance(hours=1)
    await app.process.runtime.programmes.publish(programme, now=app.clock())
    backs = [(await till.refund(key, **what))["back"] for key, what in (("a", {"amount": 3_333}), ("b", {}))]
    assert sum(back["money"] for back in backs) == recorded["purchase"]["paid"] == 7_167
    assert [sum(back["wallets"][place]["units"] for back in backs) for place in (0, 1)] == [500, 333]
    stored = await app.process.store["members"].find_one({"_id": {"$gt": ""}})
    assert stored is not None
    points, credit = (stored["ledger"]["wallets"][code] for code in ("points", "credit"))
    assert [(one["earned"], one["spent"], one["debt"]) for one in (points, credit)] == [(0, 0, 0)] * 2
    wallets, _ = await held(till)
    assert wallets["points"]["available"] == 600
    assert [str(one) async for one in verify(app.process.store)] == []
    # What is gone is in no list; nothing more is paid with what takes no payment.
    assert ("credit" in wallets) is (programme is not WITHOUT_CREDIT)
    if programme is not DEARER:
        await till.scan()
        receipt = {**RECEIPT, "member": till.visit, "externalId": "T-2", "idempotencyKey": "T-2"}
        record = "mutation($i: PurchaseInput!) { recordPurchase(input: $i) { __typename } }"
        error = await app.error(record, {"i": {**receipt, "payWith": PAY_WITH[1:]}}, token=till.cashier)
        assert (error["code"], error["field"]) == ("BAD_INPUT", "payWith[0].wallet")
