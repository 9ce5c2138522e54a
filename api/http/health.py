"""`GET /health`: this process is alive, and of which release. `GET /ready`: it can serve; 503 where it
cannot, with the state of each part.

A load balancer asks both often and without signing in, so neither says more than a word a part.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.routing import Route

from api import RELEASE
from api.http.json_response import JsonResponse
from domain.model.values import dataclass

ANSWER_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class PartState:
    """The state of one part. A part that is not `is_needed` may be off while the server is ready."""

    is_ok: bool
    state: str
    is_needed: bool = True


PartCheck = Callable[[], Awaitable[PartState]]


def health_routes(parts: Mapping[str, PartCheck]) -> list[Route]:
    """Return the two routes. Each request to `/ready` checks every part."""

    async def health(_request: Request) -> JsonResponse:
        return JsonResponse({"status": "alive", "version": RELEASE})

    async def ready(_request: Request) -> JsonResponse:
        states = await asyncio.gather(*(_check_part(part) for part in parts.values()))
        is_ready = all(state.is_ok or not state.is_needed for state in states)
        body = {
            "status": "ready" if is_ready else "not ready",
            "parts": {name: state.state for name, state in zip(parts, states, strict=True)},
        }
        return JsonResponse(body, status_code=200 if is_ready else 503)

    return [Route("/health", health, methods=["GET"]), Route("/ready", ready, methods=["GET"])]


async def _check_part(part: PartCheck) -> PartState:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await part()
    except TimeoutError:
        return PartState(is_ok=False, state="no answer in time")
