"""What shops post over real HTTP: signed, stored, answered, and worked off to the orders' last state."""

import asyncio
import copy
import itertools
import json
import random
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.store.connect import Database
from domain.store.intake import deliveries
from tests.command_log import CommandLog
from tests.http.intake.shop_story import SECRETS, ShopStory, open_story, sample, signature

Json = dict[str, Any]


@pytest.fixture
async def story(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[ShopStory]:
    async with open_story(database, command_log, tmp_path) as opened:
        yield opened


def shop_order(
    number: int = 1, *, price: str = "50.00", email: str | None = "ana@example.com", **changes: Any
) -> Json:
    """A paid order of two mugs and a plate, in the shape that Shopify publishes."""
    lines = [
        {
            "id": number * 10 + 1,
            "sku": "MUG",
            "price": price,
            "quantity": 2,
            "current_quantity": 2,
            "product_id": 1,
        },
        {
            "id": number * 10 + 2,
            "sku": "PLATE",
            "price": "30.00",
            "quantity": 1,
            "current_quantity": 1,
            "product_id": 2,
        },
    ]
    total = f"{2 * float(price) + 30:.2f}"
    order = {
        "id": number, "name": f"#{1000 + number}", "email": email, "currency": "EUR", "financial_status": "paid",
        "test": False, "taxes_included": True, "total_tax": "0.00", "total_price": total, "line_items": lines,
        "shipping_lines": [], "refunds": [], "processed_at": "2026-03-02T09:00:00Z", "created_at": "2026-03-02T09:00:00Z",
        "updated_at": "2026-03-02T09:00:00Z", "cancelled_at": None, "customer": {"id": 700 + number},
    }  # fmt: skip
    return {**order, **changes}


def refund_of(order: Json, id: int, *, line: int = 0, quantity: int = 1, amount: str = "50.00") -> Json:
    taken = {
        "line_item_id": order["line_items"][line]["id"],
        "quantity": quantity,
        "subtotal": float(amount),
        "total_tax": 0,
    }
    return {
        "id": id,
        "order_id": order["id"],
        "refund_line_items": [taken],
        "order_adjustments": [],
        "transactions": [],
    }


def refunded(order: Json, refund: Json, *, minute: int) -> Json:
    """The order's next state, with a refund in it."""
    after = copy.deepcopy(order)
    after["refunds"].append(refund)
    for taken in refund["refund_line_items"]:
        line = next(each for each in after["line_items"] if each["id"] == taken["line_item_id"])
        line["current_quantity"] -= taken["quantity"]
    after |= {"financial_status": "partially_refunded", "updated_at": f"2026-03-03T09:{minute:02}:00Z"}
    return after


# ---------------------------------------------------------------- the door
async def test_what_no_secret_has_signed_is_refused_and_not_stored(story: ShopStory) -> None:
    for secret in ("another secret", "woo secret", "shop"):
        assert (await story.post(shop_order(), secret=secret)).status_code == 401
    unsigned = await story.app.client.post("/webhooks/shop", json=shop_order())
    assert (unsigned.status_code, await story.app.count(deliveries.COLLECTION)) == (401, 0)
    assert (await story.post(shop_order(), source="nobody")).status_code == 404
    assert (await story.app.client.get("/webhooks/shop")).status_code == 405


async def test_two_secrets_are_live_at_once_and_headers_may_lack_their_x(story: ShopStory) -> None:
    assert (await story.post(shop_order(1), secret=SECRETS["SHOP_NEXT"])).status_code == 200
    assert (await story.post(shop_order(2), prefix="")).status_code == 200
    tampered = await story.app.client.post(
        "/webhooks/shop",
        content=json.dumps(shop_order(3)).encode() + b" ",
        headers={
            "X-Shopify-Hmac-Sha256": signature(json.dumps(shop_order(3)).encode(), SECRETS["SHOP_SECRET"])
        },
    )
    assert tampered.status_code == 401
    assert await story.app.count(deliveries.COLLECTION) == 2


async def test_the_unsigned_ping_of_woocommerce_gets_200_and_only_there(story: ShopStory) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    ping = sample_bytes("woocommerce/ping")
    answer = await story.app.client.post("/webhooks/woo", content=ping, headers=form)
    other = await story.app.client.post("/webhooks/shop", content=ping, headers=form)
    longer = await story.app.client.post("/webhooks/woo", content=ping + b"&a=1", headers=form)
    assert (answer.status_code, other.status_code, longer.status_code) == (200, 401, 401)
    assert await story.app.count(deliveries.COLLECTION) == 0


def sample_bytes(name: str) -> bytes:
    (path,) = (Path(__file__).parents[2] / "model" / "intake" / "samples").glob(f"{name}.*")
    return path.read_bytes()


async def test_a_body_of_two_megabytes_is_taken_and_a_longer_one_is_not(story: ShopStory) -> None:
    raw = json.dumps(shop_order(note="x")).encode()
    raw = raw[:-1] + b" " * (2 * 1024 * 1024 - len(raw)) + b"}"
    assert (await story.post(raw)).status_code == 200
    head = f"POST /webhooks/shop HTTP/1.1\r\nHost: x\r\nContent-Length: {len(raw) + 1}\r\n\r\n"
    assert b" 413 " in (await exchange(story, head.encode())).split(b"\r\n")[0]
    assert await story.app.count(deliveries.COLLECTION) == 1


async def exchange(story: ShopStory, sent: bytes) -> bytes:
    """Send bytes to the server, and return what it answers first."""
    url = story.app.client.base_url

    def run() -> bytes:
        with socket.create_connection((url.host, url.port or 80), timeout=10) as connection:
            connection.sendall(sent)
            return connection.recv(65536)

    return await asyncio.to_thread(run)


async def test_http_1_0_is_spoken(story: ShopStory) -> None:
    raw = json.dumps(sample("woocommerce/order_processing_paid_card")).encode()
    request = (
        f"POST /webhooks/woo HTTP/1.0\r\nContent-Length: {len(raw)}\r\nContent-Type: application/json\r\n"
        f"X-WC-Webhook-Topic: order.updated\r\nX-WC-Webhook-Signature: {signature(raw, SECRETS['WOO_SECRET'])}\r\n\r\n"
    ).encode() + raw
    answer = await exchange(story, request)
    assert answer.split(b"\r\n")[0] in (b"HTTP/1.0 200 OK", b"HTTP/1.1 200 OK")
    assert await story.app.count(deliveries.COLLECTION) == 1


async def test_a_body_is_stored_sealed_and_holds_nothing_that_can_be_read(story: ShopStory) -> None:
    await story.send(shop_order())
    (row,) = [row async for row in story.app.process.store[deliveries.COLLECTION].find({"_id": {"$gt": ""}})]
    assert b"ana@example.com" not in row["body"]
    assert "ana" not in str({name: value for name, value in row.items() if name != "body"})


# ---------------------------------------------------------------- what comes of it
async def test_a_paid_order_is_credited_on_its_own_date_and_once(story: ShopStory) -> None:
    ana = await story.enrol()
    for topic in ("orders/paid", "orders/updated", "orders/paid"):
        await story.send(shop_order(), topic=topic)
    await story.work()
    assert (await story.points(ana), await story.fates()) == (130, [("applied", "")] * 2)
    assert await story.bought_at() == ["2026-03-02T09:00:00+00:00"]
    await story.verify()


async def test_refunds_take_back_what_they_say_once(story: ShopStory) -> None:
    ana, order = await story.enrol(), shop_order()
    refund = refund_of(order, 9)
    await story.send(order, topic="orders/paid")
    await story.send(refund, topic="refunds/create")
    await story.send(refunded(order, refund, minute=1))
    await story.send({**refund, "note": "sent again"}, topic="refunds/create")
    await story.work()
    assert (await story.points(ana), {fate for fate, _ in await story.fates()}) == (80, {"applied"})
    await story.verify()


async def test_a_refund_before_its_order_waits_for_it(story: ShopStory) -> None:
    ana, order = await story.enrol(), shop_order()
    await story.send(refund_of(order, 9), topic="refunds/create")
    await story.work()
    assert await story.fates() == [("parked", "its order has not come")]
    await story.send(order, topic="orders/paid")
    await story.work()
    assert (await story.points(ana), {fate for fate, _ in await story.fates()}) == (80, {"applied"})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"test": True}, "a test order"),
        ({"financial_status": "pending"}, "not paid yet"),
        ({"email": None, "customer": None}, "it names nobody"),
    ],
)
async def test_a_refund_of_an_order_that_counts_for_nothing_waits_no_more(
    story: ShopStory, changes: Json, reason: str
) -> None:
    order = shop_order(**changes)
    await story.send(refund_of(order, 9), topic="refunds/create")
    await story.work()
    await story.send(order)
    await story.work()
    await story.send({**refund_of(order, 9), "note": "again"}, topic="refunds/create")
    await story.work()
    assert await story.fates() == [("ignored", reason)] * 3


