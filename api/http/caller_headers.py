"""What an answer says to its caller beside its body: what they may still ask, and that they have to sign in.

    RateLimit-Policy: "member";q=300;w=60      300 points in 60 seconds
    RateLimit: "member";r=294;t=2              294 are left; all of them are there again in 2 seconds
    WWW-Authenticate: Bearer ...               with UNAUTHENTICATED (RFC 6750): `error` for a refused token

The rates are those of draft-ietf-httpapi-ratelimit-headers. An answer that may be stored for everybody says
none: a copy would tell others what this caller has left.
"""

from typing import Any, Final, cast

from api.caller import Anonymous, Caller
from api.errors import Unauthenticated
from api.graphql.engine.execution import GraphQLResponse
from api.rates import Budget

RawHeader = tuple[bytes, bytes]

NO_TOKEN: Final = b'Bearer realm="selo"'
REFUSED_TOKEN: Final = (
    b'Bearer realm="selo", error="invalid_token", error_description="refresh the session, or sign in"'
)
REFUSED_KEY: Final = (
    b'Bearer realm="selo", error="invalid_token", error_description="this key or signature does not work"'
)


def caller_headers(answer: GraphQLResponse, caller: Caller, budget: Budget | None) -> list[RawHeader]:
    """Return the headers of an answer to its caller; without a budget none of their rate."""
    headers: list[RawHeader] = []
    if budget is not None:
        policy = f'"{budget.name}";q={budget.allowed};w={budget.seconds}'
        rate = f'"{budget.name}";r={budget.remaining};t={budget.full_in}'
        headers += [(b"ratelimit-policy", policy.encode("ascii")), (b"ratelimit", rate.encode("ascii"))]
    errors = cast("list[dict[str, Any]]", answer.body.get("errors", []))
    if any(error["extensions"]["code"] == Unauthenticated.code for error in errors):
        is_refused = isinstance(caller, Anonymous) and caller.token_refused
        headers.append((b"www-authenticate", REFUSED_TOKEN if is_refused else NO_TOKEN))
    return headers
