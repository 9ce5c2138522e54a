"""A shop whose prices hold the tax, and whose purchases count without it: a refund takes the tax once."""

import copy
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.http.intake.shop_story import SOURCES, ShopStory, open_story
from tests.http.intake.test_shops import Json, refund_of, refunded, shop_order

NET = SOURCES.replace(
    "store: online, secrets: [SHOP_SECRET, SHOP_NEXT]", "store: online, count: net, secrets: [SHOP_SECRET]"
)


@pytest.fixture
async def story(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[ShopStory]:
    async with open_story(database, command_log, tmp_path, sources=NET) as opened:
        yield opened


def taxed() -> Json:
    """Two mugs at 61.50 with 11.50 of tax in each, and a plate at 30.00 without."""
    order = copy.deepcopy(shop_order(price="61.50", total_tax="23.00"))
    order["line_items"][0]["tax_lines"] = [{"price": "23.00"}]
    return order


@pytest.mark.parametrize("bodies", ["pr", "rp", "pu", "pru", "pur"])
async def test_a_refund_takes_the_tax_of_its_piece_once(story: ShopStory, bodies: str) -> None:
    ana, order = await story.enrol(), taxed()
    refund = refund_of(order, 9, amount="61.50")
    refund["refund_line_items"][0]["total_tax"] = 11.5
    sent = {
        "p": (order, "orders/paid"),
        "r": (refund, "refunds/create"),
        "u": (refunded(order, refund, minute=1), "orders/updated"),
    }
    for letter in bodies:
        body, topic = sent[letter]
        await story.send(body, topic=topic)
        await story.work()
    assert await story.points(ana) == 80
    await story.verify()
