"""`POST /events` over real HTTP: each form, both proofs, an answer an item, and what it comes to."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import generate_latest
from standardwebhooks import Webhook

from domain.services.intake import clients
from domain.store import audit
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.http.intake.client_story import ACTOR, add_client
from tests.http.intake.shop_story import NOW, ShopStory, open_story

Json = dict[str, Any]
ANA = {"email": "ana@example.com"}


@pytest.fixture
async def story(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[ShopStory]:
    async with open_story(database, command_log, tmp_path) as opened:
        yield opened


def review(id: str = "r-1", *, stars: int = 5, member: Json | None = None, **more: Any) -> Json:
    return {"id": id, "type": "reviewed", "member": member or ANA, "data": {"stars": stars}, **more}


def sale(
    id: str = "s-1", total: int = 5000, *, number: str = "N-1", member: Json | None = None, **data: Any
) -> Json:
    return {
        "id": id,
        "type": "purchase.completed",
        "member": member or ANA,
        "data": {"externalId": number, "total": total, **data},
    }


def cloud(item: Json, *, source: str = "https://reviews.example/lisbon") -> Json:
    """The same event as a CloudEvent."""
    data = {**item["data"], "member": item["member"]}
    return {
        "specversion": "1.0",
        "id": item["id"],
        "type": item["type"],
        "source": source,
        "time": "2026-03-04T09:00:00Z",
        "data": data,
        "extra": 1,
    }


async def post(
    story: ShopStory,
    body: object,
    key: str | None = None,
    *,
    query: str = "",
    kind: str = "application/json",
    **headers: str,
) -> httpx.Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    if key is not None:
        headers["authorization"] = f"Bearer {key}"
    return await story.app.client.post(
        f"/events{query}", content=raw, headers={"content-type": kind, **headers}
    )


async def states(story: ShopStory, body: object, key: str, **more: Any) -> list[str]:
    answer = await post(story, body, key, **more)
    assert answer.status_code in (200, 207, 422), answer.text
    return [each["state"] for each in answer.json()["results"]]


async def test_events_of_every_form_count_once_by_their_ids(story: ShopStory) -> None:
    ana, key = await story.enrol(), (await add_client(story.app)).key
    answer = await post(story, review(at="2026-03-04T08:00:00+01:00"), key)
    (result,) = answer.json()["results"]
    assert (answer.status_code, result.keys(), result["state"]) == (200, {"id", "state", "delivery"}, "taken")
    assert await states(story, [review("r-2"), review("r-2"), review("r-3")], key) == [
        "taken",
        "again",
        "taken",
    ]
    assert await states(story, cloud(review("r-4")), key, kind="application/cloudevents+json") == ["taken"]
    batch = [cloud(review("r-4"), source="https://reviews.example/porto"), cloud(review("r-4"))]
    assert await states(story, batch, key, kind="application/cloudevents-batch+json; charset=utf-8") == [
        "taken",
        "again",
    ]
    binary = {
        "ce-specversion": "1.0",
        "ce-id": "r-5",
        "ce-type": "reviewed",
        "ce-source": "https://reviews.example/caf%C3%A9",
    }
    assert await states(story, {"stars": 5, "member": ANA}, key, **binary) == ["taken"]
    await story.work()
    assert await story.points(ana) == 6 * 7
    again = (await post(story, [review(at="2026-03-04T07:00:00Z"), review(stars=1)], key)).json()["results"]
    assert (again[0]["state"], again[0]["fate"]) == ("again", "applied")
    assert (again[1]["state"], again[1]["field"]) == ("refused", "id")
    rows = [
        row
        async for row in story.app.process.store["journal"].find({"_id": {"$gt": ""}})
        if row["event"]["name"] == "reviewed"
    ]
    assert min(row["at"] for row in rows) == datetime(2026, 3, 4, 7, tzinfo=UTC)
    other = (await add_client(story.app, "other")).key
    assert await states(story, review(), other) == ["taken"]  # the id is another system's own
    await story.work()
    assert await story.points(ana) == 7 * 7
    acts = await audit.find_between(story.app.process.store, since=NOW - timedelta(days=1), until=NOW)
    assert [act.actor for act in acts if act.action == "EVENT"].count("client:web") == 6
    await story.verify()


async def test_a_purchase_is_the_state_of_its_receipt_and_waits_for_who_is_no_member(
    story: ShopStory,
) -> None:
    app, ana, key = story.app, await story.enrol(), (await add_client(story.app)).key
    lines = [
        {"sku": "MUG", "category": "kitchen", "quantity": 2, "amount": 4000},
        {"category": "shipping", "amount": 1000},
    ]
    await post(story, sale(lines=lines), key)
    await story.work()
    assert await story.points(ana) == 40  # what a shop adds earns nothing
    refund = {
        "id": "f-1",
        "type": "purchase.refunded",
        "data": {"externalId": "N-1", "lines": [{"line": 1, "amount": 2000, "quantity": 1}]},
    }
    for _ in range(2):
        await post(story, refund, key)
        await story.work()
        assert await story.points(ana) == 20
    await post(story, sale("s-2", number="N-2", member={"email": "bia@example.com"}), key)
    await post(story, review("r-9", member={"phone": "+351912345678", "email": "bia@example.com"}), key)
    early = {"id": "f-2", "type": "purchase.refunded", "data": {"externalId": "N-3", "amount": 100}}
    await post(story, early, key)
    await story.work()
    assert sorted(await story.fates())[-3:] == [
        ("parked", "its order has not come"),
        ("parked", "nobody has its contact"),
        ("parked", "nobody has its contact"),
    ]
    app.clock.advance(days=20)
    bia = await story.enrol("bia@example.com")
    await story.work()
    assert (await story.points(bia), (await story.bought_at())[-1]) == (50 + 7, NOW.isoformat())
    acts = await audit.find_between(app.process.store, since=NOW, until=app.clock())
    assert {act.actor for act in acts if act.action in ("PURCHASE", "REFUND")} == {"client:web"}
    await story.verify()


async def test_whom_a_purchase_named_as_a_customer_is_known_by_that_to_this_system_alone(
    story: ShopStory,
) -> None:
    app, key = story.app, (await add_client(story.app)).key
    await story.enrol()
    bought = sale("s-3", number="N-4", member={**ANA, "customer": "77"})
    await post(story, bought, key)
    await story.work()
    other = (await add_client(app, "other")).key
    as_customer = {
        "member": "customer:77",
        "externalId": "N-5",
        "currency": "EUR",
        "total": 100,
        "idempotencyKey": "5",
    }
    quote = "query Q($input: QuoteInput!) { quotePurchase(input: $input) { customer { name } } }"
    asked = {"input": {"member": "customer:77", "currency": "EUR", "total": 100}}
    assert (await app.do(quote, asked, token=key))["quotePurchase"]["customer"] == {"name": "Ana Silva"}
    answers = [
        (await app.mutate("recordPurchase", as_customer, "__typename", token=token))["__typename"]
        for token in (key, other)
    ]
    assert answers == ["PurchaseRecorded", "UnknownCode"]


async def test_a_systems_word_makes_nobody_a_member_but_sends_them_a_code(story: ShopStory) -> None:
    app, key = story.app, (await add_client(story.app)).key
    await story.enrol()
    joins = {
        "id": "m-1",
        "type": "member.enrolled",
        "member": {"email": "caio@example.com"},
        "data": {"locale": "en"},
    }
    await post(story, [joins, {**joins, "id": "m-2", "member": ANA}], key)
    await story.work()
    assert "caio@example.com" in app.code_sender.codes
    assert {("applied", "a code was sent"), ("ignored", "a member has this contact")} <= set(
        await story.fates()
    )
    assert await app.count("members") == 1


async def test_a_signature_by_the_standard_package_proves_the_system(story: ShopStory) -> None:
    app, issued = story.app, await add_client(story.app)
    raw = json.dumps(review()).encode()

    def signed(secret: str, *, id: str = "msg_1", body: bytes = raw) -> dict[str, str]:
        headers = {"webhook-id": id, "webhook-timestamp": str(int(app.clock().timestamp()))}
        return {**headers, "webhook-signature": Webhook(secret).sign(id, app.clock(), body.decode())}

    async def status(headers: dict[str, str], *, body: bytes = raw, query: str = "?client=web") -> int:
        return (await post(story, body, query=query, **headers)).status_code

    good = signed(issued.signing_secret)
    assert await status(good) == 200
    assert await status(good, body=raw + b" ") == 401
    assert await status(good, query="") == await status(good, query="?client=nobody") == 401
    assert await status(signed((await add_client(app, "other")).signing_secret)) == 401
    rotated = await clients.rotate(
        app.process.runtime, "web", overlap=timedelta(hours=1), actor=ACTOR, now=app.clock()
    )
    app.process.clients.put(rotated.client)
    assert await status(good) == await status(signed(rotated.signing_secret)) == 200
    app.clock.advance(minutes=6)
    assert await status(good) == 401  # too old
    assert await status(signed(issued.signing_secret)) == 200
    app.clock.advance(hours=1)
    assert await status(signed(issued.signing_secret)) == 401  # its key has ended
    assert await status(signed(rotated.signing_secret)) == 200
    assert await app.count("intake_deliveries") == 1


FAULTS: list[tuple[object, str, str]] = [
    (7, "", "write {"),
    ({"type": "reviewed"}, "id", "128"),
    (review("x" * 129), "id", "128"),
    (review(type="reviewd"), "type", "did you mean reviewed?"),
    (review(at="yesterday"), "at", "2026-03-04T10:00:00Z"),
    (review(at="2020-01-01T00:00:00Z"), "at", "when it happened"),
    (review(note="x"), "note", "write one of at, data, id, member, type"),
    (review(member={"mail": "a"}), "member.mail", "did you mean email?"),
    (review(member={"email": "nobody"}), "member.email", "name@example.com"),
    (review(member={"phone": "12"}), "member.phone", "country"),
    (review(member={"number": "12"}), "member.number", "on the card"),
    ({"id": "1", "type": "reviewed"}, "member", "ana@example.com"),
    ({**review(), "data": {"stars": "many"}}, "data.stars", "stars: int"),
    ({**review(), "data": {"star": 1}}, "data.star", "stars: int"),
    ({**review(), "data": {"\ud800": 1}}, "data.?", "stars: int"),
    ({**review(), "data": [5]}, "data", "{...}"),
    (sale(total=19.99), "data.total", "cents"),  # type: ignore[arg-type]
    (sale(total=1_000_001), "data.total", "selo client change"),
    (sale(currency="USD"), "data.currency", "EUR"),
    (sale(lines=[{"amount": 1, "qty": 1}]), "data.lines[0].qty", "quantity"),
    ({"id": "1", "type": "purchase.refunded", "data": {"externalId": "N"}}, "data.amount", "lines"),
    ({"id": "1", "type": "member.enrolled", "member": {"customer": "7"}}, "member", "email or phone"),
]  # fmt: skip


async def test_an_item_that_cannot_be_taken_is_told_its_field_and_remedy(story: ShopStory) -> None:
    key = (await add_client(story.app)).key
    for item, field, remedy in FAULTS:
        answer = await post(story, [item, review("sound")], key)
        refused, sound = answer.json()["results"]
        assert (answer.status_code, refused["state"], refused["field"]) == (207, "refused", field), refused
        assert (bool(refused["error"]), remedy in refused["remedy"]) == (True, True), refused
        assert sound["state"] in ("taken", "again")
        assert (await post(story, item, key)).status_code == 422
    assert await story.app.count("intake_deliveries") == 1


async def test_a_body_that_is_none_is_refused_whole_and_a_key_is_bounded(story: ShopStory) -> None:
    app, issued = story.app, await add_client(story.app, scopes=["events:write"], bounds={"purchases": 2})
    key = issued.key
    for body, kind, status, word in (
        (b"{", "application/json", 400, "JSON"),
        (b"[]", "application/json", 400, "empty"),
        ([review(str(number)) for number in range(101)], "application/json", 400, "101"),
        ([cloud(review())], "application/cloudevents+json", 400, "batch"),
        (cloud(review()), "application/cloudevents-batch+json", 400, "array"),
        (b"<x/>", "application/xml", 415, "cloudevents"),
        (b" " * (2 * 1024 * 1024 + 1), "application/json", 413, "long"),
    ):  # fmt: skip
        answer = await post(story, body, key, kind=kind)
        assert (answer.status_code, word in answer.text) == (status, True), answer.text
    (scope,) = (await post(story, sale(), key)).json()["results"]
    assert (scope["field"], "purchases:write" in scope["error"]) == ("type", True)
    no_cloud = {**cloud(review()), "specversion": "0.3"}
    (version,) = (await post(story, no_cloud, key, kind="application/cloudevents+json")).json()["results"]
    assert version["field"] == "specversion"
    for refused in (None, "selo_live_" + "0" * 61, key[:-1] + ("0" if key[-1] != "0" else "1")):
        answer = await post(story, review(), refused)
        assert (answer.status_code, answer.headers["www-authenticate"][:6]) == (401, "Bearer")
    trial = (await add_client(app, "trial", is_test=True)).key
    assert await states(story, review(), trial) == ["checked"]
    wide = [review(), *[{"id": "x" * 60_000}] * 2]  # is read beside the event loop
    assert await states(story, wide, trial) == ["checked", "refused", "refused"]
    assert await app.count("intake_deliveries") == 0
    await story.enrol()
    assert await states(story, [review(str(number)) for number in range(3)], key) == ["taken"] * 3
    await story.work()
    assert sorted(await story.fates()) == [
        ("applied", ""),
        ("applied", ""),
        ("failed", "not allowed: SHIFT_LIMIT"),
    ]
    seller = (await add_client(app, "seller", scopes=["purchases:write"], bounds={"purchases": 2})).key
    assert await states(story, [sale("1", number="1"), sale("2", number="2")], seller) == ["taken"] * 2
    answer = await post(story, sale("3", number="3"), seller)
    assert (answer.status_code, "selo client change" in answer.text) == (429, True)
    assert await states(story, sale("2", number="2"), seller) == ["again"]
    slow = (await add_client(app, "slow", bounds={"requests_per_minute": 1})).key
    assert [(await post(story, review("z"), slow)).status_code for _ in range(2)] == [200, 429]
    counted = generate_latest().decode()
    assert all(
        f'selo_events_total{{state="{state}"}}' in counted
        for state in ("taken", "again", "refused", "checked")
    )
