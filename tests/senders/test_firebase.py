"""Push through firebase-admin over real HTTP: what FCM receives, and the result of each of its answers."""

import asyncio
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from api.senders import firebase
from api.senders.firebase import FirebasePush, FirebaseUnusable, certificate
from domain.services.senders import SENT, DeviceAddress, PushMessage, SendResult
from tests.senders.fcm import PROJECT, FcmStandIn

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def message(
    address: str = "phone-1", *, kind: Literal["TOKEN", "FID"] = "FID", collapse: str | None = "reward:coin"
) -> PushMessage:
    return PushMessage(
        id=f"m-{address}",
        address=DeviceAddress("d1", kind, address),
        title="Prémio desbloqueado",
        body="Já pode levar o denário",
        collapse_key=collapse,
        link="numiscollect://rewards/denario",
        badge=3,
        expires_at=NOW + timedelta(hours=2),
        payload={"code": "reward_unlocked"},
    )


async def verdict(push: FirebasePush, address: str) -> SendResult:
    (result,) = await push.send([message(address)], now=NOW)
    return result


async def test_a_message_comes_with_all_its_parts(push: FirebasePush, fcm: FcmStandIn) -> None:
    assert await push.send([message()], now=NOW) == [SENT]
    assert fcm.faults == []
    (push_request,) = fcm.pushes
    assert push_request.message == {
        "fid": "phone-1",
        "notification": {"title": "Prémio desbloqueado", "body": "Já pode levar o denário"},
        "data": {"code": "reward_unlocked", "link": "numiscollect://rewards/denario"},
        "android": {
            "collapse_key": "reward:coin",
            "priority": "high",
            "ttl": "7200s",
            "notification": {"tag": "reward:coin", "notification_count": 3},
        },
        "apns": {
            "headers": {
                "apns-collapse-id": "reward:coin",
                "apns-expiration": str(int((NOW + timedelta(hours=2)).timestamp())),
                "apns-priority": "10",
            },
            "payload": {"aps": {"badge": 3, "sound": "default"}},
        },
    }


async def test_a_message_that_stands_alone_has_no_collapse_key_and_shows_once_when_repeated(
    push: FirebasePush, fcm: FcmStandIn
) -> None:
    others = [message(f"phone-{number}", collapse=None) for number in range(5)]
    assert await push.send([*others, others[0]], now=NOW) == [SENT] * 6
    assert fcm.faults == []
    assert all("collapse_key" not in pushed.message["android"] for pushed in fcm.pushes)
    tags = [pushed.message["android"]["notification"]["tag"] for pushed in fcm.pushes]
    assert tags == [pushed.message["apns"]["headers"]["apns-collapse-id"] for pushed in fcm.pushes]
    assert len(set(tags)) == 5


async def test_a_message_in_the_background_shows_nothing(push: FirebasePush, fcm: FcmStandIn) -> None:
    count = replace(
        message(collapse=None),
        title="",
        body="",
        badge=0,
        is_background=True,
        payload={"kind": "badge", "unread": "0"},
    )
    assert await push.send([count], now=NOW) == [SENT]
    assert fcm.faults == []
    (push_request,) = fcm.pushes
    assert push_request.message == {
        "fid": "phone-1",
        "data": {"kind": "badge", "unread": "0"},
        "android": {"priority": "normal", "ttl": "7200s"},
        "apns": {
            "headers": {
                "apns-expiration": str(int((NOW + timedelta(hours=2)).timestamp())),
                "apns-priority": "5",
                "apns-push-type": "background",
            },
            "payload": {"aps": {"badge": 0, "content-available": 1}},
        },
    }


async def test_a_silent_message_makes_no_sound(push: FirebasePush, fcm: FcmStandIn) -> None:
    assert await push.send([replace(message(), silent=True)], now=NOW) == [SENT]
    assert fcm.pushes[0].message["apns"]["payload"] == {"aps": {"badge": 3}}


async def test_a_device_is_addressed_by_what_it_registered(push: FirebasePush, fcm: FcmStandIn) -> None:
    assert await push.send([message("old", kind="TOKEN"), message("new", kind="FID")], now=NOW) == [
        SENT,
        SENT,
    ]
    assert sorted(
        (seen.message.get("token"), seen.message.get("fid")) for seen in fcm.pushes if "token" in seen.message
    ) == [("old", None)]
    assert [seen.message["fid"] for seen in fcm.pushes if "fid" in seen.message] == ["new"]


