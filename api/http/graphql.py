"""`/graphql`: GraphQL over HTTP, as its specification says.

- POST takes application/json only, GET takes queries only. A browser that asks for HTML gets the explorer
  where it is on.
- With Accept: application/graphql-response+json the status tells the outcome. With application/json (the
  default) every well-formed GraphQL request is answered 200, and 4xx means that HTTP itself refused it.

Answers that may be asked for again later carry Retry-After. What everybody is answered alike (`programme`)
has an ETag by GET and may be stored; nothing else may. Queries are compressed where no secret is in the
answer.
"""

import contextlib
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Literal

import orjson
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Receive, Scope, Send

from api.caller import Caller, Origin
from api.errors import BadInput
from api.graphql.engine.context import Context
from api.graphql.engine.error_rendering import render_error
from api.graphql.engine.execution import (
    ClientDisconnected,
    Engine,
    GraphQLResponse,
    MutationByGet,
)
from api.graphql.engine.traced_operation import traced_operation
from api.http.body import HttpRefusal, read_body, request_from_body, request_from_query
from api.http.caller_headers import RawHeader, caller_headers
from api.http.callers import Callers
from api.http.content_coding import SMALLEST_BYTES, entity_tag, gzipped, is_known, takes_gzip
from api.http.headers import client_address, header, request_id
from domain.store import tracing

MediaType = Literal["application/json", "application/graphql-response+json"]
LEGACY: Final = "application/json"
MODERN: Final = "application/graphql-response+json"

