"""A sale that a till and a shop of the same store both report, in either order, counts once; so does a guest's."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.http.intake.shop_story import ShopStory, open_story
from tests.http.intake.test_shops import refund_of, refunded, shop_order
from tests.running_app import Json

SOURCES = """
sources:
  - {code: shop, kind: shopify, store: lisboa, secrets: [SHOP_SECRET]}
  - {code: shop2, kind: shopify, store: lisboa, secrets: [SHOP_SECRET]}
"""
CLAIMED = "__typename ... on PurchaseClaimed { sameMember }"
BOUGHT = {"currency": "EUR", "total": 13_000}


@pytest.fixture
async def story(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[ShopStory]:
    async with open_story(database, command_log, tmp_path, sources=SOURCES) as opened:
        yield opened


async def report(story: ShopStory, number: int, *, source: str = "shop") -> tuple[str, str]:
    """Have the shop report its order of that number; return what became of it."""
    story.app.clock.now += timedelta(seconds=1)
    await story.send(shop_order(number), source=source, topic="orders/paid")
    await story.work()
    return (await story.fates())[-1]


@pytest.mark.parametrize("spelling", ["#1001", "1"])
async def test_whoever_is_first_records_it_and_the_other_is_told(story: ShopStory, spelling: str) -> None:
    ana = await story.enrol()
    till = await story.app.hire("eva")
    number = (await story.app.do('{ findCustomer(contact: "ana@example.com") { number } }', token=till))[
        "findCustomer"
    ]
    sale: dict[str, Any] = {"member": number["number"], **BOUGHT}
    first = {**sale, "externalId": spelling, "idempotencyKey": "a"}
    await story.app.mutate("recordPurchase", first, "__typename", token=till)
    assert await report(story, 1) == ("ignored", "the till has recorded it")
    assert await story.points(ana) == 130
    # The other way round: both shops may have an order of that number, and then the till records it.
    assert (await report(story, 2), await report(story, 2, source="shop2")) == (
        ("applied", ""),
        ("applied", ""),
    )
    for text in ("2", "#1002"):
        again = {**sale, "externalId": text, "idempotencyKey": text}
        answer = await story.app.mutate("recordPurchase", again, CLAIMED, token=till)
        assert answer == {"__typename": "PurchaseClaimed", "sameMember": True}
    refund = {"externalId": "#1002", "amount": 100, "reason": "torn", "idempotencyKey": "r"}
    refused = await story.app.mutate("refundPurchase", refund, "__typename", token=till)
    assert refused["__typename"] == "UnknownPurchase"
    await story.send(refund_of(shop_order(2), 9), topic="refunds/create")
    await story.work()
    assert await story.points(ana) == 130 + 130 + 80
    await story.verify()


@pytest.mark.parametrize("first", ["till", "shop"])
async def test_a_guest_whose_sale_both_keep_is_credited_once_on_its_day_when_they_join(
    story: ShopStory, first: str
) -> None:
    till = await story.app.hire("eva")
    sale = {"externalId": "#1001", **BOUGHT, "occurredAt": "2026-03-02T09:00:00Z"}
    invite = {"contact": "ana@example.com", "sale": sale, "idempotencyKey": "k"}
    for who in ("till", "shop") if first == "till" else ("shop", "till"):
        if who == "till":
            answer = await story.app.mutate("enrolAtTill", invite, "__typename", token=till)
            assert answer["__typename"] == "InvitedAtTill"
        else:
            assert await report(story, 1) == ("parked", "nobody has its contact")
    story.app.clock.now += timedelta(days=60)
    ana = await story.enrol()
    await story.work()
    assert await story.points(ana) == 130
    assert await story.bought_at() == ["2026-03-02T09:00:00+00:00"]
    assert {state for state, _ in await story.fates()} <= {"applied", "ignored"}
    await story.verify()


def sale(story: ShopStory, number: str = "#1001") -> Json:
    return {"externalId": number, **BOUGHT, "occurredAt": "2026-03-02T09:00:00Z"}


async def record(story: ShopStory, till: str, *, key: str = "rec", total: int = 13_000) -> Json:
    found = await story.app.do('{ findCustomer(contact: "ana@example.com") { number } }', token=till)
    purchase = {"member": found["findCustomer"]["number"], **BOUGHT, "externalId": "#1001", "total": total}
    return await story.app.mutate("recordPurchase", {**purchase, "idempotencyKey": key}, CLAIMED, token=till)


async def take_back(story: ShopStory, *, cancels: bool = False, minute: int = 1) -> tuple[str, str]:
    """Have the shop take back a mug of 50 euros, or all of its first order; return what became of that."""
    story.app.clock.now += timedelta(seconds=1)
    order = shop_order()
    after = refunded(order, refund_of(order, 9), minute=minute)
    if cancels:
        after = order | {"financial_status": "refunded", "cancelled_at": "2026-03-03T09:02:00Z"}
        after |= {"updated_at": f"2026-03-03T09:{minute:02}:00Z"}
    await story.send(after)
    await story.work()
    return (await story.fates())[-1]


@pytest.mark.parametrize(("cancels", "points"), [(False, 80), (True, 0)])
async def test_what_the_shop_takes_back_of_an_order_that_the_till_recorded_gives_nothing(
    story: ShopStory, cancels: bool, points: int
) -> None:
    ana, till = await story.enrol(), await story.app.hire("eva")
    await record(story, till)
    assert await report(story, 1) == ("ignored", "the till has recorded it")
    lowered = ("applied", "the receipt was lowered")
    assert await take_back(story, cancels=cancels) == lowered
    assert await story.points(ana) == points
    assert (await take_back(story, cancels=cancels, minute=2))[0] == "ignored"
    refund = {"externalId": "#1001", "amount": 1_000, "reason": "torn", "idempotencyKey": "r"}
    await story.app.mutate("refundPurchase", refund, "__typename", token=till)
    assert (await take_back(story, cancels=cancels, minute=3), await story.points(ana)) == (
        ("ignored", "the till has recorded it" if not cancels else "nothing of it stands"),
        max(points - 10, 0),
    )
    await story.verify()


async def test_an_unlike_receipt_of_the_same_number_stays_as_it_is(story: ShopStory) -> None:
    ana, till = await story.enrol(), await story.app.hire("eva")
    await record(story, till, total=9_000)
    await report(story, 1)
    assert (await take_back(story, cancels=True))[0] == "ignored"
    assert await story.points(ana) == 90


@pytest.mark.parametrize(("cancels", "points"), [(False, 80), (True, 0)])
@pytest.mark.parametrize("by", ["recordPurchase", "enrolAtTill before", "enrolAtTill after"])
async def test_an_order_that_lost_something_while_it_waited_is_not_recorded_whole_by_a_till(
    story: ShopStory, cancels: bool, points: int, by: str
) -> None:
    till = await story.app.hire("eva")
    invite = {"contact": "ana@example.com", "sale": sale(story), "idempotencyKey": "k"}
    if by == "enrolAtTill before":
        await story.app.mutate("enrolAtTill", invite, "__typename", token=till)
    assert await report(story, 1) == ("parked", "nobody has its contact")
    await take_back(story, cancels=cancels)
    if by == "enrolAtTill after":
        answer = await story.app.mutate("enrolAtTill", invite, "__typename", token=till)
        assert answer["__typename"] == "PurchaseClaimed"
    ana = await story.enrol()
    if by == "recordPurchase":
        assert (await record(story, till))["__typename"] == "PurchaseClaimed"
    await story.work()
    assert await story.points(ana) == points
    assert (await record(story, till, key="late"))["__typename"] == "PurchaseClaimed"
    await story.verify()


async def test_of_a_sale_that_the_till_took_back_the_shops_order_gives_nothing(story: ShopStory) -> None:
    till = await story.app.hire("eva")
    invite = {"contact": "bea@example.com", "sale": sale(story), "idempotencyKey": "k"}
    await story.app.mutate("enrolAtTill", invite, "__typename", token=till)
    refund = {"externalId": "#1001", "reason": "torn", "idempotencyKey": "r"}
    await story.app.mutate("refundPurchase", refund, "__typename", token=till)
    ana = await story.enrol()
    assert await report(story, 1) == ("ignored", "the till has recorded it")
    assert (await take_back(story))[0] == "ignored"
    assert await story.points(ana) == 0
    await story.verify()
