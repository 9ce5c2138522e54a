"""Keys for systems, over real HTTP: what a key opens, what it does not, and how it ends."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.model.intake.client_keys import read_key
from domain.services.errors import InvalidInput
from domain.services.intake import clients
from domain.store import audit
from domain.store.connect import Database
from domain.store.intake import clients as stored_clients
from tests.command_log import CommandLog
from tests.http.intake.client_story import ACTOR, add_client
from tests.http.intake.shop_story import ShopStory, open_story
from tests.journeys.test_paying import PROGRAMME as PAYING
from tests.running_app import RunningApp, open_running_app

Json = dict[str, Any]
RECORDED = """__typename
    ... on PurchaseRecorded { purchase { externalId total } customer { name number } entries { amount } }
    ... on PurchaseClaimed { sameMember } ... on NotAllowed { reason message } ... on UnknownCode { message }"""
REFUNDED = "__typename ... on PurchaseRefunded { entries { amount } } ... on UnknownPurchase { message } ... on NotAllowed { reason }"
QUOTE = (
    "query Q($input: QuoteInput!) { quotePurchase(input: $input) { totals { amount } customer { name } } }"
)


@pytest.fixture
async def story(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[ShopStory]:
    async with open_story(database, command_log, tmp_path) as opened:
        yield opened


def purchase(number: str = "1", *, member: str = "ana.silva@example.com", **more: Any) -> Json:
    return {
        "member": member,
        "externalId": number,
        "currency": "EUR",
        "total": 5000,
        "idempotencyKey": f"key {number}",
        **more,
    }


def key_id(key: str) -> str:
    presented = read_key(key)
    assert presented is not None
    return presented.id


async def record(app: RunningApp, key: str, number: str = "1", **more: Any) -> Json:
    return await app.mutate("recordPurchase", purchase(number, **more), RECORDED, token=key)


async def refused(app: RunningApp, key: str, query: str, variables: Json | None = None) -> Json:
    """Ask what is refused; return its error's extensions."""
    return await app.error(query, variables, token=key)


async def test_a_system_quotes_records_and_refunds_under_its_own_source(story: ShopStory) -> None:
    app, ana = story.app, await story.enrol("ana.silva@example.com")
    first, second = [(await add_client(app, name)).key for name in ("web", "kiosk")]
    quoted = await app.do(
        QUOTE, {"input": {"member": "ana.silva@example.com", "currency": "EUR", "total": 5000}}, token=first
    )
    assert quoted["quotePurchase"] == {"totals": [{"amount": 50}], "customer": {"name": "Ana Silva"}}
    assert (await record(app, first))["entries"] == [{"amount": 50}]
    # The same number and the same key from another system are another receipt.
    assert (await record(app, second))["__typename"] == "PurchaseRecorded"
    assert (await record(app, first))["__typename"] == "PurchaseRecorded"  # asked again
    assert (await record(app, first, idempotencyKey="other"))["__typename"] == "PurchaseClaimed"
    assert await story.points(ana) == 100
    refund = {"externalId": "1", "amount": 2000, "reason": "returned", "idempotencyKey": "r"}
    answer = await app.mutate("refundPurchase", refund, REFUNDED, token=first)
    assert answer == {"__typename": "PurchaseRefunded", "entries": [{"amount": -20}]}
    cashier = await app.hire("joao")
    asked = 'query { mine: purchase(externalId: "1") { total } theirs: purchase(externalId: "1", source: "SOURCE") { total } }'
    assert await app.do(asked.replace("SOURCE", "kiosk"), token=first) == {
        "mine": {"total": 5000},
        "theirs": None,
    }
    assert await app.do(asked.replace("SOURCE", "web"), token=cashier) == {
        "mine": None,
        "theirs": {"total": 5000},
    }
    acts = await audit.find_between(app.process.store, since=app.clock(), until=app.clock())
    assert {(act.actor, act.action) for act in acts if act.action in ("PURCHASE", "REFUND")} == {
        ("client:web", "PURCHASE"), ("client:web", "REFUND"), ("client:kiosk", "PURCHASE"),
    }  # fmt: skip
    assert {act.session for act in acts if act.actor == "client:web"} == {f"key:{key_id(first)}"}
    await story.verify()


