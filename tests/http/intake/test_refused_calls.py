"""What is refused before anything of it is stored is counted, by source, day and reason, with nothing that a stranger
wrote: each kind of refusal at each door, over real HTTP, as operators read it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook

from domain.services.intake import clients, publishing
from domain.services.intake.clients import IssuedKey
from domain.store.connect import Database
from domain.store.intake import refused_calls
from domain.store.people.sessions import StaffRole
from tests.command_log import CommandLog
from tests.http.intake.client_story import ACTOR, add_client
from tests.http.intake.shop_story import NOW, SOURCES, ShopStory, open_story
from tests.http.intake.test_events import post, review, sale
from tests.http.intake.test_shops import exchange, shop_order
from tests.http.test_metrics import value
from tests.running_app import Json

COUNTED = "{ refusedCalls { source day refusal count firstAt lastAt } }"
STANDING = "{ sources { code lastAt refusedSince refusal } }"
LONGEST = 2 * 1024 * 1024
METRICS = "a token of the operator, long enough"
MORE_SOURCES = (
    SOURCES
    + """
  - code: till3
    kind: mapped
    store: online
    secrets: [WOO_SECRET]
    verify: {scheme: standard-webhooks}
    identity: body.id
    kind_of: '"ignore"'
    member: {}
    fields: {externalId: body.id}
    lines: {of: body.items, each: {sku: line.code, quantity: line.qty, amount: money(line.net)}}
  - {code: bare, kind: shopify, store: online, secrets: [NOBODY_SET]}
"""
)


@pytest.fixture
async def story(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[ShopStory]:
    async with open_story(database, command_log, tmp_path, metrics_token=SecretStr(METRICS)) as running:
        yield running


async def write(story: ShopStory) -> None:
    """Write down what was counted, as each process does every few seconds."""
    await story.app.process.refusals.write(story.app.process.store)


async def counted(story: ShopStory, token: str) -> dict[tuple[str | None, str], int]:
    await write(story)
    rows = (await story.app.do(COUNTED, token=token))["refusedCalls"]
    return {(row["source"], row["refusal"]): row["count"] for row in rows}


async def standing(story: ShopStory, token: str, code: str) -> Json:
    await write(story)
    rows: list[Json] = (await story.app.do(STANDING, token=token))["sources"]
    return next(row for row in rows if row["code"] == code)


def signed(issued: IssuedKey, body: object, *, at: datetime, id: str = "m-1") -> tuple[bytes, dict[str, str]]:
    """Sign a body as the holder of a key does (Standard Webhooks)."""
    raw = json.dumps(body).encode()
    headers = {"webhook-id": id, "webhook-timestamp": str(int(at.timestamp()))}
    headers["webhook-signature"] = Webhook(issued.signing_secret).sign(id, at, raw.decode())
    return raw, headers


async def answered(story: ShopStory, body: object, key: str | None = None, **more: Any) -> int:
    return (await post(story, body, key, **more)).status_code


async def announced(story: ShopStory, path: str, length: int, *, key: str = "") -> str:
    """Announce a body of a length; return the status that is answered before any of it comes."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
    )
    head += f"Authorization: Bearer {key}\r\n" if key else ""
    return (await exchange(story, f"{head}\r\n".encode())).split(b" ", 2)[1].decode()


