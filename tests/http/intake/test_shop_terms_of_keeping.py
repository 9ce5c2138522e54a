"""How long what shops sent is kept: bodies for 30 days, what waits for 90, counted from when it came, whatever is tried
meanwhile, and whether the database has dropped the rows by then or not.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.services.intake import inspection
from domain.store.connect import Database
from domain.store.intake import deliveries, orders
from tests.command_log import CommandLog
from tests.http.intake.client_story import add_client
from tests.http.intake.shop_story import NOW, ShopStory, open_story
from tests.http.intake.test_shop_privacy import asking
from tests.http.intake.test_shops import refund_of, refunded, shop_order
from tests.running_app import Json

REVIEW: Json = {"id": "w-1", "type": "reviewed", "member": {"email": "ana@example.com"}, "data": {"stars": 5}}


@pytest.fixture
async def story(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[ShopStory]:
    async with open_story(database, command_log, tmp_path) as opened:
        yield opened


async def rows(story: ShopStory, collection: str) -> list[Mapping[str, Any]]:
    return [row async for row in story.app.process.store[collection].find({"_id": {"$gt": ""}})]


async def purged_at(story: ShopStory, collection: str) -> list[datetime]:
    return sorted(row["purge_at"] for row in await rows(story, collection))


async def retry_on(story: ShopStory, *days: int) -> None:
    """Have a person try again what waits, on these days after it came."""
    for day in days:
        story.app.clock.now = NOW + timedelta(days=day)
        await inspection.retry(story.app.process.runtime, None, actor="cli:test", now=story.app.clock())
        await story.work()


async def test_bodies_leave_after_30_days_and_what_waits_is_still_credited(story: ShopStory) -> None:
    await story.send(shop_order())
    await story.work()
    store = story.app.process.store
    assert await deliveries.drop_bodies(store, now=NOW + timedelta(days=30, seconds=-1)) == 0
    assert [type(row["body"]) for row in await rows(story, deliveries.COLLECTION)] == [bytes]
    assert await deliveries.drop_bodies(store, now=NOW + timedelta(days=30)) == 1
    assert ["body" in row for row in await rows(story, deliveries.COLLECTION)] == [False]
    story.app.clock.now += timedelta(days=89)
    ana = await story.enrol()
    await story.work()
    assert (await story.points(ana), await story.fates()) == (130, [("applied", "")])


async def test_an_order_waits_for_90_days_however_often_it_is_tried(story: ShopStory) -> None:
    await story.send(shop_order())
    await story.work()
    await retry_on(story, 20, 60, 89)
    assert await story.fates() == [("parked", "nobody has its contact")]
    leaves = [NOW + timedelta(days=90)]
    assert await purged_at(story, orders.COLLECTION) == leaves
    assert await purged_at(story, deliveries.COLLECTION) == leaves
    story.app.clock.now = NOW + timedelta(days=90)
    ana = await story.enrol()
    await story.work()
    assert (await story.points(ana), await story.bought_at()) == (0, [])


async def test_an_order_whose_time_is_over_is_a_new_one_when_its_shop_tells_of_it_again(
    story: ShopStory,
) -> None:
    order = shop_order()
    await story.send(order)
    await story.work()
    story.app.clock.now = NOW + timedelta(days=90)
    ana = await story.enrol()
    await story.send(refunded(order, refund_of(order, 1), minute=1))
    await story.work()
    assert (await story.points(ana), len(await story.bought_at())) == (80, 1)
    await story.verify()


async def test_a_refund_waits_for_its_order_from_the_day_on_which_it_came(story: ShopStory) -> None:
    await story.send(refund_of(shop_order(), 9), topic="refunds/create")
    story.app.clock.now = NOW + timedelta(days=10)  # no worker ran before
    await story.work()
    await retry_on(story, 40)
    assert await purged_at(story, orders.COLLECTION) == [NOW + timedelta(days=90)]


async def test_an_event_waits_for_30_days_however_often_it_is_tried(story: ShopStory) -> None:
    key = (await add_client(story.app, scopes=["events:write"])).key
    headers = {"authorization": f"Bearer {key}"}
    assert (await story.app.client.post("/events", json=REVIEW, headers=headers)).status_code == 200
    await story.work()
    await retry_on(story, 20, 29)
    (row,) = await rows(story, deliveries.COLLECTION)
    assert (row["state"], row["until"]) == ("parked", NOW + timedelta(days=30))
    assert row["purge_at"] == NOW + timedelta(days=90)
    story.app.clock.now = NOW + timedelta(days=30)
    ana = await story.enrol()
    await story.work()
    assert (await story.points(ana), await story.fates()) == (0, [("parked", "nobody has its contact")])


async def test_a_request_for_data_is_due_30_days_after_it_came(story: ShopStory) -> None:
    await story.send(asking("orders_requested", 1), topic="customers/data_request")
    await story.work()
    await retry_on(story, 7)
    (row,) = await rows(story, deliveries.COLLECTION)
    assert (row["state"], row["until"]) == ("parked", NOW + timedelta(days=30))
