"""Push as in production: HTTP/2 over TLS, many messages on one connection, and its failures."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from api.senders import firebase
from api.senders.firebase import FirebasePush, certificate
from domain.services.senders import SENT, SendResult
from tests.senders.fcm import PROJECT, FcmStandIn, serving_fcm
from tests.senders.h2_server import H2Server, serving_h2
from tests.senders.test_firebase import NOW, message


@pytest.fixture
def fcm() -> Iterator[FcmStandIn]:
    with serving_fcm() as stand_in:
        yield stand_in


@pytest.fixture
def google(fcm: FcmStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[H2Server]:
    """FCM over HTTP/2; its certificate is believed."""
    with serving_h2(fcm.app(), tmp_path) as (server, believed):
        monkeypatch.setenv("SSL_CERT_FILE", str(believed))
        yield server


@pytest.fixture
async def push(fcm: FcmStandIn, google: H2Server, tmp_path: Path) -> AsyncIterator[FirebasePush]:
    opened = FirebasePush(certificate(fcm.account_file(tmp_path)), project=PROJECT, url=google.url)
    try:
        yield opened
    finally:
        await opened.close()


async def sent(push: FirebasePush, addresses: list[str]) -> list[SendResult]:
    async with asyncio.timeout(20):
        return list(await push.send([message(address) for address in addresses], now=NOW))


async def test_fifty_leave_side_by_side_on_one_connection(
    push: FirebasePush, google: H2Server, fcm: FcmStandIn
) -> None:
    assert await sent(push, [f"phone-{n}" for n in range(50)]) == [SENT] * 50
    assert sorted(seen.address for seen in fcm.accepted) == sorted(f"phone-{n}" for n in range(50))
    assert (google.connections, google.requests, fcm.faults) == (1, 50, [])
    assert google.at_once > 1


async def test_thirty_answers_of_503_come_back_and_the_connection_goes_on(
    push: FirebasePush, google: H2Server
) -> None:
    """With firebase-admin's own retry they never would: the answers that it discards keep their streams
    open.
    """
    assert [one.status for one in await sent(push, [f"down-{n}" for n in range(30)])] == ["retry"] * 30
    assert await sent(push, [f"phone-{n}" for n in range(50)]) == [SENT] * 50
    assert (google.connections, google.requests) == (1, 80)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("unreg-1", SendResult("drop_device", "UNREGISTERED")),
        ("mismatch-1", SendResult("drop_device", "SENDER_ID_MISMATCH")),
        ("bad-1", SendResult("drop_message", "INVALID_ARGUMENT")),
        ("auth-1", SendResult("break", "THIRD_PARTY_AUTH_ERROR")),
        ("error-1", SendResult("retry", "INTERNAL")),
        ("lost-1", SendResult("retry", "NOT_FOUND")),
    ],
)
async def test_an_answer_means_what_it_means_over_http_1(
    push: FirebasePush, address: str, expected: SendResult
) -> None:
    assert await sent(push, [address, "phone-1"]) == [expected, SENT]


async def test_an_answer_that_is_cut_short_is_that_messages_alone(
    push: FirebasePush, google: H2Server
) -> None:
    results = await sent(push, ["cut-1", *(f"phone-{n}" for n in range(20))])
    assert (results[0].status, results[1:]) == ("retry", [SENT] * 20)
    assert google.connections == 1


async def test_a_hang_ends_and_holds_nobody_up(
    push: FirebasePush, google: H2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firebase, "ANSWER_SECONDS", 0.5)
    assert await sent(push, ["hang-1", "phone-1"]) == [SendResult("retry", "DEADLINE_EXCEEDED"), SENT]
    assert await sent(push, ["phone-2"]) == [SENT]


async def test_what_a_closing_server_leaves_unknown_is_tried_again_on_another_connection(
    push: FirebasePush, google: H2Server, fcm: FcmStandIn
) -> None:
    google.close_at = 12
    addresses = [f"phone-{n}" for n in range(30)]
    results = await sent(push, addresses)
    unknown = [
        address for address, verdict in zip(addresses, results, strict=True) if verdict.status == "retry"
    ]
    assert len(unknown) >= 30 - 11
    assert [one for one in results if one.status != "retry"] == [SENT] * (30 - len(unknown))
    assert await sent(push, unknown) == [SENT] * len(unknown)
    assert {seen.address for seen in fcm.accepted} == set(addresses)
    assert google.connections == 2
