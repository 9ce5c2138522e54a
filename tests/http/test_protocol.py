"""Slow, idle and oversized connections and sockets, by raw bytes, with both HTTP parsers. Times are short;
the tests show their order.
"""

import select
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from api.http.protocol import DEFAULTS, ConnectionLimits
from api.http.websocket import SocketLimits
from tests.http.small_server import RawConnection, SmallServer, parse_head, serve_app, wait_until

LIMITS = ConnectionLimits(head_seconds=0.4, body_seconds=0.4, answer_seconds=0.4, keep_alive_seconds=1)
QUERY = b'{"query":"{ hello }"}'
UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version:"
    b" 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: graphql-transport-ws\r\n"
)
POST = b"POST /graphql HTTP/1.1\r\nhost: selo\r\ncontent-type: application/json\r\n"


@pytest.fixture(scope="module", params=[False, True], ids=["httptools", "h11"])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    with serve_app(SmallServer().app(), LIMITS, pure_python=request.param) as served_port:
        yield served_port


def whole(body: bytes = QUERY) -> bytes:
    return POST + b"content-length: %d\r\n\r\n" % len(body) + body


def status_of(answer: bytes) -> int:
    return parse_head(answer.partition(b"\r\n\r\n")[0])[0]


def trickled(raw: RawConnection, payload: bytes, *, every: float = 0.05) -> tuple[int, float]:
    """Send byte by byte until the server answers; return its status and the seconds that it took."""
    began = time.perf_counter()
    raw.socket.settimeout(every)
    got = b""
    for n in range(len(payload)):
        try:
            raw.send(payload[n : n + 1])
            part = raw.socket.recv(65_536)
        except TimeoutError:
            continue
        except ConnectionError:
            break
        got += part
        if not part:
            break
    return status_of(got), time.perf_counter() - began


def test_the_limits_are_those_of_the_design() -> None:
    assert (
        ConnectionLimits(
            head_seconds=10,
            body_seconds=10,
            answer_seconds=30,
            keep_alive_seconds=15,
            head_bytes=16 * 1024,
            url_bytes=4 * 1024,
            frames_per_minute=2_000,
        )
        == DEFAULTS
    )


def test_a_connection_that_says_nothing_is_closed(port: int) -> None:
    with RawConnection(port) as raw:
        assert status_of(raw.until_closed()) == 408


def test_a_head_that_trickles_is_cut_off(port: int) -> None:
    with RawConnection(port) as raw:
        status, seconds = trickled(raw, POST * 10)
    assert (status, 0.3 < seconds < 1.5) == (408, True)


def test_a_body_that_trickles_is_cut_off(port: int) -> None:
    with RawConnection(port) as raw:
        raw.send(POST + b"content-length: 2000\r\n\r\n")
        status, seconds = trickled(raw, b" " * 100)
    assert (status, 0.3 < seconds < 1.5) == (408, True)


def test_a_body_in_slow_chunks_is_cut_off(port: int) -> None:
    with RawConnection(port) as raw:
        raw.send(POST + b"transfer-encoding: chunked\r\n\r\n")
        status, seconds = trickled(raw, b"1\r\n \r\n" * 20)
    assert (status, 0.3 < seconds < 1.5) == (408, True)


def test_an_idle_connection_is_closed_after_its_answer(port: int) -> None:
    with RawConnection(port) as raw:
        raw.send(whole())
        assert raw.answer()[0] == 200
        began = time.perf_counter()
        assert raw.until_closed() == b""
        assert 0.8 < time.perf_counter() - began < 3


def test_a_connection_serves_one_request_after_another_each_in_its_time(port: int) -> None:
    with RawConnection(port) as raw:
        for _ in range(4):
            time.sleep(0.25)
            raw.send(whole()[:20])
            time.sleep(0.1)
            raw.send(whole()[20:])
            assert raw.answer()[2] == b'{"data":{"hello":"hello world"}}'


def test_a_second_head_that_never_ends_is_cut_off(port: int) -> None:
    with RawConnection(port) as raw:
        raw.send(whole())
        assert raw.answer()[0] == 200
        raw.send(POST)
        assert status_of(raw.until_closed()) == 408


def test_pipelined_requests_are_answered_in_turn(port: int) -> None:
    with RawConnection(port) as raw:
        raw.send(whole() * 3)
        time.sleep(0.1)
        raw.send(
            POST.replace(b"\r\n", b"\r\nconnection: close\r\n", 1) + b"content-length: 21\r\n\r\n" + QUERY
        )
        assert raw.until_closed().count(b'{"data":{"hello":"hello world"}}') == 4


