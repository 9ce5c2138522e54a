"""What a device says of its push, and the test push by which its member tries it, against the stand-in of FCM."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from api.graphql.member.messages import message_id
from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import run_round
from domain.services.senders import Senders
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.running_app import Json, RunningApp, open_running_app
from tests.senders.fcm import PROJECT, FcmStandIn, serving_fcm
from tests.senders.push_service import serving_push_service
from tests.senders.push_tokens import name_of, registration_token

SENT = "__typename ... on TestPushSent { device { push { state } } } ... on TestPushFailed { reason message }"
PUSH = "{ me { devices { push { state reason message since } } } }"


@pytest.fixture
async def fcm_app(
    database: Database, command_log: CommandLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[RunningApp, FcmStandIn]]:
    """The application with Firebase set up, and the stand-in that it sends to."""
    with serving_fcm() as fcm:
        settings: Json = {
            "firebase_credentials": fcm.account_file(tmp_path),
            "firebase_project": PROJECT,
            "fcm_url": fcm.url,
        }
        async with open_running_app(database, command_log, tmp_path, **settings) as app:
            yield app, fcm


async def phone(app: RunningApp, token: str, name: str | None) -> str:
    """Register a phone, with the push token of a name, and return its id."""
    input: Json = {"installationId": "phone-1", "platform": "ANDROID"}
    if name is not None:
        input |= {"token": registration_token(name), "tokenKind": "TOKEN"}
    answer = await app.mutate("registerDevice", input, "device { id }", token=token)
    id: str = answer["device"]["id"]
    return id


async def push_of(app: RunningApp, token: str) -> Json:
    """What the member's only device says."""
    (device,) = (await app.do(PUSH, token=token))["me"]["devices"]
    answer: Json = device["push"]
    return answer


async def test_a_test_push_arrives_at_once_and_says_so(fcm_app: tuple[RunningApp, FcmStandIn]) -> None:
    app, fcm = fcm_app
    ana = await app.enrol_member()
    id = await phone(app, ana, "ok-1")
    assert await push_of(app, ana) == {"state": "ON", "reason": None, "message": None, "since": None}
    answer = await app.mutate("sendTestPush", {"deviceId": id}, SENT, token=ana)
    assert answer == {"__typename": "TestPushSent", "device": {"push": {"state": "ON"}}}
    (accepted,) = fcm.accepted
    assert (name_of(accepted.address), accepted.message["data"]) == ("ok-1", {"kind": "test"})
    assert accepted.message["notification"]["title"] == "Clube NumisCollect"
    assert "teste" in accepted.message["notification"]["body"]
    assert fcm.faults == []


@pytest.mark.parametrize(
    ("name", "reason", "state", "device_reason"),
    [
        ("unreg-1", "UNREGISTERED", "REJECTED", "UNREGISTERED"),
        ("mismatch-1", "OTHER_SENDER", "ON", None),
        ("bad-1", "INVALID", "ON", None),
        ("down-1", "NO_ANSWER", "ON", None),
        ("auth-1", "CREDENTIALS", "ON", None),
    ],
)
async def test_a_test_push_says_why_it_reaches_no_phone(
    fcm_app: tuple[RunningApp, FcmStandIn], name: str, reason: str, state: str, device_reason: str | None
) -> None:
    app, _ = fcm_app
    ana = await app.enrol_member()
    id = await phone(app, ana, name)
    answer = await app.mutate("sendTestPush", {"deviceId": id}, SENT, token=ana)
    assert (answer["__typename"], answer["reason"]) == ("TestPushFailed", reason)
    push = await push_of(app, ana)
    assert (push["state"], push["reason"]) == (state, device_reason)
    if device_reason is not None:
        assert push["since"] == "2026-03-02T10:00:00.000Z"
        assert push["message"] == answer["message"]
    await phone(app, ana, "ok-again")
    assert (await push_of(app, ana))["state"] == "ON"


