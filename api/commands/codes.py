"""`selo codes`: make single-use codes of a batch, and list what was entered of each code."""

import csv
import sys
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Annotated, TextIO

import typer

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.operator import operator
from api.commands.running import CannotRun, run
from api.commands.terminal.progress import progress_bar
from api.commands.terminal.published import expect_programme
from api.private_files import open_private
from api.process import open_process
from api.settings.reading import read_settings
from domain.model.code_spelling import grouped
from domain.services.errors import InvalidInput
from domain.services.ledger.code_batches import check_batch, make_codes
from domain.store.ledger import code_counts

codes = typer.Typer(help="Codes that members enter: make those of a batch, list them.", no_args_is_help=True)

DataOption = Annotated[Path | None, typer.Option(help="The data folder.")]


@codes.command()
def make(
    batch: Annotated[str, typer.Argument(help="The batch, as the published programme file names it.")],
    count: Annotated[int, typer.Argument(help="How many, 1 to 1,000,000.")],
    out: Annotated[
        Path | None, typer.Option(help="A new file for them, readable by you alone; else standard output.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Make single-use codes of a batch, as CSV. They are shown this once: the database holds no code that
    anybody could enter.
    """
    run(_make(batch, count, out, data))


@codes.command("list")
def list_codes(data: DataOption = None) -> None:
    """List the codes: name, kind, how often it was entered, its limit, how many of a batch were made."""
    run(_list(data))


async def _make(batch: str, count: int, out: Path | None, data_folder: Path | None) -> None:
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        expect_programme(process)
        try:
            check_batch(process.runtime, batch, count)
        except InvalidInput as refused:
            raise CannotRun(refused.message) from None
        making = make_codes(
            process.runtime,
            secret=process.runtime.secret,
            batch=batch,
            count=count,
            actor=operator(),
            now=utc_now(),
        )
        done = 0
        with _opened(out) as file, progress_bar() as bar:
            task = bar.add_task("Codes", total=count)
            rows = csv.writer(file)
            rows.writerow(["batch", "code"])
            async with aclosing(making):
                async for chunk in making:
                    rows.writerows([batch, grouped(code)] for code in chunk)
                    file.flush()
                    done += len(chunk)
                    bar.update(task, completed=done)
    print(f"{done} codes of {batch} are made{f', in {out}' if out else ''}", file=sys.stderr)


@contextmanager
def _opened(out: Path | None) -> Iterator[TextIO]:
    if out is None:
        yield sys.stdout
        return
    with open_private(out) as file:
        yield file


async def _list(data_folder: Path | None) -> None:
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        specs = expect_programme(process).programme.codes
        counts = await code_counts.find_all(process.store)
    for spec in specs:
        count = counts.get(spec.name, code_counts.CodeCount())
        kind, made = ("code", "") if spec.code is not None else ("batch", f"{count.made} made")
        limit = f"of {spec.limit}" if spec.limit is not None else "no limit"
        print("\t".join([spec.name, kind, f"{count.entered} entered", limit, made]).rstrip())