@pytest.mark.parametrize("size", [15_500, 17_000, 100_000, 1_000_000])
def test_a_head_is_16_kb_at_most(port: int, size: int) -> None:
    with RawConnection(port) as raw:
        raw.send(POST + b"x-long: " + b"x" * size)
        if size > 16 * 1024:
            assert status_of(raw.until_closed()) == 431
        else:
            raw.send(b"\r\ncontent-length: 21\r\n\r\n" + QUERY)
            assert raw.answer()[0] == 200


def test_many_small_headers_are_16_kb_at_most_too(port: int) -> None:
    with RawConnection(port) as raw:
        raw.send(
            POST + b"".join(b"x-%d: y\r\n" % n for n in range(2_000)) + b"content-length: 21\r\n\r\n" + QUERY
        )
        assert status_of(raw.until_closed()) == 431


@pytest.mark.parametrize(("length", "status"), [(4_000, 200), (4_200, 414), (10_000, 414)])
def test_a_url_is_4_kb_at_most(port: int, length: int, status: int) -> None:
    path = b"/graphql?query=%7Bhello%7D&pad="
    with RawConnection(port) as raw:
        raw.send(b"GET " + path + b"x" * (length - len(path)) + b" HTTP/1.1\r\nhost: selo\r\n\r\n")
        assert raw.answer()[0] == status


@pytest.mark.parametrize(
    "junk", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"HELLO\r\n\r\n", b"\x00" * 100]
)
def test_what_is_no_http_is_400_in_our_own_words(port: int, junk: bytes) -> None:
    with RawConnection(port) as raw:
        raw.send(junk)
        answer = raw.until_closed()
    assert status_of(answer) in (400, 408)
    head, body = parse_head(answer.partition(b"\r\n\r\n")[0])[1], answer.partition(b"\r\n\r\n")[2]
    assert b'"code":"BAD_INPUT"' in body
    assert (head["x-content-type-options"], "server" in head) == ("nosniff", False)


def test_a_body_over_256_kb_is_refused_before_it_has_come(port: int) -> None:
    with RawConnection(port) as raw:
        raw.send(POST + b"content-length: 10000000\r\n\r\n")
        status, headers, _ = raw.answer()
    assert (status, headers["connection"]) == (413, "close")


def test_a_client_that_waits_for_100_continue_is_not_told_to_send_too_much(port: int) -> None:
    with RawConnection(port) as raw:
        raw.send(POST + b"content-length: 10000000\r\nexpect: 100-continue\r\n\r\n")
        assert raw.answer()[0] == 413
    with RawConnection(port) as raw:
        raw.send(POST + b"content-length: 21\r\nexpect: 100-continue\r\n\r\n")
        assert raw.answer()[0] == 100
        raw.send(QUERY)
        assert raw.answer()[0] == 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /graphql?query=%7Bhello%7D HTTP/1.1\r\n", 400),
        (b"GET /graphql?query=%7Bhello%7D HTTP/1.1\r\nhost: selo\r\nhost: selo\r\n", 400),
        (b"GET /graphql?query=%7Bhello%7D HTTP/1.1\r\nhost: a b\r\n", 400),
        (b"GET /graphql?query=%7Bhello%7D HTTP/1.1\r\nhost: selo/x\r\n", 400),
        (b"GET /graphql?query=%7Bhello%7D HTTP/1.1\r\nhost: user@selo\r\n", 400),
        (UPGRADE.replace(b"host: x\r\n", b""), 400),
        (b"GET /graphql?query=%7Bhello%7D HTTP/1.1\r\nHOST: selo.example:8000\r\n", 200),
        (b"GET /graphql?query=%7Bhello%7D HTTP/1.1\r\nhost: [2001:db8::1]:8000\r\n", 200),
        (b"GET /graphql?query=%7Bhello%7D HTTP/1.1\r\nhost:\r\n", 200),
        (b"GET /graphql?query=%7Bhello%7D HTTP/1.0\r\n", 200),
    ],
)
def test_an_http_1_1_request_has_one_host(port: int, head: bytes, status: int) -> None:
    with RawConnection(port) as raw:
        raw.send(head + b"\r\n")
        answer = raw.answer()
    assert answer[0] == status
    assert (b"exactly one valid Host" in answer[2]) is (status == 400)


