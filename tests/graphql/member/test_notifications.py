"""Which messages a member wants by which channel: the outbox heeds it; and the number on their other phones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.services.messages.badge_counts import BadgeCounts
from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import run_round
from domain.services.senders import SENT, PushMessage, Senders, SendResult
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.loud_runtime import RecordingMailSender, RecordingPushSender
from tests.running_app import Json, RunningApp, open_running_app
from tests.small_runtime import NUMISCOLLECT

CHOICES = "notifications { purpose title channels { channel wanted consented } }"


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    async with open_running_app(database, command_log, tmp_path, programme=NUMISCOLLECT) as running:
        yield running


async def register(app: RunningApp, token: str, installation: str, *, kind: str = "FID") -> None:
    device = {"installationId": installation, "platform": "ANDROID", "token": installation.ljust(22, "x")}
    answer = await app.mutate("registerDevice", {**device, "tokenKind": kind}, "__typename", token=token)
    assert answer["__typename"] == "DeviceRegistered"


async def choose(app: RunningApp, token: str, channel: str, *, wanted: bool) -> list[Json]:
    choice = {"purpose": "service", "channel": channel, "wanted": wanted}
    answer = await app.mutate("setNotification", choice, CHOICES, token=token)
    chosen: list[Json] = answer["notifications"]
    return chosen


async def deliver(app: RunningApp, push: RecordingPushSender, mail: RecordingMailSender) -> None:
    worker = DeliveryWorker(Senders(push=push, mail=mail))
    while (await run_round(app.process.runtime, worker, now=app.clock())).due_count:
        pass


async def test_what_is_not_wanted_by_a_channel_goes_by_the_others(app: RunningApp) -> None:
    token = await app.enrol_member()
    await register(app, token, "phone-1")
    choices = (await app.do(f"{{ me {{ {CHOICES} }} }}", token=token))["me"]["notifications"]
    assert choices[0] == {
        "purpose": "service",
        "title": "A sua adesão",
        "channels": [
            {"channel": "PUSH", "wanted": True, "consented": True},
            {"channel": "EMAIL", "wanted": True, "consented": True},
        ],
    }
    assert choices[1]["purpose"] == "marketing"
    assert {each["consented"] for each in choices[1]["channels"]} == {False}
    for _ in range(2):
        chosen = await choose(app, token, "PUSH", wanted=False)
    assert [each["wanted"] for each in chosen[0]["channels"]] == [False, True]
    push, mail = RecordingPushSender(), RecordingMailSender()
    await deliver(app, push, mail)
    letters = (await app.do("{ me { messages(first: 9) { totalCount } } }", token=token))["me"]["messages"]
    assert (push.sent, len(mail.got), letters["totalCount"]) == ([], 1, 1)
    row = await app.process.store["outbox"].find_one({"_id": {"$gt": ""}, "code": "welcome"})
    assert row is not None
    assert ["push", "", "skipped", "muted"] in [delivery[:4] for delivery in row["deliveries"]]
    await choose(app, token, "PUSH", wanted=True)
    await choose(app, token, "EMAIL", wanted=False)
    till = await app.hire("rui")
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    lines = [{"sku": "ag-1", "category": "silver-coins", "amount": 100_000}]
    purchase = {"member": number, "externalId": "r", "currency": "EUR", "total": 100_000, "lines": lines}
    await app.mutate("recordPurchase", {**purchase, "idempotencyKey": "r"}, "__typename", token=till)
    app.clock.advance(hours=12)  # past quiet hours
    await deliver(app, push, mail)
    assert len(push.sent) >= 1
    assert len(mail.got) == 1, "the mail about the tier is not wanted"


@pytest.mark.parametrize(
    ("wrong", "field"), [({"purpose": "nothing"}, "purpose"), ({"channel": "SMS"}, "channel")]
)
async def test_a_choice_is_among_what_the_programme_sends(app: RunningApp, wrong: Json, field: str) -> None:
    token = await app.enrol_member()
    mutation = "mutation($i: SetNotificationInput!) { setNotification(input: $i) { __typename } }"
    choice = {"purpose": "service", "channel": "PUSH", "wanted": False, **wrong}
    error = await app.error(mutation, {"i": choice}, token=token)
    assert (error["code"], error["field"]) == ("BAD_INPUT", field)


def gone(message: PushMessage) -> SendResult:
    return SendResult("drop_device", "UNREGISTERED") if "lost" in message.address.value else SENT


async def test_other_phones_are_told_how_many_are_unread(app: RunningApp) -> None:
    token = await app.enrol_member()
    for installation in ("phone-1", "tablet-1", "lost-1"):
        await register(app, token, installation)
    member = (await app.process.store["devices"].find_one({"_id": {"$gt": ""}}) or {})["member"]
    push, counts = RecordingPushSender(answer=gone), BadgeCounts()
    counts.tell_later(
        app.process.store,
        Senders(push=push),
        member=member,
        installation="phone-1",
        unread=2,
        now=app.clock(),
    )
    await counts.settle()
    assert sorted(each.address.value.split("-")[0] for each in push.sent) == ["lost", "tablet"]
    assert all(
        (each.is_background, each.badge, each.title, dict(each.payload))
        == (True, 2, "", {"kind": "badge", "unread": "2"})
        for each in push.sent
    )
    tokens = [row.get("token") async for row in app.process.store["devices"].find({"member": member})]
    assert tokens.count(None) == 1, "what reaches no phone is forgotten"


async def test_marking_read_tells_them_once(app: RunningApp, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(BadgeCounts, "tell_later", lambda *_, unread, **__: told.append(unread))
    token = await app.enrol_member()
    await deliver(app, RecordingPushSender(), RecordingMailSender())
    query = "{ me { messages(first: 9) { edges { node { id } } } } }"
    ids = [edge["node"]["id"] for edge in (await app.do(query, token=token))["me"]["messages"]["edges"]]
    for _ in range(2):
        assert await app.mutate("markMessagesRead", {"ids": ids}, "unread", token=token) == {"unread": 0}
    assert told == [0]
