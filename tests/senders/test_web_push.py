"""Push to browsers over real HTTP: encrypted for the one browser, signed, and posted to push services alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from api.senders.configuration import open_senders
from api.senders.web_push import WebPush, WebPushKey, encrypted, read_subscription, stored_web_push_key
from api.settings import BadSettings, Settings
from domain.services.senders import SENT, DeviceAddress, PushMessage, SendResult
from tests.running_app import Clock
from tests.senders.push_service import PushService, base64url, from_base64url, serving_push_service

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    with serving_push_service() as served:
        yield served


@pytest.fixture
async def sender(service: PushService, tmp_path: Path) -> AsyncIterator[WebPush]:
    service.pushes.clear()
    key = stored_web_push_key(tmp_path)
    sender = WebPush(key, contact="mailto:club@selo.example", only_url=service.url)
    yield sender
    await sender.close()


def message(token: str) -> PushMessage:
    return PushMessage(
        id="m1/d1",
        address=DeviceAddress("d1", "SUBSCRIPTION", token),
        title="Prémio ☕",
        body="Já pode levá-lo.",
        collapse_key="balance",
        link="/phone/rewards",
        badge=3,
        expires_at=NOW + timedelta(hours=2),
        payload={"kind": "reward"},
    )


async def test_a_push_is_signed_and_only_the_browser_can_read_it(
    sender: WebPush, service: PushService
) -> None:
    subscription = service.subscribe("ok")
    assert await sender.send([message(subscription.token)], now=NOW) == [SENT]
    (pushed,) = service.pushes
    assert pushed.claims == {
        "aud": service.url,
        "exp": int((NOW + timedelta(hours=12)).timestamp()),
        "sub": "mailto:club@selo.example",
    }
    assert f"k={sender.public_key}" in pushed.headers["authorization"]
    assert (pushed.headers["ttl"], pushed.headers["urgency"]) == ("7200", "high")
    assert len(pushed.headers["topic"]) == 32
    tag = pushed.payload.pop("tag")
    assert len(tag) == 32
    assert pushed.payload == {
        "title": "Prémio ☕",
        "body": "Já pode levá-lo.",
        "link": "/phone/rewards",
        "badge": 3,
        "silent": False,
        "kind": "reward",
    }


async def test_a_long_text_is_cut_to_what_a_push_holds(sender: WebPush, service: PushService) -> None:
    long = replace(message(service.subscribe("long").token), body='"ção\n' * 3000)
    assert await sender.send([long], now=NOW) == [SENT]
    assert service.pushes[0].payload["body"].endswith("…")


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("gone", SendResult("drop_device", "UNREGISTERED")),
        ("other", SendResult("drop_device", "SENDER_ID_MISMATCH")),
        ("busy", SendResult("retry", "HTTP 429", timedelta(seconds=7))),
        ("down", SendResult("retry", "HTTP 503")),
        ("bad", SendResult("drop_message", "INVALID_ARGUMENT")),
    ],
)
async def test_what_a_push_service_answers(
    sender: WebPush, service: PushService, name: str, result: SendResult
) -> None:
    late = replace(message(service.subscribe("late").token), expires_at=NOW)
    sent = await sender.send([message(service.subscribe(name).token), late], now=NOW)
    assert sent == [result, SendResult("drop_message", "EXPIRED")]
    assert [pushed.endpoint.rsplit("/", 1)[1] for pushed in service.pushes] == [name]


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/push/ok",
        "https://fcm.googleapis.com:8443/push/ok",
        "https://eve@fcm.googleapis.com/push/ok",
        "https://fcm.googleapis.com.eve.example/push/ok",
        "https://evilpush.apple.com/push/ok",
        "https://127.0.0.1/push/ok",
        "https://metadata.internal/push/ok",
        "file:///etc/passwd",
    ],
)
async def test_nothing_is_posted_to_what_is_no_push_service(
    service: PushService, tmp_path: Path, endpoint: str
) -> None:
    sender = WebPush(stored_web_push_key(tmp_path), contact=None)
    made = replace(service.subscribe("ok"), endpoint=endpoint)
    try:
        sent = await sender.send([message(made.token), message(service.subscribe("ok").token)], now=NOW)
    finally:
        await sender.close()
    assert sent == [SendResult("drop_device", "INVALID_ARGUMENT")] * 2


def test_the_encryption_is_that_of_the_example_in_rfc_8291() -> None:
    subscription = read_subscription(
        json.dumps(
            {
                "endpoint": "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
                "keys": {
                    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
                    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
                },
            }
        )
    )
    number = int.from_bytes(from_base64url("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    body = encrypted(
        b"When I grow up, I want to be a watermelon",
        subscription,
        salt=from_base64url("DGv6ra1nlYgDCS1FRnbzlw"),
        own_key=ec.derive_private_key(number, ec.SECP256R1()),
    )
    assert base64url(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3"
        "jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


async def test_a_key_is_made_once_and_another_one_ends_the_start(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    keys = []
    for _ in range(2):
        async with open_senders(settings, clock=Clock()) as opened:
            assert opened.senders.web_push is not None
            keys.append(opened.senders.web_push.public_key)
    assert keys[0] == keys[1]
    assert (tmp_path / "keys" / "web-push.pem").stat().st_mode & 0o077 == 0
    shared = Settings(data=tmp_path, mongodb_uri="mongodb://127.0.0.1")
    async with open_senders(shared, clock=Clock()) as opened:
        assert opened.senders.web_push is None
    with pytest.raises(BadSettings, match="SELO_WEB_PUSH_KEY cannot be used"):
        async with open_senders(Settings(data=tmp_path, web_push_key="no key"), clock=Clock()):
            pass


def test_nothing_of_a_key_shows() -> None:
    assert "PRIVATE" not in repr(WebPushKey(ec.generate_private_key(ec.SECP256R1())))
