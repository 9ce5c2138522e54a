"""The application: the only place where paths are wired to what serves them, and started what runs beside the
requests.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from api.beside import expect_not_cancelled, keep_going
from api.http.endpoint import make_routes
from api.http.headers import Porch, unforeseen
from api.http.health import Part, PartState, health_routes
from api.http.jwks import jwks_route
from api.http.pages import page_routes
from api.http.unsubscribe import unsubscribe_route
from api.process import Process
from api.settings import Settings
from api.worker import channels, webhooks, work
from domain.store.connect import Unreachable
from domain.store.ledger.programmes import NothingPublished

DEMO_PICTURES = Path(__file__).parents[1] / "scripts" / "demo" / "art"


@asynccontextmanager
async def open_app(process: Process, *, address: str) -> AsyncIterator[ASGIApp]:
    """The application, listening at an address, with what runs beside its requests."""
    await process.desk.session_registry.catch_up(process.store, now=process.clock())
    expect_not_cancelled()
    works: dict[str, Callable[[], Awaitable[None]]] = {
        "programmes and stock": process.house.keep_refreshed,
        "what is committed": lambda: process.follower.follow(process.store, clock=process.clock),
    }
    if process.settings.worker:
        works["worker"] = lambda: work(process)
    beside = [asyncio.create_task(keep_going(what, begin), name=what) for what, begin in works.items()]
    try:
        yield create_app(process, address=address)
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


def create_app(process: Process, *, address: str = "") -> ASGIApp:
    """Routes, and the layers around them: `Porch` is the outermost."""
    explorer = process.settings.graphiql and process.settings.introspection

    async def database_part() -> PartState:
        try:
            await process.database.ping()
        except Unreachable:
            return PartState(ok=False, state="no answer")
        return PartState(ok=True, state="answers")

    async def programme_part() -> PartState:
        try:
            return PartState(ok=True, state=f"version {process.programmes.current().number}")
        except NothingPublished:
            return PartState(ok=False, state="none published")

    inner = Starlette(
        routes=[
            *health_routes(
                {"database": database_part, "programme": programme_part, **_channel_parts(process)}
            ),
            jwks_route(process.tokens.public_set),
            unsubscribe_route(process),
            *make_routes(process, address=address, explorer=explorer),
            *page_routes(
                explorer=explorer,
                media=process.settings.media or (DEMO_PICTURES if process.settings.demo else None),
            ),
        ],
        middleware=_other_origins(process.settings),
        exception_handlers={Exception: unforeseen},
    )
    # A path with a slash too many would be sent on to whatever Host the request claims, over http behind a
    # proxy that ends TLS.
    inner.router.redirect_slashes = False
    return Porch(inner)


def _channel_parts(process: Process) -> dict[str, Part]:
    """What of messages can leave; without any the inbox and live activity go on, so the server is ready all
    the same.
    """

    def part(on: bool) -> Part:
        async def state() -> PartState:
            return PartState(ok=on, state="on" if on else "off", needed=False)

        return state

    async def hooks() -> PartState:
        named, unknown = webhooks(process)
        return PartState(
            ok=not unknown, state="incomplete" if unknown else "on" if named else "none", needed=False
        )

    return {**{channel: part(on) for channel, on in channels(process.senders).items()}, "webhooks": hooks}


def _other_origins(settings: Settings) -> list[Middleware]:
    """Pages of other origins may call the API only where a setting names them; there are no cookies that they
    could misuse.
    """
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["X-Request-Id", "Retry-After"],
            max_age=600,
        )
    ]
