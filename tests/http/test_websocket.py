"""graphql-transport-ws over real sockets: who is let in, what is answered, and the close code of each limit."""

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from api.http.headers import OuterMiddleware
from api.http.websocket import SocketEndpoint, SocketLimits
from tests.http.small_server import SmallServer, serve_app, wait_until

QUICK = SocketLimits(init_seconds=0.3)
TICKS = "subscription ($n: Int!) { ticks(upto: $n) }"


@contextmanager
def serving(small: SmallServer | None = None) -> Iterator[tuple[SmallServer, int]]:
    small = small or SmallServer(sockets=QUICK)
    with serve_app(small.app()) as port:
        yield small, port


@contextmanager
def serve_sockets(endpoint: SocketEndpoint) -> Iterator[int]:
    with serve_app(OuterMiddleware(Starlette(routes=[WebSocketRoute("/graphql", endpoint)]))) as port:
        yield port


def opened(
    port: int,
    *,
    protocol: str = "graphql-transport-ws",
    origin: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> ClientConnection:
    return connect(
        f"ws://127.0.0.1:{port}/graphql",
        subprotocols=[Subprotocol(protocol)],
        origin=Origin(origin) if origin else None,
        additional_headers=headers,
        compression=None,
        open_timeout=60,
        close_timeout=2,
        proxy=None,
    )


def say(socket: ClientConnection, **message: object) -> None:
    socket.send(json.dumps(message))


def hear(socket: ClientConnection) -> dict[str, object]:
    heard = json.loads(socket.recv(timeout=60))
    assert isinstance(heard, dict)
    return heard


def hear_pong(socket: ClientConnection) -> bool:
    """Send a ping and wait for its answer: earlier messages have been taken then."""
    say(socket, type="ping")
    return hear(socket) == {"type": "pong"}


def begin(socket: ClientConnection, small: SmallServer, **bearer: str) -> None:
    say(socket, type="connection_init", payload={"authorization": small.bearer(**bearer)["Authorization"]})
    assert hear(socket) == {"type": "connection_ack"}


def subscribe(socket: ClientConnection, name: str, query: str, **variables: object) -> None:
    say(socket, id=name, type="subscribe", payload={"query": query, "variables": variables})


def closed(socket: ClientConnection) -> int:
    """The code that the server closes with."""
    try:
        while True:
            socket.recv(timeout=60)
    except ConnectionClosed as end:
        return end.rcvd.code if end.rcvd else 0


def test_the_limits_are_those_of_the_design() -> None:
    assert SocketLimits() == SocketLimits(
        init_seconds=5,
        open_seconds=86_400,
        message_bytes=64 * 1024,
        messages_per_minute=100,
        sockets_per_member=5,
        subscriptions_per_member=20,
    )


def test_a_subscription_is_answered_event_by_event_and_completes() -> None:
    with serving() as (small, port), opened(port) as socket:
        begin(socket, small)
        subscribe(socket, "a", TICKS, n=2)
        assert [hear(socket) for _ in range(3)] == [
            {"id": "a", "type": "next", "payload": {"data": {"ticks": 1}}},
            {"id": "a", "type": "next", "payload": {"data": {"ticks": 2}}},
            {"id": "a", "type": "complete"},
        ]
        subscribe(socket, "a", TICKS, n=0)
        assert hear(socket) == {"id": "a", "type": "complete"}


def test_a_ping_is_answered_and_a_pong_is_none_of_our_business() -> None:
    with serving() as (small, port), opened(port) as socket:
        begin(socket, small)
        say(socket, type="pong")
        say(socket, type="ping")
        assert hear(socket) == {"type": "pong"}


def test_the_handshakes_own_header_lets_in_too() -> None:
    with serving() as (small, port), opened(port, headers=small.bearer()) as socket:
        say(socket, type="connection_init")
        assert hear(socket) == {"type": "connection_ack"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { nope }", "BAD_INPUT"),
        ("subscription { ticks }", "BAD_INPUT"),
        ("subscription {", "BAD_INPUT"),
        ("{ hello }", "BAD_INPUT"),
        ('mutation { spend(key: "k") }', "BAD_INPUT"),
        ("subscription { " + "ticks(upto: 1) " * 400 + "}", "QUERY_TOO_COSTLY"),
    ],
)
def test_what_cannot_run_is_an_error_of_its_id_and_the_socket_goes_on(query: str, code: str) -> None:
    with serving() as (small, port), opened(port) as socket:
        begin(socket, small)
        subscribe(socket, "a", query)
        error = hear(socket)
        assert (error["id"], error["type"]) == ("a", "error")
        assert {each["extensions"]["code"] for each in error["payload"]} == {code}  # type: ignore[attr-defined]
        subscribe(socket, "a", TICKS, n=0)
        assert hear(socket) == {"id": "a", "type": "complete"}
        assert small.services.ran == []