@pytest.mark.parametrize("collapse", ["x" * 65, "prémio", "a\nb", ""])
async def test_a_collapse_id_that_apple_would_refuse_becomes_a_digest(
    push: FirebasePush, fcm: FcmStandIn, collapse: str
) -> None:
    assert await push.send([message(collapse=collapse)], now=NOW) == [SENT]
    headers = fcm.pushes[0].message["apns"]["headers"]
    assert len(headers["apns-collapse-id"]) == 32
    assert headers["apns-collapse-id"] == fcm.pushes[0].message["android"]["collapse_key"]


async def test_a_message_for_ever_has_no_end_and_one_for_months_the_longest_allowed(
    push: FirebasePush, fcm: FcmStandIn
) -> None:
    await push.send([replace(message("a"), expires_at=None, badge=None, link=None)], now=NOW)
    await push.send([replace(message("b"), expires_at=NOW + timedelta(days=90))], now=NOW)
    ever, months = (seen.message for seen in fcm.pushes)
    assert "ttl" not in ever["android"]
    assert "apns-expiration" not in ever["apns"]["headers"]
    assert months["android"]["ttl"] == "2419200s"
    assert fcm.faults == []


@pytest.mark.parametrize("sign", ["a", "é", "🪙", '"'])
async def test_what_is_too_long_for_a_push_is_cut_and_the_device_not_blamed(
    push: FirebasePush, fcm: FcmStandIn, sign: str
) -> None:
    assert await push.send([replace(message(), body=f"Já: {sign * 5000}")], now=NOW) == [SENT]
    assert await push.send(
        [replace(message(), title=sign * 5000, body=sign * 5000, link=f"app://{'a' * 2001}")], now=NOW
    ) == [SENT]
    assert fcm.faults == []
    body, both = (seen.message for seen in fcm.pushes)
    words = body["notification"]["body"]
    assert body["notification"]["title"] == "Prémio desbloqueado"
    assert words.startswith("Já: ")
    assert words.endswith("…")
    room = (
        3500
        - len("Prémio desbloqueado".encode())
        - len("codereward_unlockedlinknumiscollect://rewards/denario")
    )
    written = len(json.dumps(words, ensure_ascii=False).encode()) - 2
    assert room - 4 < written <= room
    assert both["notification"]["title"].endswith("…")
    assert both["data"] == {"code": "reward_unlocked"}
    assert len(json.dumps(both["notification"], ensure_ascii=False).encode()) < 3600


async def test_what_has_expired_is_not_sent(push: FirebasePush, fcm: FcmStandIn) -> None:
    assert await push.send([replace(message(), expires_at=NOW)], now=NOW) == [
        SendResult("drop_message", "EXPIRED")
    ]
    assert fcm.pushes == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("unreg-1", SendResult("drop_device", "UNREGISTERED")),
        ("mismatch-1", SendResult("drop_device", "SENDER_ID_MISMATCH")),
        ("quota-1", SendResult("pause", "RESOURCE_EXHAUSTED", timedelta(seconds=7))),
        ("project-1", SendResult("pause", "RESOURCE_EXHAUSTED")),
        ("error-1", SendResult("retry", "INTERNAL")),
        ("down-1", SendResult("retry", "UNAVAILABLE", timedelta(seconds=30))),
        ("cut-1", SendResult("retry", "UNKNOWN")),
        ("lost-1", SendResult("retry", "NOT_FOUND")),
        ("noise-1", SendResult("retry", "UNKNOWN")),
        ("odd-1", SendResult("retry", "UNKNOWN")),
        ("auth-1", SendResult("break", "THIRD_PARTY_AUTH_ERROR")),
        ("denied-1", SendResult("break", "PERMISSION_DENIED")),
        ("bad-1", SendResult("drop_message", "INVALID_ARGUMENT")),
    ],
)
async def test_each_answer_has_its_verdict(
    push: FirebasePush, fcm: FcmStandIn, address: str, expected: SendResult
) -> None:
    assert await verdict(push, address) == expected
    assert fcm.faults == []


