"""A source stays with the store that it reports for: with another one each of its orders would count twice."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.model.programme.faults import ProgrammeInvalid
from domain.services.errors import InvalidInput
from domain.services.intake import publishing
from domain.store.connect import Database
from domain.store.intake import orders
from tests.command_log import CommandLog
from tests.http.intake.client_story import add_client
from tests.http.intake.shop_story import NOW, SOURCES, ShopStory, open_story
from tests.http.intake.test_shops import refund_of, refunded, shop_order

WITHOUT_SHOP = "sources: [{code: woo, kind: woocommerce, store: online, secrets: [WOO_SECRET]}]"
MOVED = SOURCES.replace("code: shop, kind: shopify, store: online", "code: shop, kind: shopify, store: porto")


@pytest.fixture
async def story(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[ShopStory]:
    async with open_story(database, command_log, tmp_path) as opened:
        yield opened


async def publish(story: ShopStory, text: str) -> int:
    published = await publishing.publish(story.app.process.runtime, text=text, files={}, now=NOW)
    return published.number


async def test_a_code_that_is_published_keeps_its_store_and_its_orders_count_once(story: ShopStory) -> None:
    ana, order = await story.enrol(), shop_order()
    await story.send(order)
    await story.work()
    with pytest.raises(ProgrammeInvalid) as refused:
        await publish(story, MOVED)
    (fault,) = refused.value.faults
    assert str(fault) == (
        "line 3: sources[0].store: shop reports for online: with another store each of its orders would count"
        " again -> write store: online; another shop takes another code"
    )
    assert (await publishing.load_newest(story.app.process.runtime))[0] == 1
    await story.send(refunded(order, refund_of(order, 1), minute=1))
    await story.work()
    assert (await story.points(ana), await story.app.count(orders.COLLECTION)) == (80, 1)


async def test_a_code_that_was_taken_out_of_the_file_comes_back_for_the_store_of_its_orders_alone(
    story: ShopStory,
) -> None:
    await story.send(shop_order())
    await story.work()
    assert await publish(story, WITHOUT_SHOP) == 2
    with pytest.raises(ProgrammeInvalid, match="shop reports for online"):
        await publish(story, MOVED)
    assert await publish(story, SOURCES) == 3


async def test_a_code_without_orders_may_come_back_for_another_store(story: ShopStory) -> None:
    assert await publish(story, WITHOUT_SHOP) == 2
    assert await publish(story, MOVED) == 3


async def test_a_system_with_a_key_and_a_shop_of_one_source_report_for_one_store(story: ShopStory) -> None:
    with pytest.raises(InvalidInput, match="shop reports for online") as refusal:
        await add_client(story.app, "web", source="shop", store="porto")
    assert (refusal.value.field, await story.app.count("clients")) == ("store", 0)
    await add_client(story.app, "web", source="shop", store="online")
    await add_client(story.app, "fair", source="fair", store="porto")
    with pytest.raises(ProgrammeInvalid, match="fair reports for porto"):
        await publish(story, WITHOUT_SHOP.replace("code: woo", "code: fair"))