def test_a_subscription_that_breaks_tells_its_request_id_and_no_more() -> None:
    with serving() as (small, port), opened(port) as socket:
        begin(socket, small)
        subscribe(socket, "a", "subscription { breaks }")
        assert hear(socket)["payload"] == {"data": {"breaks": 1}}
        broken = hear(socket)
        assert "secret" not in str(broken)
        assert broken["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL"  # type: ignore[index]


def test_complete_ends_a_subscription_and_frees_its_place() -> None:
    with serving() as (small, port), opened(port) as socket:
        begin(socket, small)
        small.services.wait_seconds = 0.05
        subscribe(socket, "a", TICKS, n=1_000)
        hear(socket)
        say(socket, id="a", type="complete")
        time.sleep(0.2)
        subscribe(socket, "b", TICKS, n=0)
        heard = [hear(socket)]
        while heard[-1]["id"] == "a":
            heard.append(hear(socket))
        assert heard[-1] == {"id": "b", "type": "complete"}
        assert len(heard) <= 3


# --- who is let in
# ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", ["graphql-ws", "chat"])
def test_another_protocol_is_not_let_in(protocol: str) -> None:
    with serving() as (_, port), pytest.raises(InvalidStatus) as refused, opened(port, protocol=protocol):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    ("origin", "let_in"),
    [
        ("https://shop.example", True),
        ("https://evil.example", False),
        ("null", False),
        ("http://127.0.0.1:1", False),
        ("http://[", False),
        (None, True),
    ],
)
def test_a_browsers_page_must_be_ours_or_named(origin: str | None, let_in: bool) -> None:
    with serving(SmallServer(origins=("https://shop.example",))) as (_, port):
        for sent_origin, expected in ((origin, let_in), (f"http://127.0.0.1:{port}", True)):
            with (
                contextlib.nullcontext() if expected else pytest.raises(InvalidStatus) as refused,
                opened(port, origin=sent_origin),
            ):
                pass
            assert refused is None or refused.value.response.status_code == 403


@pytest.mark.parametrize(
    "payload", [None, {}, [], {"authorization": 7}, {"authorization": "Bearer x"}, "Bearer"]
)
def test_a_stranger_is_closed_with_4403(payload: object) -> None:
    with serving() as (_, port), opened(port) as socket:
        say(socket, type="connection_init", payload=payload)
        assert closed(socket) == 4403


def test_staff_have_no_subscriptions() -> None:
    with serving() as (small, port), opened(port) as socket:
        say(
            socket,
            type="connection_init",
            payload={"authorization": small.bearer(role="cashier", store="lisboa")["Authorization"]},
        )
        assert closed(socket) == 4403


def test_no_init_in_time_is_4408() -> None:
    with serving() as (_, port), opened(port) as socket:
        say(socket, type="ping")
        assert hear(socket) == {"type": "pong"}
        assert closed(socket) == 4408


def test_subscribing_before_init_is_4401() -> None:
    with serving() as (_, port), opened(port) as socket:
        subscribe(socket, "a", TICKS, n=1)
        assert closed(socket) == 4401


def test_a_second_init_is_4429() -> None:
    with serving() as (small, port), opened(port) as socket:
        begin(socket, small)
        say(socket, type="connection_init")
        assert closed(socket) == 4429


def test_a_socket_and_its_subscriptions_end_the_moment_their_session_does() -> None:
    small = SmallServer()
    endpoint = SocketEndpoint(small.engine(), small.callers(), small.context)
    small.services.wait_seconds = 60
    with serve_sockets(endpoint) as port, opened(port) as socket, opened(port) as other:
        for each, session in ((socket, "s1"), (other, "s2")):
            begin(each, small, session=session)
            subscribe(each, "a", TICKS, n=1)
            subscribe(each, "b", TICKS, n=1)
        wait_until(lambda: endpoint.counts.subscriptions == {"m1": 4})
        small.end("s1")
        assert closed(socket) == 4403
        assert endpoint.counts.subscriptions == {"m1": 2}
        wait_until(lambda: endpoint.counts.sockets == {"m1": 1})
        assert hear_pong(other)


def test_a_session_that_ended_opens_no_socket() -> None:
    with serving() as (small, port):
        small.sessions.note_ended(["s1"], now=datetime.now(UTC))
        with opened(port) as socket:
            say(socket, type="connection_init", payload={"authorization": small.bearer()["Authorization"]})
            assert closed(socket) == 4403


