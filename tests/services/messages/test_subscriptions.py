"""An address that an operator subscribes to events is told of each without a rule, signed as Standard Webhooks, so
that a CRM can follow: the example in `scripts/clients` does.
"""

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook

from api.graphql.engine.ids import encode_id
from api.worker import make_delivery_worker
from domain.model.event_names import TOLD_EVENTS
from domain.model.programme.vocabulary import BUILT_IN_EVENTS
from domain.services.erasure.erasing import ErasureActor, erase
from domain.services.ledger import purchases
from domain.services.ledger.returns import refunds
from domain.services.messages import outbox as operator
from domain.services.messages.delivery_rounds import run_round
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.running_app import RunningApp, open_running_app
from tests.senders.recording_endpoint import RecordingEndpoint, serving_endpoint
from tests.small_runtime import TILL, new_purchase
from tests.webhook_secrets import new_secret

FOLLOWER = Path(__file__).parents[3] / "scripts" / "clients" / "crm_follower.py"
NEW, OLD = new_secret(), new_secret()
FOLLOWED = [
    "member.enrolled", "member.consented", "member.profile_changed", "member.erased",
    "purchase.completed", "purchase.refunded",
]  # fmt: skip
YES = {"purpose": "marketing", "granted": True, "wordingVersion": 1}


@pytest.fixture
async def endpoint() -> AsyncIterator[RecordingEndpoint]:
    async with serving_endpoint() as served:
        yield served


@asynccontextmanager
async def following(file: Path) -> AsyncIterator[str]:
    """The CRM of the example as a process of its own; yields its address."""
    words = (sys.executable, str(FOLLOWER), "--port", "0", "--file", str(file))
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.PIPE, env=os.environ | {"CRM_SECRET": OLD}
    )
    assert process.stdout is not None
    try:
        yield (await asyncio.wait_for(process.stdout.readline(), 30)).decode().strip()
    finally:
        process.kill()
        await process.wait()


async def deliver(app: RunningApp, *, later: timedelta = timedelta()) -> None:
    """Deliver until nothing more is due."""
    worker = make_delivery_worker(app.process, "systems")
    while (await run_round(app.process.runtime, worker, now=app.clock() + later)).claimed_count:
        pass


def rows_of(file: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as database:
        return database.execute(query).fetchall()


async def live(app: RunningApp) -> str:
    """Join, agree, change the profile, buy, give back; return the member's id."""
    token = await app.enrol_member(consents=[YES])
    member = str(jwt.decode(token, options={"verify_signature": False})["sub"])
    app.clock.advance(seconds=1)
    await app.mutate("setConsent", YES | {"granted": False}, "__typename", token=token)
    for locale in ("en", "en"):  # the second changes nothing
        await app.mutate("updateProfile", {"name": "Ana Sousa", "locale": locale}, "__typename", token=token)
    runtime, now = app.process.runtime, app.clock()
    bought = new_purchase("r-1", total=4990)
    await purchases.record(runtime, till=TILL, member_id=member, purchase_input=bought, key="k1", now=now)
    request = refunds.RefundRequest("r-1", None, 1000, ())
    await refunds.refund(runtime, till=TILL, refund_request=request, reason="torn", key="k2", now=now)
    return member


async def test_a_crm_follows_members_until_they_are_erased(
    database: Database, command_log: CommandLog, tmp_path: Path, endpoint: RecordingEndpoint
) -> None:
    file = tmp_path / "crm.sqlite"
    async with following(file) as address:
        hooks = {
            "crm": {"url": address, "secret": [NEW, OLD], "events": FOLLOWED},
            "log": {"url": f"{endpoint.url}/200", "secret": [NEW, OLD], "events": sorted(TOLD_EVENTS)},
        }
        webhooks = SecretStr(json.dumps(hooks))
        async with open_running_app(database, command_log, tmp_path / "data", webhooks=webhooks) as app:
            app.clock.now = datetime.now(UTC).replace(microsecond=0)
            member = await live(app)
            id = encode_id("Member", member)
            await deliver(app)
            assert rows_of(file, "SELECT id, spent, to_read FROM members") == [(id, 3990, "name locale")]
            assert rows_of(file, "SELECT * FROM consents WHERE granted") == []
            assert len(rows_of(file, "SELECT * FROM consents")) == 1
            by = ErasureActor("service", "cli")
            await erase(app.process.runtime, member, by=by, now=app.clock())
            await deliver(app)
            assert rows_of(file, "SELECT * FROM members UNION SELECT 1, 1, 1, 1 FROM consents") == []
            assert await operator.list_queue(app.process.runtime, state="parked", first=10) == []
    told = [verified(request.headers, request.body) for request in endpoint.requests]
    assert {each["member"] for each in told} == {id}
    names = [str(each["event"]) for each in told]
    assert {*FOLLOWED, "points.awarded"} <= set(names)
    assert (names.count("member.consented"), names.count("member.profile_changed")) == (2, 1)
    (changed,) = [each for each in told if each["event"] == "member.profile_changed"]
    assert (changed["data"], changed["rule"]) == ({"fields": ["name", "locale"]}, None)
    assert "Sousa" not in json.dumps(told)
    assert "ana@" not in json.dumps(told)


def verified(headers: object, body: bytes) -> dict[str, object]:
    """Return a body that the package of Standard Webhooks takes, by each of two secrets."""
    (told,) = {json.dumps(Webhook(secret).verify(body, headers)) for secret in (NEW, OLD)}  # type: ignore[arg-type]
    result: dict[str, object] = json.loads(told)
    return result


async def test_what_is_told_is_tried_again_and_parked_in_the_end_and_what_nobody_asked_for_is_not_stored(
    database: Database, command_log: CommandLog, tmp_path: Path, endpoint: RecordingEndpoint
) -> None:
    hook = {
        "url": f"{endpoint.url}/500",
        "secret": "a secret of this test, long enough",
        "events": ["member.enrolled"],
    }
    webhooks = SecretStr(json.dumps({"crm": hook}))
    async with open_running_app(database, command_log, tmp_path, webhooks=webhooks) as app:
        await live(app)
        for hour in range(9):
            await deliver(app, later=timedelta(hours=hour))
        (parked,) = await operator.list_queue(app.process.runtime, state="parked", first=10)
        assert (parked.description, parked.attempts, parked.error) == ("webhook crm", 8, "HTTP 500")
        assert len({request.headers["webhook-id"] for request in endpoint.requests}) == 1
        assert len(endpoint.requests) == 8
        rows = app.process.store["outbox"].find({"_id": {"$gt": ""}}, {"event": 1, "kind": 1})
        assert [row["event"] async for row in rows if row["kind"] == "webhook"] == ["member.enrolled"]


def test_every_event_that_rules_know_can_be_told_but_those_of_time_alone() -> None:
    assert BUILT_IN_EVENTS.keys() - TOLD_EVENTS == {"schedule", "referral.unmade"}