async def test_a_cancelled_order_comes_to_nothing_in_either_order(story: ShopStory) -> None:
    ana = await story.enrol()
    for number, bodies in ((1, "pc"), (2, "cp")):
        order = shop_order(number)
        cancelled = {**order, "cancelled_at": "2026-03-03T09:00:00Z", "updated_at": "2026-03-03T09:00:00Z"}
        for letter in bodies:
            await story.send(order if letter == "p" else cancelled)
            await story.work()
    assert await story.points(ana) == 0
    await story.verify()


async def test_two_shops_may_count_their_orders_alike(story: ShopStory) -> None:
    ana = await story.enrol()
    await story.send(shop_order(1), source="shop")
    await story.send(shop_order(1, price="10.00"), source="shop2")
    await story.work()
    assert await story.points(ana) == 130 + 50


async def test_another_currency_is_parked_and_a_test_or_unpaid_order_comes_to_nothing(
    story: ShopStory,
) -> None:
    ana = await story.enrol()
    await story.send(shop_order(1, currency="USD"))
    await story.send(shop_order(2, test=True))
    await story.send(shop_order(3, financial_status="pending"))
    await story.send(shop_order(4, financial_status="voided"))
    await story.send(shop_order(5, email=None, customer=None))
    await story.send(shop_order(6, processed_at="2024-03-02T09:00:00Z"))
    await story.work()
    assert sorted(await story.fates()) == [
        ("ignored", "a test order"),
        ("ignored", "it names nobody"),
        ("ignored", "not paid yet"),
        ("ignored", "nothing of it stands"),
        ("ignored", "older than 400 days"),
        ("parked", "another currency"),
    ]
    assert await story.points(ana) == 0


