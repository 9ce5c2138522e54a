"""`selo archive`: moves old journal rows to files, reads them there, and puts a member's back."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from api import RELEASE
from api.commands.database import open_database
from api.commands.running import CannotRun, run
from api.commands.terminal.memberships import find_member_id
from api.commands.terminal.progress import counting_bar
from api.process import Process, archive_path, open_process
from api.settings.reading import read_settings
from domain.model.calendar import milliseconds
from domain.services.archiving.choosing import LEAST_DAYS, bound
from domain.services.archiving.moving_out import (
    ArchiveReport,
    FiguresBeingRebuilt,
    Progress,
    survey,
)
from domain.services.archiving.moving_out import archive as archive_rows
from domain.services.archiving.putting_back import ArchiveIncomplete, put_back, read_entries, read_rows
from domain.services.errors import NotFound
from domain.store.archive.folder import ArchiveBusy, ArchiveFolder
from domain.store.archive.segments import ArchiveDamaged, document_text
from domain.store.ledger.archived.journal_bases import ArchiveAway

archive = typer.Typer(
    help="Old journal rows in files outside the database: by itself it moves them there.",
    invoke_without_command=True,
)
MOST_DAYS = 36_600
DataOption = Annotated[Path | None, typer.Option(help="The data folder.")]
MemberArgument = Annotated[
    str, typer.Argument(help="The membership number, or the id that selo verify prints.")
]


@archive.callback()
def archive_command(
    context: typer.Context,
    days: Annotated[
        int,
        typer.Option(
            min=LEAST_DAYS, max=MOST_DAYS, help="Months that ended at least so many days ago are moved."
        ),
    ] = LEAST_DAYS,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be moved.")] = False,
    data: DataOption = None,
) -> None:
    """Move old journal rows out of the database, also beside running servers: to gzipped NDJSON by month,
    with checksums, in SELO_ARCHIVE or `archive` of the data folder. Killed, it loses nothing: run it again.
    """
    if context.invoked_subcommand is None:
        run(_archive(days, data, is_dry=dry_run))
    else:
        _expect_no_options(context, context.invoked_subcommand)


def _expect_no_options(context: typer.Context, subcommand: str) -> None:
    """Raise BadParameter where an option before a subcommand would be without effect."""
    why = {
        "data": f"write it behind {subcommand}",
        "days": f"{subcommand} takes none",
        "dry_run": f"{subcommand} has no such trial",
    }
    for name, sentence in why.items():
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter(sentence, param_hint=f"--{name.replace('_', '-')}")


@archive.command()
def check(data: DataOption = None) -> None:
    """Compare every file of the archive with its checksum."""
    run(_check(data))


@archive.command()
def read(
    member: MemberArgument,
    as_json: Annotated[
        bool, typer.Option("--json", help="Whole rows as the journal stored them, one a line.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Show a member's archived entries, oldest first: when, what for, how much, and the balance after it."""
    run(_read(member, data, as_json=as_json))


@archive.command()
def restore(member: MemberArgument, data: DataOption = None) -> None:
    """Put a member's archived rows back into the database, so that their old receipts can be refunded. The
    files stay; the next run moves the rows out again.
    """
    run(_restore(member, data))


# ---------------------------------------------------------------- running
@asynccontextmanager
async def _open(data_folder: Path | None) -> AsyncIterator[tuple[Process, Path]]:
    settings = read_settings(data=data_folder)
    path = archive_path(settings)
    if path is None:
        raise CannotRun(
            "Say by SELO_ARCHIVE in which folder the archive is: with MONGODB_URI there is no default."
        )
    async with open_database(settings) as database, open_process(settings, database) as process:
        with _faults_told(path):
            yield process, path


@contextmanager
def _faults_told(path: Path) -> Iterator[None]:
    try:
        yield
    except ArchiveBusy:
        raise CannotRun(f"Another selo archive writes to {path}: wait for it.") from None
    except ArchiveDamaged as fault:
        raise CannotRun(f"{fault}") from None
    except ArchiveAway:
        raise CannotRun(
            f"The rows are not all in {path}: name the folder they are in by SELO_ARCHIVE."
        ) from None
    except ArchiveIncomplete as fault:
        raise CannotRun(f"The files in {path} are not what left the database: {fault}.") from None
    except FiguresBeingRebuilt:
        raise CannotRun("Figures are being counted again: run it once more when that is done.") from None


async def _archive(days: int, data_folder: Path | None, *, is_dry: bool) -> None:
    async with _open(data_folder) as (process, path):
        now = milliseconds(process.programme_clock())
        before = bound(now, days=days)
        with _progress() as progress:
            if is_dry:
                report = await survey(process.store, before=before, progress=progress)
            else:
                report = await archive_rows(
                    process.store,
                    ArchiveFolder(path),
                    before=before,
                    now=milliseconds(process.clock()),
                    release=RELEASE,
                    progress=progress,
                )
        for line in _report_lines(report, is_dry=is_dry):
            print(line)
        print(f"{'Would move' if is_dry else 'Moved'}: rows of before {before:%Y-%m-%d}, to {path}")


@contextmanager
def _progress() -> Iterator[Progress]:
    with counting_bar() as bar:
        tasks = {"read": bar.add_task("Read", total=None), "moved": bar.add_task("Moved", total=None)}
        yield lambda phase, count: bar.update(tasks[phase], completed=count)


def _report_lines(report: ArchiveReport, *, is_dry: bool) -> Iterator[str]:
    if report.resumed:
        yield f"Went on with {report.resumed} segments that an earlier run had left"
    for month, rows in sorted(report.rows_by_month.items()):
        yield f"{month}: {rows} rows"
    yield f"{report.members} members, {report.rows} rows, {report.receipts} receipts"
    if report.left and not is_dry:
        yield f"{report.left} members changed meanwhile: the next run has them; selo verify names faults"


async def _check(data_folder: Path | None) -> None:
    async with _open(data_folder) as (process, path):
        if process.store.archive is None:
            raise CannotRun(f"There is no archive in {path}.")
        print(f"{path}: {process.store.archive.check()} files, as their manifests say")


async def _read(member: str, data_folder: Path | None, *, as_json: bool) -> None:
    async with _open(data_folder) as (process, _):
        id = await find_member_id(process, member)
        try:
            if as_json:
                for row in await read_rows(process.store, id):
                    print(document_text(row))
                return
            for entry in await read_entries(process.store, id):
                rule = f" ({entry.rule})" if entry.rule else ""
                print(
                    f"{entry.at:%Y-%m-%d %H:%M} UTC  {entry.amount:+8d} {entry.wallet}"
                    f"  balance {entry.balance}  {entry.kind} {entry.event_name}{rule}"
                )
        except NotFound:
            print(f"{member}: nothing is archived")


async def _restore(member: str, data_folder: Path | None) -> None:
    async with _open(data_folder) as (process, _):
        try:
            count = await put_back(process.store, await find_member_id(process, member))
        except NotFound:
            raise CannotRun(f"Nothing of {member} is archived.") from None
        print(f"{member}: {count} rows stand in the database again")
