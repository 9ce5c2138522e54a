"""`GET /.well-known/jwks.json`: the public keys by which other systems verify our tokens (RFC 7517)."""

from collections.abc import Callable, Mapping, Sequence

from starlette.requests import Request
from starlette.routing import Route

from api.http.json_response import JsonResponse

PublicSet = Callable[[], Mapping[str, Sequence[Mapping[str, str]]]]


def jwks_route(public_set: PublicSet) -> Route:
    """Return the route. Each request reads the set again, because keys rotate."""

    async def jwks(_request: Request) -> JsonResponse:
        return JsonResponse(public_set(), headers={"cache-control": "public, max-age=300"})

    return Route("/.well-known/jwks.json", jwks, methods=["GET"])
