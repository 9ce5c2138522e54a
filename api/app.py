"""The application: the only place where things are wired. Whatever serves a path or lives as long as the process is named here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from api.http.callers import utc_now
from api.http.drain import Drain
from api.http.headers import Porch
from api.http.health import PartState, health_routes
from api.http.jwks import jwks_route
from api.keys import Keys, read_keys
from api.settings import Settings
from api.tokens import Tokens
from domain.store.connect import Database, Unreachable


@dataclass(frozen=True, slots=True)
class House:
    """What every part of one process shares."""

    settings: Settings
    database: Database
    keys: Keys
    tokens: Tokens
    drain: Drain


@asynccontextmanager
async def open_house(settings: Settings, database: Database, *, address: str) -> AsyncIterator[House]:
    """Everything that lives as long as the process, over a database that answers. At the end mutations under way are waited for."""
    keys = read_keys(settings, now=utc_now())
    tokens = Tokens(
        keys,
        issuer=settings.base_url or address,
        clock=utc_now,
        access_lasts=timedelta(minutes=settings.access_token_minutes),
        read_again=lambda: read_keys(settings, now=utc_now()),
    )
    drain = Drain(stop_after_seconds=settings.operation_seconds + settings.database_seconds)
    try:
        yield House(settings=settings, database=database, keys=keys, tokens=tokens, drain=drain)
    finally:
        await drain.close(seconds=settings.shutdown_seconds)


def create_app(house: House) -> ASGIApp:
    """Routes, and the layers around them: `Porch` is the outermost."""

    async def database_part() -> PartState:
        try:
            await house.database.ping()
        except Unreachable:
            return PartState(ok=False, state="no answer")
        return PartState(ok=True, state="answers")

    inner = Starlette(
        routes=[*health_routes({"database": database_part}), jwks_route(house.tokens.public_set)],
        middleware=_other_origins(house.settings),
    )
    return Porch(inner)


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
