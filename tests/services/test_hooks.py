"""Webhooks: what a rule promises another system comes there, signed, over real HTTP; one hook's fault is no
other's.
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
from api.senders import over_http
from api.senders.webhook import Hook, Webhooks
from api.worker import post_of
from domain.services.ledger import purchases, refunds
from domain.services.ledger.turn import turn
from domain.services.messages import outbox as operator
from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import run_round
from domain.services.runtime import Runtime
from domain.services.senders import Senders
from domain.store.connect import Database
from tests.doors import opened
from tests.houses import TILL, bought, join
from tests.senders.gateway import Endpoint, serving_endpoint
from tests.services.post import NOON, Pushes, happens, loud, phone, row, states, works
from tests.wire import Wire

SECRET = b"a secret of this test, long enough"
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
async def endpoint() -> AsyncIterator[Endpoint]:
    async with serving_endpoint() as served:
        yield served


@asynccontextmanager
async def posting(
    endpoint: Endpoint, *, push: Pushes | None = None, **paths: str
) -> AsyncIterator[DeliveryWorker]:
    """A worker's post whose hooks are answered as their paths say."""
    hooks = Webhooks({name: Hook(f"{endpoint.url}/{path}", SECRET) for name, path in paths.items()})
    try:
        yield DeliveryWorker(Senders(push, webhooks=hooks), api_id=encode_id)
    finally:
        await hooks.close()


def said(endpoint: Endpoint) -> list[dict[str, object]]:
    """What was posted, each proven to be ours."""
    found = []
    for seen in endpoint.seen:
        at, signed = (part.partition("=")[2] for part in seen.headers["selo-signature"].split(","))
        assert signed == hmac.new(SECRET, at.encode() + b"." + seen.body, sha256).hexdigest()
        body = json.loads(seen.body)
        assert seen.headers["selo-delivery"] == body["delivery"]
        found.append(body)
    return found


async def buys(house: Runtime, *, now: datetime = NOON) -> None:
    await purchases.record(
        house, till=TILL, member_id="ana", purchase_input=bought("r-1", total=4990), key="k1", now=now
    )


