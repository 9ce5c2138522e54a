"""The database of a command: that of MONGODB_URI, that of a running server, or an embedded one of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from api.commands.running import CannotRun
from api.embedded import FolderInUse, find_running, holds_database, open_embedded
from api.settings import Settings
from domain.store import tracing
from domain.store.connect import AccessRefused, Database, Unreachable, connect
from domain.store.counters import CommandCounts
from domain.store.tracing.command_spans import CommandSpans

FOLDER_WAIT_SECONDS = 5.0


class DatabaseUnavailable(CannotRun):
    """The database does not answer now. Whoever waits for it may try again."""


@asynccontextmanager
async def open_server_database(settings: Settings) -> AsyncIterator[Database]:
    """Open a server's database: MONGODB_URI's, else a child process that other commands find by the data
    folder.
    """
    async with AsyncExitStack() as stack:
        if settings.mongodb_uri is not None:
            uri = settings.mongodb_uri.get_secret_value()
        else:
            uri = await _folder_database_uri(settings, stack, is_server=True)
        yield await stack.enter_async_context(open_connection(settings, uri))


@asynccontextmanager
async def open_database(settings: Settings, *, may_create: bool = False) -> AsyncIterator[Database]:
    """Open the database for one command: MONGODB_URI's, else the running server's, else a child process.

    Only a command that `may_create` makes a data folder: a misspelt folder must not look like an empty,
    healthy one.
    """
    async with (
        open_address(settings, may_create=may_create) as uri,
        open_connection(settings, uri) as database,
    ):
        yield database


@asynccontextmanager
async def open_address(settings: Settings, *, may_create: bool = False) -> AsyncIterator[str]:
    """Yield the address of the same database, for a command whose work several processes share."""
    if settings.mongodb_uri is None and not may_create and not holds_database(settings.data):
        raise CannotRun(
            f"There is no database in the data folder {settings.data}: name another with --data, or make it"
            " by selo serve."
        )
    async with AsyncExitStack() as stack:
        if settings.mongodb_uri is not None:
            yield settings.mongodb_uri.get_secret_value()
        else:
            yield await _folder_database_uri(settings, stack, is_server=False)


async def _folder_database_uri(settings: Settings, stack: AsyncExitStack, *, is_server: bool) -> str:
    """Return the address of the folder's database: the running server's, else that of one that is started
    here.

    A folder that another process holds for a moment is waited for: another command, or the database of a
    killed server.
    """
    give_up_at = asyncio.get_running_loop().time() + FOLDER_WAIT_SECONDS
    while True:
        if not is_server and (running := find_running(settings.data)):
            return running.uri
        try:
            return (await stack.enter_async_context(open_embedded(settings.data, is_announced=is_server))).uri
        except FolderInUse:
            if asyncio.get_running_loop().time() > give_up_at or (is_server and find_running(settings.data)):
                raise
            await asyncio.sleep(0.2)


@asynccontextmanager
async def open_running_database(settings: Settings) -> AsyncIterator[Database]:
    """Open the database for what runs beside a server: MONGODB_URI's, else the running server's.

    Raises DatabaseUnavailable where no server runs. It never starts a database: that would keep a server that
    is restarting from the data folder.
    """
    if settings.mongodb_uri is not None:
        uri = settings.mongodb_uri.get_secret_value()
    elif running := find_running(settings.data):
        uri = running.uri
    else:
        raise DatabaseUnavailable(
            f"No server has the data folder {settings.data} open: start selo serve, name another folder, or"
            " set MONGODB_URI."
        )
    async with open_connection(settings, uri) as database:
        yield database


@asynccontextmanager
async def open_connection(settings: Settings, uri: str) -> AsyncIterator[Database]:
    """Connect to a database that must answer. Raises CannotRun, DatabaseUnavailable."""
    is_counting = any(
        each is not None for each in (settings.metrics_port, settings.worker_port, settings.metrics_token)
    )
    database = connect(
        uri,
        settings.database,
        timeout_seconds=settings.database_seconds,
        listeners=[
            *([CommandCounts()] if is_counting else []),
            *([CommandSpans()] if tracing.tracer is not None else []),
        ],
    )
    whose = "that MONGODB_URI names" if settings.mongodb_uri else "in the data folder"
    try:
        try:
            await database.ping()
        except AccessRefused as refused:
            raise CannotRun(
                f"The database {whose} refuses us ({refused}): look at its user, password and rights."
            ) from None
        except Unreachable as unreachable:
            raise DatabaseUnavailable(
                f"The database {whose} does not answer within {settings.database_seconds:g} seconds."
                if unreachable.reason is None
                else f"The database {whose} cannot be reached: {unreachable.reason}."
            ) from None
        yield database
    finally:
        await database.close()