async def test_a_guest_is_credited_on_the_day_of_purchase_once_they_prove_their_contact(
    story: ShopStory,
) -> None:
    order = shop_order()
    await story.send(order, topic="orders/paid")
    await story.work()
    await story.send(refund_of(order, 9), topic="refunds/create")
    await story.work()
    assert set(await story.fates()) == {("parked", "nobody has its contact")}
    story.app.clock.now += timedelta(days=60)
    ana = await story.enrol()
    await story.work()
    assert (await story.points(ana), {fate for fate, _ in await story.fates()}) == (80, {"applied"})
    assert await story.bought_at() == ["2026-03-02T09:00:00+00:00"]
    await story.send({**order, "tags": "again"})
    await story.work()
    assert await story.points(ana) == 80
    await story.verify()


async def test_what_a_body_cannot_say_waits_for_a_person(story: ShopStory) -> None:
    await story.send(b"{no json")
    await story.send(shop_order(processed_at=None, created_at=None))
    await story.work()
    assert sorted(await story.fates()) == [
        ("failed", "an instant is missing"),
        ("failed", "the body is not JSON in UTF-8"),
    ]


def journey() -> tuple[list[tuple[str, Json]], int]:
    """Every delivery of six orders, and the points of their last states."""
    sent, points = list[tuple[str, Json]](), 0
    for number in range(1, 7):
        order = shop_order(number)
        sent.append(("orders/paid", order))
        if number % 2:
            refund = refund_of(order, number * 100)
            order = refunded(order, refund, minute=number)
            sent += [("refunds/create", refund), ("orders/updated", order)]
        if number % 3 == 0:
            order = {**order, "cancelled_at": "x", "updated_at": "2026-03-03T10:00:00Z"}
            sent.append(("orders/cancelled", order))
        points += 0 if number % 3 == 0 else 80 if number % 2 else 130
    return sent, points


