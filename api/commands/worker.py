"""`selo worker`: the turn and the post alone, until Ctrl-C or SIGTERM; as many of them as are wanted, beside
any number of servers.

It may be started before the server, and outlives it: where the server of its data folder goes, it waits for
the next one.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import structlog
import typer

from api.beside import keep_going
from api.commands.database import DatabaseAway, running_store
from api.commands.running import run
from api.embedded import Running, read_note
from api.logs import configure_logs
from api.process import Process, open_process
from api.settings import Settings, read_settings
from api.worker import work
from domain.store.document_store import Busy, DatabaseError, StoreFault
from domain.store.ledger.programmes import NothingPublished

LOOK_SECONDS = 0.5

log = structlog.get_logger(__name__)


def worker(data: Annotated[Path | None, typer.Option(help="The data folder.")] = None) -> None:
    """Deliver messages and take the turn. Without serving the API, until Ctrl-C."""
    run(_worker(data))


async def _worker(data: Path | None) -> None:
    settings = read_settings(data=data)
    configure_logs(level=settings.log_level, form=settings.log_format)
    told_to_stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, told_to_stop.set)
    going, stopping = asyncio.create_task(_keep_working(settings)), asyncio.create_task(told_to_stop.wait())
    await asyncio.wait([going, stopping], return_when=asyncio.FIRST_COMPLETED)
    for task in (going, stopping):
        task.cancel()
    await asyncio.wait([going, stopping])
    if not going.cancelled():
        going.result()  # what ended it is the user's to know


async def _keep_working(settings: Settings) -> None:
    """Work at the database of whichever server has the data folder open. Raises what waiting does not
    mend.
    """
    waits = ""
    while True:
        begun = read_note(settings.data)
        try:
            async with running_store(settings) as database, open_process(settings, database) as process:
                waits = ""
                await _work(process, begun)
        except (DatabaseAway, Busy, StoreFault, DatabaseError) as fault:
            if settings.mongodb_uri is not None:
                raise
            why = str(fault) if isinstance(fault, DatabaseAway) else type(fault).__name__
            if why != waits:
                log.warning("worker.waits", why=why)
            waits = why
            await asyncio.sleep(LOOK_SECONDS)


async def _work(process: Process, begun: Running | None) -> None:
    """Work until the server that `begun` names is no longer the one that has the data folder open."""
    await _programme(process)
    works: dict[str, Callable[[], Awaitable[None]]] = {
        "programmes and stock": process.house.keep_refreshed,
        "what is committed": lambda: process.follower.follow(process.store, clock=process.clock),
        "worker": lambda: work(process),
    }
    tasks = [asyncio.create_task(keep_going(what, begin), name=what) for what, begin in works.items()]
    print("Selo's worker is at work", flush=True)
    try:
        while process.settings.mongodb_uri is not None or _same(read_note(process.settings.data), begun):  # noqa: ASYNC110 - a file has none
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _same(one: Running | None, other: Running | None) -> bool:
    """Whether two notes are of one server; its database may have been started again meanwhile, where it
    was.
    """
    return one is not None and other is not None and (one.uri, one.pid) == (other.uri, other.pid)


async def _programme(process: Process) -> None:
    """Wait until there is one."""
    told = False
    while True:
        try:
            process.programmes.current()
        except NothingPublished:
            if not told:
                log.warning("worker.waits", why="No programme is published yet: selo programme publish FILE.")
            told = True
        else:
            return
        await asyncio.sleep(LOOK_SECONDS)
        await process.programmes.refresh()