async def test_another_system_is_told_what_happened_in_codes_and_figures(
    database: Database, endpoint: Endpoint
) -> None:
    house = await loud(database, HOOKED)
    id = await happens(house, "visited", place="Baixa", people=2)
    async with posting(endpoint, shop="200") as post:
        assert await works(house, post) == 1
    hooked = id.replace(":0", ":1")
    assert said(endpoint) == [
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
    assert (endpoint.seen[0].method, endpoint.seen[0].headers["content-type"]) == ("POST", "application/json")
    assert [(one.state, one.error) for one in (await row(house, id), await row(house, hooked))] == [
        ("done", ""),
        ("done", ""),
    ]
    assert await states(house, hooked) == [("webhook", "sent", "")]


async def test_the_setting_is_enough(
    database: Database, wire: Wire, tmp_path: Path, endpoint: Endpoint
) -> None:
    webhooks = json.dumps({"shop": {"url": f"{endpoint.url}/200", "secret": SECRET.decode()}})
    async with opened(database, wire, tmp_path, webhooks=SecretStr(webhooks)) as doors:
        house = doors.process.house
        await house.programmes.publish(HOOKED, now=doors.clock())
        await join(house, "ana", at=doors.clock())
        await happens(house, "visited", at=doors.clock(), place="Baixa", people=2)
        assert (await run_round(house, post_of(doors.process, "systems"), now=doors.clock())).sent_count == 1
    assert [(one["hook"], one["member"]) for one in said(endpoint)] == [("shop", encode_id("Member", "ana"))]


async def test_a_purchase_and_its_refund_are_known_by_their_receipt(
    database: Database, endpoint: Endpoint
) -> None:
    house = await loud(database, HOOKED)
    await buys(house)
    await refunds.refund(
        house,
        till=TILL,
        refund_request=refunds.RefundRequest("r-1", None, 1000, ()),
        reason="torn",
        key="k2",
        now=NOON,
    )
    async with posting(endpoint, shop="200", crm="200") as post:
        await works(house, post)
    receipt = {"externalId": "r-1", "store": "lisboa", "currency": "EUR"}
    assert sorted((one["event"], one["data"]) for one in said(endpoint)) == [
        ("purchase.completed", {**receipt, "total": 4990}),
        ("purchase.refunded", {**receipt, "total": 1000}),
    ]


async def test_a_delayed_rule_a_badge_and_a_birthday_tell_too_and_nobodys_age(
    database: Database, endpoint: Endpoint
) -> None:
    house = await loud(database, HOOKED)
    await buys(house)
    await happens(house, "left")
    await happens(house, "member.birthday", years=35)
    await turn(house, now=NOON + timedelta(days=1))
    async with posting(endpoint, shop="200", crm="200") as post:
        await works(house, post, now=NOON + timedelta(days=1))
    told = [one for one in said(endpoint) if one["hook"] == "crm"]
    assert sorted((str(one["event"]), str(one["rule"]), one["occurredAt"]) for one in told) == [
        ("left", "badge:guest", "2026-03-02T12:00:00.000Z"),
        ("left", "leave", "2026-03-02T12:00:00.000Z"),
        ("member.birthday", "birthday", "2026-03-02T12:00:00.000Z"),
        ("purchase.completed", "later", "2026-03-03T12:00:00.000Z"),
    ]
    assert "35" not in json.dumps([one["data"] for one in told])


async def test_a_hook_that_nobody_configured_parks_and_names_the_setting(
    database: Database, endpoint: Endpoint
) -> None:
    house = await loud(database, HOOKED)
    id = await happens(house, "left")
    async with posting(endpoint, shop="200") as post:
        assert await works(house, post) == 0
    shown = await operator.list_queue(house, state="parked", first=10)
    assert {(one.id, one.description, one.error) for one in shown} >= {
        (id, "webhook crm", 'SELO_WEBHOOKS names no "crm"')
    }
    assert endpoint.seen == []
    assert (await operator.retry_parked(house, ids=[], now=NOON))[0] == len(shown)
    async with posting(endpoint, crm="200") as post:
        assert await works(house, post) == len(shown)


async def test_what_fails_comes_again_under_the_same_id_ever_later_and_is_parked_in_the_end(
    database: Database, endpoint: Endpoint
) -> None:
    house = await loud(database, HOOKED)
    id = (await happens(house, "visited", place="Baixa", people=2)).replace(":0", ":1")
    now, waits = NOON, []
    async with posting(endpoint, shop="500") as post:
        for _ in range(8):
            await works(house, post, now=now)
            waits.append((await row(house, id)).due_at - now)
            now = (await row(house, id)).due_at
        assert await works(house, post, now=now + timedelta(days=30)) == 0
    assert [
        timedelta(seconds=10 * 2**n) <= wait <= timedelta(seconds=12.5 * 2**n)
        for n, wait in enumerate(waits[:7])
    ] == [True] * 7
    assert [one["delivery"] for one in said(endpoint)] == [id] * 8
    assert len({seen.body for seen in endpoint.seen}) == 1
    shown = await operator.list_queue(house, state="parked", first=10)
    assert [(one.id, one.attempts, one.error) for one in shown] == [(id, 8, "HTTP 500")]
    assert await operator.retry_parked(house, ids=[id], now=now) == (1, [])
    async with posting(endpoint, shop="200") as post:
        assert await works(house, post, now=now + timedelta(days=30)) == 1  # it is not dropped for its age
    assert (await row(house, id)).state == "done"


@pytest.mark.parametrize("path", ["400", "404", "410"])
async def test_what_is_refused_for_good_is_parked_at_once(
    database: Database, endpoint: Endpoint, path: str
) -> None:
    house = await loud(database, HOOKED)
    id = (await happens(house, "visited", place="Baixa", people=2)).replace(":0", ":1")
    async with posting(endpoint, shop=path) as post:
        await works(house, post)
    assert ((await row(house, id)).state, (await row(house, id)).error) == ("parked", f"HTTP {path}")
    assert len(endpoint.seen) == 1


async def test_what_cannot_be_written_is_parked_and_the_rest_goes_on(
    database: Database, endpoint: Endpoint
) -> None:
    house = await loud(database, HOOKED)
    bad, good = [
        (await happens(house, "visited", place="Baixa", people=2)).replace(":0", ":1") for _ in range(2)
    ]
    await house.store["outbox"].update_one({"_id": bad}, {"$set": {"data": [["place", NOON]]}})
    async with posting(endpoint, shop="200") as post:
        await works(house, post)
    assert ((await row(house, bad)).state, (await row(house, bad)).error) == ("parked", "fault: TypeError")
    assert [each["delivery"] for each in said(endpoint)] == [good]


@pytest.mark.parametrize("path", ["301", "401", "403"])
async def test_a_door_that_is_shut_rests_five_minutes_and_counts_as_tried(
    database: Database, endpoint: Endpoint, path: str
) -> None:
    house = await loud(database, HOOKED)
    id = (await happens(house, "visited", place="Baixa", people=2)).replace(":0", ":1")
    async with posting(endpoint, shop=path) as post:
        await works(house, post)
        kept = await row(house, id)
        assert timedelta(minutes=5) <= kept.due_at - NOON <= timedelta(minutes=6.25)
        assert [(one.state, one.reason, one.attempts) for one in kept.deliveries or ()] == [
            ("pending", f"HTTP {path}", 1)
        ]
        other = (await happens(house, "visited", place="Baixa", people=3)).replace(":0", ":1")
        await works(house, post, now=NOON + timedelta(minutes=1))
        assert [(one.reason, one.attempts) for one in (await row(house, other)).deliveries or ()] == [
            ("resting", 0)
        ]
    assert len(endpoint.seen) == 1


async def test_retry_after_is_obeyed_and_one_hook_that_rests_stops_no_other(
    database: Database, endpoint: Endpoint
) -> None:
    house = await loud(database, HOOKED)
    endpoint.headers["Retry-After"] = "600"
    id = (await happens(house, "visited", place="Baixa", people=2)).replace(":0", ":1")
    async with posting(endpoint, shop="429", crm="200") as post:
        await works(house, post)
        kept = await row(house, id)
        assert timedelta(minutes=10) <= kept.due_at - NOON <= timedelta(minutes=10, seconds=5)
        assert [one.attempts for one in kept.deliveries or ()] == [0]
        await happens(house, "left")
        assert await works(house, post) == 2  # the rule's and the badge's
    assert list(post.resting_until) == ["webhook:shop"]


async def test_a_hook_that_is_silent_rests_a_minute_and_neither_people_nor_others_wait(
    database: Database, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(over_http, "ANSWER_SECONDS", 0.3)
    house = await loud(database, HOOKED)
    await phone(house)
    pushes = Pushes()
    first = (await happens(house, "visited", place="Baixa", people=1)).replace(":0", ":1")
    await happens(house, "left")
    async with posting(endpoint, push=pushes, shop="hang", crm="200") as post:
        systems, people = (
            DeliveryWorker(post.senders, lane="systems"),
            DeliveryWorker(post.senders, lane="people"),
        )
        assert (await run_round(house, systems, now=NOON)).sent_count == 2
        assert pushes.got == []
        assert (await run_round(house, people, now=NOON)).sent_count == 1
        kept = await row(house, first)
        assert [(one.reason, one.attempts) for one in kept.deliveries or ()] == [("TIMEOUT", 1)]
        assert systems.resting_until == {"webhook:shop": NOON + timedelta(seconds=60)}
        second = (await happens(house, "visited", place="Baixa", people=2)).replace(":0", ":1")
        assert (await run_round(house, systems, now=NOON)).sent_count == 0
        assert [(one.reason, one.attempts) for one in (await row(house, second)).deliveries or ()] == [
            ("resting", 0)
        ]
        assert len([seen for seen in endpoint.seen if seen.url.endswith("hang")]) == 1
        assert (await run_round(house, people, now=NOON)).sent_count == 1
    async with posting(endpoint, shop="200") as post:
        assert await works(house, post, now=NOON + timedelta(seconds=66)) == 2