async def test_each_refusal_of_a_shop_is_counted_under_its_source(story: ShopStory) -> None:
    token = await story.app.hire("olga", "OPERATOR", store=None)
    await publishing.publish(story.app.process.runtime, text=MORE_SOURCES, files={}, now=NOW)
    client, order = story.app.client, json.dumps(shop_order()).encode()
    for _ in range(2):
        assert (await story.post(shop_order(), secret="another secret")).status_code == 401
    assert (await client.post("/webhooks/woo", content=order)).status_code == 401
    assert (await story.post(shop_order(), source="bare")).status_code == 401
    old = NOW - timedelta(minutes=6)
    for headers in (
        {},
        {"webhook-id": "m", "webhook-timestamp": str(int(old.timestamp())), "webhook-signature": "v1,eA=="},
        {"webhook-id": "m", "webhook-timestamp": str(int(NOW.timestamp())), "webhook-signature": "v1,eA=="},
    ):
        assert (await client.post("/webhooks/till3", content=order, headers=headers)).status_code == 401
    assert await announced(story, "/webhooks/woo", LONGEST + 1) == "413"
    packed = await client.post("/webhooks/shop", content=order, headers={"content-encoding": "gzip"})
    assert packed.status_code == 415
    assert (await client.post("/webhooks/nobody", content=order)).status_code == 404
    assert await announced(story, "/webhooks/nowhere", LONGEST + 1) == "413"
    assert await counted(story, token) == {
        ("shop", "BAD_SIGNATURE"): 2,
        ("shop", "CONTENT_TYPE"): 1,
        ("woo", "UNSIGNED"): 1,
        ("woo", "TOO_LARGE"): 1,
        ("bare", "NO_SECRET"): 1,
        ("till3", "UNSIGNED"): 1,
        ("till3", "STALE"): 1,
        ("till3", "BAD_SIGNATURE"): 1,
        (None, "UNKNOWN_SOURCE"): 2,
    }
    assert await story.fates() == []


async def test_each_refusal_of_a_system_is_counted_under_its_source(story: ShopStory) -> None:
    app, token = story.app, await story.app.hire("olga", "OPERATOR", store=None)
    web = await add_client(app, scopes=["events:write"], bounds={"purchases": 1})
    away = await add_client(app, "away", addresses=["203.0.113.0/24"])
    gone, brief = (
        await add_client(app, "gone"),
        await add_client(app, "brief", expires_at=NOW + timedelta(seconds=1)),
    )
    app.clock.advance(seconds=2)
    app.process.clients.put(
        await clients.revoke(app.process.runtime, "gone", actor=ACTOR, reason="closed", now=NOW)
    )
    for key in (away.key, gone.key, brief.key, "selo_live_nonsense", "no key"):
        assert await answered(story, review(), key) == 401
    assert await answered(story, review()) == 401
    assert await answered(story, review(), query="?client=web") == 401
    for at, secret in ((NOW - timedelta(minutes=6), web), (NOW, gone)):
        raw, headers = signed(secret, review(), at=at)
        assert await answered(story, raw, query="?client=web", **headers) == 401
    raw, headers = signed(away, review(), at=NOW)
    for name in ("away", "gone", "nobody"):
        assert await answered(story, raw, query=f"?client={name}", **headers) == 401
    assert await answered(story, b"{", web.key) == 400
    assert await answered(story, review(), web.key, kind="text/plain") == 415
    assert await announced(story, "/events", LONGEST + 1, key=web.key) == "413"
    assert await answered(story, [sale(), review("r-1") | {"data": {"stars": "five"}}], web.key) == 422
    full = await add_client(app, "full", bounds={"purchases": 1, "requests_per_minute": 2})
    assert await answered(story, [sale("s-1"), sale("s-2", number="N-2")], full.key) == 429
    assert await answered(story, sale("s-3"), full.key) == 200
    assert await answered(story, sale("s-4"), full.key) == 429
    quote = '{ programme { name } purchase(externalId: "1") { total } }'
    assert (await app.error(quote, token=gone.key))["code"] == "UNAUTHENTICATED"
    assert await counted(story, token) == {
        ("away", "OTHER_ADDRESS"): 2,
        ("gone", "REVOKED"): 3,
        ("brief", "KEY_ENDED"): 1,
        (None, "UNKNOWN_KEY"): 4,
        ("web", "UNSIGNED"): 1,
        ("web", "STALE"): 1,
        ("web", "BAD_SIGNATURE"): 1,
        ("web", "MALFORMED"): 1,
        ("web", "CONTENT_TYPE"): 1,
        ("web", "TOO_LARGE"): 1,
        ("web", "SCOPE"): 1,
        ("web", "EVENT"): 1,
        ("full", "DAY_FULL"): 1,
        ("full", "RATE_LIMITED"): 1,
    }