async def test_each_scope_opens_its_own_doors_and_no_other(story: ShopStory) -> None:
    app = story.app
    await story.enrol("ana.silva@example.com")
    narrow = (await add_client(app, "narrow", scopes=["purchases:write"])).key
    assert (await record(app, narrow))["customer"]["name"] == ""  # names take members:read
    refund = 'mutation { refundPurchase(input: {externalId: "1", reason: "r", idempotencyKey: "x"}) { __typename } }'
    event = 'mutation { recordEvent(input: {member: "ana.silva@example.com", name: "reviewed", externalId: "e", idempotencyKey: "e"}) { __typename } }'
    scan = 'mutation { scan(input: {code: "x", idempotencyKey: "x"}) { __typename } }'
    find = '{ findCustomer(contact: "ana.silva@example.com") { name } }'
    for query, scope in (
        (refund, "refunds:write"), (event, "events:write"), (scan, "redemptions:write"), (find, "members:read"),
    ):  # fmt: skip
        assert await refused(app, narrow, query) == {"code": "FORBIDDEN", "scope": scope}
    spend = {"input": purchase("2", payWith=[{"wallet": "points", "units": 10}])}
    asks = "mutation M($input: PurchaseInput!) { recordPurchase(input: $input) { __typename } }"
    assert (await refused(app, narrow, asks, spend))["scope"] == "redemptions:write"
    whole = (await add_client(app, "whole")).key
    for query in (
        'mutation { adjustBalance(input: {member: "x", wallet: "points", amount: 5, reason: "r", idempotencyKey: "x"}) { __typename } }',
        'mutation { freezeMember(input: {member: "x", reason: "r", idempotencyKey: "x"}) { __typename } }',
        "{ me { id } }", "{ staff { name } }",
    ):  # fmt: skip
        assert await refused(app, whole, query) == {"code": "FORBIDDEN"}
    assert (await app.do(event, token=whole))["recordEvent"] == {"__typename": "EventRecorded"}
    assert (await app.do(find, token=whole))["findCustomer"] == {"name": "Ana Silva"}
    trial = (await add_client(app, "trial", is_test=True)).key
    assert trial.startswith("selo_test_")
    quote = {"input": {"member": "ana.silva@example.com", "currency": "EUR", "total": 900}}
    assert (await app.do(QUOTE, quote, token=trial))["quotePurchase"]["totals"] == [{"amount": 9}]
    for query in (refund, event, find):
        assert await refused(app, trial, query) == {"code": "FORBIDDEN"}


