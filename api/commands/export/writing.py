"""Rows in files: NDJSON, CSV that no spreadsheet takes for formulas, Parquet where pyarrow is there."""

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import IO

import orjson

from api.commands.running import CannotRun
from domain.services.moving.csv_cells import csv_cell
from domain.services.moving.row_export import ExportColumn, ExportRow

WriteRow = Callable[[ExportRow], None]

PARQUET_BATCH_ROWS = 10_000


class Format(Enum):
    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"


@contextmanager
def open_rows(path: Path | None, form: Format, columns: Sequence[ExportColumn]) -> Iterator[WriteRow]:
    """Open standard output, or a file that gets its name once it is whole. Raises CannotRun for Parquet that
    cannot be written.
    """
    if form is Format.PARQUET:
        if path is None:
            raise CannotRun("Parquet is no text: name the file to write by --out.")
        with unfinished_file(path) as unfinished, _parquet_writer(unfinished, columns) as write:
            yield write
    else:
        with open_text(path) as file:
            yield _text_writer(file, form, columns)


@contextmanager
def open_text(path: Path | None) -> Iterator[IO[str]]:
    """Open standard output, or a text file that gets its name once it is whole."""
    if path is None:
        try:
            yield sys.stdout
            sys.stdout.flush()
        except BrokenPipeError:
            # The reader of the output has stopped; without this Python prints a fault of the pipe at exit.
            sys.stderr.close()
        return
    with unfinished_file(path) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
        yield file


@contextmanager
def unfinished_file(path: Path) -> Iterator[Path]:
    """Give the path of a file to write, which gets its name once the block has ended well."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.touch()  # a place that cannot be written is told alike for every form
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _text_writer(file: IO[str], form: Format, columns: Sequence[ExportColumn]) -> WriteRow:
    if form is Format.NDJSON:
        return lambda row: print(orjson.dumps(row).decode(), file=file)
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    return lambda row: writer.writerow([csv_cell(row.get(column.name)) for column in columns])


@contextmanager
def _parquet_writer(path: Path, columns: Sequence[ExportColumn]) -> Iterator[WriteRow]:
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise CannotRun(
            "Parquet needs pyarrow, which is not installed; from the project's folder:"
            " .venv/bin/pip install --require-hashes -r requirements-parquet.lock"
        ) from None
    kinds = {"text": arrow.string(), "int": arrow.int64(), "json": arrow.string()}
    schema = arrow.schema([(column.name, kinds[column.kind]) for column in columns])
    json_names = [column.name for column in columns if column.kind == "json"]
    batch: list[ExportRow] = []

    def flush() -> None:
        writer.write_table(arrow.Table.from_pylist(batch, schema=schema))
        batch.clear()

    def write(row: ExportRow) -> None:
        texts = {name: orjson.dumps(row[name]).decode() for name in json_names if row.get(name)}
        batch.append({**row, **dict.fromkeys(json_names), **texts})
        if len(batch) >= PARQUET_BATCH_ROWS:
            flush()

    with parquet.ParquetWriter(path, schema) as writer:
        yield write
        flush()
