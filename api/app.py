"""The application: the only place where paths are wired to what serves them, and where background tasks
start.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp

from api.background import end_tasks, keep_running
from api.http.app_links import app_link_routes
from api.http.branded.front_door import front_door_route
from api.http.branded.icons import brand_icons_route
from api.http.branded.page_files import made_page_files
from api.http.data_export import data_export_route
from api.http.files.pictures import pictures_route
from api.http.files.row_files import row_file_route
from api.http.files.uploads import uploads_route
from api.http.graphql_setup import make_graphql_routes
from api.http.headers import OuterMiddleware, answer_unhandled_error, door
from api.http.health import PartCheck, PartState, health_routes
from api.http.intake.events import events_route
from api.http.intake.shops import shop_webhook_route
from api.http.jwks import jwks_route
from api.http.metrics import metrics_route
from api.http.pages import BRANDED_PAGES, WEB, page_routes
from api.http.schema_file import schema_route
from api.http.unsubscribe import unsubscribe_route
from api.pictures.picture_library import PictureLibrary
from api.process import Process
from api.rates import Rates, rate_limits
from api.settings import Settings, demo_folder
from api.tracing.requests import TracedApp
from api.worker import channel_states, run_worker, webhook_names
from domain.store import tracing
from domain.store.backlog import read_backlog
from domain.store.cancellation import raise_pending_cancellation
from domain.store.connect import Unreachable
from domain.store.document_store import Busy, DatabaseError
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
# A turn is taken every 20 seconds; after a long downtime the first takes longer.
TURN_LATE_SECONDS = 300


@asynccontextmanager
async def open_app(process: Process, *, address: str) -> AsyncIterator[ASGIApp]:
    """Open the application that listens at an address, with the tasks that run beside its requests."""
    await process.runtime.session_registry.catch_up(process.store, now=process.clock())
    await process.clients.catch_up(process.store, now=process.clock())
    raise_pending_cancellation()
    jobs: dict[str, Callable[[], Awaitable[None]]] = {
        "programmes and stock": process.runtime.keep_refreshed,
        "when keys are used": process.clients.keep_noting,
        "what is refused": lambda: process.refusals.keep_writing(process.store),
        "what is committed": lambda: process.follower.follow(process.store, clock=process.clock),
    }
    if process.settings.worker:
        jobs["worker"] = lambda: run_worker(process)
    tasks = [asyncio.create_task(keep_running(what, begin), name=what) for what, begin in jobs.items()]
    try:
        yield create_app(process, address=address)
    finally:
        await end_tasks(tasks)


def server_parts(process: Process) -> dict[str, PartCheck]:
    """Return the parts that `/ready` tells apart."""

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

    async def changes_part() -> PartState:
        is_following = process.follower.is_following.is_set()
        return PartState(
            is_ok=is_following, state="followed" if is_following else "not followed", is_needed=False
        )

    return {
        "database": database_part,
        "format": format_part,
        "keys": keys_part,
        "programme": programme_part,
        "changes": changes_part,
        **_channel_parts(process),
    }


def worker_parts(process: Process) -> dict[str, PartCheck]:
    """Return the parts that `/ready` of a worker tells apart: the server's, the turn, the outbox and the
    sweep after a publish.
    """

    async def turn_part() -> PartState:
        ended_at = process.runtime.last_turn.ended_at
        if ended_at is None:
            return PartState(is_ok=False, state="none taken yet")
        seconds = round((process.clock() - ended_at).total_seconds())
        return PartState(is_ok=seconds < TURN_LATE_SECONDS, state=f"{seconds} s ago")

    async def outbox_part() -> PartState:
        try:
            backlog = await read_backlog(process.store, now=process.clock())
        except (Busy, DatabaseError):
            return PartState(is_ok=False, state="no answer")
        due = sum(waiting.count for waiting in backlog.outbox_by_lane.values())
        return PartState(is_ok=True, state=f"{due} due")

    async def sweep_part() -> PartState:
        try:
            waiting = (await read_backlog(process.store, now=process.clock())).sweep
        except (Busy, DatabaseError):
            return PartState(is_ok=False, state="no answer", is_needed=False)
        if waiting.since is None:
            return PartState(is_ok=True, state="none waits")
        seconds = round((process.programme_clock() - waiting.since).total_seconds())
        state = f"{waiting.count} ranges left, published {seconds} s ago"
        return PartState(is_ok=True, state=state, is_needed=False)

    return {**server_parts(process), "turn": turn_part, "outbox": outbox_part, "sweep": sweep_part}


def create_operator_app(process: Process, parts: Mapping[str, PartCheck]) -> ASGIApp:
    """Return what an operator's port answers: whether the process lives and is ready, and what it counts."""
    routes = [*health_routes(parts), _metrics_route(process)]
    return OuterMiddleware(Starlette(routes=routes, exception_handlers={Exception: answer_unhandled_error}))


def _metrics_route(process: Process, *, token: str | None = None) -> Route:
    return metrics_route(
        lambda: read_backlog(process.store, now=process.clock()),
        clock=process.clock,
        token=token,
    )


def create_app(process: Process, *, address: str = "") -> ASGIApp:
    """Return the routes with their middleware; `OuterMiddleware` is the outermost."""
    explorer = process.settings.graphiql and process.settings.introspection
    media = process.settings.media or (demo_folder.PICTURES if process.settings.demo else None)
    pictures = PictureLibrary(media, base_url=process.settings.base_url or address)
    token, rates = process.settings.metrics_token, Rates(rate_limits(process.settings), time.monotonic)
    starlette_app = Starlette(
        routes=[
            *health_routes(server_parts(process)),
            *([_metrics_route(process, token=token.get_secret_value())] if token is not None else []),
            jwks_route(process.tokens.public_jwks),
            *app_link_routes(process.settings),
            *([schema_route()] if process.settings.introspection else []),
            unsubscribe_route(process),
            data_export_route(process),
            row_file_route(process),
            shop_webhook_route(process),
            events_route(process, rates=rates),
            front_door_route(process, explorer=explorer),
            *make_graphql_routes(process, address=address, explorer=explorer, pictures=pictures, rates=rates),
            pictures_route(pictures),
            uploads_route(process),
            brand_icons_route(process, pictures),
            *page_routes(
                explorer=explorer,
                media=media,
                made={page: made_page_files(process, page, WEB) for page in BRANDED_PAGES},
            ),
        ],
        middleware=_other_origins(process.settings),
        exception_handlers={Exception: answer_unhandled_error},
    )
    # A redirect to the path without its last slash would go to any Host that the request claims, and over
    # plain http behind a proxy that ends TLS.
    starlette_app.router.redirect_slashes = False
    app = starlette_app if tracing.tracer is None else TracedApp(starlette_app, door=door)
    return OuterMiddleware(app, is_logging=process.settings.log_format == "json")


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
