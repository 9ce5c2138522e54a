"""`selo worker`: the worker alone, until Ctrl-C or SIGTERM; any number of them, beside any number of servers.

It may start before the server and outlive it: when the server of its data folder ends, it waits for the next
one.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import structlog
import typer

from api.app import worker_parts
from api.background import end_tasks, keep_running
from api.commands.database import DatabaseUnavailable, open_running_database
from api.commands.operator_port import operator_port
from api.commands.running import run, warn_of_unknown_variables
from api.embedded import RunningServer, read_note
from api.logs import configure_logs
from api.process import Process, open_process
from api.settings import Settings
from api.settings.reading import read_settings
from api.tracing.opening import open_tracing
from api.worker import run_worker
from domain.store.document_store import Busy, DatabaseError, StoreFault
from domain.store.ledger.programmes import NothingPublished

LOOK_SECONDS = 0.5

log = structlog.get_logger(__name__)


def worker(data: Annotated[Path | None, typer.Option(help="The data folder.")] = None) -> None:
    """Deliver messages and take the turn. Without serving the API, until Ctrl-C."""
    run(_worker(data))


async def _worker(data_folder: Path | None) -> None:
    settings = read_settings(data=data_folder)
    configure_logs(level=settings.log_level, form=settings.log_format)
    warn_of_unknown_variables()
    stop_requested, loop = asyncio.Event(), asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stop_requested.set)
    with open_tracing(service="selo-worker"):
        working, stopping = (
            asyncio.create_task(_keep_working(settings)),
            asyncio.create_task(stop_requested.wait()),
        )
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in (working, stopping):
            task.cancel()
        await asyncio.wait([working, stopping])
    if not working.cancelled():
        working.result()  # raise the fault that ended it


async def _keep_working(settings: Settings) -> None:
    """Work at the database of the server that has the data folder open. Raises a fault that waiting does not
    mend.
    """
    logged_reason = ""
    while True:
        server = read_note(settings.data)
        try:
            async with (
                open_running_database(settings) as database,
                open_process(settings, database) as process,
            ):
                logged_reason = ""
                await _work(process, server)
        except (DatabaseUnavailable, Busy, StoreFault, DatabaseError) as fault:
            if settings.mongodb_uri is not None:
                raise
            reason = str(fault) if isinstance(fault, DatabaseUnavailable) else type(fault).__name__
            if reason != logged_reason:
                log.warning("worker.waits", why=reason)
            logged_reason = reason
            await asyncio.sleep(LOOK_SECONDS)


async def _work(process: Process, server: RunningServer | None) -> None:
    """Work until another server, or none, has the data folder open."""
    await _wait_for_programme(process)
    jobs: dict[str, Callable[[], Awaitable[None]]] = {
        "programmes and stock": process.runtime.keep_refreshed,
        "what is committed": lambda: process.follower.follow(process.store, clock=process.clock),
        "worker": lambda: run_worker(process),
    }
    async with operator_port(process, process.settings.worker_port, worker_parts(process)):
        tasks = [asyncio.create_task(keep_running(what, begin), name=what) for what, begin in jobs.items()]
        print("Selo's worker is at work", flush=True)
        try:
            await _wait_for_other_server(process.settings, server)
        finally:
            await end_tasks(tasks)


async def _wait_for_other_server(settings: Settings, server: RunningServer | None) -> None:
    """Wait until another server, or none, has the data folder open; for good where MONGODB_URI is set."""
    while settings.mongodb_uri is not None or _is_same_server(read_note(settings.data), server):  # noqa: ASYNC110 - a file has no event
        await asyncio.sleep(LOOK_SECONDS)


def _is_same_server(first: RunningServer | None, second: RunningServer | None) -> bool:
    """Tell whether two notes are of one server; it may have restarted its database in between."""
    return first is not None and second is not None and (first.uri, first.pid) == (second.uri, second.pid)


async def _wait_for_programme(process: Process) -> None:
    """Wait until a programme is published."""
    has_warned = False
    while True:
        try:
            process.programmes.current()
        except NothingPublished:
            if not has_warned:
                log.warning("worker.waits", why="No programme is published yet: selo programme publish FILE.")
            has_warned = True
        else:
            return
        await asyncio.sleep(LOOK_SECONDS)
        await process.programmes.refresh()
