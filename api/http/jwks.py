"""`GET /.well-known/jwks.json`: the public keys, so that other systems can verify our access tokens (RFC
7517).
"""

from collections.abc import Callable, Mapping, Sequence

from starlette.requests import Request
from starlette.routing import Route

from api.http.json_response import JsonResponse

PublicSet = Callable[[], Mapping[str, Sequence[Mapping[str, str]]]]


def jwks_route(public_set: PublicSet) -> Route:
    """The route; the set is asked for anew each time, since keys rotate."""

    async def jwks(_request: Request) -> JsonResponse:
        return JsonResponse(public_set(), headers={"cache-control": "public, max-age=300"})

    return Route("/.well-known/jwks.json", jwks, methods=["GET"])
