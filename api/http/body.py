"""From bytes to a GraphQL request: counted while it streams, read strictly, or refused with a sentence.

A body is at most 256 KB (413) and has no content encoding (415). It is strict UTF-8 JSON without NaN,
infinities or numbers beyond a double, nested at most 32 deep: an object with the string `query`, or with its
hash (`extensions.persistedQuery`). One request a body: there is no batching.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope

from api.errors import BadInput
from api.graphql.engine.document_cache import PersistedQuery, read_persisted_query
from api.graphql.engine.execution import ClientDisconnected, GraphQLRequest

MAX_BODY_BYTES = 256 * 1024
MAX_NESTING = 32


class HttpRefusal(Exception):
    """A request that HTTP itself refuses before any GraphQL; `close` where unread bytes may follow."""

    def __init__(
        self, status: int, message: str, *, headers: Sequence[tuple[bytes, bytes]] = (), close: bool = False
    ) -> None:
        super().__init__(message)
        self.status, self.error, self.headers, self.close = status, BadInput(message), tuple(headers), close


async def read_body(scope: Scope, receive: Receive, *, max_bytes: int = MAX_BODY_BYTES) -> bytes:
    """Return the whole body.

    Raises HttpRefusal where it is too long or encoded, ClientDisconnected where the client leaves first.
    """
    for name, value in scope["headers"]:
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise HttpRefusal(415, "Send the body as it is: content encodings are not read.", close=True)
        if name == b"content-length" and value.isdigit() and (len(value) > 12 or int(value) > max_bytes):
            raise _too_long(max_bytes)
    parts: list[bytes] = []
    length = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        part: bytes = message.get("body", b"")
        length += len(part)
        if length > max_bytes:
            raise _too_long(max_bytes)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def request_from_body(body: bytes) -> GraphQLRequest:
    """Return the request in a JSON body. Raises BadInput."""
    return request_from_value(parse_strict_json(body, "body"))


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
    parameters: dict[str, object] = dict(pairs)
    if len(parameters) != len(pairs):
        raise BadInput("A parameter stands twice in the URL.")
    for name in ("variables", "extensions"):
        text = parameters.get(name)
        if isinstance(text, str):
            parameters[name] = parse_strict_json(text.encode(), name) if text else None
    return request_from_value(parameters)


def request_from_value(value: object) -> GraphQLRequest:
    """Return the request in a JSON value. Raises BadInput."""
    if not isinstance(value, Mapping):
        raise BadInput("The body must be one JSON object: {query, variables, operationName}.")
    query, variables, name = value.get("query"), value.get("variables"), value.get("operationName")
    extensions = value.get("extensions")
    if not isinstance(extensions, dict | None):
        raise BadInput("extensions must be an object.", field="extensions")
    persisted = _persisted_query(extensions or {})
    if persisted is not None and query == "":  # a client that sends no text may send an empty one
        query = None
    if not isinstance(query, str) and (query is not None or persisted is None):
        raise BadInput("query must be a string.", field="query")
    if variables is not None and not isinstance(variables, dict):
        raise BadInput("variables must be an object.", field="variables")
    if name is not None and not isinstance(name, str):
        raise BadInput("operationName must be a string.", field="operationName")
    return GraphQLRequest(query, variables or {}, name or None, persisted)


def _persisted_query(extensions: Mapping[str, object]) -> PersistedQuery | None:
    """Return what Apollo's automatic persisted queries say of the document; None where nothing."""
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    if not isinstance(persisted, dict):
        raise BadInput("extensions.persistedQuery must be an object.", field="extensions")
    return read_persisted_query(persisted.get("version"), persisted.get("sha256Hash"))


def parse_strict_json(text: bytes, part: str) -> object:
    """Return the JSON in these bytes.

    Raises BadInput where they are no JSON, nest too deep, or hold a number beyond a double.
    """
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadInput(f"The {part} is not JSON in UTF-8.", field=None if part == "body" else part) from None
    if not _is_shallow(value):
        raise BadInput(f"The {part} nests deeper than {MAX_NESTING}.", field=None if part == "body" else part)
    return value


def _is_shallow(value: object) -> bool:
    """Tell whether a JSON value nests at most 32 deep, level by level."""
    level: list[object] = [value]
    for _ in range(MAX_NESTING):
        inner: list[object] = []
        for node in level:
            if isinstance(node, dict):
                inner.extend(node.values())
            elif isinstance(node, list):
                inner.extend(node)
        if not inner:
            return True
        level = inner
    return not any(isinstance(each, dict | list) for each in level)


def _too_long(max_bytes: int) -> HttpRefusal:
    return HttpRefusal(413, f"The body is longer than {max_bytes} bytes.", close=True)
