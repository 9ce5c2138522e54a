"""Every error a client may see, and the one place that writes them down.

    ApiError
      Unauthenticated   who are you
      Forbidden         you may not
      BadInput          what you sent cannot be understood; names its field
      NotFound          nothing of yours by that id
      RateLimited       too often; come back after `retry_after` seconds
      Busy              try again after `retry_after` seconds
      TooCostly         over a limit of one document; names limit, maximum and value
      NotAvailable      configured off
      Rejected          a whole document refused, with each fault that was found

Promise: each error of an answer carries `extensions.code`. What nobody foresaw says INTERNAL and the request
id, and no more: neither a message, nor a type, nor a library's name. At most five errors an answer.
"""

import re
from collections.abc import Iterable, Sequence
from typing import ClassVar

import structlog
from graphql import GraphQLError
from graphql.language import Node, ValueNode

from api.logs import frames_of
from domain.model.ledger.decision import MemberFrozen, RefundTooLarge
from domain.services import errors as domain_errors
from domain.services.errors import NotAllowedReason
from domain.store import document_store
from domain.store.ledger.programmes import NothingPublished

MAX_ERRORS = 5

Json = dict[str, object]

log = structlog.get_logger("selo.graphql")


class ApiError(Exception):
    """An error that is told to the client as it stands."""

    code: ClassVar[str]
    status: ClassVar[int]

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def extensions(self) -> Json:
        return {"code": self.code}


class Unauthenticated(ApiError):
    code = "UNAUTHENTICATED"
    status = 401

    def __init__(self, message: str = "Sign in first: this needs a valid access token.") -> None:
        super().__init__(message)


class Forbidden(ApiError):
    code = "FORBIDDEN"
    status = 403

    def __init__(
        self, message: str = "This caller may not do that.", *, reason: NotAllowedReason | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason

    def extensions(self) -> Json:
        return {"code": self.code} if self.reason is None else {"code": self.code, "reason": self.reason}


class NotFound(ApiError):
    code = "NOT_FOUND"
    status = 404

    def __init__(self, message: str = "There is nothing by that id.") -> None:
        super().__init__(message)


class NotAvailable(ApiError):
    code = "NOT_AVAILABLE"
    status = 501


class BadInput(ApiError):
    code = "BAD_INPUT"
    status = 400

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field

    def extensions(self) -> Json:
        return {"code": self.code} if self.field is None else {"code": self.code, "field": self.field}


class TooCostly(ApiError):
    code = "QUERY_TOO_COSTLY"
    status = 400

    def __init__(self, *, limit: str, maximum: int, value: int) -> None:
        super().__init__(f"The query is over a limit: {limit} is {value}, at most {maximum}.")
        self.limit, self.maximum, self.value = limit, maximum, value

    def extensions(self) -> Json:
        # JSON numbers beyond 53 bits are not safe everywhere, and a bomb's cost has hundreds of digits.
        return {
            "code": self.code,
            "limit": self.limit,
            "maximum": self.maximum,
            "value": min(self.value, 2**53),
        }


class RetryableError(ApiError):
    """An error that says when to come back, in whole seconds."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = max(1, retry_after)

    def extensions(self) -> Json:
        return {"code": self.code, "retryAfter": self.retry_after}


class RateLimited(RetryableError):
    code = "RATE_LIMITED"
    status = 429

    def __init__(self, *, retry_after: int) -> None:
        super().__init__(f"Too many requests. Try again in {max(1, retry_after)} s.", retry_after=retry_after)


class Busy(RetryableError):
    code = "BUSY"
    status = 503

    def __init__(
        self, message: str = "The server is busy. Try again shortly.", *, retry_after: int = 1
    ) -> None:
        super().__init__(message, retry_after=retry_after)


def domain_api_error(error: BaseException) -> ApiError | None:
    """Return how the domain's word for a refusal is told at the top level; None for what is not the client's
    to know.

    What a screen can act on a mutation answers as a Problem instead; here is what its union, or a query, has
    no place for.
    """
    match error:
        case domain_errors.InvalidInput():
            return BadInput(error.message, field=error.field)
        case domain_errors.TooManyRequests():
            return RateLimited(retry_after=error.retry_after)
        case document_store.Busy():
            return Busy(retry_after=error.retry_after)
        case document_store.ConnectionLost():
            return Busy("The database does not answer. Try again.", retry_after=2)
        case domain_errors.NotFound() | domain_errors.UnknownCode() | domain_errors.UnknownPurchase():
            return NotFound()
        case domain_errors.ExpiredCode():
            return BadInput("This code has run out: scan again.", field="member")
        case domain_errors.NotAllowed():
            return Forbidden(f"This caller may not do that: {error.reason}.", reason=error.reason)
        case MemberFrozen():
            return Forbidden("The membership is frozen: it earns nothing.", reason="MEMBER_FROZEN")
        case RefundTooLarge():
            return BadInput(f"At most {error.refundable} can still be refunded.", field="amount")
        case NothingPublished():
            return NotAvailable("No programme is published yet.")
    return None


class InvalidDocument(Exception):
    """A document that does not parse or does not hold against the schema; `faults` are for the client."""

    def __init__(self, faults: Sequence[GraphQLError]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = tuple(faults[:MAX_ERRORS])


# --- writing them down
# -----------------------------------------------------------------------------------------------

# The protocol library tells the place of a fault in words only.
_INPUT_PATH = re.compile(r"has invalid value at ((?:\.[A-Za-z_][A-Za-z0-9_]{0,60}|\[\d{1,9}\]){1,40}):")
_INPUT_FIELD = re.compile(r"(?:unknown|required) field '([A-Za-z_][A-Za-z0-9_]{0,60})'")


def render_error(error: ApiError) -> Json:
    """Return one error that concerns the whole request."""
    return {"message": error.message, "extensions": error.extensions()}


def render_request_errors(faults: Iterable[GraphQLError]) -> list[Json]:
    """Return the faults of parsing, validation and variables: all of them are the client's input."""
    return [_render_request_error(fault) for fault in list(faults)[:MAX_ERRORS]]


def render_field_errors(
    errors: Iterable[GraphQLError], *, request_id: str, operation: str | None
) -> list[Json]:
    """Return errors that fields raised; what is not ours to tell is logged and hidden."""
    return [_render_field_error(error, request_id, operation) for error in list(errors)[:MAX_ERRORS]]


def render_internal_error(error: BaseException, *, request_id: str, operation: str | None) -> Json:
    """Return INTERNAL with the request id, and log where it happened: type and frames, never the message,
    which may hold data.
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
    """Return an operation's name as logs keep it: cut, since the client wrote it."""
    return None if operation is None else operation[:80]


def api_error_of(error: GraphQLError) -> ApiError | None:
    """Return the ApiError that a resolver or a scalar raised, or the domain meant, however often it was
    wrapped.
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
    # Arguments that turn out wrong only at run time point at the value written in the query; results gone
    # wrong point at fields.
    return nodes is not None and len(nodes) > 0 and isinstance(nodes[0], ValueNode)


def _input_path(fault: GraphQLError) -> str | None:
    place, field = _INPUT_PATH.search(fault.message), _INPUT_FIELD.search(fault.message)
    steps = [place.group(1).removeprefix(".")] if place else []
    return ".".join([*steps, *([field.group(1)] if field else [])]) or None


def _truncated(message: str) -> str:
    # The protocol library repeats what it was sent.
    return message if len(message) <= 400 else f"{message[:400]}…"


def _with_location(entry: Json, error: GraphQLError) -> Json:
    if error.locations:
        entry["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        entry["path"] = list(error.path)
    return entry
