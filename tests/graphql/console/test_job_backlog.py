"""Jobs that operators asked for, as whoever runs Selo sees them: how many wait, run and failed, and since when."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from api.http import metrics
from domain.store.connect import Database
from domain.store.figures import backtests
from domain.store.operations import member_jobs
from tests.command_log import CommandLog
from tests.graphql.console.segment_club import STARTED, buyer, newest, open_club, staffed, work
from tests.graphql.console.test_messages_once import SEND
from tests.graphql.console.test_segments import TAG
from tests.http.test_metrics import TOKEN, scrape, value
from tests.running_app import Json, RunningApp

WAITING = "{ waiting { place count since } }"
STANDINGS = ("waiting", "running", "failed")


@pytest.fixture
async def app(
    database: Database, command_log: CommandLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RunningApp]:
    monkeypatch.setattr(metrics, "READ_AGAIN_SECONDS", 0.0)
    settings: Json = {"metrics_token": SecretStr(TOKEN)}
    async with open_club(database, command_log, tmp_path, **settings) as running:
        yield running


async def places(app: RunningApp, token: str) -> dict[str, tuple[int, datetime | None]]:
    """Return the jobs of what waits: how many stand so, and since when."""
    rows = (await app.do(WAITING, token=token))["waiting"]
    return {
        row["place"].removeprefix("jobs."): (
            row["count"],
            row["since"] and datetime.fromisoformat(row["since"]),
        )
        for row in rows
        if row["place"].startswith("jobs.")
    }


async def measured(app: RunningApp, kind: str) -> dict[str, tuple[float, float]]:
    """Return how many jobs of a kind stand so, and for how many seconds the first of them does."""
    text = await scrape(app)
    names = ("selo_jobs", "selo_jobs_oldest_seconds")
    return {
        state: (value(text, names[0], kind=kind, state=state), value(text, names[1], kind=kind, state=state))
        for state in STANDINGS
    }


async def tag(app: RunningApp, token: str, key: str) -> None:
    started = await app.mutate(
        "changeTagsOfMany", {**TAG, "segment": "buyers", "idempotencyKey": key}, STARTED, token=token
    )
    assert started["__typename"] == "MemberJobStarted"


async def test_a_job_waits_for_a_worker_runs_while_one_has_it_and_waits_again_where_that_died(
    app: RunningApp,
) -> None:
    await buyer(app, "ana")
    olga, _ = await staffed(app)
    assert await places(app, olga) == dict.fromkeys(STANDINGS, (0, None))
    begun = app.clock()
    await tag(app, olga, "a")
    app.clock.advance(seconds=90)
    assert await places(app, olga) == {"waiting": (1, begun), "running": (0, None), "failed": (0, None)}
    assert await measured(app, "tags") == {"waiting": (1, 90), "running": (0, 0), "failed": (0, 0)}
    assert (await measured(app, "file"))["waiting"] == (0, 0)
    assert await member_jobs.claim_due(app.process.store, now=app.clock()) is not None
    app.clock.advance(seconds=60)
    assert await places(app, olga) == {"waiting": (0, None), "running": (1, begun), "failed": (0, None)}
    assert await measured(app, "tags") == {"waiting": (0, 0), "running": (1, 150), "failed": (0, 0)}
    app.clock.advance(seconds=180)  # nothing is heard of that worker any more
    assert await measured(app, "tags") == {"waiting": (1, 60), "running": (0, 0), "failed": (0, 0)}
    await work(app)
    assert await places(app, olga) == dict.fromkeys(STANDINGS, (0, None))
    assert (await newest(app, olga, "TAGS", "jobState"))["jobState"] == "DONE"


async def test_a_job_that_failed_is_told_for_a_day_and_one_for_later_is_not_late(app: RunningApp) -> None:
    await buyer(app, "ana")
    olga, rita = await staffed(app)
    later = f"{app.clock() + timedelta(days=2):%Y-%m-%dT%H:%M:%S}.000Z"
    await app.mutate("sendMessage", {**SEND, "sendAt": later}, STARTED, token=olga)
    await tag(app, olga, "a")
    shut_out = {"username": "olga", "reason": "left"}
    query = "mutation($i: EmployeeInput!) { disableEmployee(input: $i) { __typename } }"
    await app.do(query, {"i": shut_out}, token=rita)
    await work(app)
    failed_at = app.clock()
    assert (await newest(app, rita, "TAGS", "jobState"))["jobState"] == "FAILED"
    app.clock.advance(hours=23)
    assert await places(app, rita) == {"waiting": (0, None), "running": (0, None), "failed": (1, failed_at)}
    assert (await measured(app, "tags"))["failed"] == (1, 23 * 3600)
    app.clock.advance(hours=2)
    assert await places(app, rita) == dict.fromkeys(STANDINGS, (0, None))
    app.clock.advance(hours=24)
    assert (await measured(app, "message"))["waiting"] == (1, 3_600), "its instant has come an hour ago"


async def test_a_back_test_runs_while_its_server_lives_and_has_failed_with_it(app: RunningApp) -> None:
    store, now = app.process.store, app.clock()
    await backtests.create(store, "elsewhere", staff="x", since=now, now=now)
    app.clock.advance(seconds=30)
    assert (await measured(app, "backtest"))["running"] == (1, 30)
    app.clock.advance(seconds=60)
    assert await measured(app, "backtest") == {"waiting": (0, 0), "running": (0, 0), "failed": (1, 90)}
    await backtests.create(store, "here", staff="x", since=now, now=app.clock())
    await backtests.end(store, "here", state="DONE", report=None, now=app.clock() + timedelta(seconds=5))
    app.clock.advance(seconds=10)
    assert (await measured(app, "backtest"))["failed"] == (1, 100)
