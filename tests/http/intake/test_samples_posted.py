"""Every sample body posted over real HTTP as its shop signs it, to a programme of its own currency: it has the fate
that stands here, and earns what was worked by hand.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from domain.model.intake.instants import instant_of
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.http.intake.shop_story import SAMPLES, ShopStory, open_story, sample
from tests.http.intake.test_shops import shop_order
from tests.http.test_metrics import TOKEN, scrape, value

EXPECTED: dict[str, dict[str, Any]] = json.loads((SAMPLES / "expected.json").read_text())
# The topic that the shop sends each with, the answer at the door, and what becomes of it.
PARKED, TEST_ORDER, NO_ORDER = (
    "parked: its order has not come",
    "ignored: a test order",
    "ignored: the body holds no order",
)
FATES: Mapping[str, tuple[str, int, str]] = {
    "shopify/CONSTRUCTED_order_paid_gift_card_line_and_gift_card_payment_pos": ("orders/paid", 200, "applied"),
    "shopify/order_cancelled_fully_refunded": ("orders/cancelled", 200, "ignored: nothing of it stands"),
    "shopify/order_paid_fixed_and_line_discount_shipping": ("orders/paid", 200, "applied"),
    "shopify/order_paid_multicurrency_test_order": ("orders/paid", 200, TEST_ORDER),
    "shopify/order_paid_tax_excluded_shipping_test_order": ("orders/paid", 200, TEST_ORDER),
    "shopify/order_paid_taxes_included_test_order": ("orders/paid", 200, TEST_ORDER),
    "shopify/order_partially_refunded_shopify_docs": ("orders/updated", 200, "applied"),
    "shopify/published_2026_04_customers_data_request": (
        "customers/data_request", 200, "parked: a person asks for their data: 0 orders; answer with selo intake show",
    ),
    "shopify/published_2026_04_customers_merge": ("customers/merge", 200, "ignored: the merge did not happen"),
    "shopify/published_2026_04_customers_redact": ("customers/redact", 200, "applied: erased what was held of 0 orders"),
    "shopify/published_2026_04_orders_edited": (
        "orders/edited", 200, "ignored: an edit holds only ids; orders/updated has the order",
    ),
    "shopify/published_2026_04_orders_paid": ("orders/paid", 200, TEST_ORDER),
    "shopify/published_2026_04_refunds_create": ("refunds/create", 200, PARKED),
    "shopify/published_2026_04_shop_redact": ("shop/redact", 200, "applied: erased what was held of 1 orders, and 0 products"),
    "shopify/refund_create_pos_whole_line_discounted": ("refunds/create", 200, PARKED),
    "shopify/refund_create_shopify_docs_shipping_only": ("refunds/create", 200, PARKED),
    "shopify/refund_create_shopify_docs_two_lines": ("refunds/create", 200, PARKED),
    "woocommerce/CONSTRUCTED_order_guest_coupon_taxes_included_partial_refund": ("order.updated", 200, "applied"),
    "woocommerce/action_woocommerce_order_refunded": (
        "action.woocommerce_order_refunded", 200, "ignored: no topic that counts",
    ),
    "woocommerce/order_completed_taxes_included_paid_by_store_credit": ("order.updated", 200, "applied"),
    "woocommerce/order_completed_two_refunds_wc_docs": ("order.updated", 200, "ignored: not paid yet"),
    "woocommerce/order_deleted": ("order.deleted", 200, NO_ORDER),
    "woocommerce/order_processing_paid_card": ("order.created", 200, "applied"),
    "woocommerce/order_restored_guestlike_zero_total": ("order.restored", 200, "ignored: not paid yet"),
    "woocommerce/order_updated_body_is_an_error": ("order.updated", 200, NO_ORDER),
    "woocommerce/ping": ("", 200, "answered at the door"),
    "woocommerce/rest_order_refunds_wc_docs": ("order.updated", 200, "ignored: the body is no object"),
}  # fmt: skip
# What ana and jon have in the end in a programme of each currency: what is left of their orders, by whole units.
POINTS = {"CHF": (5, 0), "EUR": (24, 0), "HKD": (284, 0), "USD": (195 + 14, 25)}


def test_every_file_has_a_fate() -> None:
    files = {f"{path.parent.name}/{path.stem}" for path in SAMPLES.glob("*/*")}
    assert files == FATES.keys()
    assert len(FATES) == 27


def in_turn(name: str) -> tuple[bool, datetime]:
    """When a file is posted: refunds before any order, orders a day after they were placed."""
    if EXPECTED.get(name) is None and name != "woocommerce/order_completed_two_refunds_wc_docs":
        return False, datetime(2000, 1, 1, tzinfo=UTC)
    body = sample(name)
    placed = body.get("processed_at") or body.get("date_paid_gmt") or body.get("date_created_gmt")
    return True, instant_of(placed) + timedelta(days=1)


@pytest.mark.parametrize("currency", POINTS)
async def test_each_file_has_its_fate_in_a_programme_of_its_currency(
    database: Database, command_log: CommandLog, tmp_path: Path, currency: str
) -> None:
    async with open_story(database, command_log, tmp_path, currency=currency) as story:
        story.app.clock.now = datetime(2000, 1, 1, tzinfo=UTC)
        people = [await story.enrol(f"{name}@example.com") for name in ("ana", "jon")]
        for name in sorted(FATES, key=in_turn):
            topic, status, fate = FATES[name]
            story.app.clock.now = max(in_turn(name)[1], story.app.clock.now + timedelta(seconds=1))
            assert await posted(story, name, topic) == (status, fate_in(name, fate, currency)), name
        assert tuple([await story.points(member) for member in people]) == POINTS[currency]
        await story.verify()


def fate_in(name: str, fate: str, currency: str) -> str:
    is_foreign = name in EXPECTED and EXPECTED[name]["currency"] != currency
    return "parked: another currency" if is_foreign and fate == "applied" else fate


async def posted(story: ShopStory, name: str, topic: str) -> tuple[int, str]:
    """Post a sample; return the status of the answer, and what became of it."""
    (path,) = SAMPLES.glob(f"{name}.*")
    if path.suffix == ".txt":
        form = {"content-type": "application/x-www-form-urlencoded"}
        answer = await story.app.client.post("/webhooks/woo", content=path.read_bytes(), headers=form)
        return answer.status_code, "answered at the door"
    source = "woo" if name.startswith("woocommerce/") else "shop"
    answer = await story.post(path.read_bytes(), source=source, topic=topic)
    await story.work()
    state, reason = (await story.fates())[-1]
    return answer.status_code, f"{state}: {reason}" if reason else state


async def test_five_hundred_lines_with_delivery_and_tax_are_taken_and_more_wait_for_a_person(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with open_story(database, command_log, tmp_path) as story:
        ana = await story.enrol()
        for number, count, fate in ((1, 500, "applied"), (2, 501, "failed")):
            lines = [
                {
                    "id": number * 1000 + at,
                    "sku": f"S{at}",
                    "price": "1.00",
                    "quantity": 1,
                    "current_quantity": 1,
                }
                for at in range(count)
            ]
            extras: dict[str, Any] = {
                "shipping_lines": [{"price": "5.00"}],
                "total_tax": "20.00",
                "taxes_included": False,
            }
            order = shop_order(number, line_items=lines, total_price=f"{count + 25}.00", **extras)
            await story.send(order)
            await story.work()
            assert (await story.fates())[-1][0] == fate
            story.app.clock.now += timedelta(seconds=1)
            left = {"line_items": [{**line, "current_quantity": 0} for line in lines[:-1]] + lines[-1:]}
            await story.send({**order, **left, "updated_at": "2026-03-03T09:00:00Z"})
            await story.work()
            assert (await story.fates())[-1][0] == fate
            story.app.clock.now += timedelta(seconds=1)
        assert "At most 500 lines" in (await story.fates())[-1][1]
        assert await story.points(ana) == 1
        await story.verify()


async def test_an_order_of_nothing_is_a_receipt_of_nothing_and_what_was_sent_is_counted(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with open_story(database, command_log, tmp_path, metrics_token=SecretStr(TOKEN)) as story:
        ana, before = await story.enrol(), await scrape(story.app)
        await story.send(b"{no json")
        free = shop_order(1, total_price="0.00")
        for line in free["line_items"]:
            line["discount_allocations"] = [{"amount": str(float(line["price"]) * line["quantity"])}]
        without_lines = shop_order(2, line_items=[], total_price="0.00")
        for body in (
            free,
            without_lines,
            {**free, "cancelled_at": "x", "updated_at": "2026-03-03T09:00:00Z"},
        ):
            await story.send(body)
            await story.work()
        assert sorted(state for state, _ in await story.fates()) == [
            "applied",
            "applied",
            "applied",
            "failed",
        ]
        assert await story.points(ana) == 0
        after = await scrape(story.app)
        for fate, count in (("applied", 3), ("failed", 1)):
            counted = [value(text, "selo_intake_total", fate=fate) for text in (before, after)]
            assert counted[1] - counted[0] == count
        await story.verify()
