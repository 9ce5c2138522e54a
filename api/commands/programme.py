"""`selo programme`: check a programme file, publish it as the next version, show the current one."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.operator import operator
from api.commands.running import CannotRun, exit_on_user_errors, run
from api.commands.terminal.files import read_text
from api.commands.terminal.published import NOTHING_PUBLISHED
from api.process import open_process
from api.settings.reading import read_settings
from domain.model.programme.faults import ProgrammeInvalid
from domain.model.programme.loading import load_with_warnings
from domain.model.programme.report import check_report, faults_text, summary_text
from domain.store.ledger.programmes import NothingPublished, Programmes, PublishedProgramme

programme = typer.Typer(help="The programme file: check, publish, show.", no_args_is_help=True)

MAX_NOTE_LENGTH = 500

File = Annotated[Path, typer.Argument(help="The programme file.")]
DataOption = Annotated[Path | None, typer.Option(help="The data folder.")]


@programme.command()
def check(
    file: File,
    machine: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
) -> None:
    """Print every fault, or a summary. A fault has its line, path and remedy; exit 1 where there is one."""
    with exit_on_user_errors():
        code, report = check_report(read_text(file), as_json=machine, now=utc_now())
    print(report)
    sys.exit(code)


@programme.command()
def publish(
    file: File,
    data: DataOption = None,
    note: Annotated[
        str | None, typer.Option(help="What it is for, 1 to 500 characters; kept with the version.")
    ] = None,
) -> None:
    """Publish a file as the next version. The same content again is no new one."""
    run(_publish(file, data, note))


@programme.command()
def show(
    data: DataOption = None,
    text: Annotated[bool, typer.Option("--text", help="The file as it was published.")] = False,
) -> None:
    """Show which version rules, and what is in it."""
    run(_show(data, text=text))


async def publish_file(programmes: Programmes, file: Path, *, note: str | None = None) -> PublishedProgramme:
    """Publish a file. Raises CannotRun with all its faults where it has any."""
    text = await asyncio.to_thread(read_text, file)
    try:
        return await programmes.publish(text, now=utc_now(), by=operator(), note=note)
    except ProgrammeInvalid as invalid:
        raise CannotRun(f"{file} was not published. {faults_text(invalid.faults)}") from None


async def _publish(file: Path, data_folder: Path | None, note: str | None) -> None:
    if note is not None and not 1 <= len(note) <= MAX_NOTE_LENGTH:
        raise CannotRun(f"--note: write 1 to {MAX_NOTE_LENGTH} characters.")
    settings = read_settings(data=data_folder)
    async with (
        open_database(settings, may_create=True) as database,
        open_process(settings, database) as process,
    ):
        before = _current_programme(process.programmes)
        published = await publish_file(process.programmes, file, note=note)
    is_unchanged = before is not None and published.number == before.number
    print(
        f"Version {published.number}"
        f" {'says the same already; nothing was published' if is_unchanged else 'is published'}."
    )


async def _show(data_folder: Path | None, *, text: bool) -> None:
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        current = _current_programme(process.programmes)
        if current is None:
            raise CannotRun(NOTHING_PUBLISHED)
        source = await process.programmes.read_text(current.number)
    if text:
        print(source, end="")
    else:
        loaded = load_with_warnings(source, now=utc_now())
        print(f"Version {current.number}", summary_text(loaded, current.digest), sep="\n")


def _current_programme(programmes: Programmes) -> PublishedProgramme | None:
    try:
        return programmes.current()
    except NothingPublished:
        return None
