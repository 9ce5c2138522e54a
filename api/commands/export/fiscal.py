"""`selo export fiscal`: what each receipt was paid by, a row a line, in memory that does not grow."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from api.commands.database import open_database
from api.commands.demo import expect_filled
from api.commands.export.writing import Format, open_rows
from api.commands.running import CannotRun, run
from api.commands.terminal.instants import read_day
from api.commands.terminal.progress import counting_bar
from api.commands.terminal.published import expect_programme
from api.process import open_process
from api.settings.reading import read_settings
from domain.services.ledger.fiscal_records import FiscalDocument, iterate_documents
from domain.services.moving.row_export import ExportColumn, ExportRow

FISCAL_COLUMNS = (
    *("day", "document", "at", "source", "store", "receipt", "refund", "kind", "means", "code", "voucher"),
    *("units", "rate", "base", "amount", "currency"),
)
FIGURES = frozenset({"refund", "units", "base", "amount"})


def export_fiscal(
    since: Annotated[str, typer.Option("--from", help="The first day, such as 2026-03-01.")],
    until: Annotated[
        str | None, typer.Option("--to", help="The last day, included; the first one without it.")
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="csv, ndjson: one JSON object a line, or parquet.")
    ] = (Format.CSV),
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
    async with open_database(settings) as database, open_process(settings, database) as process:
        expect_programme(process)
        await expect_filled(process)
        with counting_bar() as bar, open_rows(out, form, _columns()) as write:
            task = bar.add_task("Days", total=(last - first).days + 1)
            documents = iterate_documents(
                process.runtime,
                since=first,
                until=last,
                progress=lambda done: bar.update(task, completed=done),
            )
            async for document in documents:
                for row in fiscal_rows(document):
                    write(row)


def _columns() -> list[ExportColumn]:
    return [ExportColumn(name, "int" if name in FIGURES else "text") for name in FISCAL_COLUMNS]


# ---------------------------------------------------------------- rows
def fiscal_rows(document: FiscalDocument) -> Iterator[ExportRow]:
    """Yield the rows of a document: its gross, its parts by kind, its tax lines; none of 0 but the gross."""
    record = document.record
    common: ExportRow = dict.fromkeys(FISCAL_COLUMNS)
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
