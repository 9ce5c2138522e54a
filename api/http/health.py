"""`GET /health`: this process lives. `GET /ready`: it can serve, with the state of each part that serving
needs; 503 where it cannot.

A load balancer asks both often and without signing in, so neither says more than a word a part.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.routing import Route

from api.http.answers import JsonAnswer

ANSWER_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class PartState:
    """How one part stands. What is not `needed` may be off without making the server unready."""

    ok: bool
    state: str
    needed: bool = True


Part = Callable[[], Awaitable[PartState]]


def health_routes(parts: Mapping[str, Part]) -> list[Route]:
    """The two routes; each part is asked anew at every request to `/ready`."""

    async def health(_request: Request) -> JsonAnswer:
        return JsonAnswer({"status": "alive"})

    async def ready(_request: Request) -> JsonAnswer:
        states = await asyncio.gather(*(_ask(part) for part in parts.values()))
        good = all(state.ok or not state.needed for state in states)
        body = {
            "status": "ready" if good else "not ready",
            "parts": {name: state.state for name, state in zip(parts, states, strict=True)},
        }
        return JsonAnswer(body, status_code=200 if good else 503)

    return [Route("/health", health, methods=["GET"]), Route("/ready", ready, methods=["GET"])]


async def _ask(part: Part) -> PartState:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await part()
    except TimeoutError:
        return PartState(ok=False, state="no answer in time")
