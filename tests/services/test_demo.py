"""The demo's members add up as if the services had made them one by one."""

import secrets
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from domain.services import demo, demo_people
from domain.store.connect import Database, connect
from domain.store.ledger import members
from tests.small_runtime import NUMISCOLLECT, open_runtime

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
