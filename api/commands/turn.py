"""`selo turn`: write down what time has brought to all members by now; also beside a running server."""

from pathlib import Path
from typing import Annotated

import typer

from api.commands.database import open_database
from api.commands.running import run
from api.commands.terminal.progress import progress_bar
from api.commands.terminal.published import expect_programme
from api.process import open_process
from api.settings.reading import read_settings
from domain.model.calendar import milliseconds
from domain.services.erasure.rounds import run_round as take_erasure_round
from domain.services.ledger.sweeping.sweep import sweep
from domain.services.ledger.turn import TurnReport
from domain.services.ledger.turn import turn as take_turn


def turn(data: Annotated[Path | None, typer.Option(help="The data folder.")] = None) -> None:
    """Write down what time has brought. Lapsed lots, reviews, birthdays, delayed rules: of everybody, by
    now.
    """
    report, erased_count = run(_turn(data))
    erased = f"; {erased_count} members erased" if erased_count else ""
    waiting = f"; {report.left_count} were busy and wait for the next turn" if report.left_count else ""
    failed = (
        f"; {report.failed_count} failed, see the log and: selo outbox list" if report.failed_count else ""
    )
    print(
        f"{report.member_count} members, {report.row_count} rows written, {report.fired_count} delayed"
        f" events{erased}{waiting}{failed}"
    )


async def _turn(data_folder: Path | None) -> tuple[TurnReport, int]:
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        expect_programme(process)
        with progress_bar() as bar:
            task = bar.add_task("Members", total=None)

            def show_progress(done: int, of: int) -> None:
                bar.update(task, completed=done, total=of)

            now = process.programme_clock()
            swept = await sweep(process.runtime, clock=process.programme_clock)
            report = await take_turn(process.runtime, now=now, progress=show_progress)
            erasures = await take_erasure_round(process.runtime, now=milliseconds(now))
    failed = TurnReport(
        left_count=erasures.left_count, failed_count=erasures.failed_count + swept.failed_count
    )
    return report + failed, erasures.erased_count