def test_a_socket_lasts_so_long_and_no_longer() -> None:
    with (
        serving(SmallServer(sockets=SocketLimits(open_seconds=0.3))) as (small, port),
        opened(port) as socket,
    ):
        begin(socket, small)
        small.services.wait_seconds = 60
        subscribe(socket, "a", TICKS, n=1)
        assert closed(socket) == 1001


def test_a_socket_outlives_its_access_token() -> None:
    small = SmallServer(sockets=QUICK)
    small.tokens._access_duration = timedelta(seconds=-4)  # believed for one second more
    with serving(small) as (_, port), opened(port) as socket:
        begin(socket, small)
        time.sleep(1.5)
        subscribe(socket, "a", TICKS, n=0)
        assert hear(socket) == {"id": "a", "type": "complete"}


# --- limits
# ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        "",
        "x",
        "null",
        "[]",
        "7",
        '{"type": "start"}',
        '{"type": ["ping"]}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": 7}',
        '{"a": NaN}',
        '{"type": "subscribe", "id": "a", "payload": "x"}',
        '{"type": "subscribe", "id": "", "payload": {}}',
        "[" * 40 + "]" * 40,
        b"\x00",
        '{"type": "subscribe", "id": "' + "x" * 129 + '", "payload": {"query": "{ hello }"}}',
        '{"type": "complete"}',
    ],
)
def test_what_is_not_the_protocol_is_4400(message: str | bytes) -> None:
    with serving() as (small, port), opened(port) as socket:
        begin(socket, small)
        socket.send(message)
        assert closed(socket) == 4400


def test_a_message_over_64_kb_is_1009() -> None:
    with serving() as (small, port), opened(port) as socket:
        begin(socket, small)
        say(socket, type="ping", payload={"pad": "x" * 65_000})
        assert hear(socket) == {"type": "pong"}
        say(socket, type="ping", payload={"pad": "x" * 66_000})
        assert closed(socket) == 1009


def test_an_id_twice_is_4409() -> None:
    with serving() as (small, port), opened(port) as socket:
        begin(socket, small)
        small.services.wait_seconds = 5
        for _ in range(2):
            subscribe(socket, "a", TICKS, n=1)
        assert closed(socket) == 4409


def test_the_101st_message_of_a_minute_is_4429() -> None:
    with serving() as (small, port), opened(port) as socket:
        begin(socket, small)
        for _ in range(99):
            say(socket, type="pong")
        say(socket, type="pong")
        say(socket, type="pong")
        assert closed(socket) == 4429


def test_a_member_has_5_sockets_and_20_subscriptions_and_they_are_given_back() -> None:
    small = SmallServer()
    endpoint = SocketEndpoint(small.engine(), small.callers(), small.context)
    small.services.wait_seconds = 60
    with serve_sockets(endpoint) as port, contextlib.ExitStack() as sockets:
        held = [sockets.enter_context(opened(port)) for _ in range(5)]
        for socket in held:
            begin(socket, small)
        with opened(port) as sixth:
            say(sixth, type="connection_init", payload={"authorization": small.bearer()["Authorization"]})
            assert closed(sixth) == 4429
        with opened(port) as other:
            begin(other, small, subject="m2")
        for n in range(20):
            subscribe(held[n % 4], str(n), TICKS, n=1)
        say(held[3], type="ping")
        assert hear(held[3]) == {"type": "pong"}
        wait_until(lambda: endpoint.counts.subscriptions == {"m1": 20})
        subscribe(held[4], "more", TICKS, n=1)
        refused = hear(held[4])
        assert (refused["id"], refused["type"]) == ("more", "error")
        assert refused["payload"][0]["extensions"]["code"] == "RATE_LIMITED"  # type: ignore[index]
        for socket in held:
            socket.close()
        wait_until(lambda: not endpoint.counts.sockets and not endpoint.counts.subscriptions)
        small.services.wait_seconds = 0
        with opened(port) as again:
            begin(again, small)
            subscribe(again, "a", TICKS, n=0)
            assert hear(again) == {"id": "a", "type": "complete"}


def test_what_is_open_is_counted_to_the_last() -> None:
    small = SmallServer(sockets=QUICK)
    endpoint = SocketEndpoint(small.engine(), small.callers(), small.context, limits=QUICK)
    small.services.wait_seconds = 5
    with serve_sockets(endpoint) as port:
        for _ in range(3):
            with opened(port) as socket:
                begin(socket, small)
                subscribe(socket, "a", TICKS, n=1)
                wait_until(lambda: endpoint.counts.subscriptions == {"m1": 1})
            wait_until(lambda: not endpoint.counts.sockets and not endpoint.counts.subscriptions)
