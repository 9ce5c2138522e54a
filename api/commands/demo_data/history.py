"""`selo demo history`: a data folder with two believable years of as many members as one likes, to be served
with `selo serve --demo`; its figures are counted.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.running import CannotRun, run
from api.commands.terminal.progress import progress_bar
from api.process import Process, open_process
from api.settings.demo_folder import PROGRAMME
from api.settings.reading import read_settings
from domain.model.calendar import milliseconds
from domain.services.demo import DatabaseInUse
from domain.services.demo_history.filling import FilledHistory, fill_history
from domain.services.demo_history.seasons import SILENT_STORE, with_campaigns
from domain.services.demo_people import DAYS, MEMBERS
from domain.services.figures.rebuilding import rebuild
from domain.services.people import stores
from domain.store.figures.lease import LeaseHolder
from domain.store.ledger.programmes import NothingPublished

demo = typer.Typer(help="Data for a demo.", no_args_is_help=True)
SILENT_CITY = "Braga"


@demo.callback()
def group() -> None:
    """Keep `history` a command of its own name."""


@demo.command()
def history(
    members: Annotated[int, typer.Option(min=MEMBERS, max=20_000, help="How many, in steps of 200.")] = 1_000,
    data: Annotated[Path | None, typer.Option(help="The data folder, of its own.")] = None,
) -> None:
    """Make two believable years: seasons, campaigns that worked and one that did not, returns, surveys, a
    shop that went silent. It begins anew each time; then serve it with selo serve --demo.
    """
    filled = run(_fill(-(-members // MEMBERS), data))
    print(f"{filled.members} members, {filled.events} events. Serve them with selo serve --demo.")


async def _fill(batches: int, data_folder: Path | None) -> FilledHistory:
    settings = read_settings(data=data_folder)
    async with (
        open_database(settings, may_create=True) as database,
        open_process(settings, database) as process,
    ):
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with progress_bar(*columns, TimeElapsedColumn(), TimeRemainingColumn()) as bar:
            task = bar.add_task("Members", total=None)

            def show_progress(what: str, done: int, total: int) -> None:
                bar.update(task, description=what, completed=done, total=total)

            now = milliseconds(utc_now())
            try:
                await _publish(process)
                filled = await fill_history(
                    process.store,
                    published=process.programmes.current(),
                    batches=batches,
                    now=now,
                    progress=show_progress,
                )
            except DatabaseInUse:
                raise CannotRun(
                    "The database has members of its own: give the demo a data folder of its own with --data."
                ) from None
            await _add_silent_store(process)
            await rebuild(
                process.runtime,
                LeaseHolder(utc_now),
                progress=lambda rows: bar.update(task, description="Rows in figures", completed=rows),
            )
        return filled


async def _publish(process: Process) -> None:
    """Publish the example with its campaigns, where nothing is published."""
    try:
        process.programmes.current()
    except NothingPublished:
        text = with_campaigns(PROGRAMME.read_text(encoding="utf-8"), until=utc_now())
        await process.programmes.publish(text, now=utc_now() - timedelta(days=DAYS + 1))


async def _add_silent_store(process: Process) -> None:
    if SILENT_STORE not in {shop.code for shop in await stores.list_stores(process.store)}:
        await stores.add(process.store, code=SILENT_STORE, name=f"NumisCollect {SILENT_CITY}", now=utc_now())
