"""`selo export`: what other systems take from here, a row a line, in memory that does not grow."""

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import IO, Annotated

import orjson
import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.demo import expect_filled
from api.commands.operator import operator
from api.commands.running import CannotRun, run
from api.commands.terminal.instants import read_day
from api.commands.terminal.memberships import find_membership
from api.commands.terminal.progress import progress_bar
from api.graphql.engine.audience import Audience
from api.graphql.member.data_file import write_data_file
from api.process import Process, open_process
from api.settings import read_settings
from domain.model.calendar import milliseconds
from domain.services.ledger.fiscal_records import FiscalDocument, iterate_documents
from domain.services.people import data_exports
from domain.services.people.service_actor import ServiceActor
from domain.store.ledger.programmes import NothingPublished

Value = str | int | None
FiscalRow = dict[str, Value]
WriteRow = Callable[[FiscalRow], None]

FISCAL_COLUMNS = (
    *("day", "document", "at", "source", "store", "receipt", "refund", "kind", "means", "code", "voucher"),
    *("units", "rate", "base", "amount", "currency"),
)

export_commands = typer.Typer(
    help="What other systems take from here: fiscal; what a person asks for: member.", no_args_is_help=True
)


class Format(Enum):
    CSV = "csv"
    NDJSON = "ndjson"


@export_commands.command("fiscal")
def export_fiscal(
    since: Annotated[str, typer.Option("--from", help="The first day, such as 2026-03-01.")],
    until: Annotated[
        str | None, typer.Option("--to", help="The last day, included; the first one without it.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="csv, or ndjson: one JSON object a line.")] = (
        Format.CSV
    ),
    out: Annotated[
        Path | None, typer.Option(help="The file to write, once it is whole; standard output without it.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The data folder.")] = None,
) -> None:
    """Write what each receipt and refund was paid by, its taxes, and the credit it granted. Days are those of
    the programme's zone; a refund stands on its own day. gross = discounts + payments.
    """
    run(_export_fiscal(since, until or since, form, out, data))


async def _export_fiscal(
    since: str, until: str, form: Format, out: Path | None, data_folder: Path | None
) -> None:
    first, last = read_day("--from", since), read_day("--to", until)
    if last < first:
        raise CannotRun(f"--to {last} is before --from {first}; swap them.")
    settings = read_settings(data=data_folder)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    async with open_database(settings) as database, open_process(settings, database) as process:
        _expect_programme(process)
        await expect_filled(process)
        with progress_bar(*columns) as bar, _open_output(out) as file:
            task = bar.add_task("Days", total=(last - first).days + 1)
            write = _row_writer(file, form, FISCAL_COLUMNS)
            documents = iterate_documents(
                process.runtime,
                since=first,
                until=last,
                progress=lambda done: bar.update(task, completed=done),
            )
            async for document in documents:
                for row in fiscal_rows(document):
                    write(row)


@export_commands.command("member")
def export_member(
    number: Annotated[str, typer.Argument(help="The membership number.")],
    reason: Annotated[str, typer.Option(help="Who asked for it, and how; kept in the audit trail.")],
    out: Annotated[
        Path | None, typer.Option(help="The file to write, once it is whole; standard output without it.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The data folder.")] = None,
) -> None:
    """Write all that is stored of a member as one JSON file, in their language: for whoever asks for their
    data and cannot sign in. Hand it to nobody else.
    """
    run(_export_member(number, reason, out, data))


async def _export_member(number: str, reason: str, out: Path | None, data_folder: Path | None) -> None:
    if not reason.strip():
        raise CannotRun("--reason is empty: say who asked for it, and how.")
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        _expect_programme(process)
        runtime, now = process.runtime, milliseconds(utc_now())
        stored_member = await find_membership(process, number)
        member, locale = stored_member.member.id, stored_member.details.locale
        actor = ServiceActor(operator(), "OPERATOR")
        await data_exports.note_by_service(runtime, actor=actor, member_id=member, reason=reason, now=now)
        current = runtime.programmes.current()
        audience = Audience(
            current.programme, current.number, runtime.programmes.loaded_or_current, locale, now
        )
        with _open_output(out) as file:
            async for part in write_data_file(runtime, audience, member_id=member, actor="service"):
                file.write(part.decode())


def _expect_programme(process: Process) -> None:
    try:
        process.programmes.current()
    except NothingPublished:
        raise CannotRun(
            "No programme is published yet, so there are no receipts; selo programme publish FILE does it."
        ) from None


# ---------------------------------------------------------------- rows
def fiscal_rows(document: FiscalDocument) -> Iterator[FiscalRow]:
    """Yield the rows of a document: its gross, its parts by kind, its tax lines; none of 0 but the gross."""
    record = document.record
    common: FiscalRow = dict.fromkeys(FISCAL_COLUMNS)
    common |= {
        "day": document.day.isoformat(),
        "document": document.kind,
        "at": document.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "source": document.source,
        "store": document.store,
        "receipt": document.receipt,
        "refund": document.refund,
        "currency": document.currency,
    }
    if document.kind != "award":
        yield common | {"kind": "gross", "amount": record.gross}
    for part in record.parts:
        if part.amount or part.units:
            yield common | {
                "kind": part.kind.lower(),
                "means": part.means.lower(),
                "code": part.code,
                "voucher": part.voucher,
                "units": part.units,
                "amount": part.amount,
            }
    for tax in record.taxes:
        if tax.base or tax.amount:
            yield common | {"kind": "tax", "rate": tax.rate, "base": tax.base, "amount": tax.amount}


def _row_writer(file: IO[str], form: Format, columns: Sequence[str]) -> WriteRow:
    if form is Format.NDJSON:
        return lambda row: print(orjson.dumps(row).decode(), file=file)
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    return writer.writerow


# ---------------------------------------------------------------- files
@contextmanager
def _open_output(path: Path | None) -> Iterator[IO[str]]:
    """Open standard output, or a file that gets its name once it is whole."""
    if path is None:
        try:
            yield sys.stdout
            sys.stdout.flush()
        except BrokenPipeError:
            # The reader of the output has stopped; without this Python prints a fault of the pipe at exit.
            sys.stderr.close()
        return
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            yield file
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