NO_STORE: Final = b"no-store"
VARY: Final = b"Accept, Accept-Encoding, Authorization, Accept-Language"
OPERATIONS = Counter(
    "selo_operations",
    "GraphQL operations, by kind, first root field and the code of their first error (else OK).",
    ["kind", "root", "outcome"],
)
OPERATION_SECONDS = Histogram(
    "selo_operation_seconds",
    "How long operations took, by kind and first root field.",
    ["kind", "root"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)

PUBLIC_SECONDS = 60  # how late a new version of the programme may be seen

MakeContext = Callable[[Origin, Caller], Context[object, object]]


# --- rules
# -----------------------------------------------------------------------------------------------------------


def preferred_media_type(accept: str | None) -> MediaType | None:
    """Return the media type of ours that an Accept header prefers; None where it accepts neither."""
    if accept is None or not accept.strip():
        return LEGACY
    best: dict[MediaType, tuple[float, int]] = {}
    for media_range in accept.split(","):
        media, quality = _read_media_range(media_range)
        for media_type in _matching_media_types(media):
            # The most specific range decides about a type, whatever its weight. Among types the heavier wins;
            # in a tie of named types the modern one wins.
            exactness = 0 if media == "*/*" else 1 if media == "application/*" else 2
            if media_type not in best or exactness > best[media_type][1]:
                best[media_type] = (quality, exactness)
    acceptable = {ours: found for ours, found in best.items() if found[0] > 0}
    if not acceptable:
        return None
    return max(
        acceptable,
        key=lambda ours: (
            acceptable[ours][0],
            acceptable[ours][1],
            (ours == MODERN) == (acceptable[ours][1] == 2),
        ),
    )


def _read_media_range(text: str) -> tuple[str, float]:
    media, *parameters = (part.strip().lower() for part in text.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            with contextlib.suppress(ValueError):
                return media, float(parameter[2:])
            return media, 0.0
    return media, 1.0


def _matching_media_types(media: str) -> Sequence[MediaType]:
    if media in ("*/*", "application/*"):
        return (LEGACY, MODERN)
    if media == LEGACY:
        return (LEGACY,)
    return (MODERN,) if media == MODERN else ()


def is_page_request(accept: str | None) -> bool:
    """Tell whether a GET comes from a browser's address bar."""
    return accept is not None and "text/html" in accept.lower() and MODERN not in accept.lower()


def check_content_type(value: str | None) -> None:
    """Raise HttpRefusal unless a POST declares its body as JSON in UTF-8."""
    media, _, rest = (value or "").lower().partition(";")
    charset = rest.strip().removeprefix("charset=").strip('" ')
    if media.strip() != LEGACY or (
        rest.strip() and (not rest.strip().startswith("charset=") or charset not in ("utf-8", "utf8"))
    ):
        raise HttpRefusal(415, "Send content-type: application/json.", close=True)


# --- the endpoint
# ----------------------------------------------------------------------------------------------------


class GraphQLEndpoint:
    """An ASGI application for one path."""

    def __init__(
        self, engine: Engine, callers: Callers, make_context: MakeContext, *, explorer: ASGIApp | None = None
    ) -> None:
        self.engine, self.callers, self._make_context, self._explorer = (
            engine,
            callers,
            make_context,
            explorer,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        accept = header(scope, b"accept")
        if (
            self._explorer is not None
            and scope["method"] in ("GET", "HEAD")
            and not scope["query_string"]
            and is_page_request(accept)
        ):
            await self._explorer(scope, receive, send)
            return
        media = preferred_media_type(accept)
        with contextlib.suppress(ClientDisconnected):
            try:
                if media is None:
                    raise HttpRefusal(406, f"Accept {LEGACY} or {MODERN}.")
                answer, headers = await self._answer(scope, receive)
            except HttpRefusal as refused:
                await _send_refusal(send, refused, media or LEGACY)
            except BadInput as error:
                await _send(send, 400, {"errors": [render_error(error)]}, media or LEGACY)
            else:
                await _send_answer(scope, send, answer, media, headers)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[GraphQLResponse, list[RawHeader]]:
        if scope["method"] == "POST":
            check_content_type(header(scope, b"content-type"))
            request, by_get = request_from_body(await read_body(scope, receive)), False
        elif scope["method"] == "GET":
            request, by_get = request_from_query(scope["query_string"]), True
        else:
            raise HttpRefusal(405, "Ask by GET or POST.", headers=[(b"allow", b"GET, POST")], close=True)
        authorization = header(scope, b"authorization")
        await self.callers.learn(authorization)
        context = self._make_context(
            Origin(request_id(scope), client_address(scope), header(scope, b"accept-language")),
            self.callers.of_header(authorization, address=client_address(scope)),
        )
        began = time.perf_counter()
        running = self.engine.run(request, context, partial(_disconnected, receive), by_get=by_get)
        answer = await (running if tracing.tracer is None else traced_operation(running))
        count_operation(answer, time.perf_counter() - began)
        # A stored copy would tell others what this caller has left.
        is_stored = answer.is_public and by_get
        budget = None if is_stored else self.engine.rates.budget(context.caller, context.address)
        return answer, caller_headers(answer, context.caller, budget)


def count_operation(answer: GraphQLResponse, seconds: float) -> None:
    """Count an operation that was answered, by what ran and the code of its first error."""
    OPERATIONS.labels(answer.kind, answer.root, answer.outcome).inc()
    OPERATION_SECONDS.labels(answer.kind, answer.root).observe(seconds)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


# --- answering
# -------------------------------------------------------------------------------------------------------


async def _send_answer(
    scope: Scope, send: Send, answer: GraphQLResponse, media: MediaType, headers: Sequence[RawHeader]
) -> None:
    payload, extra = orjson.dumps(answer.body), list(headers)
    if answer.retry_after is not None:
        extra.append((b"retry-after", b"%d" % answer.retry_after))
    if answer.status == MutationByGet.status:
        extra.append((b"allow", b"POST"))
    cache_control = NO_STORE
    if answer.is_public and scope["method"] == "GET":
        etag = entity_tag(payload)
        cache_control = _cache_control(scope, answer)
        extra.append((b"etag", etag.encode("ascii")))
        if is_known(header(scope, b"if-none-match"), etag):
            unchanged = [(b"cache-control", cache_control), (b"vary", VARY), *extra]
            await send({"type": "http.response.start", "status": 304, "headers": unchanged})
            await send({"type": "http.response.body", "body": b""})
            return
    if (
        answer.may_be_compressed
        and len(payload) >= SMALLEST_BYTES
        and takes_gzip(header(scope, b"accept-encoding"))
    ):
        payload = await gzipped(payload)
        extra.append((b"content-encoding", b"gzip"))
    status = answer.status if media == MODERN or answer.status == MutationByGet.status else 200
    await _send_payload(send, status, payload, media, extra, cache_control=cache_control)


def _cache_control(scope: Scope, answer: GraphQLResponse) -> bytes:
    """Return how a public answer may be used again: by everybody for a minute, or after asking (by its ETag)
    where it is live; of whoever is signed in only by themselves, since the language is their own.
    """
    if header(scope, b"authorization") is not None:
        return b"private, no-cache"
    return b"public, no-cache" if answer.is_live else b"public, max-age=%d" % PUBLIC_SECONDS


async def _send_refusal(send: Send, refused: HttpRefusal, media: MediaType) -> None:
    extra = [*refused.headers, *([(b"connection", b"close")] if refused.close else [])]
    await _send(send, refused.status, {"errors": [render_error(refused.error)]}, media, extra)


async def _send(
    send: Send, status: int, body: object, media: MediaType, extra: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    await _send_payload(send, status, orjson.dumps(body), media, extra)


async def _send_payload(
    send: Send,
    status: int,
    payload: bytes,
    media: MediaType,
    extra: Sequence[tuple[bytes, bytes]],
    *,
    cache_control: bytes = NO_STORE,
) -> None:
    headers = [
        (b"content-type", f"{media}; charset=utf-8".encode("ascii")),
        (b"content-length", b"%d" % len(payload)),
        (b"cache-control", cache_control),
        (b"vary", VARY),
        *extra,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": payload})
