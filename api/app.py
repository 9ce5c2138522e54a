"""The application: the only place where things are wired. Whatever serves a path or lives as long as the process is named here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from api.http.health import PartState, health_routes
from api.settings import Settings
from domain.store.connect import Database, Unreachable


@asynccontextmanager
async def open_app(settings: Settings, database: Database) -> AsyncIterator[ASGIApp]:
    """The application over a database that answers, with what runs beside the requests started before and ended after."""
    yield create_app(settings, database)


def create_app(settings: Settings, database: Database) -> ASGIApp:
    """Routes, and the middleware around them, outermost last."""

    async def database_part() -> PartState:
        try:
            await database.ping()
        except Unreachable:
            return PartState(ok=False, state="no answer")
        return PartState(ok=True, state="answers")

    return Starlette(
        routes=[*health_routes({"database": database_part})],
        middleware=[*_other_origins(settings)],
    )


def _other_origins(settings: Settings) -> list[Middleware]:
    """Pages of other origins may call the API only where a setting names them; there are no cookies that they could misuse."""
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
            max_age=600,
        )
    ]
