"""The errors that a client may see at the top level of an answer.

    ApiError
      Unauthenticated   nobody is signed in
      Forbidden         this caller may not do it
      BadInput          the input cannot be understood; names its field
      NotFound          the caller has nothing by that id
      RateLimited       too many requests; try again after `retry_after` seconds
      Busy              try again after `retry_after` seconds
      TooCostly         the document is over a limit; names limit, maximum and value
      PersistedQueryNotFound       a hash alone, of a document that is not in memory: send it whole
      PersistedQueryNotSupported   a hash of another kind: send documents whole
      NotAvailable      turned off by configuration

`api/graphql/engine/error_rendering.py` writes them into answers.
"""

from typing import ClassVar

from domain.model.ledger.decision import MemberFrozen, RefundTooLarge
from domain.services import errors as domain_errors
from domain.services.errors import NotAllowedReason
from domain.store import document_store
from domain.store.ledger.programmes import NothingPublished

Json = dict[str, object]


class ApiError(Exception):
    """An error whose message is sent to the client as it is."""

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


class ScopeMissing(Forbidden):
    """The key of a system lacks a scope, or is one that only quotes."""

    def __init__(self, scope: str | None) -> None:
        super().__init__(
            "A selo_test_ key only quotes: call with a selo_live_ key."
            if scope is None
            else f"This key lacks the scope {scope}: an operator gives it by selo client change."
        )
        self.scope = scope

    def extensions(self) -> Json:
        return {"code": self.code} if self.scope is None else {"code": self.code, "scope": self.scope}


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


class PersistedQueryNotFound(ApiError):
    """Apollo's and urql's clients compare the message with this very word, and then send hash and document.

    The status is 200, as Apollo's own server answers it: Apollo's client for iOS reads no body of another.
    """

    code = "PERSISTED_QUERY_NOT_FOUND"
    status = 200

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")


class PersistedQueryNotSupported(ApiError):
    """As above; the client then sends no hash any more."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"
    status = 200

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotSupported")


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
    """Return the top-level error for a refusal of the domain; None for a fault that the client must not see.

    A refusal that a screen can act on is answered by a mutation as a Problem. This is for refusals that the
    mutation's union, or a query, has no place for.
    """
    match error:
        case domain_errors.InvalidInput():
            return BadInput(error.message, field=error.field)
        case domain_errors.TooManyRequests():
            return RateLimited(retry_after=error.retry_after)
        case domain_errors.ContactOutOfReach():
            return NotAvailable(error.message)
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
