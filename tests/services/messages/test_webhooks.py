"""Webhooks: what a rule promises another system arrives there, signed, over real HTTP; a failing hook delays
no other.
"""

import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from pydantic import SecretStr

from api.graphql.engine.ids import encode_id
from api.senders import http_gateway
from api.senders.webhook import WebhookSender
from api.senders.webhook_targets import WebhookTarget
from api.worker import make_delivery_worker
from domain.services.ledger import purchases
from domain.services.ledger.returns import refunds
from domain.services.ledger.turn import turn
from domain.services.messages import outbox as operator
from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import run_round
from domain.services.runtime import Runtime
from domain.services.senders import Senders
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.loud_runtime import (
    NOON,
    RecordingPushSender,
    deliver_all_due,
    delivery_states,
    load_outbox_row,
    open_loud_runtime,
    record_event,
    register_phone,
)
from tests.running_app import open_running_app
from tests.senders.recording_endpoint import RecordingEndpoint, serving_endpoint
from tests.small_runtime import TILL, join, new_purchase

SECRET = "a secret of this test, long enough"
HOOKED = """
programme: {code: hooked, name: Hooked, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets: [{code: points, kind: points, name: Points}]
events:
  - {name: visited, title: Visited, data: {place: string, people: int}}
  - {name: left, title: Left, data: {}}
rules:
  - {code: visit, on: visited, do: [{message: thanks}, {webhook: shop}]}
  - {code: leave, on: left, do: [{webhook: crm}]}
  - {code: bought, on: [purchase.completed, purchase.refunded], do: [{webhook: shop}]}
  - {code: later, on: purchase.completed, after: {days: 1}, do: [{webhook: crm}]}
  - {code: birthday, on: member.birthday, do: [{webhook: crm}]}
badges:
  - {code: guest, name: Guest, on: left, do: [{webhook: crm}]}
messages:
  - {code: thanks, channels: [push, inbox], title: Thanks, body: Come again}
"""


@pytest.fixture
async def endpoint() -> AsyncIterator[RecordingEndpoint]:
    async with serving_endpoint() as served:
        yield served


@asynccontextmanager
async def posting(
    endpoint: RecordingEndpoint, *, push: RecordingPushSender | None = None, **paths: str
) -> AsyncIterator[DeliveryWorker]:
    """A delivery worker whose hooks are answered as their paths say."""
    hooks = WebhookSender(
        {name: WebhookTarget(f"{endpoint.url}/{path}", (SECRET,)) for name, path in paths.items()}
    )
    try:
        yield DeliveryWorker(Senders(push, webhooks=hooks), api_id=encode_id)
    finally:
        await hooks.close()


def posted_bodies(endpoint: RecordingEndpoint) -> list[dict[str, object]]:
    """Return the posted bodies, each with a valid signature of ours."""
    posted = []
    for request in endpoint.requests:
        at, signed = (part.partition("=")[2] for part in request.headers["selo-signature"].split(","))
        assert signed == hmac.new(SECRET.encode(), at.encode() + b"." + request.body, sha256).hexdigest()
        body = json.loads(request.body)
        assert request.headers["selo-delivery"] == body["delivery"]
        posted.append(body)
    return posted


async def buys(runtime: Runtime, *, now: datetime = NOON) -> None:
    await purchases.record(
        runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r-1", total=4990), key="k1", now=now
    )


async def test_another_system_is_told_what_happened_in_codes_and_figures(
    database: Database, endpoint: RecordingEndpoint
) -> None:
    runtime = await open_loud_runtime(database, HOOKED)
    id = await record_event(runtime, "visited", place="Baixa", people=2)
    async with posting(endpoint, shop="200") as worker:
        assert await deliver_all_due(runtime, worker) == 1
    hooked = id.replace(":0", ":1")
    assert posted_bodies(endpoint) == [
        {
            "delivery": hooked,
            "hook": "shop",
            "event": "visited",
            "occurredAt": "2026-03-02T12:00:00.000Z",
            "member": encode_id("Member", "ana"),
            "rule": "visit",
            "data": {"place": "Baixa", "people": 2},
        }
    ]
    assert (endpoint.requests[0].method, endpoint.requests[0].headers["content-type"]) == (
        "POST",
        "application/json",
    )
    assert [
        (one.state, one.error)
        for one in (await load_outbox_row(runtime, id), await load_outbox_row(runtime, hooked))
    ] == [
        ("done", ""),
        ("done", ""),
    ]
    assert await delivery_states(runtime, hooked) == [("webhook", "sent", "")]


async def test_the_setting_is_enough(
    database: Database, command_log: CommandLog, tmp_path: Path, endpoint: RecordingEndpoint
) -> None:
    webhooks = json.dumps({"shop": {"url": f"{endpoint.url}/200", "secret": SECRET}})
    async with open_running_app(database, command_log, tmp_path, webhooks=SecretStr(webhooks)) as app:
        runtime = app.process.runtime
        await runtime.programmes.publish(HOOKED, now=app.clock())
        await join(runtime, "ana", at=app.clock())
        await record_event(runtime, "visited", at=app.clock(), place="Baixa", people=2)
        assert (
            await run_round(runtime, make_delivery_worker(app.process, "systems"), now=app.clock())
        ).sent_count == 1
    assert [(one["hook"], one["member"]) for one in posted_bodies(endpoint)] == [
        ("shop", encode_id("Member", "ana"))
    ]


