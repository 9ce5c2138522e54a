"""The headers of every answer: a request id and security headers, no name of a library. No answer holds a
traceback.

A well-formed X-Request-Id of a proxy or a client is taken over, and the trace of a `traceparent` is named in
the logs beside it. Each answer is counted, and logged as one line where logs are for machines.

`OuterMiddleware` wraps the whole application. It gives each request its id, binds the id to the logs, adds
the headers below where the application set none of that name, and answers INTERNAL with that id for an error
that nobody caught.
"""

import re
import secrets
import time

import orjson
import structlog
from prometheus_client import Counter
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.graphql.engine.error_rendering import render_internal_error

API_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

PAGE_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self';"
    " style-src 'self'; img-src 'self' data:; media-src 'self' blob:; manifest-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)

DEFAULT_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", API_POLICY.encode("ascii")),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(self), microphone=(), geolocation=(self), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000")
ANSWERS = Counter(
    "selo_http_answers", "Answers by HTTP, by the first part of the path and status.", ["door", "status"]
)
DOORS = frozenset(
    {
        "graphql",
        "health",
        "ready",
        "metrics",
        "phone",
        "till",
        "console",
        "undo",
        "shared",
        "vendor",
        "media",
        "pictures",
        "uploads",
        "files",
        "export",
        "unsubscribe",
        "webhooks",
        "events",
        "graphiql",
        ".well-known",
        "schema.graphql",
    }
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")

HIDDEN_HEADERS = frozenset({b"server", b"x-powered-by"})


log = structlog.get_logger(__name__)


class ResponseInterrupted(Exception):
    """An answer that failed halfway. The connection is closed; the log has the place."""


async def answer_unhandled_error(request: Request, error: Exception) -> Response:
    """Answer INTERNAL and the request id. An exception handler of Starlette."""
    body = {"errors": [render_internal_error(error, request_id=request_id(request.scope), operation=None)]}
    return Response(orjson.dumps(body), 500, {"cache-control": "no-store"}, "application/json")


def request_id(scope: Scope) -> str:
    """Return the id that `OuterMiddleware` gave this request or socket."""
    id: str = scope["state"]["request_id"]
    return id


def header(scope: Scope, name: bytes) -> str | None:
    """Return the value of a request header, the first where there are several."""
    for header_name, value in scope["headers"]:
        if header_name == name:
            text: str = value.decode("latin-1")
            return text
    return None


def client_address(scope: Scope) -> str:
    """Return the client's address; behind trusted proxies the server has put it in place of theirs."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _given_id(scope: Scope) -> str:
    """Return the id that the request came with, where it is well formed, else a new one."""
    sent = header(scope, b"x-request-id")
    return sent if sent is not None and _REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)


def door(path: str) -> str:
    """Return the part of the application that a path leads to: of few values, and nothing of a person."""
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return first if first in DOORS else "other"


class OuterMiddleware:
    """The outermost middleware of the application; with `is_logging` it writes a line for each answer."""

    def __init__(self, app: ASGIApp, *, is_logging: bool = False) -> None:
        self._app, self._is_logging = app, is_logging

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        id = _given_id(scope)
        scope.setdefault("state", {})["request_id"] = id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=id)
        if (trace := _TRACEPARENT.fullmatch(header(scope, b"traceparent") or "")) is not None:
            structlog.contextvars.bind_contextvars(trace_id=trace[1])
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        await self._answer(scope, receive, send, id)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, id: str) -> None:
        is_started = is_complete = False
        began = time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            nonlocal is_started, is_complete
            if message["type"] == "http.response.start":
                is_started = True
                self._note_answer(scope, message["status"], began)
                message["headers"] = _with_headers(
                    list(message.get("headers", [])), id, https=scope.get("scheme") == "https"
                )
            elif message["type"] == "http.response.body":
                is_complete = not message.get("more_body", False)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001 - nobody else will catch it, and the server would write its text into the log
            if is_complete:
                return  # Starlette has answered by `answer_unhandled_error` and raises it again
            if is_started:
                render_internal_error(error, request_id=id, operation=None)
                raise ResponseInterrupted from None
            await (await answer_unhandled_error(Request(scope), error))(scope, receive, send_with_headers)

    def _note_answer(self, scope: Scope, status: int, began: float) -> None:
        door_name = door(scope["path"])
        ANSWERS.labels(door_name, str(status)).inc()
        if self._is_logging:
            milliseconds = round((time.perf_counter() - began) * 1000, 1)
            log.info(
                "http.answered",
                door=door_name,
                method=scope["method"],
                status=status,
                milliseconds=milliseconds,
            )


def _with_headers(headers: list[tuple[bytes, bytes]], id: str, *, https: bool) -> list[tuple[bytes, bytes]]:
    visible = [(name, value) for name, value in headers if name.lower() not in HIDDEN_HEADERS]
    present_names = {name.lower() for name, _ in visible}
    added = [(name, value) for name, value in DEFAULT_HEADERS if name not in present_names]
    if https and HTTPS_ONLY[0] not in present_names:
        added.append(HTTPS_ONLY)
    return [*visible, *added, (b"x-request-id", id.encode("ascii"))]
