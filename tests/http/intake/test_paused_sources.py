"""A source that an operator pauses: its bodies are taken and wait, and come in their order once it is resumed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.graphql.console.test_operations import operators
from tests.http.intake.shop_story import NOW, ShopStory, open_story
from tests.http.intake.test_raised_orders import edited
from tests.http.intake.test_shops import shop_order
from tests.running_app import Json

CHANGED = "__typename ... on SourcePauseChanged { isPaused woken } ... on NotAllowed { reason }"
SOURCES = "{ sources { code canPause knownSince pausedAt pauseReason } }"


@pytest.fixture
async def story(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[ShopStory]:
    async with open_story(database, command_log, tmp_path) as running:
        yield running


async def change(story: ShopStory, token: str, name: str, source: str = "shop") -> Json:
    query = f"mutation($i: PauseSourceInput!) {{ {name}(input: $i) {{ {CHANGED} }} }}"
    answer: Json = (
        await story.app.do(query, {"i": {"source": source, "reason": "a wrong price"}}, token=token)
    )[name]
    return answer


async def test_what_a_paused_source_sends_waits_and_is_worked_off_in_its_order_once_resumed(
    story: ShopStory,
) -> None:
    olga, rita = await operators(story.app)
    ana = await story.enrol()
    order = shop_order()  # 130
    assert await change(story, olga, "pauseSource") == {
        "__typename": "SourcePauseChanged",
        "isPaused": True,
        "woken": 0,
    }
    assert (await change(story, rita, "pauseSource"))["isPaused"], "paused twice is paused"
    await story.send(order)
    story.app.clock.advance(seconds=1)
    await story.send(edited(order, minute=1, quantity=3))  # 180
    await story.work()
    assert [fate for fate, _ in await story.fates()] == ["pending", "pending"]
    assert await story.points(ana) == 0
    shown = {each["code"]: each for each in (await story.app.do(SOURCES, token=olga))["sources"]}
    assert (shown["shop"]["pauseReason"], shown["woo"]["pausedAt"]) == ("a wrong price", None)
    assert datetime.fromisoformat(shown["woo"]["knownSince"]) == NOW
    story.app.clock.advance(hours=2)
    await story.work()
    assert await story.points(ana) == 0, "looked at again, and still held"
    assert await change(story, olga, "resumeSource") == {
        "__typename": "SourcePauseChanged",
        "isPaused": False,
        "woken": 2,
    }
    await story.work()
    assert [fate for fate, _ in await story.fates()] == ["applied", "applied"]
    assert await story.points(ana) == 180
    assert (await change(story, olga, "resumeSource"))["woken"] == 0
    trail = (await story.app.do("{ auditTrail { actionKind subject reason } }", token=olga))["auditTrail"]
    acts = [row["actionKind"] for row in trail if row["subject"] == "shop"]
    assert (acts.count("SOURCE_PAUSED"), acts.count("SOURCE_RESUMED")) == (1, 1)
    await story.verify()


async def test_a_source_beside_it_goes_on_and_what_cannot_wait_is_refused_by_name(story: ShopStory) -> None:
    olga, _ = await operators(story.app)
    ana = await story.enrol()
    await change(story, olga, "pauseSource", "shop2")
    await story.send(shop_order())
    await story.work()
    assert await story.points(ana) == 130
    query = "mutation($i: PauseSourceInput!) { pauseSource(input: $i) { __typename } }"
    for input, field in (
        ({"source": "nobody", "reason": "x"}, "source"),
        ({"source": "shop", "reason": ""}, "reason"),
    ):
        assert (await story.app.error(query, {"i": input}, token=olga))["field"] == field
    sara = await story.app.hire("sara", "SERVICE")
    assert (await story.app.error(query, {"i": {"source": "shop", "reason": "x"}}, token=sara))[
        "code"
    ] == "FORBIDDEN"
