"""A small application for the tests of the HTTP layer, served by uvicorn in a thread, and raw sockets to
connect to it.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from api.caller import Caller, Origin
from api.drain import Drain
from api.graphql.engine.context import Context
from api.graphql.engine.execution import Engine
from api.http.callers import Callers
from api.http.graphql import GraphQLEndpoint
from api.http.headers import OuterMiddleware, answer_unhandled_error
from api.http.protocol import ConnectionLimits, http_protocol, socket_protocol
from api.http.websocket import SocketEndpoint, SocketLimits
from api.keys import Keys, TokenKey
from api.rates import RateLimits
from api.tokens import Tokens
from domain.services.people.session_registry import SessionRegistry
from tests.graphql.engine.small_schema import Services, make_engine

ISSUER = "http://selo.test"
PLENTY = RateLimits(
    member_points_per_minute=10**6, anonymous_requests_per_minute=10**6, staff_requests_per_minute=10**6
)


def make_tokens(access_lasts: timedelta = timedelta(minutes=15)) -> Tokens:
    key = TokenKey(Ed25519PrivateKey.generate())
    keys = Keys(signing=key, verifying=MappingProxyType({key.kid: key}), secret=b"s" * 32)
    return Tokens(keys, issuer=ISSUER, clock=lambda: datetime.now(UTC), access_duration=access_lasts)


@dataclass
class SmallServer:
    """The application and its parts."""

    services: Services = field(default_factory=Services)
    tokens: Tokens = field(default_factory=make_tokens)
    sessions: SessionRegistry = field(default_factory=SessionRegistry)
    drain: Drain = field(default_factory=Drain)
    rates: RateLimits = PLENTY
    introspection: bool = True
    operation_seconds: float = 10
    explorer: ASGIApp | None = None
    origins: tuple[str, ...] = ()
    sockets: SocketLimits = field(default_factory=SocketLimits)

    def engine(self) -> Engine:
        return make_engine(
            clock=time.monotonic,
            rates=self.rates,
            drain=self.drain,
            introspection=self.introspection,
            operation_seconds=self.operation_seconds,
        )

    def callers(self) -> Callers:
        return Callers(self.tokens, self.sessions)

    def context(self, origin: Origin, caller: Caller) -> Context[object, object]:
        self._loop = asyncio.get_running_loop()
        return Context(origin, caller, self.services, None)

    def end(self, session: str) -> None:
        """End a session, in the thread that has served a request of it."""
        self._loop.call_soon_threadsafe(lambda: self.sessions.note_ended([session], now=datetime.now(UTC)))

    def app(self) -> ASGIApp:
        endpoint = GraphQLEndpoint(self.engine(), self.callers(), self.context, explorer=self.explorer)
        sockets = SocketEndpoint(
            endpoint.engine, endpoint.callers, self.context, origins=self.origins, limits=self.sockets
        )
        routes = [Route("/graphql", endpoint), WebSocketRoute("/graphql", sockets)]
        return OuterMiddleware(
            Starlette(routes=routes, exception_handlers={Exception: answer_unhandled_error})
        )

    def bearer(
        self, subject: str = "m1", *, role: str = "member", session: str = "s1", store: str | None = None
    ) -> dict[str, str]:
        return {
            "Authorization": (
                f"Bearer {self.tokens.access(subject=subject, role=role, session=session, store=store).token}"
            )
        }


@contextmanager
def serve_app(
    app: ASGIApp, limits: ConnectionLimits | None = None, *, pure_python: bool = False
) -> Iterator[int]:
    """Serve an application until the block ends; yields the port."""
    limits = limits or ConnectionLimits()
    config = uvicorn.Config(
        app,
        http=http_protocol(limits, pure_python=pure_python),
        ws=socket_protocol(limits),
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=limits.keep_alive_seconds,
        h11_max_incomplete_event_size=limits.head_bytes,
        ws_max_size=64 * 1024,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
        thread.start()
        try:
            while not server.started:
                time.sleep(0.005)
            yield int(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()


def wait_until(true: Callable[[], bool]) -> None:
    """Wait up to half a minute for a condition that another thread makes true."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.01)


class RawConnection:
    """One TCP connection for raw bytes."""

    def __init__(self, port: int, *, patience: float = 5) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=patience)

    def __enter__(self) -> "RawConnection":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, payload: bytes) -> None:
        self.socket.sendall(payload)

    def until_closed(self) -> bytes:
        """Return everything that the server sends before it closes. Raises TimeoutError where it does not."""
        got = b""
        while True:
            try:
                part = self.socket.recv(65_536)
            except ConnectionResetError:
                return got
            if not part:
                return got
            got += part

    def answer(self) -> tuple[int, Mapping[str, str], bytes]:
        """Return one answer that has a content-length."""
        got = b""
        while b"\r\n\r\n" not in got:
            part = self.socket.recv(65_536)
            assert part, f"closed after {got!r}"
            got += part
        head, _, body = got.partition(b"\r\n\r\n")
        status, headers = parse_head(head)
        while len(body) < int(headers.get("content-length", "0")):
            body += self.socket.recv(65_536)
        return status, headers, body


def parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    return int(first.split(" ")[1]), {
        name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
    }
