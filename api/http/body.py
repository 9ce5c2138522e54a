"""From bytes to a GraphQL request: counted while it streams, strictly read, or refused with a sentence.

A body is at most 256 KB (413), sent as it is (415 for any content encoding), strict UTF-8 JSON without NaN,
infinities or numbers that no double holds, nested at most 32 deep, an object with `query` a string. One
request a body: there is no batching.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope

from api.errors import BadInput
from api.graphql.engine.execution import ClientDisconnected, GraphQLRequest

BYTES_AT_MOST = 256 * 1024
NESTING_AT_MOST = 32


class HttpRefusal(Exception):
    """A request that HTTP itself refuses, before any GraphQL; `close` where unread bytes may follow."""

    def __init__(
        self, status: int, message: str, *, headers: Sequence[tuple[bytes, bytes]] = (), close: bool = False
    ) -> None:
        super().__init__(message)
        self.status, self.error, self.headers, self.close = status, BadInput(message), tuple(headers), close


async def read_body(scope: Scope, receive: Receive, *, at_most: int = BYTES_AT_MOST) -> bytes:
    """Return the whole body. Raises HttpRefusal where it is too long or encoded, ClientGone where it never
    ends.
    """
    for name, value in scope["headers"]:
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise HttpRefusal(415, "Send the body as it is: content encodings are not read.", close=True)
        if name == b"content-length" and value.isdigit() and (len(value) > 12 or int(value) > at_most):
            raise _too_long(at_most)
    parts: list[bytes] = []
    length = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        part: bytes = message.get("body", b"")
        length += len(part)
        if length > at_most:
            raise _too_long(at_most)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def request_from_body(body: bytes) -> GraphQLRequest:
    """Return the request in a JSON body. Raises BadInput."""
    return request_of(strict_json(body, "body"))


def request_from_query(query_string: bytes) -> GraphQLRequest:
    """Return the request in a URL's query. Raises BadInput."""
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=False,
            errors="strict",
            max_num_fields=20,
        )
    except ValueError:
        raise BadInput("The URL's query cannot be read.") from None
    given: dict[str, object] = dict(pairs)
    if len(given) != len(pairs):
        raise BadInput("A parameter stands twice in the URL.")
    for name in ("variables", "extensions"):
        text = given.get(name)
        if isinstance(text, str):
            given[name] = strict_json(text.encode(), name) if text else None
    if given.get("operationName") == "":
        given["operationName"] = None
    return request_of(given)


def request_of(given: object) -> GraphQLRequest:
    """Return the request that a JSON value is. Raises BadInput."""
    if not isinstance(given, Mapping):
        raise BadInput("The body must be one JSON object: {query, variables, operationName}.")
    query, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    if not isinstance(query, str):
        raise BadInput("query must be a string.", field="query")
    if variables is not None and not isinstance(variables, dict):
        raise BadInput("variables must be an object.", field="variables")
    if name is not None and not isinstance(name, str):
        raise BadInput("operationName must be a string.", field="operationName")
    if not isinstance(given.get("extensions"), dict | None):
        raise BadInput("extensions must be an object.", field="extensions")
    return GraphQLRequest(query, variables or {}, name)


def strict_json(text: bytes, where: str) -> object:
    """Return the JSON in these bytes. Raises BadInput where it is none, nests too deep, or holds a number
    that no double does.
    """
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadInput(
            f"The {where} is not JSON in UTF-8.", field=None if where == "body" else where
        ) from None
    if not _shallow(value):
        raise BadInput(
            f"The {where} nests deeper than {NESTING_AT_MOST}.", field=None if where == "body" else where
        )
    return value


def _shallow(value: object) -> bool:
    """Tell whether a JSON value nests at most 32 deep, level by level."""
    level: list[object] = [value]
    for _ in range(NESTING_AT_MOST):
        inner: list[object] = []
        for each in level:
            if isinstance(each, dict):
                inner.extend(each.values())
            elif isinstance(each, list):
                inner.extend(each)
        if not inner:
            return True
        level = inner
    return not any(isinstance(each, dict | list) for each in level)


def _too_long(at_most: int) -> HttpRefusal:
    return HttpRefusal(413, f"The body is longer than {at_most} bytes.", close=True)
