"""The demo's members add up as if the services had made them one by one."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.model.ledger import ladder, tiers
from domain.model.programme import load
from domain.services import demo, demo_people
from domain.services.demo_catalogue import catalogue_of
from domain.services.ledger.verification import verify
from domain.store.connect import Database
from domain.store.ledger import members
from domain.store.messages import inbox
from domain.store.people import contacts
from tests.small_runtime import NUMISCOLLECT, open_runtime

EXAMPLES = sorted(NUMISCOLLECT.parent.glob("*.yaml"))
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


async def test_whoever_invited_has_all_their_friends_counted(
    unheard: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_people, "MEMBERS", 40)
    runtime = await open_runtime(
        unheard, NUMISCOLLECT.read_text(encoding="utf-8"), now=datetime(2020, 1, 1, tzinfo=UTC)
    )
    shown = await demo.fill_demo(
        runtime.store,
        published=runtime.programmes.current(),
        now=NOW,
        progress=lambda what, done, total: None,
    )
    stored = await members.find_many(runtime.store, [id async for id in members.iterate_ids(runtime.store)])
    assert len(stored) == len(shown) == 40
    named = Counter(
        one.member.referral.referred_by for one in stored.values() if one.member.referral.referred_by
    )
    assert {id: one.invited_count for id, one in stored.items() if one.invited_count} == named
    friends = {id: one.member.referral.friends for id, one in stored.items()}
    assert sum(friends.values()) > 0
    assert all(count <= named[id] for id, count in friends.items())


async def test_the_example_programmes_can_be_published_one_after_another(database: Database) -> None:
    runtime = await open_runtime(database, NUMISCOLLECT.read_text(encoding="utf-8"), now=NOW)
    for number, file in enumerate(EXAMPLES, start=2):
        await runtime.programmes.publish(file.read_text(encoding="utf-8"), now=NOW)
        assert runtime.programmes.current().number == number


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda path: path.stem)
async def test_people_are_made_for_each_example_programme(
    unheard: Database, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    monkeypatch.setattr(demo_people, "MEMBERS", 12)
    runtime = await open_runtime(unheard, file.read_text(encoding="utf-8"), now=NOW)
    published = runtime.programmes.current()
    shown = await demo.fill_demo(
        runtime.store, published=published, now=NOW, progress=lambda what, done, total: None
    )
    assert len(shown) == 12
    assert [one async for one in verify(runtime.store)] == []
    stored = await members.find_many(runtime.store, [id async for id in members.iterate_ids(runtime.store)])
    assert {one.details.locale for one in stored.values()} <= set(published.programme.programme.locales)
    assert sum(one.member.purchases.count for one in stored.values()) > 12
    named = [spec.name for spec in published.programme.events]
    assert await unheard.mongo["journal"].count_documents({"event.name": {"$in": named}}) > 0 or not named


def test_the_people_buy_what_the_rules_of_a_programme_name() -> None:
    coffee = load((NUMISCOLLECT.parent / "coffee-stars.yaml").read_text(encoding="utf-8"))
    catalogue = catalogue_of(coffee)
    assert [product.category for product in catalogue.products] == ["iced", "goods"]
    cafe = catalogue_of(load((NUMISCOLLECT.parent / "cafe.yaml").read_text(encoding="utf-8")))
    assert [product.category for product in cafe.products] == ["espresso", "latte", "cappuccino", "tea"]
    assert catalogue.rewards == ("extra-25", "coffee-100", "drink-200", "meal-300")
    assert [spec.name for spec in catalogue.reports] == ["card.loaded"]
    assert (catalogue.consents, catalogue.events, catalogue.shop) == ((), frozenset(), "Stellar Coffee")
    assert catalogue_of(load(NUMISCOLLECT.read_text(encoding="utf-8"))).shop == "NumisCollect"


async def test_the_demo_shows_a_plan_a_debt_a_tier_about_to_fall_and_letters(
    unheard: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_people, "MEMBERS", 60)
    runtime = await open_runtime(unheard, NUMISCOLLECT.read_text(encoding="utf-8"), now=NOW)
    published = runtime.programmes.current()
    shown = await demo.fill_demo(
        runtime.store, published=published, now=NOW, progress=lambda what, done, total: None
    )
    ids = {
        member.shows: await contacts.find_member(runtime.store, contacts.number_key(member.number)) or ""
        for member in shown
        if member.shows is not None
    }
    assert set(ids) == set(demo_people.PARTS)
    stored = await members.find_many(runtime.store, [id async for id in members.iterate_ids(runtime.store)])
    plan = stored[ids["a plan"]].member.plan
    assert plan is not None
    assert (plan.code, plan.until is not None and plan.until > NOW) == ("numis-plus", True)
    assert stored[ids["points below zero"]].member.wallets["points"].debt > 0
    falling = stored[ids["a tier about to fall"]].member.tier
    assert falling is not None
    assert ladder.held_tier(published.programme, falling) == "prata"
    day = tiers.review_day(published.programme, falling, today=NOW.date())
    assert day is not None
    assert 0 < (day - NOW.date()).days <= 14
    open_vouchers = [each for one in stored.values() for each in one.member.vouchers.values()]
    assert sum(voucher.used_at is None for voucher in open_vouchers) > 0
    boxes = (await inbox.find_mailboxes(runtime.store, list(stored))).values()
    assert sum(box.letter_count > box.unread_count > 0 for box in boxes) > 2
    box = max(boxes, key=lambda each: each.letter_count)
    letters = await inbox.find_window(runtime.store, box.member, before=box.letter_count + 1, first=100)
    assert [letter.number for letter in letters] == list(range(box.letter_count, 0, -1))
    assert sum(letter.read_at is None for letter in letters) == box.unread_count