@pytest.mark.parametrize("address", ["error-2", "down-2", "quota-2", "unreg-2"])
async def test_an_error_is_one_request(push: FirebasePush, fcm: FcmStandIn, address: str) -> None:
    await verdict(push, address)
    assert [seen.address for seen in fcm.pushes] == [address]


async def test_a_hang_ends_and_holds_nobody_up(
    push: FirebasePush, fcm: FcmStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firebase, "ANSWER_SECONDS", 0.5)
    began = time.monotonic()
    results = await push.send([message("hang-1"), message("phone-2")], now=NOW)
    assert results == [SendResult("retry", "DEADLINE_EXCEEDED"), SENT]
    assert time.monotonic() - began < 5


async def test_nobody_listening_is_tried_again(push: FirebasePush, fcm: FcmStandIn, tmp_path: Path) -> None:
    deaf = FirebasePush(certificate(fcm.account_file(tmp_path)), project=PROJECT, url="http://127.0.0.1:9")
    try:
        assert await verdict(deaf, "phone-1") == SendResult("retry", "UNAVAILABLE")
    finally:
        await deaf.close()


async def test_thirty_answers_of_503_come_back(push: FirebasePush) -> None:
    async with asyncio.timeout(10):
        results = await push.send([message(f"down-{n}") for n in range(30)], now=NOW)
    assert results == [SendResult("retry", "UNAVAILABLE", timedelta(seconds=30))] * 30


async def test_one_in_a_batch_spoils_no_other(push: FirebasePush, fcm: FcmStandIn) -> None:
    results = await push.send([message("a"), message("noise-9"), message("unreg-9"), message("b")], now=NOW)
    assert [one.status for one in results] == ["sent", "retry", "drop_device", "sent"]


async def test_a_device_that_was_down_is_reached_later(push: FirebasePush) -> None:
    assert await verdict(push, "once-down-1") == SendResult("retry", "UNAVAILABLE", timedelta(seconds=30))
    assert await verdict(push, "once-down-1") == SENT


async def test_a_hundred_and_twenty_are_sent_once_each_with_one_token(
    push: FirebasePush, fcm: FcmStandIn
) -> None:
    batch = [message(f"phone-{n}") for n in range(120)]
    assert await push.send(batch, now=NOW) == [SENT] * 120
    assert sorted(seen.address for seen in fcm.pushes) == sorted(one.address.value for one in batch)
    assert len(fcm.tokens) == 1


async def test_a_token_server_that_fails_lets_nothing_out(push: FirebasePush, fcm: FcmStandIn) -> None:
    fcm.token_status = 400
    assert await verdict(push, "phone-1") == SendResult("break", "OAUTH")
    fcm.token_status = 200
    assert await verdict(push, "phone-1") == SENT
    assert len(fcm.pushes) == 1


async def test_a_token_server_that_is_slow_blocks_no_loop(
    push: FirebasePush, fcm: FcmStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firebase, "TOKEN_SECONDS", 0.3)
    fcm.token_delay_seconds = 1
    try:
        sending = asyncio.create_task(verdict(push, "phone-1"))
        turns = 0
        while not sending.done():
            await asyncio.sleep(0.01)
            turns += 1
        assert await sending == SendResult("pause", "OAUTH")
        assert turns > 10
    finally:
        fcm.token_delay_seconds = 0
    assert fcm.pushes == []


async def test_after_a_refused_token_the_next_batch_asks_for_another(
    push: FirebasePush, fcm: FcmStandIn
) -> None:
    await verdict(push, "phone-1")
    fcm.tokens.clear()
    assert await verdict(push, "phone-1") == SendResult("break", "UNAUTHENTICATED")
    assert await verdict(push, "phone-1") == SENT


def test_a_file_that_is_no_service_account_is_told_in_a_sentence(tmp_path: Path) -> None:
    bad = tmp_path / "account.json"
    bad.write_text('{"type": "service_account", "private_key": "hush"}')
    with pytest.raises(FirebaseUnusable) as refusal:
        certificate(bad)
    assert "hush" not in str(refusal.value)
    with pytest.raises(FirebaseUnusable):
        certificate(tmp_path / "none.json")
