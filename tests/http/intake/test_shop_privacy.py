"""Shopify's privacy topics over real HTTP: what a source brought of a person is told, moved or erased, and no more."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from domain.model.club.products import CatalogueChanges, Product
from domain.services.club.catalogue import put_products
from domain.services.intake import inspection
from domain.services.ledger.verification import verify
from domain.store.club import product_links, products
from domain.store.connect import Database
from domain.store.intake import bindings, deliveries, orders
from tests.command_log import CommandLog
from tests.http.intake.shop_story import ShopStory, open_story
from tests.http.intake.test_shops import product, shop_order

Json = dict[str, Any]
SAMPLES = Path(__file__).parents[2] / "model" / "intake" / "samples" / "shopify"


@pytest.fixture
async def story(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[ShopStory]:
    async with open_story(database, command_log, tmp_path) as opened:
        yield opened


def asking(field: str, *orders_named: int, customer: int = 701, email: str = "ana@example.com") -> Json:
    return {
        "shop_id": 1,
        "shop_domain": "x",
        "customer": {"id": customer, "email": email},
        field: list(orders_named),
    }


async def texts(story: ShopStory) -> str:
    """All that is stored of the intake, but for sealed bodies."""
    names = (orders.COLLECTION, bindings.COLLECTION)
    store = story.app.process.store
    return str([row for name in names async for row in store[name].find({"_id": {"$gt": ""}})])


async def test_what_waits_for_a_guest_is_erased_and_credited_to_nobody(story: ShopStory) -> None:
    await story.send(shop_order(1))
    await story.work()
    assert "ana" not in await texts(story)
    await story.send(asking("orders_to_redact", 1), topic="customers/redact")
    await story.work()
    assert (await story.app.count(orders.COLLECTION), await story.app.count(deliveries.COLLECTION)) == (0, 1)
    ana = await story.enrol()
    await story.work()
    assert await story.points(ana) == 0


async def test_a_members_receipt_stays_theirs_and_their_binding_goes(story: ShopStory) -> None:
    ana = await story.enrol()
    await story.send(shop_order(1))
    await story.work()
    assert await story.app.count(bindings.COLLECTION) == 1
    await story.send(asking("orders_to_redact"), topic="customers/redact")
    await story.work()
    assert (await story.app.count(bindings.COLLECTION), await story.points(ana)) == (0, 130)
    await story.verify()


async def test_a_customer_is_known_by_their_binding_and_a_merge_moves_it(story: ShopStory) -> None:
    ana = await story.enrol()
    await story.send(shop_order(1))
    await story.work()
    await story.send(shop_order(2, email="new@example.com", customer={"id": 701}))
    await story.work()
    merge = {
        "admin_graphql_api_customer_kept_id": "gid://shopify/Customer/999",
        "admin_graphql_api_customer_deleted_id": "gid://shopify/Customer/701",
        "status": "completed",
    }
    await story.send(merge, topic="customers/merge")
    await story.work()
    await story.send(shop_order(3, email=None, customer={"id": 999}))
    await story.work()
    assert await story.points(ana) == 3 * 130


async def test_a_request_for_data_waits_for_a_person_and_shows_the_orders(story: ShopStory) -> None:
    await story.send(shop_order(1))
    await story.send(asking("orders_requested", 1), topic="customers/data_request")
    await story.work()
    parked = await inspection.find_by_state(story.app.process.runtime, "parked", source="shop", first=9)
    (row,) = [row for row in parked if row.topic == "customers/data_request"]
    shown = await inspection.describe(story.app.process.runtime, row.id)
    assert shown is not None
    assert "'externalId': '1'" in str(shown["orders"])


async def test_a_shop_that_leaves_takes_all_that_it_brought(story: ShopStory) -> None:
    await story.send(shop_order(1))
    await story.send(shop_order(1), source="shop2")
    await story.work()
    await story.send({"shop_id": 1, "shop_domain": "x"}, topic="shop/redact")
    await story.work()
    assert (await story.app.count(orders.COLLECTION), await story.app.count(deliveries.COLLECTION)) == (1, 2)


async def test_a_shop_that_leaves_takes_its_products_and_nobodys_points(story: ShopStory) -> None:
    ana = await story.enrol()
    await story.send(shop_order(1))
    for source, sku in (("shop", "RED"), ("shop2", "BLUE")):
        body = product("20.00", "2026-03-02T09:00:00Z", sku)
        await story.send(body, topic="products/create", source=source)
    await story.work()
    runtime = story.app.process.runtime
    await put_products(runtime, CatalogueChanges((Product("OF-THE-FILE", {"pt": "Moeda"}),), (), (), 0))
    skus = {each.sku async for each in products.iterate(runtime.store)}
    assert skus == {"RED", "BLUE", "OF-THE-FILE"}
    points = await story.points(ana)
    assert (points, await story.app.count(bindings.COLLECTION)) == (130, 1)
    left = json.loads((SAMPLES / "published_2026_04_shop_redact.json").read_text(encoding="utf-8"))
    forged = await story.post(left, topic="shop/redact", secret="another")
    await story.work()
    assert (forged.status_code, await products.count(runtime.store)) == (401, 3)
    for _ in range(2):
        await story.send(left, topic="shop/redact")
        await story.work()
    assert {each.sku async for each in products.iterate(runtime.store)} == {"BLUE", "OF-THE-FILE"}
    assert await product_links.find_day(runtime.store) is None, "what goes together is measured again"
    assert (await story.points(ana), await story.app.count(bindings.COLLECTION)) == (points, 0)
    assert [str(each) async for each in verify(runtime.store)] == []


async def test_a_request_that_is_not_signed_erases_nothing(story: ShopStory) -> None:
    await story.send(shop_order(1))
    await story.work()
    forged = await story.post({"shop_id": 1, "shop_domain": "x"}, topic="shop/redact", secret="another")
    await story.work()
    assert (forged.status_code, await story.app.count(orders.COLLECTION)) == (401, 1)