async def test_a_purchase_and_its_refund_are_known_by_their_receipt(
    database: Database, endpoint: RecordingEndpoint
) -> None:
    runtime = await open_loud_runtime(database, HOOKED)
    await buys(runtime)
    await refunds.refund(
        runtime,
        till=TILL,
        refund_request=refunds.RefundRequest("r-1", None, 1000, ()),
        reason="torn",
        key="k2",
        now=NOON,
    )
    async with posting(endpoint, shop="200", crm="200") as worker:
        await deliver_all_due(runtime, worker)
    receipt = {"externalId": "r-1", "store": "lisboa", "currency": "EUR"}
    assert sorted((one["event"], one["data"]) for one in posted_bodies(endpoint)) == [
        ("purchase.completed", {**receipt, "total": 4990}),
        ("purchase.refunded", {**receipt, "total": 1000}),
    ]


async def test_a_delayed_rule_a_badge_and_a_birthday_tell_too_and_nobodys_age(
    database: Database, endpoint: RecordingEndpoint
) -> None:
    runtime = await open_loud_runtime(database, HOOKED)
    await buys(runtime)
    await record_event(runtime, "left")
    await record_event(runtime, "member.birthday", years=35)
    await turn(runtime, now=NOON + timedelta(days=1))
    async with posting(endpoint, shop="200", crm="200") as worker:
        await deliver_all_due(runtime, worker, now=NOON + timedelta(days=1))
    from_crm = [one for one in posted_bodies(endpoint) if one["hook"] == "crm"]
    assert sorted((str(one["event"]), str(one["rule"]), one["occurredAt"]) for one in from_crm) == [
        ("left", "badge:guest", "2026-03-02T12:00:00.000Z"),
        ("left", "leave", "2026-03-02T12:00:00.000Z"),
        ("member.birthday", "birthday", "2026-03-02T12:00:00.000Z"),
        ("purchase.completed", "later", "2026-03-03T12:00:00.000Z"),
    ]
    assert "35" not in json.dumps([one["data"] for one in from_crm])


async def test_a_hook_that_nobody_configured_parks_and_names_the_setting(
    database: Database, endpoint: RecordingEndpoint
) -> None:
    runtime = await open_loud_runtime(database, HOOKED)
    id = await record_event(runtime, "left")
    async with posting(endpoint, shop="200") as worker:
        assert await deliver_all_due(runtime, worker) == 0
    shown = await operator.list_queue(runtime, state="parked", first=10)
    assert {(one.id, one.description, one.error) for one in shown} >= {
        (id, "webhook crm", 'SELO_WEBHOOKS names no "crm"')
    }
    assert endpoint.requests == []
    assert (await operator.retry_parked(runtime, ids=[], now=NOON))[0] == len(shown)
    async with posting(endpoint, crm="200") as worker:
        assert await deliver_all_due(runtime, worker) == len(shown)


async def test_what_fails_comes_again_under_the_same_id_ever_later_and_is_parked_in_the_end(
    database: Database, endpoint: RecordingEndpoint
) -> None:
    runtime = await open_loud_runtime(database, HOOKED)
    id = (await record_event(runtime, "visited", place="Baixa", people=2)).replace(":0", ":1")
    now, waits = NOON, []
    async with posting(endpoint, shop="500") as worker:
        for _ in range(8):
            await deliver_all_due(runtime, worker, now=now)
            waits.append((await load_outbox_row(runtime, id)).due_at - now)
            now = (await load_outbox_row(runtime, id)).due_at
        assert await deliver_all_due(runtime, worker, now=now + timedelta(days=30)) == 0
    assert [
        timedelta(seconds=10 * 2**n) <= wait <= timedelta(seconds=12.5 * 2**n)
        for n, wait in enumerate(waits[:7])
    ] == [True] * 7
    assert [one["delivery"] for one in posted_bodies(endpoint)] == [id] * 8
    assert len({seen.body for seen in endpoint.requests}) == 1
    shown = await operator.list_queue(runtime, state="parked", first=10)
    assert [(one.id, one.attempts, one.error) for one in shown] == [(id, 8, "HTTP 500")]
    assert await operator.retry_parked(runtime, ids=[id], now=now) == (1, [])
    async with posting(endpoint, shop="200") as worker:
        assert (
            await deliver_all_due(runtime, worker, now=now + timedelta(days=30)) == 1
        )  # it is not dropped for its age
    assert (await load_outbox_row(runtime, id)).state == "done"