async def test_what_the_database_does_not_take_is_counted_once_it_is_back(story: ShopStory) -> None:
    token = await story.app.hire("olga", "OPERATOR", store=None)
    key = (await add_client(story.app)).key
    await story.send(shop_order())  # the sources are known now
    store = story.app.process.store
    store.outdated_by = 99  # as where a newer release has migrated the database meanwhile
    assert (await story.post(shop_order() | {"id": 5})).status_code == 503
    assert await answered(story, review(), key) == 503
    await write(story)
    store.outdated_by = None
    assert await counted(story, token) == {("shop", "NOT_STORED"): 1, ("web", "NOT_STORED"): 1}


async def knock(story: ShopStory, paths: list[str]) -> int:
    """Post to paths over one connection, a hundred at once; return how many were answered 404."""
    url, refused = story.app.client.base_url, 0
    reader, writer = await asyncio.open_connection(url.host, url.port)
    for start in range(0, len(paths), 100):
        part = paths[start : start + 100]
        writer.write(
            b"".join(
                f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}".encode() for path in part
            )
        )
        for _ in part:
            head = await reader.readuntil(b"\r\n\r\n")
            refused += head.startswith(b"HTTP/1.1 404 ")
            [length] = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            await reader.readexactly(int(length.partition(b":")[2]))
    writer.close()
    return refused


async def test_a_flood_of_unknown_sources_and_keys_leaves_one_row_that_holds_none_of_them(
    story: ShopStory,
) -> None:
    token = await story.app.hire("olga", "OPERATOR", store=None)
    with story.app.command_log.counting() as sent:
        assert await knock(story, [f"/webhooks/attack-{number}" for number in range(10_000)]) == 10_000
    asked = {collection for command in sent.commands for collection, _ in command.filters}
    assert asked <= {"intake_sources"}, "the file of sources is looked at once a second, and nothing else"
    assert len(story.app.process.refusals) == 1
    assert await answered(story, review(), "attack-key", query="?client=attack-client") == 401
    with story.app.command_log.counting() as sent:
        await write(story)
    assert sorted(set(sent.names)) == ["bulkWrite", "commitTransaction"]
    assert len(sent) == 2
    assert await counted(story, token) == {(None, "UNKNOWN_SOURCE"): 10_000, (None, "UNKNOWN_KEY"): 1}
    [row] = await rows(story)
    assert "attack" not in repr(row)
    assert row["purge_at"] == row["last"] + timedelta(days=90)


async def rows(story: ShopStory) -> list[Json]:
    found = story.app.process.store[refused_calls.COLLECTION].find({"_id": {"$gt": ""}})
    return [dict(row) async for row in found]


async def test_a_row_is_of_a_day_and_keeps_the_first_and_the_last_instant(story: ShopStory) -> None:
    token = await story.app.hire("olga", "OPERATOR", store=None)
    for hours in (0, 1, 13):  # the last of them after midnight in Lisbon
        story.app.clock.advance(hours=hours)
        await story.post(shop_order(), secret="another secret")
        await write(story)
    shown = (await story.app.do(COUNTED, token=token))["refusedCalls"]
    assert [(row["day"], row["count"]) for row in shown] == [("2026-03-05", 1), ("2026-03-04", 2)]
    first, last = (datetime.fromisoformat(shown[1][name]) for name in ("firstAt", "lastAt"))
    assert (first, last) == (NOW, NOW + timedelta(hours=1))
    assert len(await rows(story)) == 2
    secret = json.dumps(await rows(story), default=str)
    assert "ana@example.com" not in secret
    story.app.clock.advance(days=8)
    assert (await story.app.do(COUNTED, token=token))["refusedCalls"] == []
    month = COUNTED.replace("refusedCalls", "refusedCalls(days: 30)")
    assert len((await story.app.do(month, token=token))["refusedCalls"]) == 2
    assert (await story.app.error(COUNTED.replace("refusedCalls", "refusedCalls(days: 91)"), token=token))[
        "field"
    ] == "days"


