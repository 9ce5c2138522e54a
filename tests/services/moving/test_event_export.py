"""What is exported of events decides to the stored balances again."""

import json
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.services import demo, demo_people
from domain.services.club import leaderboards
from domain.services.club.periods import finish_due
from domain.services.ledger import purchases
from domain.services.ledger.turn import turn
from domain.services.moving import event_export
from domain.store.connect import Database, connect
from domain.store.figures.lease import LeaseHolder
from tests.folding import fold_waiting
from tests.simulated_exports import differences, exported
from tests.small_runtime import NOW as BEGAN
from tests.small_runtime import NUMISCOLLECT, SMALL, TILL, join, new_purchase, open_runtime

EXAMPLES = [NUMISCOLLECT.with_stem(name) for name in ("numiscollect", "cafe", "hotel-chain", "friends-cup")]
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


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda path: path.stem)
async def test_exported_events_of_the_demo_simulate_to_the_stored_balances(
    unheard: Database, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    monkeypatch.setattr(demo_people, "MEMBERS", 16)
    runtime = await open_runtime(unheard, file.read_text(encoding="utf-8"), now=NOW)
    published = runtime.programmes.current()
    await demo.fill_demo(runtime.store, published=published, now=NOW, progress=lambda *_: None)
    first_at = await event_export.find_first_at(runtime, now=NOW)
    assert first_at is not None
    lines = await exported(runtime, since=first_at, until=NOW, days=120)
    assert len({json.loads(line)["member"] for line in lines}) == 16
    assert await differences(runtime, lines, until=NOW) == {}


async def test_a_prize_of_a_leaderboard_is_exported_and_simulates_to_the_stored_balances(
    database: Database,
) -> None:
    prize = "do: {1: [{award: {wallet: points, fixed: 1000}}]}"
    board = f"leaderboards: [{{code: best, name: Best, count: {{wallet: points}}, per: month, {prize}}}]\n"
    runtime = await open_runtime(database, SMALL.replace("rewards:\n", f"{board}rewards:\n", 1))
    await join(runtime, "ana")
    await leaderboards.join(runtime, member_id="ana", code="best", nickname="Nick", now=BEGAN)
    await purchases.record(
        runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r", 9_000), key="r", now=BEGAN
    )
    await fold_waiting(runtime, LeaseHolder(lambda: BEGAN, name="test"), now=BEGAN)
    judged = BEGAN + timedelta(days=60)
    folding = LeaseHolder(lambda: judged, name="test")
    await fold_waiting(runtime, folding, now=judged)
    await finish_due(runtime, folding, now=judged)
    await turn(runtime, now=judged)
    first_at = await event_export.find_first_at(runtime, now=judged)
    assert first_at is not None
    lines = await exported(runtime, since=first_at, until=judged, days=90)
    (told,) = [line for line in map(json.loads, lines) if line["name"] == "leaderboard.ended"]
    assert told["data"] == {"leaderboard": "best", "period": "2026-03-01", "rank": 1}
    assert await differences(runtime, lines, until=judged) == {}
