"""What an employee may do in a day of the programme's zone, however often they sign in: over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.running_app import NUMISCOLLECT, PASSWORD, Json, RunningApp, open_running_app

PROBLEM = "__typename ... on Problem { message } ... on NotAllowed { reason }"
LIMIT = {
    "__typename": "NotAllowed",
    "message": "You have reached today's limit. Somebody else has to take over.",
    "reason": "SHIFT_LIMIT",
}
COUNTED = ("members", "journal", "receipts", "requests", "outbox", "agenda", "audit", "shifts")


@pytest.fixture
async def tight(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    limits: dict[str, Any] = {
        "shift_purchases": 3,
        "shift_adjusted": 120,
        "shift_refunded": 5_000,
        "receipt_maximum": 9_000,
    }
    async with open_running_app(database, command_log, tmp_path, **limits) as running:
        yield running


async def member_number(app: RunningApp) -> str:
    number: str = (await app.do("{ me { number } }", token=await app.enrol_member()))["me"]["number"]
    return number


async def sign_in_again(app: RunningApp, username: str, *, store: str = "lisboa") -> str:
    input = {"username": username, "password": PASSWORD, "store": store}
    result = await app.mutate("staffSignIn", input, "... on StaffSignedIn { accessToken }")
    token: str = result["accessToken"]
    return token


async def act(app: RunningApp, operation: str, till: str, key: str, input: Json) -> Json:
    return await app.mutate(operation, {**input, "idempotencyKey": key}, PROBLEM, token=till, language="en")


async def buy(app: RunningApp, till: str, number: str, receipt: str, total: int = 1_000) -> Json:
    input = {"member": number, "externalId": receipt, "currency": "EUR", "total": total}
    return await act(app, "recordPurchase", till, receipt, input)


async def attend(app: RunningApp, till: str, number: str, visit: str) -> Json:
    input = {"member": number, "name": "event.attended", "externalId": visit}
    return await act(app, "recordEvent", till, visit, input)


async def state(app: RunningApp) -> list[Json]:
    """What counts; not that somebody was looked up by their number, which counts whatever comes of it."""
    rows = [dict(row) for name in COUNTED async for row in app.process.store[name].find({"_id": {"$gt": ""}})]
    return [row for row in rows if not str(row["_id"]).endswith(":look-ups")]


async def test_signing_in_again_in_another_store_buys_no_further_receipts(tight: RunningApp) -> None:
    number, till = await member_number(tight), await tight.hire("rui")
    for receipt in ("a", "b"):
        assert (await buy(tight, till, number, receipt))["__typename"] == "PurchaseRecorded"
    porto = await sign_in_again(tight, "rui", store="porto")
    assert (await buy(tight, porto, number, "c"))["__typename"] == "PurchaseRecorded"
    before = await state(tight)
    assert [await buy(tight, token, number, "d") for token in (till, porto)] == [LIMIT, LIMIT]
    assert await state(tight) == before
    eva = await tight.hire("eva")
    assert (await buy(tight, eva, number, "e"))["__typename"] == "PurchaseRecorded"


async def test_a_day_begins_at_the_programmes_midnight(tight: RunningApp) -> None:
    number, till = await member_number(tight), await tight.hire("rui")
    for receipt in ("a", "b", "c"):
        await buy(tight, till, number, receipt)
    tight.clock.advance(hours=13, minutes=59)  # 23:59 in Lisbon
    assert await buy(tight, till, number, "d") == LIMIT
    tight.clock.advance(minutes=1)
    assert (await buy(tight, till, number, "d"))["__typename"] == "PurchaseRecorded"


async def test_what_events_award_counts_as_corrections_do(tight: RunningApp) -> None:
    number, till = await member_number(tight), await tight.hire("mia", "MANAGER")
    assert (await attend(tight, till, number, "v1"))["__typename"] == "EventRecorded"
    [shift] = [row async for row in tight.process.store["shifts"].find({"_id": {"$gt": ""}})]
    awarded = shift["adjusted"]
    assert awarded > 0
    adjust: Json = {"member": number, "wallet": "points", "reason": "x"}
    before = await state(tight)
    over = await act(tight, "adjustBalance", till, "k1", adjust | {"amount": 121 - awarded})
    assert over == LIMIT
    assert await state(tight) == before
    exact = await act(tight, "adjustBalance", till, "k1", adjust | {"amount": 120 - awarded})
    assert exact["__typename"] == "BalanceAdjusted"
    assert await attend(tight, await sign_in_again(tight, "mia"), number, "v2") == LIMIT


async def test_what_a_rule_with_a_delay_awards_later_counts_when_its_event_is_recorded(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    file = tmp_path / "later.yaml"
    title = "title: {pt: Mais, en: More, pl: Jeszcze}"
    rules = (
        f"  - {{code: later, {title}, on: cart.abandoned, after: {{days: 2}},"
        " do: [{award: {wallet: points, fixed: 70}}]}\n"
        "  - {code: patience, on: cart.abandoned, after: {days: 1}, do: [{badge: patient}]}\n"
        f"  - {{code: thanks, {title}, on: badge.earned, when: 'event.data.badge == \"patient\"',"
        " after: {days: 3}, do: [{award: {wallet: points, fixed: 20}}]}\n"
    )
    badge = "  - {code: patient, name: {pt: P, en: P, pl: P}, on: member.birthday, levels: [1]}\n"
    text = NUMISCOLLECT.read_text(encoding="utf-8")
    for key, more in (("rules", rules), ("badges", badge)):
        text = text.replace(f"\n{key}:\n", f"\n{key}:\n{more}", 1)
    file.write_text(text, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path, programme=file, shift_adjusted=120) as app:
        number, till = await member_number(app), await app.hire("mia", "MANAGER")
        cart: Json = {"member": number, "name": "cart.abandoned"}
        answer = await act(app, "recordEvent", till, "a", cart | {"externalId": "a"})
        assert answer["__typename"] == "EventRecorded"
        [shift] = [row async for row in app.process.store["shifts"].find({"_id": {"$gt": ""}})]
        assert shift["adjusted"] == 90
        before = await state(app)
        assert await act(app, "recordEvent", till, "b", cart | {"externalId": "b"}) == LIMIT
        assert await state(app) == before


async def test_events_count_as_receipts_do_also_those_that_award_nothing(tight: RunningApp) -> None:
    number, till = await member_number(tight), await tight.hire("mia", "MANAGER")
    cart: Json = {"member": number, "name": "cart.abandoned"}
    for visit in ("a", "b", "c"):
        answer = await act(tight, "recordEvent", till, visit, cart | {"externalId": visit})
        assert answer["__typename"] == "EventRecorded"
    assert await act(tight, "recordEvent", till, "d", cart | {"externalId": "d"}) == LIMIT
    assert await buy(tight, till, number, "e") == LIMIT


async def test_a_receipt_above_the_maximum_takes_a_manager(tight: RunningApp) -> None:
    number, till = await member_number(tight), await tight.hire("rui")
    manager = await tight.hire("mia", "MANAGER")
    before = await state(tight)
    assert await buy(tight, till, number, "huge", 9_001) == {
        "__typename": "NotAllowed",
        "message": "A receipt above €90.00 is recorded by a manager.",
        "reason": "ROLE",
    }
    quote = "query($i: QuoteInput!) { quotePurchase(input: $i) { totals { amount } } }"
    quoted = {"member": number, "currency": "EUR", "total": 9_001}
    refused = await tight.error(quote, {"i": quoted}, token=till)
    assert (refused["code"], refused["reason"]) == ("FORBIDDEN", "ROLE")
    assert await state(tight) == before
    assert (await buy(tight, till, number, "exact", 9_000))["__typename"] == "PurchaseRecorded"
    assert (await buy(tight, manager, number, "huge", 9_001))["__typename"] == "PurchaseRecorded"
