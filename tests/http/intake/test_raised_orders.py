"""Orders that a shop raises, lowers, and lets stand again, over real HTTP: the receipt is corrected to them."""

import copy
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.services.erasure.erasing import ErasureActor, erase
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.http.intake.shop_story import ShopStory, open_story
from tests.http.intake.test_shops import Json, refund_of, refunded, shop_order


@pytest.fixture
async def story(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[ShopStory]:
    async with open_story(database, command_log, tmp_path) as opened:
        yield opened


def edited(order: Json, *, minute: int, quantity: int = 2, extra: str | None = None) -> Json:
    """The order's next state: so many mugs of 50 and the plate, and what was added at a price."""
    after = copy.deepcopy(order)
    mugs = after["line_items"][0]
    mugs["current_quantity"] += quantity - mugs["quantity"]
    mugs["quantity"] = quantity
    if extra is not None:
        added = {"id": order["id"] * 10 + 9, "sku": "BOWL", "price": extra}
        after["line_items"].append({**added, "quantity": 1, "current_quantity": 1, "product_id": 3})
    total = sum(float(line["price"]) * line["quantity"] for line in after["line_items"])
    return {**after, "total_price": f"{total:.2f}", "updated_at": f"2026-03-03T09:{minute:02}:00Z"}


async def corrections_of(story: ShopStory) -> int:
    rows = story.app.process.store["journal"].find({"_id": {"$gt": ""}}, {"event.name": 1})
    return len([row async for row in rows if row["event"]["name"] == "purchase.corrected"])


def story_of_edits() -> list[Json]:
    """An order that is raised, returned in part, raised again, and lowered by an edit."""
    order = shop_order()  # 130
    raised = edited(order, minute=1, quantity=3)  # 180
    returned = refunded(raised, refund_of(raised, 9), minute=2)  # 130
    again = edited(returned, minute=3, quantity=3, extra="20.00")  # 150
    lowered = copy.deepcopy(again) | {"updated_at": "2026-03-03T09:04:00Z"}
    lowered["line_items"][1] |= {"current_quantity": 0}  # 120, without the plate
    return [order, raised, returned, again, lowered]


async def test_an_order_that_is_raised_and_lowered_earns_what_it_comes_to_each_time(story: ShopStory) -> None:
    ana, points = await story.enrol(), list[int]()
    for body in story_of_edits():
        await story.send(body)
        await story.work()
        points.append(await story.points(ana))
    assert points == [130, 180, 130, 150, 120]
    assert ({fate for fate, _ in await story.fates()}, await corrections_of(story)) == ({"applied"}, 2)
    await story.verify()


@pytest.mark.parametrize("seed", range(4))
async def test_raised_and_lowered_bodies_end_alike_in_any_order(story: ShopStory, seed: int) -> None:
    ana, bodies = await story.enrol(), story_of_edits()
    sent = [*bodies, *({**body, "again": True} for body in bodies), refund_of(bodies[1], 9)]
    random.Random(seed).shuffle(sent)
    for body in sent:
        await story.send(body, topic="refunds/create" if "order_id" in body else "orders/updated")
        await story.work()
    assert (await story.points(ana), {fate for fate, _ in await story.fates()}) == (120, {"applied"})
    await story.verify()


async def test_what_the_shop_counts_again_after_a_refund_is_added_and_what_was_returned_stays(
    story: ShopStory,
) -> None:
    ana, order = await story.enrol(), shop_order()
    returned = refunded(order, refund_of(order, 9), minute=1)
    undone = {**copy.deepcopy(order), "updated_at": "2026-03-03T09:02:00Z"}  # the refund was deleted
    for body in (order, returned, undone, {**undone, "again": True}):
        await story.send(body)
        await story.work()
    assert (await story.points(ana), await corrections_of(story)) == (130, 1)
    assert {fate for fate, _ in await story.fates()} == {"applied"}
    await story.verify()


async def test_an_order_that_stands_again_after_all_of_it_was_returned_waits_for_a_person(
    story: ShopStory,
) -> None:
    ana, order = await story.enrol(), shop_order()
    cancelled = {**order, "cancelled_at": "2026-03-03T09:00:00Z", "updated_at": "2026-03-03T09:00:00Z"}
    for body in (order, cancelled, {**order, "updated_at": "2026-03-03T10:00:00Z"}):
        await story.send(body)
        await story.work()
    reason = "raised after all of it was returned"
    assert (await story.points(ana), set(await story.fates())) == (0, {("applied", ""), ("parked", reason)})
    assert await corrections_of(story) == 0
    await story.verify()


async def test_an_order_of_an_erased_member_changes_nothing_more(story: ShopStory) -> None:
    ana, order = await story.enrol(), shop_order()
    await story.send(order)
    await story.work()
    await erase(story.app.process.runtime, ana, by=ErasureActor("service", "cli"), now=story.app.clock())
    for body in (edited(order, minute=1, quantity=3), refunded(order, refund_of(order, 9), minute=2)):
        await story.send(body)
        await story.work()
    assert await story.fates() == [("ignored", "its member has left")] * 2
    assert await story.app.count("intake_bindings") == 0
    (row,) = [row async for row in story.app.process.store["intake_orders"].find({"_id": {"$gt": ""}})]
    assert "customer" not in row
    await story.verify()
