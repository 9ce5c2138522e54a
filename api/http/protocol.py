"""Connections that cannot be held open idly: uvicorn's HTTP protocol with a time and a size limit for each
stage.

    head     10 s from its first byte (or from the connection's opening), 16 KB (431), URL 4 KB (414)
    body     10 s in all, from the end of the head (408)
    answer   30 s in which a client that reads nothing keeps us waiting
    idle     15 s between two requests (uvicorn's own setting `timeout_keep_alive`)
    socket   2,000 frames a minute of pings, pongs and fragments (4429)

After a time limit the connection is closed, with 408 where no answer has begun. `http_protocol()` returns the
class for `uvicorn.Config(http=...)`: over httptools where the platform has it, else over h11.
`socket_protocol()` returns the class for `ws=...`, which takes over upgraded connections.
"""

import asyncio
import contextlib
import re
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import orjson
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from api.errors import RateLimited
from api.http.headers import DEFAULT_HEADERS
from api.rates import TokenBuckets
from domain.model.values import dataclass


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    head_seconds: float = 10
    body_seconds: float = 10
    answer_seconds: float = 30
    keep_alive_seconds: int = 15
    head_bytes: int = 16 * 1024
    url_bytes: int = 4 * 1024
    frames_per_minute: int = 2_000


DEFAULTS = ConnectionLimits()

_REASONS = {
    400: ("Bad Request", "This is no HTTP request, or it has not exactly one valid Host header."),
    408: ("Request Timeout", "The request took too long to arrive."),
    414: ("URI Too Long", "The URL is too long."),
    431: ("Request Header Fields Too Large", "The request's head is too long."),
}


# A host name, an IPv4 address or an IPv6 address in brackets, with or without a port. It may be empty.
_HOST = re.compile(
    rb"(?:[A-Za-z0-9._~%!$&'()*+,;=-]*|\[[0-9A-Fa-f:.]+(?:%25[A-Za-z0-9._~-]+)?\])(?::[0-9]{0,5})?"
)


def has_valid_host(headers: Sequence[tuple[bytes, bytes]], *, version: str) -> bool:
    """Tell whether a head has the Host header that RFC 9112, section 3.2, asks for: exactly one, and a valid
    one. Only HTTP/1.0 may do without.
    """
    hosts = [value for name, value in headers if name == b"host"]
    if not hosts:
        return version == "1.0"
    return len(hosts) == 1 and _HOST.fullmatch(hosts[0]) is not None


