"""`selo backtest`: try a draft of the programme on what really happened; nothing is written."""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from api.commands.database import open_database
from api.commands.demo import expect_filled
from api.commands.figures.backtest_text import report_text
from api.commands.running import CannotRun, run
from api.commands.terminal.files import read_text
from api.commands.terminal.instants import read_day
from api.commands.terminal.progress import progress_bar
from api.process import open_process
from api.settings.reading import read_settings
from domain.model.calendar import local_day, milliseconds, start_of
from domain.model.figures.backtest.report import BacktestReport
from domain.model.programme import Programme
from domain.model.programme.faults import ProgrammeInvalid
from domain.model.programme.loading import load
from domain.services.figures.backtest.backtesting import (
    SAMPLE,
    BacktestProgress,
    BacktestRequest,
    numbers_of,
    run_backtest,
)

A_YEAR = timedelta(days=365)


def backtest(
    file: Annotated[Path, typer.Argument(help="The draft of the programme file.")],
    since: Annotated[
        str | None, typer.Option(help="The first day that is tried, as 2026-03-01; a year ago without it.")
    ] = None,
    sample: Annotated[int, typer.Option(min=1, help="How many members at most.")] = SAMPLE,
    machine: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
    data: Annotated[Path | None, typer.Option(help="The data folder.")] = None,
) -> None:
    """Decide what members really did again by a draft, and compare it with what was. Also beside a running
    server; it takes all cores.
    """
    first_day = None if since is None else read_day("--since", since)
    report, programme, numbers = run(_backtest(file, first_day, sample, data))
    if machine:
        answer = asdict(report)
        for change in (*answer["gaining"], *answer["losing"]):
            change["number"] = numbers.get(change.pop("member"))
        sys.stdout.buffer.write(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE))
    else:
        print(report_text(report, programme, numbers))


async def _backtest(
    file: Path, first_day: date | None, sample: int, data_folder: Path | None
) -> tuple[BacktestReport, Programme, Mapping[str, str]]:
    settings = read_settings(data=data_folder)
    draft = _read_draft(file)
    async with open_database(settings) as database, open_process(settings, database) as process:
        await expect_filled(process)
        now, programme = milliseconds(process.programme_clock()), process.runtime.programme
        request = BacktestRequest(draft, _instant_of(first_day, programme, now), sample)
        columns = (
            TextColumn("Members"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[events]} events"),
        )
        with progress_bar(*columns, TimeElapsedColumn(), TimeRemainingColumn()) as bar:
            task = bar.add_task("Members", total=None, events=0)

            def show_progress(progress: BacktestProgress) -> None:
                bar.update(
                    task,
                    completed=progress.members_done,
                    total=progress.members,
                    events=progress.events_done,
                )

            report = await run_backtest(process.runtime, request, now=now, progress=show_progress)
        return report, programme, await numbers_of(process.store, report)


def _read_draft(file: Path) -> str:
    """Read a draft. Raises CannotRun where it has faults."""
    draft = read_text(file)
    try:
        load(draft)
    except ProgrammeInvalid as faults:
        raise CannotRun(f"{file} has faults; see: selo programme check {file}\n{faults}") from None
    return draft


def _instant_of(first_day: date | None, programme: Programme, now: datetime) -> datetime:
    """Return when the first day begins. Raises CannotRun for a day that is still to come."""
    today = local_day(now, programme.zone)
    day = first_day or today - A_YEAR
    if day > today:
        raise CannotRun(f"--since {day} is still to come; name a day that has begun.")
    return start_of(day, programme.zone)
