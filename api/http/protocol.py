"""Connections that cannot be held open for nothing: uvicorn's HTTP protocol with a clock and a measure for
each stage.

    head     10 s from its first byte (or from the connection's opening), 16 KB (431), URL 4 KB (414)
    body     10 s in all, from the end of the head (408)
    answer   30 s in which a client that reads nothing keeps us waiting
    idle     15 s between two requests (uvicorn's own setting `timeout_keep_alive`)
    socket   2,000 frames a minute that are no whole message: pings, pongs and fragments (4429)

Over a time: 408 where nothing was answered yet, and the connection is closed. `http_protocol()` returns the
class for `uvicorn.Config(http=...)`: over httptools where the platform has it, else over h11;
`socket_protocol()` the one for `ws=...`, to which upgraded connections go over.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import orjson
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from api.errors import RateLimited
from api.http.headers import ALWAYS
from api.http.rates import Buckets


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    head_seconds: float = 10
    body_seconds: float = 10
    answer_seconds: float = 30
    keep_alive_seconds: int = 15
    head_bytes: int = 16 * 1024
    url_bytes: int = 4 * 1024
    frames_a_minute: int = 2_000


DEFAULTS = ConnectionLimits()

_REASONS = {
    400: ("Bad Request", "This is no HTTP request."),
    408: ("Request Timeout", "The request took too long to arrive."),
    414: ("URI Too Long", "The URL is too long."),
    431: ("Request Header Fields Too Large", "The request's head is too long."),
}


def raw_answer(status: int) -> bytes:
    """Return a whole answer for a request that no application will see."""
    reason, message = _REASONS[status]
    body = orjson.dumps({"errors": [{"message": message, "extensions": {"code": "BAD_INPUT"}}]})
    lines = [
        b"HTTP/1.1 %d %s" % (status, reason.encode("ascii")),
        b"content-type: application/json; charset=utf-8",
    ]
    lines += [
        b"content-length: %d" % len(body),
        b"connection: close",
        *(name + b": " + value for name, value in ALWAYS),
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


class Timed:
    """The stages of one connection; mixed in before a uvicorn protocol, whose hooks it extends."""

    limits = DEFAULTS

    if TYPE_CHECKING:  # what the protocols mixed with have
        loop: asyncio.AbstractEventLoop
        transport: asyncio.Transport
        cycle: Any
        flow: Any

    def begin(self) -> None:
        self._stage: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._in_head = True
        self._heads = 0
        self._arm(self.limits.head_seconds)

    def end(self) -> None:
        for timer in (self._stage, self._writing):
            if timer is not None:
                timer.cancel()
        self._stage = self._writing = None

    def bytes_arrive(self) -> None:
        if self._in_head and self._stage is None:
            self._arm(self.limits.head_seconds)

    def head_is_whole(self) -> None:
        self._in_head = False
        self._heads += 1
        self._arm(self.limits.body_seconds)

    def body_is_whole(self) -> None:
        self._in_head = True
        self._disarm()

    def refuse(self, status: int) -> None:
        """Answer in our own words and close; where an answer is on its way already, only close."""
        if self.transport.is_closing():
            return
        answering = self.cycle is not None and not self.cycle.response_complete
        if not answering or not self.cycle.response_started:
            self.transport.write(raw_answer(status))
        if answering:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._stage = self.loop.call_later(seconds, self._too_slow)

    def _disarm(self) -> None:
        if self._stage is not None:
            self._stage.cancel()
            self._stage = None

    def _too_slow(self) -> None:
        self._stage = None
        answering = self.cycle is not None and not self.cycle.response_complete
        if self.flow.read_paused or (self._in_head and answering):
            # We are the slow ones: we stopped reading, or still owe the answer to the request before this
            # one.
            self._arm(self.limits.body_seconds)
        else:
            self.refuse(408)

    def _stuck(self) -> None:
        self._writing = None
        self.transport.abort()

    # What uvicorn and asyncio call on either protocol

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)  # type: ignore[misc]
        self.begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self.end()
        super().connection_lost(exc)  # type: ignore[misc]

    def handle_websocket_upgrade(self, *args: Any) -> None:
        self.end()
        super().handle_websocket_upgrade(*args)  # type: ignore[misc]

    def pause_writing(self) -> None:
        super().pause_writing()  # type: ignore[misc]
        if self._writing is None:
            self._writing = self.loop.call_later(self.limits.answer_seconds, self._stuck)

    def resume_writing(self) -> None:
        super().resume_writing()  # type: ignore[misc]
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None


class TimedH11Protocol(Timed, H11Protocol):  # type: ignore[misc]
    """h11 keeps the measure of a head itself (`h11_max_incomplete_event_size`); the stages are read off its
    events.
    """

    def data_received(self, data: bytes) -> None:
        self.bytes_arrive()
        before = self.cycle
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self.cycle is not before:
            self.head_is_whole()
            if (status := self._wrong_head()) is not None:
                self.refuse(status)
                return
        if self.cycle is not None and not self.cycle.more_body and not self._in_head:
            self.body_is_whole()

    def _wrong_head(self) -> int | None:
        if len(self.scope["raw_path"]) + len(self.scope["query_string"]) > self.limits.url_bytes:
            return 414
        if sum(len(name) + len(value) + 4 for name, value in self.headers) > self.limits.head_bytes:
            return 431
        names = {name for name, _ in self.headers}
        # Two lengths are how a request is smuggled past whoever reads the other one.
        return 400 if {b"content-length", b"transfer-encoding"} <= names else None

    def send_400_response(self, msg: str) -> None:
        self.refuse(431 if len(self.conn.trailing_data[0]) > self.limits.head_bytes else 400)


class TimedSocketProtocol(WebSocketsSansIOProtocol):
    """A WebSocket whose reader keeps up, or is dropped: what waits for it is bounded by the transport's
    buffer and by time.

    Pings are answered below any application, and the pieces of a message kept: they are counted here, since
    nobody else sees them.
    """

    limits = DEFAULTS

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._writing: asyncio.TimerHandle | None = None
        self._frames = Buckets(self.limits.frames_a_minute, 60, self.loop.time, kept_at_most=1)

    def handle_ping(self) -> None:
        if self._counted():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        if self._counted():
            super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        if self._counted():
            super().handle_cont(event)

    def _counted(self) -> bool:
        """Tell whether one more frame may be; the first too many ends the socket, and those that came along
        with it are nothing.
        """
        if self.transport.is_closing():
            return False
        try:
            self._frames.take("")
        except RateLimited:
            self.conn.fail(4429, "Too many frames")
            self.handle_parser_exception()
            return False
        return True

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._writing is None:
            self._writing = self.loop.call_later(self.limits.answer_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._keeps_up()

    def connection_lost(self, exc: Exception | None) -> None:
        self._keeps_up()
        super().connection_lost(exc)

    def _keeps_up(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None


def socket_protocol(limits: ConnectionLimits = DEFAULTS) -> type[asyncio.Protocol]:
    """Return the protocol class for `uvicorn.Config(ws=...)`."""
    return type("SocketProtocol", (TimedSocketProtocol,), {"limits": limits})


def http_protocol(
    limits: ConnectionLimits = DEFAULTS, *, pure_python: bool = False
) -> type[asyncio.Protocol]:
    """Return the protocol class for `uvicorn.Config(http=...)`."""
    base: type[asyncio.Protocol] = TimedH11Protocol
    if not pure_python:
        with contextlib.suppress(ImportError):  # httptools is not made for every platform
            base = import_module("api.http.protocol_httptools").TimedHttpToolsProtocol
    return type("HttpProtocol", (base,), {"limits": limits})
