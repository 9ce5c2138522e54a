"""`selo programme`: check a programme file, publish it as the next version, show the one that rules."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.commands.database import open_store
from api.commands.files import read_text
from api.commands.operator import operator
from api.commands.running import CannotRun, guarded, run
from api.http.callers import utc_now
from api.process import open_process
from api.settings import read_settings
from domain.model.programme.faults import ProgrammeInvalid
from domain.model.programme.loading import load_with_warnings
from domain.model.programme.report import check_report, faults_text, summary_text
from domain.store.ledger.programmes import NothingPublished, Programmes, PublishedProgramme

programme = typer.Typer(help="The programme file: check, publish, show.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="The programme file.")]
Data = Annotated[Path | None, typer.Option(help="The data folder.")]


@programme.command()
def check(
    file: File,
    machine: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
) -> None:
    """Print every fault, or a summary. A fault has its line, path and remedy; exit 1 where there is one."""
    with guarded():
        code, report = check_report(read_text(file), as_json=machine)
    print(report)
    sys.exit(code)


@programme.command()
def publish(file: File, data: Data = None) -> None:
    """Publish a file as the next version. The same content again is no new one."""
    run(_publish(file, data))


@programme.command()
def show(
    data: Data = None,
    text: Annotated[bool, typer.Option("--text", help="The file as it was published.")] = False,
) -> None:
    """Show which version rules, and what is in it."""
    run(_show(data, text=text))


async def publish_file(programmes: Programmes, file: Path) -> PublishedProgramme:
    """Publish a file. Raises CannotRun with every fault where it has any."""
    text = await asyncio.to_thread(read_text, file)
    try:
        return await programmes.publish(text, now=utc_now(), by=operator())
    except ProgrammeInvalid as found:
        raise CannotRun(f"{file} was not published. {faults_text(found.faults)}") from None


async def _publish(file: Path, data: Path | None) -> None:
    settings = read_settings(data=data)
    async with open_store(settings, begins=True) as database, open_process(settings, database) as process:
        before = _ruling(process.programmes)
        published = await publish_file(process.programmes, file)
    same = before is not None and published.number == before.number
    print(
        f"Version {published.number}"
        f" {'says the same already; nothing was published' if same else 'is published'}."
    )


async def _show(data: Path | None, *, text: bool) -> None:
    settings = read_settings(data=data)
    async with open_store(settings) as database, open_process(settings, database) as process:
        ruling = _ruling(process.programmes)
        if ruling is None:
            raise CannotRun("No programme is published yet; selo programme publish FILE does it.")
        written = await process.programmes.read_text(ruling.number)
    if text:
        print(written, end="")
    else:
        print(f"Version {ruling.number}", summary_text(load_with_warnings(written), ruling.digest), sep="\n")


def _ruling(programmes: Programmes) -> PublishedProgramme | None:
    try:
        return programmes.current()
    except NothingPublished:
        return None
