"""The demo's members add up as if the services had made them one by one."""

import secrets
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.model.ledger import tiers
from domain.model.programme import load
from domain.services import demo, demo_people
from domain.services.demo_catalogue import catalogue_of
from domain.services.demo_personas import PERSONAS
from domain.services.ledger.verification import verify
from domain.store.connect import Database, connect
from domain.store.ledger import members
from domain.store.messages import inbox
from tests.small_runtime import NUMISCOLLECT, open_runtime

EXAMPLES = sorted(NUMISCOLLECT.parent.glob("*.yaml"))
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture
async def unheard(database_uri: str) -> AsyncIterator[Database]:
    """A database without a command log: the demo empties whole collections, as no request does."""
    fresh = connect(database_uri, f"test-{secrets.token_hex(8)}", timeout_seconds=30)
    try:
        yield fresh
    finally:
        await fresh.client.drop_database(fresh.mongo.name)
        await fresh.close()


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
    assert [product.category for product in catalogue.products] == ["iced", "gift-card", "other"]
    assert catalogue.rewards == ("extra-25", "coffee-100", "drink-200", "meal-300")
    assert [spec.name for spec in catalogue.reports] == ["card.loaded"]
    assert (catalogue.consent, catalogue.events, catalogue.shop) == (None, frozenset(), "Stellar Coffee")
    assert catalogue_of(load(NUMISCOLLECT.read_text(encoding="utf-8"))).shop == "NumisCollect"


async def test_the_example_has_people_who_show_what_there_is_to_see(
    unheard: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_people, "MEMBERS", 12)
    runtime = await open_runtime(unheard, NUMISCOLLECT.read_text(encoding="utf-8"), now=NOW)
    published = runtime.programmes.current()
    shown = await demo.fill_demo(
        runtime.store, published=published, now=NOW, progress=lambda what, done, total: None
    )
    assert [one async for one in verify(runtime.store)] == []
    numbers = {one.shows: one.number for one in shown if one.shows is not None}
    assert [one.shows for one in shown[1:6]] == [persona.shows for persona in PERSONAS]
    stored = await members.find_many(runtime.store, [id async for id in members.iterate_ids(runtime.store)])
    people = {
        shows: next(one.member for one in stored.values() if one.member.number == number)
        for shows, number in numbers.items()
    }
    plan = people["a paid plan"].plan
    assert plan is not None
    assert plan.code == "numis-plus"
    assert people["points owed after a refund"].wallets["points"].debt > 0
    held = [one.reward for one in people["open vouchers"].vouchers.values() if one.used_at is None]
    assert sorted(held) == ["coin-capsules", "discount-5"]
    assert people["a streak"].badges["regular"].level == 1
    falling = people["a tier about to fall"]
    progress = tiers.tier_progress(published.programme, falling, now=NOW)
    assert progress is not None
    assert progress.code == "prata"
    assert progress.until is not None
    assert NOW.date() < progress.until <= NOW.date() + timedelta(days=60)
    assert progress.to_keep
    for member in people.values():
        box = await inbox.find_mailbox(runtime.store, member.id)
        letters = await inbox.find_window(runtime.store, member.id, before=box.letter_count + 1, first=50)
        assert len(letters) == box.letter_count
        assert box.unread_count == sum(letter.read_at is None for letter in letters)
    assert (await inbox.find_mailbox(runtime.store, people["a streak"].id)).unread_count > 0
