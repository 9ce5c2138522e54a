"""What every answer carries: a request id, security headers, no name of any library; and what no answer carries: a trace.

`Porch` stands around the whole application. It gives each request its id, binds it to the logs, adds the headers below where the
application set none of that name, and answers what nobody caught with INTERNAL and that id.
"""

import secrets

import orjson
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.graphql.errors import internal

API_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

PAGE_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; "
    "img-src 'self' data:; media-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", API_POLICY.encode("ascii")),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(self), microphone=(), geolocation=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000")
HIDDEN = frozenset({b"server", b"x-powered-by"})


def request_id(scope: Scope) -> str:
    """Return the id that `Porch` gave this request or socket."""
    given: str = scope["state"]["request_id"]
    return given


def header(scope: Scope, name: bytes) -> str | None:
    """Return a request header's value, the first where there are several."""
    for each, value in scope["headers"]:
        if each == name:
            text: str = value.decode("latin-1")
            return text
    return None


def client_address(scope: Scope) -> str:
    """Return the client's address; behind proxies that are trusted by setting, the server has put theirs in its place."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


class Porch:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = given
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=given)
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        await self._answer(scope, receive, send, given)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, given: str) -> None:
        started = False

        async def dressed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = _dressed(list(message.get("headers", [])), given, https=scope.get("scheme") == "https")
            await send(message)

        try:
            await self._app(scope, receive, dressed)
        except Exception as error:
            if started:
                raise
            body = orjson.dumps({"errors": [internal(error, request_id=given, operation=None)]})
            await dressed({"type": "http.response.start", "status": 500, "headers": json_headers(body)})
            await dressed({"type": "http.response.body", "body": body})


def json_headers(body: bytes) -> list[tuple[bytes, bytes]]:
    return [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    ]


def _dressed(headers: list[tuple[bytes, bytes]], given: str, *, https: bool) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in headers if name.lower() not in HIDDEN]
    there = {name.lower() for name, _ in kept}
    added = [(name, value) for name, value in ALWAYS if name not in there]
    if https and HTTPS_ONLY[0] not in there:
        added.append(HTTPS_ONLY)
    return [*kept, *added, (b"x-request-id", given.encode("ascii"))]