def raw_response(status: int) -> bytes:
    """Return a whole response for a request that no application will see."""
    reason, message = _REASONS[status]
    body = orjson.dumps({"errors": [{"message": message, "extensions": {"code": "BAD_INPUT"}}]})
    lines = [
        b"HTTP/1.1 %d %s" % (status, reason.encode("ascii")),
        b"content-type: application/json; charset=utf-8",
    ]
    lines += [
        b"content-length: %d" % len(body),
        b"connection: close",
        *(name + b": " + value for name, value in DEFAULT_HEADERS),
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


class TimedConnection:
    """The stages of one connection. A mixin before a uvicorn protocol, whose hooks it extends."""

    limits = DEFAULTS

    if TYPE_CHECKING:  # attributes of the protocols that this is mixed into
        loop: asyncio.AbstractEventLoop
        transport: asyncio.Transport
        cycle: Any
        flow: Any

    def start_timers(self) -> None:
        self._stage_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._in_head = True
        self._head_count = 0
        self._arm(self.limits.head_seconds)

    def stop_timers(self) -> None:
        for timer in (self._stage_timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        self._stage_timer = self._write_timer = None

    def bytes_received(self) -> None:
        if self._in_head and self._stage_timer is None:
            self._arm(self.limits.head_seconds)

    def head_completed(self) -> None:
        self._in_head = False
        self._head_count += 1
        self._arm(self.limits.body_seconds)

    def body_completed(self) -> None:
        self._in_head = True
        self._disarm()

    def refuse(self, status: int) -> None:
        """Answer and close the connection; where an answer has begun already, only close it."""
        if self.transport.is_closing():
            return
        answering = self.cycle is not None and not self.cycle.response_complete
        if not answering or not self.cycle.response_started:
            self.transport.write(raw_response(status))
        if answering:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._stage_timer = self.loop.call_later(seconds, self._on_stage_timeout)

    def _disarm(self) -> None:
        if self._stage_timer is not None:
            self._stage_timer.cancel()
            self._stage_timer = None

    def _on_stage_timeout(self) -> None:
        self._stage_timer = None
        answering = self.cycle is not None and not self.cycle.response_complete
        if self.flow.read_paused or (self._in_head and answering):
            # The delay is ours: we paused reading, or the previous request is not answered yet.
            self._arm(self.limits.body_seconds)
        else:
            self.refuse(408)

    def _abort_stuck_write(self) -> None:
        self._write_timer = None
        self.transport.abort()

    # Hooks that uvicorn and asyncio call on both protocols

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)  # type: ignore[misc]
        self.start_timers()

    def connection_lost(self, exc: Exception | None) -> None:
        self.stop_timers()
        super().connection_lost(exc)  # type: ignore[misc]

    def handle_websocket_upgrade(self, *args: Any) -> None:
        self.stop_timers()
        super().handle_websocket_upgrade(*args)  # type: ignore[misc]

    def pause_writing(self) -> None:
        super().pause_writing()  # type: ignore[misc]
        if self._write_timer is None:
            self._write_timer = self.loop.call_later(self.limits.answer_seconds, self._abort_stuck_write)

    def resume_writing(self) -> None:
        super().resume_writing()  # type: ignore[misc]
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None


class TimedH11Protocol(TimedConnection, H11Protocol):  # type: ignore[misc]
    """HTTP over h11, which limits the size of a head itself. The stages are read off its state."""

    def data_received(self, received: bytes) -> None:
        self.bytes_received()
        previous_cycle = self.cycle
        super().data_received(received)
        if self.transport.is_closing():
            return
        if self.cycle is not previous_cycle:
            self.head_completed()
            if (status := self._head_refusal_status()) is not None:
                self.refuse(status)
                return
        if self.cycle is not None and not self.cycle.more_body and not self._in_head:
            self.body_completed()

    def _head_refusal_status(self) -> int | None:
        if len(self.scope["raw_path"]) + len(self.scope["query_string"]) > self.limits.url_bytes:
            return 414
        if sum(len(name) + len(value) + 4 for name, value in self.headers) > self.limits.head_bytes:
            return 431
        names = {name for name, _ in self.headers}
        # Two lengths allow request smuggling: two readers would see different ends of the request.
        if {b"content-length", b"transfer-encoding"} <= names:
            return 400
        return None if has_valid_host(self.headers, version=self.scope["http_version"]) else 400

    def send_400_response(self, msg: str) -> None:
        self.refuse(431 if len(self.conn.trailing_data[0]) > self.limits.head_bytes else 400)


class TimedSocketProtocol(WebSocketsSansIOProtocol):
    """A WebSocket whose reader keeps up, or is dropped: the write buffer is bounded in size and in time.

    Pings are answered and fragments kept below any application, so they are counted here.
    """

    limits = DEFAULTS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._write_timer: asyncio.TimerHandle | None = None
        self._frames = TokenBuckets(self.limits.frames_per_minute, 60, self.loop.time, max_keys=1)

    def handle_ping(self) -> None:
        if self._is_frame_allowed():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        if self._is_frame_allowed():
            super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        if self._is_frame_allowed():
            super().handle_cont(event)

    def _is_frame_allowed(self) -> bool:
        """Count a frame and tell whether it is allowed; the first one too many closes the socket."""
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
        if self._write_timer is None:
            self._write_timer = self.loop.call_later(self.limits.answer_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._cancel_write_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_write_timer()
        super().connection_lost(exc)

    def _cancel_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None


def socket_protocol(limits: ConnectionLimits = DEFAULTS) -> type[asyncio.Protocol]:
    """Return the protocol class for `uvicorn.Config(ws=...)`."""
    return type("SocketProtocol", (TimedSocketProtocol,), {"limits": limits})


def http_protocol(
    limits: ConnectionLimits = DEFAULTS, *, pure_python: bool = False
) -> type[asyncio.Protocol]:
    """Return the protocol class for `uvicorn.Config(http=...)`."""
    base: type[asyncio.Protocol] = TimedH11Protocol
    if not pure_python:
        with contextlib.suppress(ImportError):  # httptools does not exist for every platform
            base = import_module("api.http.protocol_httptools").TimedHttpToolsProtocol
    return type("HttpProtocol", (base,), {"limits": limits})
