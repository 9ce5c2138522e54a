"""`selo turn`: write down what time has brought to all members by now; also beside a running server."""

from pathlib import Path
from typing import Annotated

import typer

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.running import CannotRun, run
from api.commands.terminal.progress import progress_bar
from api.process import open_process
from api.settings import read_settings
from domain.services.ledger.turn import TurnReport
from domain.services.ledger.turn import turn as take_turn
from domain.store.ledger.programmes import NothingPublished


def turn(data: Annotated[Path | None, typer.Option(help="The data folder.")] = None) -> None:
    """Write down what time has brought. Lapsed lots, reviews, birthdays, delayed rules: of everybody, by
    now.
    """
    report = run(_turn(data))
    waiting = f"; {report.left_count} were busy and wait for the next turn" if report.left_count else ""
    failed = (
        f"; {report.failed_count} failed, see the log and: selo outbox list" if report.failed_count else ""
    )
    print(
        f"{report.member_count} members, {report.row_count} rows written, {report.fired_count} delayed"
        f" events{waiting}{failed}"
    )


async def _turn(data_folder: Path | None) -> TurnReport:
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        with progress_bar() as bar:
            task = bar.add_task("Members", total=None)

            def show_progress(done: int, of: int) -> None:
                bar.update(task, completed=done, total=of)

            try:
                return await take_turn(process.runtime, now=utc_now(), progress=show_progress)
            except NothingPublished:
                raise CannotRun("No programme is published yet: selo programme publish FILE.") from None