def test_both_lengths_at_once_are_no_way_to_smuggle_a_request(port: int) -> None:
    with RawConnection(port) as raw:
        hidden = b"GET /graphql?query=%7Bhello%7D HTTP/1.1\r\nhost: x\r\n\r\n"
        raw.send(POST + b"content-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + hidden)
        assert b"hello world" not in raw.until_closed()


@pytest.mark.parametrize("pure_python", [False, True], ids=["httptools", "h11"])
def test_slow_connections_hold_nobody_else_up(pure_python: bool) -> None:
    """Who comes after a hundred slow ones is answered while they are still waited for."""
    limits = replace(LIMITS, head_seconds=2)
    with serve_app(SmallServer().app(), limits, pure_python=pure_python) as port, ExitStack() as stack:
        slow = [stack.enter_context(RawConnection(port)) for _ in range(100)]
        for raw in slow:
            raw.send(POST)
        with RawConnection(port) as quick:
            quick.send(whole())
            assert quick.answer()[0] == 200
        assert select.select([raw.socket for raw in slow], [], [], 0)[0] == []
        assert {status_of(raw.until_closed()) for raw in slow} == {408}


def test_a_client_that_reads_nothing_is_cut_off(port: int) -> None:
    small = SmallServer()

    async def large(scope: object, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        for _ in range(1_000):
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})  # type: ignore[operator]
        small.services.finished.append("all of it")

    with serve_app(large, LIMITS) as large_port, RawConnection(large_port) as raw:
        raw.send(b"GET / HTTP/1.1\r\nhost: selo\r\n\r\n")
        time.sleep(1)
        got = 0
        try:
            while part := raw.socket.recv(1_000_000):
                got += len(part)
        except ConnectionResetError:
            pass
        assert got < 65_536_000


def test_a_query_ends_when_its_client_goes_and_a_mutation_does_not() -> None:
    small = SmallServer()
    small.services.wait_seconds = 0.3
    with serve_app(small.app(), LIMITS) as port:
        for body in (b'{"query":"{ slow }"}', b'{"query":"mutation { spend(key: \\"k\\") }"}'):
            begun_before = len(small.services.ran)
            with RawConnection(port) as raw:
                raw.send(whole(body))
                wait_until(lambda before=begun_before: len(small.services.ran) > before)  # type: ignore[misc]
        # The query would have finished first.
        wait_until(lambda: bool(small.services.finished))
        assert (small.services.ran, small.services.finished) == (["slow", "k"], ["k"])


def test_a_reader_that_does_not_keep_up_is_dropped() -> None:
    small = SmallServer()
    with serve_app(small.app(), ConnectionLimits(answer_seconds=0.3)) as port, RawConnection(port) as raw:
        raw.send(UPGRADE + b"authorization: " + small.bearer()["Authorization"].encode() + b"\r\n\r\n")
        assert raw.answer()[0] == 101
        raw.send(framed(b'{"type":"connection_init"}'))
        raw.send(framed(b'{"id":"a","type":"subscribe","payload":{"query":"subscription { floods }"}}'))
        wait_until(lambda: small.services.finished == ["floods"])
        assert len(raw.until_closed()) > 50_000


@pytest.mark.parametrize(
    "frame", [b"\x89\xfd" + bytes(4) + b"p" * 125, b"\x8a\x80" + bytes(4), b"\x00\x80" + bytes(4)]
)
def test_pings_pongs_and_pieces_are_counted_though_no_application_sees_them(frame: bytes) -> None:
    begun = (
        b"\x01\x80" + bytes(4) if frame[0] == 0 else b""
    )  # a message of nothing yet, of which only pieces follow
    with (
        serve_app(SmallServer(sockets=SocketLimits()).app(), ConnectionLimits(frames_per_minute=20)) as port,
        RawConnection(port) as raw,
    ):
        raw.send(UPGRADE + b"\r\n")
        assert raw.answer()[0] == 101
        raw.send(begun + frame * 70)
        reason = b"Too many frames"
        answered, _, after = raw.until_closed().partition(
            b"\x88" + bytes([2 + len(reason)]) + (4429).to_bytes(2, "big") + reason
        )
        assert after == b""
        # What arrived together is parsed together: those answers are on their way already.
        pong = b"\x8a\x7d" + b"p" * 125
        assert answered == pong * (len(answered) // len(pong))
        assert len(answered) // len(pong) in (range(20, 71) if frame[0] == 0x89 else (0,))


def framed(payload: bytes) -> bytes:
    """A short text frame, masked with zeros."""
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + payload