async def test_the_third_test_push_that_google_calls_invalid_rejects_the_token(
    fcm_app: tuple[RunningApp, FcmStandIn],
) -> None:
    app, _ = fcm_app
    ana = await app.enrol_member()
    id = await phone(app, ana, "bad-1")
    for _ in range(3):
        await app.mutate("sendTestPush", {"deviceId": id}, SENT, token=ana)
    push = await push_of(app, ana)
    assert (push["state"], push["reason"]) == ("REJECTED", "INVALID")


async def test_a_device_says_why_it_is_off(fcm_app: tuple[RunningApp, FcmStandIn]) -> None:
    app, fcm = fcm_app
    ana, rui = await app.enrol_member(), await app.enrol_member("rui@example.com")
    await phone(app, ana, None)
    reasons = [(await push_of(app, ana))["reason"]]
    await phone(app, ana, "ok-1")
    await phone(app, rui, "ok-1")
    reasons.append((await push_of(app, ana))["reason"])
    await phone(app, ana, "ok-2")
    app.clock.advance(days=60)
    push = await push_of(app, ana)
    assert (push["state"], push["since"]) == ("OFF", "2026-05-01T10:00:00.000Z")
    assert [*reasons, push["reason"]] == ["NO_TOKEN", "MOVED", "UNSEEN"]
    assert fcm.pushes == []


async def test_without_firebase_every_device_is_off_and_a_test_push_says_why(app: RunningApp) -> None:
    senders = app.process.senders
    assert senders == replace(Senders(), webhooks=senders.webhooks, web_push=senders.web_push)
    ana = await app.enrol_member()
    id = await phone(app, ana, "ok-1")
    push = await push_of(app, ana)
    assert (push["state"], push["reason"]) == ("OFF", "NOT_CONFIGURED")
    answer = await app.mutate("sendTestPush", {"deviceId": id}, SENT, token=ana)
    assert (answer["__typename"], answer["reason"]) == ("TestPushFailed", "NOT_CONFIGURED")


async def test_a_browser_gets_its_messages_as_pushes_to_its_subscription(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    with serving_push_service() as service:
        async with open_running_app(database, command_log, tmp_path, web_push_url=service.url) as app:
            worker = DeliveryWorker(app.process.senders, public_id=message_id)
            key = (await app.do("{ programme { webPushKey } }"))["programme"]["webPushKey"]
            ana = await app.enrol_member()
            device = {
                "installationId": "browser",
                "platform": "WEB",
                "token": service.subscribe("ok").token,
                "tokenKind": "SUBSCRIPTION",
            }
            made = await app.mutate("registerDevice", device, "device { id }", token=ana)
            assert (await push_of(app, ana))["state"] == "ON"
            id = made["device"]["id"]
            assert (await app.mutate("sendTestPush", {"deviceId": id}, SENT, token=ana))[
                "__typename"
            ] == "TestPushSent"
            for _ in range(2):
                await run_round(app.process.runtime, worker, now=app.clock())
            test, welcome = service.pushes
            assert (test.payload["kind"], welcome.payload["kind"]) == ("test", "welcome")
            assert welcome.payload["title"].startswith("Bem-vind")
            assert f"k={key}" in welcome.headers["authorization"]
            # What is no longer subscribed is forgotten.
            gone = {**device, "token": service.subscribe("gone").token}
            await app.mutate("registerDevice", gone, "device { id }", token=ana)
            await app.mutate("sendTestPush", {"deviceId": id}, SENT, token=ana)
            push = await push_of(app, ana)
            assert (push["state"], push["reason"]) == ("REJECTED", "UNREGISTERED")


async def test_a_test_push_to_the_phone_of_another_is_not_found(
    fcm_app: tuple[RunningApp, FcmStandIn],
) -> None:
    app, fcm = fcm_app
    ana, rui = await app.enrol_member(), await app.enrol_member("rui@example.com")
    id = await phone(app, ana, "ok-1")
    query = "mutation($i: SendTestPushInput!) { sendTestPush(input: $i) { __typename } }"
    assert (await app.error(query, {"i": {"deviceId": id}}, token=rui))["code"] == "NOT_FOUND"
    assert fcm.pushes == []