@pytest.mark.parametrize("path", ["400", "404", "410"])
async def test_what_is_refused_for_good_is_parked_at_once(
    database: Database, endpoint: RecordingEndpoint, path: str
) -> None:
    runtime = await open_loud_runtime(database, HOOKED)
    id = (await record_event(runtime, "visited", place="Baixa", people=2)).replace(":0", ":1")
    async with posting(endpoint, shop=path) as worker:
        await deliver_all_due(runtime, worker)
    assert ((await load_outbox_row(runtime, id)).state, (await load_outbox_row(runtime, id)).error) == (
        "parked",
        f"HTTP {path}",
    )
    assert len(endpoint.requests) == 1


async def test_what_cannot_be_written_is_parked_and_the_rest_goes_on(
    database: Database, endpoint: RecordingEndpoint
) -> None:
    runtime = await open_loud_runtime(database, HOOKED)
    bad, good = [
        (await record_event(runtime, "visited", place="Baixa", people=2)).replace(":0", ":1")
        for _ in range(2)
    ]
    await runtime.store["outbox"].update_one({"_id": bad}, {"$set": {"data": [["place", NOON]]}})
    async with posting(endpoint, shop="200") as worker:
        await deliver_all_due(runtime, worker)
    assert ((await load_outbox_row(runtime, bad)).state, (await load_outbox_row(runtime, bad)).error) == (
        "parked",
        "fault: TypeError",
    )
    assert [each["delivery"] for each in posted_bodies(endpoint)] == [good]


@pytest.mark.parametrize("path", ["301", "401", "403"])
async def test_a_door_that_is_shut_rests_five_minutes_and_counts_as_tried(
    database: Database, endpoint: RecordingEndpoint, path: str
) -> None:
    runtime = await open_loud_runtime(database, HOOKED)
    id = (await record_event(runtime, "visited", place="Baixa", people=2)).replace(":0", ":1")
    async with posting(endpoint, shop=path) as worker:
        await deliver_all_due(runtime, worker)
        outbox_row = await load_outbox_row(runtime, id)
        assert timedelta(minutes=5) <= outbox_row.due_at - NOON <= timedelta(minutes=6.25)
        assert [(one.state, one.reason, one.attempts) for one in outbox_row.deliveries or ()] == [
            ("pending", f"HTTP {path}", 1)
        ]
        other = (await record_event(runtime, "visited", place="Baixa", people=3)).replace(":0", ":1")
        await deliver_all_due(runtime, worker, now=NOON + timedelta(minutes=1))
        assert [
            (one.reason, one.attempts) for one in (await load_outbox_row(runtime, other)).deliveries or ()
        ] == [("resting", 0)]
    assert len(endpoint.requests) == 1


async def test_retry_after_is_obeyed_and_one_hook_that_rests_stops_no_other(
    database: Database, endpoint: RecordingEndpoint
) -> None:
    runtime = await open_loud_runtime(database, HOOKED)
    endpoint.headers["Retry-After"] = "600"
    id = (await record_event(runtime, "visited", place="Baixa", people=2)).replace(":0", ":1")
    async with posting(endpoint, shop="429", crm="200") as worker:
        await deliver_all_due(runtime, worker)
        outbox_row = await load_outbox_row(runtime, id)
        assert timedelta(minutes=10) <= outbox_row.due_at - NOON <= timedelta(minutes=10, seconds=5)
        assert [one.attempts for one in outbox_row.deliveries or ()] == [0]
        await record_event(runtime, "left")
        assert await deliver_all_due(runtime, worker) == 2  # the rule's and the badge's
    assert list(worker.resting_until) == ["webhook:shop"]


async def test_a_hook_that_is_silent_rests_a_minute_and_neither_people_nor_others_wait(
    database: Database, endpoint: RecordingEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_gateway, "ANSWER_SECONDS", 0.3)
    runtime = await open_loud_runtime(database, HOOKED)
    await register_phone(runtime)
    pushes = RecordingPushSender()
    first = (await record_event(runtime, "visited", place="Baixa", people=1)).replace(":0", ":1")
    await record_event(runtime, "left")
    async with posting(endpoint, push=pushes, shop="hang", crm="200") as worker:
        systems, people = (
            DeliveryWorker(worker.senders, lane="systems"),
            DeliveryWorker(worker.senders, lane="people"),
        )
        assert (await run_round(runtime, systems, now=NOON)).sent_count == 2
        assert pushes.sent == []
        assert (await run_round(runtime, people, now=NOON)).sent_count == 1
        outbox_row = await load_outbox_row(runtime, first)
        assert [(one.reason, one.attempts) for one in outbox_row.deliveries or ()] == [("TIMEOUT", 1)]
        assert systems.resting_until == {"webhook:shop": NOON + timedelta(seconds=60)}
        second = (await record_event(runtime, "visited", place="Baixa", people=2)).replace(":0", ":1")
        assert (await run_round(runtime, systems, now=NOON)).sent_count == 0
        assert [
            (one.reason, one.attempts) for one in (await load_outbox_row(runtime, second)).deliveries or ()
        ] == [("resting", 0)]
        assert len([seen for seen in endpoint.requests if seen.url.endswith("hang")]) == 1
        assert (await run_round(runtime, people, now=NOON)).sent_count == 1
    async with posting(endpoint, shop="200") as worker:
        assert await deliver_all_due(runtime, worker, now=NOON + timedelta(seconds=66)) == 2