@pytest.mark.parametrize("how", ["alone", "twice", "reversed", "shuffled", "halves"])
async def test_the_end_is_the_orders_last_state_however_they_come(story: ShopStory, how: str) -> None:
    ana = await story.enrol()
    sent, points = journey()
    again = [(topic, {**body, "seen": 2}) for topic, body in sent]
    rounds = {
        "alone": [sent],
        "twice": [sent, again],
        "reversed": [sent[::-1]],
        "shuffled": [random.Random(7).sample(sent + again, len(sent) * 2)],
        # every second one is lost, and the rest come again; what was lost comes late
        "halves": [sent[::2], again[::2], sent[1::2]],
    }[how]
    for batch in rounds:
        for number, (topic, body) in enumerate(batch):
            await story.send(body, topic=topic)
            if how != "alone" and number % 3 == 0:
                await story.work()
        await story.work()
    assert await story.points(ana) == points
    assert {fate for fate, _ in await story.fates()} <= {"applied", "ignored"}
    await story.verify()


async def test_every_second_delivery_may_be_lost_where_a_later_state_comes(story: ShopStory) -> None:
    ana = await story.enrol()
    order = shop_order()
    first = refunded(order, refund_of(order, 1), minute=1)
    second = refunded(first, refund_of(order, 2, line=1, amount="30.00"), minute=2)
    for body in (order, second):  # `first` and both refunds are lost
        await story.send(body)
    await story.work()
    assert await story.points(ana) == 50
    for permutation in itertools.islice(itertools.permutations([order, first, second]), 6):
        for body in permutation:
            await story.send({**body, "again": len(await story.fates())})
        await story.work()
    assert await story.points(ana) == 50
    await story.verify()


def product(price: str, at: str, *skus: str) -> Json:
    variants = [
        {"id": number, "sku": sku, "title": sku, "price": price} for number, sku in enumerate(skus, 1)
    ]
    return {"id": 9, "title": "Mug", "status": "active", "updated_at": at, "variants": variants}


async def test_a_shops_products_stand_in_the_catalogue_as_they_are_by_now(story: ShopStory) -> None:
    async def stands() -> dict[str, tuple[int, bool]]:
        rows = story.app.process.store["products"].find({"_id": {"$gt": ""}})
        return {row["_id"]: (row["price"], row["available"]) async for row in rows}

    await story.send(product("20.00", "2026-03-02T09:00:00Z", "RED", "BLUE"), topic="products/create")
    await story.work()
    assert await stands() == {"RED": (2_000, True), "BLUE": (2_000, True)}
    await story.send(product("25.00", "2026-03-02T09:30:00Z", "RED"), topic="products/update")
    await story.work()
    await story.send(product("22.00", "2026-03-02T09:15:00Z", "RED", "BLUE"), topic="products/update")
    await story.work()
    assert await stands() == {"RED": (2_500, True), "BLUE": (2_000, False)}, "what came late changes nothing"
    for price, minute in (("27.00", 45), ("26.00", 40)):  # worked off side by side
        body = product(price, f"2026-03-02T09:{minute}:00Z", "RED")
        await story.send(body, topic="products/update")
    await story.work()
    assert await stands() == {"RED": (2_700, True), "BLUE": (2_000, False)}
    story.app.clock.advance(hours=1)
    await story.send({"id": 9}, topic="products/delete")
    await story.work()
    assert await stands() == {"RED": (2_700, False), "BLUE": (2_000, False)}
    fates = {state for state, _ in await story.fates()}
    assert fates <= {"applied", "ignored"}