async def test_a_source_is_refused_since_its_first_refusal_until_something_is_taken(
    story: ShopStory,
) -> None:
    token = await story.app.hire("olga", "OPERATOR", store=None)
    await story.send(shop_order())
    assert (await standing(story, token, "shop"))["refusedSince"] is None
    story.app.clock.advance(hours=1)
    since = story.app.clock()
    for hours in (0, 30):
        story.app.clock.advance(hours=hours)
        await story.post(shop_order(), secret="another secret")
    shown = await standing(story, token, "shop")
    assert (datetime.fromisoformat(shown["refusedSince"]), shown["refusal"]) == (since, "BAD_SIGNATURE")
    assert (await standing(story, token, "woo"))["refusedSince"] is None
    story.app.clock.advance(hours=1)
    await story.send(shop_order() | {"id": 6})
    assert (await standing(story, token, "shop"))["refusedSince"] is None
    taken = story.app.clock()
    story.app.clock.advance(minutes=1)
    await story.post(shop_order(), secret="another secret")  # of the day on which some were refused before
    shown = await standing(story, token, "shop")
    assert datetime.fromisoformat(shown["refusedSince"]) == taken


async def test_a_key_that_works_again_is_refused_no_more(story: ShopStory) -> None:
    app, token = story.app, await story.app.hire("olga", "OPERATOR", store=None)
    issued = await add_client(app)
    mistyped = issued.key[:-7] + ("B" if issued.key[-7] == "A" else "A") + issued.key[-6:]
    assert await answered(story, review(), mistyped) == 401
    assert (await standing(story, token, "web"))["refusedSince"] is None
    raw, headers = signed(issued, review(), at=NOW - timedelta(hours=1))
    assert await answered(story, raw, query="?client=web", **headers) == 401
    assert (await standing(story, token, "web"))["refusal"] == "STALE"
    app.clock.advance(seconds=1)
    assert await answered(story, b"{", issued.key) == 400  # the key works; what it brings does not
    await app.process.clients.write_used()
    assert (await standing(story, token, "web"))["refusal"] == "MALFORMED"
    app.clock.advance(seconds=1)
    assert await answered(story, review(), issued.key) == 200
    await app.process.clients.write_used()
    assert (await standing(story, token, "web"))["refusedSince"] is None


async def test_operators_alone_read_it_and_metrics_count_it(story: ShopStory) -> None:
    async def scrape() -> float:
        answer = await story.app.client.get("/metrics", headers={"authorization": f"Bearer {METRICS}"})
        return value(answer.text, "selo_calls_refused_total", door="webhooks", reason="BAD_SIGNATURE")

    before = await scrape()
    await story.post(shop_order(), secret="another secret")
    assert await scrape() == before + 1
    roles: dict[str, StaffRole] = {"sara": "SERVICE", "ines": "ANALYST", "rui": "MANAGER", "joao": "CASHIER"}
    for name, role in roles.items():
        token = await story.app.hire(name, role)
        for query in (COUNTED, STANDING):
            assert (await story.app.error(query, token=token))["code"] == "FORBIDDEN"
    member = await story.app.enrol_member(locale="en")
    assert (await story.app.error(COUNTED, token=member))["code"] == "FORBIDDEN"
    assert (await story.app.error(COUNTED))["code"] == "UNAUTHENTICATED"


async def test_what_is_counted_is_added_once_to_the_row_of_its_day(story: ShopStory) -> None:
    process = story.app.process
    await story.post(shop_order(), secret="another secret")
    process.refusals.count("webhooks", "shop", "UNSIGNED", now=NOW - timedelta(minutes=5))
    for _ in range(2):
        await write(story)
    await story.post(shop_order(), secret="another secret")
    await write(story)
    [row] = await rows(story)
    assert (row["_id"], row["reasons"]["BAD_SIGNATURE"]["n"], row["last"]) == ("2026-03-04|shop", 2, NOW)
    assert row["reasons"]["UNSIGNED"]["first"] == NOW - timedelta(minutes=5)


async def test_a_process_that_ends_writes_down_what_it_has_counted(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with open_story(database, command_log, tmp_path) as story:
        await story.post(shop_order(), secret="another secret")
        assert await rows(story) == []
    stored = [row["_id"] async for row in database.mongo[refused_calls.COLLECTION].find({"_id": {"$gt": ""}})]
    assert stored == ["2026-03-04|shop"]
