"""The application: the only place where paths are wired to what serves them, and where background tasks
start.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from api.background import keep_running, raise_pending_cancellation
from api.http.app_links import app_link_routes
from api.http.data_export import data_export_route
from api.http.graphql_setup import make_graphql_routes
from api.http.headers import OuterMiddleware, answer_unhandled_error
from api.http.health import PartCheck, PartState, health_routes
from api.http.jwks import jwks_route
from api.http.pages import page_routes
from api.http.schema_file import schema_route
from api.http.unsubscribe import unsubscribe_route
from api.process import Process
from api.settings import Settings
from api.worker import channel_states, run_worker, webhook_names
from domain.store.connect import Unreachable
from domain.store.ledger.programmes import NothingPublished

# What a page or an Ionic app of another origin may read of an answer: its card codes go by Date.
EXPOSED_HEADERS = (
    "Date",
    "ETag",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-Id",
)
DEMO_PICTURES = Path(__file__).parents[1] / "scripts" / "demo" / "art"


@asynccontextmanager
async def open_app(process: Process, *, address: str) -> AsyncIterator[ASGIApp]:
    """Open the application that listens at an address, with the tasks that run beside its requests."""
    await process.runtime.session_registry.catch_up(process.store, now=process.clock())
    raise_pending_cancellation()
    jobs: dict[str, Callable[[], Awaitable[None]]] = {
        "programmes and stock": process.runtime.keep_refreshed,
        "what is committed": lambda: process.follower.follow(process.store, clock=process.clock),
    }
    if process.settings.worker:
        jobs["worker"] = lambda: run_worker(process)
    tasks = [asyncio.create_task(keep_running(what, begin), name=what) for what, begin in jobs.items()]
    try:
        yield create_app(process, address=address)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def create_app(process: Process, *, address: str = "") -> ASGIApp:
    """Return the routes with their middleware; `OuterMiddleware` is the outermost."""
    explorer = process.settings.graphiql and process.settings.introspection

    async def database_part() -> PartState:
        try:
            await process.database.ping()
        except Unreachable:
            return PartState(is_ok=False, state="no answer")
        return PartState(is_ok=True, state="answers")

    async def programme_part() -> PartState:
        try:
            return PartState(is_ok=True, state=f"version {process.programmes.current().number}")
        except NothingPublished:
            return PartState(is_ok=False, state="none published")

    async def keys_part() -> PartState:
        can_sign = process.tokens.can_sign
        return PartState(is_ok=can_sign, state="one signs" if can_sign else "all dropped")

    async def format_part() -> PartState:
        newer = process.store.outdated_by
        return PartState(is_ok=newer is None, state="current" if newer is None else f"newer: {newer}")

    starlette_app = Starlette(
        routes=[
            *health_routes(
                {
                    "database": database_part,
                    "format": format_part,
                    "keys": keys_part,
                    "programme": programme_part,
                    **_channel_parts(process),
                }
            ),
            jwks_route(process.tokens.public_jwks),
            *app_link_routes(process.settings),
            *([schema_route()] if process.settings.introspection else []),
            unsubscribe_route(process),
            data_export_route(process),
            *make_graphql_routes(process, address=address, explorer=explorer),
            *page_routes(
                explorer=explorer,
                media=process.settings.media or (DEMO_PICTURES if process.settings.demo else None),
            ),
        ],
        middleware=_other_origins(process.settings),
        exception_handlers={Exception: answer_unhandled_error},
    )
    # A redirect to the path without its last slash would go to any Host that the request claims, and over
    # plain http behind a proxy that ends TLS.
    starlette_app.router.redirect_slashes = False
    return OuterMiddleware(starlette_app)


def _channel_parts(process: Process) -> dict[str, PartCheck]:
    """Return the state of each message channel and of the webhooks.

    Without any channel the inbox and live activity still work, so the server is ready all the same.
    """

    def channel_part(is_on: bool) -> PartCheck:
        async def state() -> PartState:
            return PartState(is_ok=is_on, state="on" if is_on else "off", is_needed=False)

        return state

    async def webhooks_part() -> PartState:
        named, unknown = webhook_names(process)
        return PartState(
            is_ok=not unknown, state="incomplete" if unknown else "on" if named else "none", is_needed=False
        )

    return {
        **{channel: channel_part(on) for channel, on in channel_states(process.senders).items()},
        "webhooks": webhooks_part,
    }


def _other_origins(settings: Settings) -> list[Middleware]:
    """Return the CORS middleware for the origins that a setting names; there are no cookies to misuse."""
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", *settings.cors_headers],
            expose_headers=EXPOSED_HEADERS,
            max_age=600,
        )
    ]
