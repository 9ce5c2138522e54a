"""`selo worker`: the turn and the post alone, until Ctrl-C or SIGTERM; as many of them as are wanted, beside any number of servers."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from api.commands.database import open_store
from api.commands.running import CannotRun, run
from api.logs import configure_logs
from api.process import open_process
from api.settings import read_settings
from api.worker import work
from domain.store.programmes import NothingPublished


def worker(data: Annotated[Path | None, typer.Option(help="The data folder.")] = None) -> None:
    """Deliver messages and take the turn, without serving the API, until Ctrl-C."""
    run(_worker(data))


async def _worker(data: Path | None) -> None:
    settings = read_settings(data=data)
    configure_logs(level=settings.log_level, form=settings.log_format)
    async with open_store(settings) as database, open_process(settings, database) as process:
        try:
            process.programmes.current()
        except NothingPublished:
            raise CannotRun("No programme is published yet: selo programme publish FILE.") from None
        following = process.follower.follow(process.store, clock=process.clock)
        tasks = [asyncio.create_task(each) for each in (work(process), process.house.follow(), following)]
        told_to_stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, told_to_stop.set)
        print("Selo's worker is at work", flush=True)
        stopping = asyncio.create_task(told_to_stop.wait())
        try:
            await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (stopping, *tasks):
                task.cancel()
            await asyncio.gather(stopping, *tasks, return_exceptions=True)