async def test_value_leaves_by_the_members_own_card_alone(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    file = tmp_path / "paying.yaml"
    file.write_text(PAYING, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path / "data", programme=file) as app:
        ana = await app.enrol_member("ana.silva@example.com", locale="en", termsVersion="1")
        key = (await add_client(app)).key
        await record(app, key, "1", total=50_000)
        spend: Json = {"total": 2000, "payWith": [{"wallet": "points", "units": 200}]}
        for member in (
            "ana.silva@example.com",
            (await app.do("{ me { number } }", token=ana))["me"]["number"],
        ):
            answer = await record(app, key, "2", member=member, **spend)
            assert (answer["__typename"], answer["reason"]) == ("NotAllowed", "PRESENCE")
        balance = "{ me { wallets { code available } } }"
        before = (await app.do(balance, token=ana))["me"]["wallets"][0]
        assert before == {"code": "points", "available": 500}
        code = (await app.do("{ me { card { code } } }", token=ana))["me"]["card"]["code"]
        scan = {"code": code, "idempotencyKey": "scan"}
        visit = await app.mutate("scan", scan, "... on CustomerScan { visit canPay }", token=key)
        assert visit["canPay"]
        answer = await record(app, key, "2", member=visit["visit"], **spend)
        assert answer["__typename"] == "PurchaseRecorded"
        assert (await app.do(balance, token=ana))["me"]["wallets"][0]["available"] == 500 - 200 + 10
        holding = "mutation M($input: HoldPaymentInput!) { holdPayment(input: $input) { __typename ... on PaymentHeld { hold { id } } } }"
        order: Json = {
            "wallet": "points",
            "amount": 200,
            "order": "w-1",
            "total": 2000,
            "idempotencyKey": "h",
        }
        by_visit, by_contact = (
            {"input": {**order, "member": one}} for one in (visit["visit"], "ana.silva@example.com")
        )
        narrow = (await add_client(app, "narrow", scopes=["purchases:write"])).key
        assert (await refused(app, narrow, holding, by_visit))["scope"] == "redemptions:write"
        denied = await app.do(holding, by_contact, token=key)
        assert denied["holdPayment"] == {"__typename": "NotAllowed"}
        held = (await app.do(holding, by_visit, token=key))["holdPayment"]
        assert held["__typename"] == "PaymentHeld"
        hold = held["hold"]["id"]
        answer = await record(app, key, "3", total=2000, paidWith=[{"hold": hold}])
        assert answer["__typename"] == "PurchaseRecorded"


async def test_a_key_is_bounded_by_its_day_its_minute_its_receipts_and_its_addresses(
    story: ShopStory,
) -> None:
    app = story.app
    await story.enrol("ana.silva@example.com")
    bounds = {"purchases": 2, "receipt_total": 6000, "refunded": 1000}
    small = (await add_client(app, "small", bounds=bounds)).key
    answer = await record(app, small, "big", total=6001)
    assert (answer["__typename"], answer["reason"]) == ("NotAllowed", "ROLE")
    assert [(await record(app, small, number))["__typename"] for number in ("1", "2", "3")] == [
        "PurchaseRecorded", "PurchaseRecorded", "NotAllowed",
    ]  # fmt: skip
    refund = {"externalId": "1", "amount": 1001, "reason": "returned", "idempotencyKey": "r"}
    assert await app.mutate("refundPurchase", refund, REFUNDED, token=small) == {
        "__typename": "NotAllowed",
        "reason": "SHIFT_LIMIT",
    }
    app.clock.advance(days=1)
    assert (await record(app, small, "3"))["__typename"] == "PurchaseRecorded"
    slow = (await add_client(app, "slow", bounds={"requests_per_minute": 2})).key
    codes = [(await app.ask("{ programme { name } }", token=slow)).get("errors") for _ in range(3)]
    assert [errors and errors[0]["extensions"]["code"] for errors in codes] == [None, None, "RATE_LIMITED"]
    elsewhere = (await add_client(app, "elsewhere", addresses=["203.0.113.0/24", "2001:db8::/32"])).key
    local = (await add_client(app, "local", addresses=["127.0.0.1"])).key
    find = '{ findCustomer(contact: "ana.silva@example.com") { name } }'
    assert await refused(app, elsewhere, find) == {"code": "UNAUTHENTICATED"}
    assert (await app.do(find, token=local))["findCustomer"] == {"name": "Ana Silva"}


async def test_a_key_rotates_with_an_overlap_expires_and_is_revoked_at_once_everywhere(
    story: ShopStory,
) -> None:
    app, find = story.app, '{ findCustomer(contact: "x@example.com") { name } }'
    runtime, store = app.process.runtime, app.process.store
    following = asyncio.create_task(app.process.follower.follow(store, clock=app.clock))
    try:
        await asyncio.wait_for(app.process.follower.is_following.wait(), 30)

        async def opens(key: str) -> bool:
            return "errors" not in await app.ask(find, token=key)

        async def comes(key: str, is_open: bool) -> None:
            async with asyncio.timeout(30):
                while await opens(key) != is_open:
                    await asyncio.sleep(0.01)

        first = (await clients.add(
            runtime, name="web", source="web", store="lisboa", kind="live", scopes=["members:read"],
            expires_at=app.clock() + timedelta(days=400), actor=ACTOR, now=app.clock(),
        )).key  # fmt: skip
        assert await opens(first)  # also where the stream has not told of it yet
        second = (
            await clients.rotate(runtime, "web", overlap=timedelta(hours=24), actor=ACTOR, now=app.clock())
        ).key
        await comes(second, True)
        assert await opens(first)
        with pytest.raises(InvalidInput, match="two keys that work"):
            await clients.rotate(runtime, "web", overlap=timedelta(hours=1), actor=ACTOR, now=app.clock())
        app.clock.advance(hours=24)
        assert (await opens(first), await opens(second)) == (False, True)
        await app.process.clients.write_used()
        known = await stored_clients.find(store, "web")
        assert known is not None
        yesterday = app.clock() - timedelta(hours=24)
        assert known.used == {key_id(first): yesterday, key_id(second): app.clock()}
        await clients.revoke(runtime, "web", actor=ACTOR, now=app.clock())
        await comes(second, False)
        third = (await add_client(app, "late", expires_at=app.clock() + timedelta(hours=1))).key
        assert await opens(third)
        app.clock.advance(hours=1)
        assert not await opens(third)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    rows = [row async for row in store["clients"].find({"_id": {"$gt": ""}})]
    assert not any(key in str(rows) or key[22:65] in str(rows) for key in (first, second, third))
    acts = [
        act.action
        for act in await audit.find_between(store, since=app.clock() - timedelta(days=2), until=app.clock())
        if act.actor == ACTOR
    ]
    assert sorted(acts) == ["CLIENT_ADDED", "CLIENT_ADDED", "CLIENT_KEY_ROTATED", "CLIENT_REVOKED"]


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("name", {"name": "No"}), ("name", {"name": "web", "source": "web"}), ("source", {"source": "till"}), ("source", {"source": "web"}),
        ("store", {"store": "nowhere"}), ("scopes", {"scopes": ["everything"]}), ("scopes", {"scopes": []}), ("addresses", {"addresses": ["home"]}),
        ("purchases", {"bounds": {"purchases": -1}}), ("expiresAt", {"expires_at": True}),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_told_by_its_field(story: ShopStory, field: str, change: Json) -> None:
    await add_client(story.app, "web")
    if "expires_at" in change:
        change = {"expires_at": story.app.clock()}
    with pytest.raises(InvalidInput) as refusal:
        await add_client(story.app, **{"name": "other", **change})
    assert refusal.value.field == field
    assert await story.app.count("clients") == 1


@pytest.mark.parametrize("first", ["sale", "refund", "graphql"])
async def test_what_a_system_reported_as_returned_it_records_for_nobody(story: ShopStory, first: str) -> None:
    app, ana = story.app, await story.enrol("ana.silva@example.com")
    key = (await add_client(app, "web")).key
    sale = {"externalId": "1", "total": 5000, "currency": "EUR"}
    bodies: dict[str, Json] = {
        "sale": {
            "id": "s",
            "type": "purchase.completed",
            "member": {"email": "eva@example.com"},
            "data": sale,
        },
        "refund": {"id": "r", "type": "purchase.refunded", "data": {"externalId": "1", "amount": 2000}},
    }
    if first == "graphql":
        assert (await record(app, key))["entries"] == [{"amount": 50}]
    for name in ("refund", "sale") if first == "refund" else ("sale", "refund"):
        headers = {"authorization": f"Bearer {key}"}
        assert (await app.client.post("/events", json=bodies[name], headers=headers)).status_code == 200
        await story.work()
        if (name, first) == ("refund", "refund"):
            assert (await record(app, key))["__typename"] == "PurchaseClaimed", "before its sale has come"
    if first != "graphql":
        assert (await record(app, key))["__typename"] == "PurchaseClaimed"
        eva = await story.enrol("eva@example.com")
        await story.work()
        assert (await story.points(ana), await story.points(eva)) == (0, 30)
    else:
        assert await story.points(ana) == 30
    await story.verify()
