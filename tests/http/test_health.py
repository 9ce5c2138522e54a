"""GET /health and GET /ready, with a database that answers, one that is away, and one that never answers."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.types import ASGIApp

from api import RELEASE
from api.app import create_app
from api.commands.programme import publish_file
from api.http import health
from api.http.health import PartCheck, PartState, health_routes
from api.process import open_process
from api.settings import Settings
from domain.store.connect import Database, connect
from tests.loud_runtime import LOUD, NOON
from tests.servers import ROOT

NOBODY_REACHED = {
    "changes": "not followed",
    "push": "off",
    "web_push": "on",
    "email": "off",
    "sms": "off",
    "webhooks": "none",
}


async def ask(app: ASGIApp, path: str) -> tuple[int, object]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://selo") as client:
        answer = await client.get(path)
    return answer.status_code, answer.json()


def always(state: PartState) -> Callable[[], Awaitable[PartState]]:
    async def part() -> PartState:
        return state

    return part


def app_with(**parts: PartCheck) -> Starlette:
    return Starlette(routes=list(health_routes(parts)))


async def test_health_is_alive_whatever_its_parts() -> None:
    app = app_with(database=always(PartState(is_ok=False, state="no answer")))
    assert await ask(app, "/health") == (200, {"status": "alive", "version": RELEASE})


async def test_ready_names_each_part() -> None:
    app = app_with(
        database=always(PartState(is_ok=True, state="answers")),
        push=always(PartState(is_ok=False, state="off", is_needed=False)),
    )
    assert await ask(app, "/ready") == (
        200,
        {"status": "ready", "parts": {"database": "answers", "push": "off"}},
    )


async def test_not_ready_without_a_needed_part() -> None:
    app = app_with(
        database=always(PartState(is_ok=True, state="answers")),
        programme=always(PartState(is_ok=False, state="none published")),
    )
    assert await ask(app, "/ready") == (
        503,
        {"status": "not ready", "parts": {"database": "answers", "programme": "none published"}},
    )


async def test_a_part_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs() -> PartState:
        await asyncio.Event().wait()
        return PartState(is_ok=True, state="answers")

    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.05)
    assert await ask(app_with(database=hangs), "/ready") == (
        503,
        {"status": "not ready", "parts": {"database": "no answer in time"}},
    )


async def test_the_application_reports_a_database_that_does_not(database: Database, tmp_path: Path) -> None:
    nobody = connect("mongodb://127.0.0.1:9/?directConnection=true", "selo", timeout_seconds=0.2)
    try:
        async with open_process(Settings(data=tmp_path), database) as process:
            status, body = await ask(create_app(replace(process, database=nobody)), "/ready")
    finally:
        await nobody.close()
    parts = {
        "database": "no answer",
        "format": "current",
        "keys": "one signs",
        "programme": "none published",
        **NOBODY_REACHED,
    }
    assert (status, body) == (503, {"status": "not ready", "parts": parts})


async def test_ready_says_whether_every_hook_that_the_programme_names_is_configured(
    database: Database, tmp_path: Path
) -> None:
    hook = json.dumps(
        {"shop": {"url": "https://shop.example/hook", "secret": "a long secret, known to the shop alone"}}
    )
    for webhooks, state in (("{}", "incomplete"), (hook, "on")):
        async with open_process(Settings(data=tmp_path, webhooks=SecretStr(webhooks)), database) as process:
            await process.programmes.publish(LOUD, now=NOON)
            status, body = await ask(create_app(process), "/ready")
        assert isinstance(body, dict)
        assert (status, body["status"], body["parts"]["webhooks"]) == (200, "ready", state)


async def test_ready_once_a_programme_is_published(database: Database, tmp_path: Path) -> None:
    async with open_process(Settings(data=tmp_path), database) as process:
        await publish_file(process.programmes, ROOT / "scripts/demo/programmes/numiscollect.yaml")
        answer = await ask(create_app(process), "/ready")
    assert answer == (
        200,
        {
            "status": "ready",
            "parts": {
                "database": "answers",
                "format": "current",
                "keys": "one signs",
                "programme": "version 1",
                **NOBODY_REACHED,
            },
        },
    )


async def test_not_ready_once_the_database_was_migrated_to_a_newer_format(
    database: Database, tmp_path: Path
) -> None:
    async with open_process(Settings(data=tmp_path), database) as process:
        await publish_file(process.programmes, ROOT / "scripts/demo/programmes/numiscollect.yaml")
        await database.mongo["meta"].update_one({"_id": "format"}, {"$set": {"migrating_to": 99}})
        refreshing = asyncio.create_task(process.runtime.keep_refreshed())
        try:
            async with asyncio.timeout(60):
                while process.store.outdated_by is None:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0)
            assert not refreshing.done(), "it goes on, and stops nothing else"
            status, body = await ask(create_app(process), "/ready")
        finally:
            refreshing.cancel()
    assert isinstance(body, dict)
    assert (status, body["status"], body["parts"]["format"]) == (503, "not ready", "newer: 99")
