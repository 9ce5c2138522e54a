"""A job over many members, asked for again with its key, as after a lost answer: it is the same job, once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.graphql.console.segment_club import NEWS, buyer, multiply, open_club, staffed, work
from tests.running_app import Json, RunningApp

ANSWER = """__typename ... on MemberJobStarted { job { job } } ... on StaffProposed { proposal { proposal } }
    ... on Problem { message }"""
SEND: Json = {"segment": "buyers", "message": NEWS, "reason": "spring sale", "idempotencyKey": "k"}
TAG: Json = {"segment": "buyers", "add": ["vip"], "remove": [], "reason": "the fair", "idempotencyKey": "k"}
STARTED = "__typename ... on MemberJobStarted { job { job } }"
FILE: Json = {"of": "SEGMENT", "segment": "buyers", "reason": "x"}


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    async with open_club(database, command_log, tmp_path) as running:
        yield running


@pytest.mark.parametrize(("name", "input"), [("sendMessage", SEND), ("changeTagsOfMany", TAG)])
async def test_what_was_begun_alone_is_answered_again_beyond_the_days_bound(
    app: RunningApp, name: str, input: Json
) -> None:
    await buyer(app, "ana")
    olga, _ = await staffed(app)
    await multiply(app, 59)
    first = await app.mutate(name, input, ANSWER, token=olga)
    assert first["__typename"] == "MemberJobStarted"
    assert await app.mutate(name, input, ANSWER, token=olga) == first
    other = {**input, "segment": "others"}
    assert (await app.mutate(name, other, ANSWER, token=olga))["__typename"] == "IdempotencyConflict"
    await work(app)
    assert await app.mutate(name, input, ANSWER, token=olga) == first
    assert await app.count("staff_proposals") == 0


@pytest.mark.parametrize(("name", "input"), [("sendMessage", SEND), ("changeTagsOfMany", TAG)])
async def test_what_was_proposed_stays_proposed_on_a_day_with_room(
    app: RunningApp, name: str, input: Json
) -> None:
    app.clock.advance(hours=9)
    await buyer(app, "ana")
    olga, _ = await staffed(app)
    await multiply(app, 59)
    before = {**input, "idempotencyKey": "first", "reason": "another one"}
    assert (await app.mutate(name, before, ANSWER, token=olga))["__typename"] == "MemberJobStarted"
    first = await app.mutate(name, input, ANSWER, token=olga)
    assert first["__typename"] == "StaffProposed"
    app.clock.advance(hours=6)  # the next day
    assert await app.mutate(name, input, ANSWER, token=olga) == first
    assert await app.count("staff_proposals") == 1


async def test_the_last_file_of_a_day_is_answered_again(app: RunningApp) -> None:
    await buyer(app, "ana")
    olga, _ = await staffed(app)
    for place in range(20):
        last = {**FILE, "idempotencyKey": f"f{place}"}
        first = await app.mutate("startFile", last, STARTED, token=olga)
    assert await app.mutate("startFile", last, STARTED, token=olga) == first
    query = "mutation($i: StartFileInput!) { startFile(input: $i) { __typename } }"
    refused = await app.error(query, {"i": {**FILE, "idempotencyKey": "f20"}}, token=olga)
    assert refused["code"] == "RATE_LIMITED"
