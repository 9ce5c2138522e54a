"""The errors of an answer, as JSON: the one place that writes them.

Each error carries `extensions.code`. An error that nobody foresaw says INTERNAL and the request id, and no
more: neither a message, nor a type, nor a library's name. An answer holds at most five errors.
"""

import re
from collections.abc import Iterable, Sequence

import structlog
from graphql import GraphQLError
from graphql.language import Node, ValueNode

from api.errors import ApiError, Json, domain_api_error
from api.logs import frames_of

MAX_ERRORS = 5

log = structlog.get_logger("selo.graphql")

# The GraphQL library gives the place of a fault only in its message.
_INPUT_PATH = re.compile(r"has invalid value at ((?:\.[A-Za-z_][A-Za-z0-9_]{0,60}|\[\d{1,9}\]){1,40}):")
_INPUT_FIELD = re.compile(r"(?:unknown|required) field '([A-Za-z_][A-Za-z0-9_]{0,60})'")


def render_error(error: ApiError) -> Json:
    """Return one error that concerns the whole request."""
    return {"message": error.message, "extensions": error.extensions()}


def render_request_errors(faults: Iterable[GraphQLError]) -> list[Json]:
    """Return the errors of parsing, validation and variables. All are faults of the client's input."""
    return [_render_request_error(fault) for fault in list(faults)[:MAX_ERRORS]]


def render_field_errors(
    errors: Iterable[GraphQLError], *, request_id: str, operation: str | None
) -> list[Json]:
    """Return the errors that fields raised. An error that the client must not see is logged and replaced by
    INTERNAL.
    """
    return [_render_field_error(error, request_id, operation) for error in list(errors)[:MAX_ERRORS]]


def render_internal_error(error: BaseException, *, request_id: str, operation: str | None) -> Json:
    """Return INTERNAL with the request id, and log the type and the frames of the error. The message is never
    logged: it may hold personal data.
    """
    log.error(
        "graphql.internal",
        request_id=request_id,
        error_code="INTERNAL",
        operation=short_operation_name(operation),
        error=type(error).__name__,
        frames=frames_of(error),
    )
    message = f"Something went wrong on our side. Request {request_id}."
    return {"message": message, "extensions": {"code": "INTERNAL", "requestId": request_id}}


def short_operation_name(operation: str | None) -> str | None:
    """Return an operation's name for the log, truncated because the client wrote it."""
    return None if operation is None else operation[:80]


def api_error_of(error: GraphQLError) -> ApiError | None:
    """Return the ApiError that a resolver or a scalar raised, or that stands for a refusal of the domain,
    however often the library wrapped it.
    """
    cause = _cause(error)
    return cause if isinstance(cause, ApiError) else domain_api_error(cause)


def _cause(error: GraphQLError) -> BaseException:
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _render_request_error(fault: GraphQLError) -> Json:
    api_error = api_error_of(fault)
    extensions = api_error.extensions() if api_error else {"code": "BAD_INPUT"}
    field = _input_path(fault)
    if field and extensions["code"] == "BAD_INPUT":
        extensions = {**extensions, "field": field}
    return _with_location({"message": _truncated(fault.message), "extensions": extensions}, fault)


def _render_field_error(error: GraphQLError, request_id: str, operation: str | None) -> Json:
    cause, api_error = _cause(error), api_error_of(error)
    if api_error is not None:
        log.info(
            "graphql.refused",
            request_id=request_id,
            error_code=api_error.code,
            operation=short_operation_name(operation),
        )
        return _with_location(render_error(api_error), error)
    if isinstance(cause, GraphQLError) and _concerns_an_argument(error.nodes):
        return _with_location(
            {"message": _truncated(error.message), "extensions": {"code": "BAD_INPUT"}}, error
        )
    return _with_location(render_internal_error(cause, request_id=request_id, operation=operation), error)


def _concerns_an_argument(nodes: Sequence[Node] | None) -> bool:
    # An argument that is found wrong at run time points at a value of the query; a wrong result points at a
    # field.
    return nodes is not None and len(nodes) > 0 and isinstance(nodes[0], ValueNode)


def _input_path(fault: GraphQLError) -> str | None:
    place, field = _INPUT_PATH.search(fault.message), _INPUT_FIELD.search(fault.message)
    steps = [place.group(1).removeprefix(".")] if place else []
    return ".".join([*steps, *([field.group(1)] if field else [])]) or None


def _truncated(message: str) -> str:
    # The GraphQL library repeats the input in its message.
    return message if len(message) <= 400 else f"{message[:400]}…"


def _with_location(entry: Json, error: GraphQLError) -> Json:
    if error.locations:
        entry["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        entry["path"] = list(error.path)
    return entry
