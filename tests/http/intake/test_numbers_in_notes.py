"""A membership number that a customer wrote into an order's note credits its member, and nobody else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.http.intake.shop_story import ShopStory, open_story, sample
from tests.http.intake.test_shops import shop_order
from tests.running_app import Json

NOBODY: Json = {"email": None, "customer": None}


@pytest.fixture
async def story(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[ShopStory]:
    async with open_story(database, command_log, tmp_path) as opened:
        yield opened


async def enrol(story: ShopStory, email: str = "ana@example.com") -> tuple[str, str]:
    """Enrol somebody; return the member's id and number."""
    member = await story.enrol(email)
    row = await story.app.process.store["members"].find_one({"_id": member})
    assert row is not None
    number: str = row["number"]
    return member, number


@pytest.mark.parametrize(
    "said",
    [
        "{}", "My card is {}, thank you!", "{spaced}", "Cartão n.º {spaced}.\nDeixar à porta", "2 {} 15",
    ],
)  # fmt: skip
async def test_a_number_in_a_note_of_shopify_credits_its_member(story: ShopStory, said: str) -> None:
    ana, number = await enrol(story)
    note = said.format(number, spaced=f"{number[:4]} {number[4:7]} {number[7:]}")
    await story.send(shop_order(note=note, **NOBODY))
    await story.send(shop_order(2, note_attributes=[{"name": "card", "value": note}], **NOBODY))
    await story.work()
    assert (await story.points(ana), await story.fates()) == (260, [("applied", "")] * 2)


async def test_a_number_in_a_note_of_woocommerce_credits_its_member(story: ShopStory) -> None:
    ana, number = await enrol(story)
    order = sample("woocommerce/order_processing_paid_card")
    order |= {"customer_id": 0, "billing": {}, "customer_note": f"Selo {number}", "currency": "EUR"}
    order |= {"date_paid_gmt": "2026-03-02T09:00:00", "date_modified_gmt": "2026-03-02T09:00:00"}
    await story.send(order, source="woo", topic="order.updated")
    await story.work()
    assert (await story.fates(), len(await story.bought_at())) == ([("applied", "")], 1)
    assert await story.points(ana) > 0


@pytest.mark.parametrize("said", ["call me on 912345678", "order 1234567890", "", "0" * 10])
async def test_a_note_without_a_members_number_names_nobody(story: ShopStory, said: str) -> None:
    ana, number = await enrol(story)
    assert said != number
    await story.send(shop_order(note=said, **NOBODY))
    await story.work()
    assert (await story.points(ana), await story.fates()) == (0, [("ignored", "it names nobody")])


async def test_the_contact_of_an_order_counts_before_the_number_in_its_note(story: ShopStory) -> None:
    ana, _ = await enrol(story)
    rui, number = await enrol(story, "rui@example.com")
    await story.send(shop_order(note=number))
    await story.work()
    assert (await story.points(ana), await story.points(rui)) == (130, 0)
