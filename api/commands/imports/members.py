"""`selo import members`: a file of another system's members, tried before it is applied."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import IO, Annotated, Final

import typer

from api.commands.database import open_database
from api.commands.demo import expect_filled
from api.commands.export.writing import Format, open_rows
from api.commands.operator import operator
from api.commands.running import CannotRun, run
from api.commands.terminal.files import read_text
from api.commands.terminal.progress import counting_bar
from api.commands.terminal.published import expect_programme
from api.process import Process, open_process
from api.settings.reading import read_settings
from domain.model.calendar import milliseconds
from domain.model.intake.sources import NO_CODES
from domain.model.moving.import_map import FORMATS, ImportMap, load_map
from domain.model.moving.import_rows import FileLine, FileMalformed, read_csv, read_ndjson
from domain.model.programme.faults import ProgrammeInvalid
from domain.model.programme.report import faults_text
from domain.model.values import dataclass
from domain.services.moving.import_values import ImportedMember, LineFault
from domain.services.moving.imported_member import RecordReader
from domain.services.moving.importing import BATCH_SIZE, MemberImport
from domain.services.moving.row_export import ExportColumn

REFUSAL_COLUMNS: Final = (
    ExportColumn("line", "int"),
    ExportColumn("field"),
    ExportColumn("fault"),
    ExportColumn("remedy"),
)
NDJSON_ENDINGS: Final = (".ndjson", ".jsonl")
OWN: Final = "selo"
_SOURCE: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")

System = Enum("System", {name.upper(): name for name in (OWN, *FORMATS)})  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be imported, and how its file is read."""

    file: Path
    system: str | None
    map_file: Path | None
    source: str | None
    wallet: str | None
    country: str | None
    applies: bool
    refusals: Path
    data_folder: Path | None


@dataclass(slots=True)
class Counts:
    """What came of a file's lines."""

    lines: int = 0
    new: int = 0
    known: int = 0
    refused: int = 0


def import_members(
    file: Annotated[Path, typer.Argument(help="The file: CSV with a header, or NDJSON, in UTF-8.")],
    form: Annotated[
        System | None,
        typer.Option("--format", help="Which system's columns they are; selo: an NDJSON of Selo's own."),
    ] = None,
    map_file: Annotated[
        Path | None,
        typer.Option("--map", help="A YAML file that says which column is what; comes before --format."),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="What their system is called here; the format's name without it.")
    ] = None,
    wallet: Annotated[
        str | None,
        typer.Option(help="The wallet of balances; the programme's first points wallet without it."),
    ] = None,
    country: Annotated[
        str | None, typer.Option(help="The country of phone numbers that name none, such as PT.")
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write them; without it nothing is written.")
    ] = False,
    refusals: Annotated[
        Path | None,
        typer.Option(help="Where refused lines are listed, as CSV; FILE.refusals.csv without it."),
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The data folder.")] = None,
) -> None:
    """Bring members along: contacts, consents, balances with their last days, tier, receipts of before.
    Nothing is announced or sent. Run again it goes on where it was cut off, and brings nobody twice.
    """
    order = Order(
        file,
        form.value if form is not None else None,
        map_file,
        source,
        wallet,
        country,
        apply,
        refusals or file.with_name(f"{file.name}.refusals.csv"),
        data,
    )
    counts = run(_import(order))
    verb = "were brought along" if apply else "would be brought along"
    others = f"{counts.known} are here already, {counts.refused} are refused"
    print(f"{counts.lines} lines: {counts.new} {verb}, {others}")
    if counts.refused:
        print(f"Why each was refused stands in {order.refusals}")
    if not apply and counts.new:
        print("Nothing was written: repeat it with --apply.")
    if counts.refused:
        raise typer.Exit(1)


async def _import(order: Order) -> Counts:
    mapping = _mapping(order)
    source = _source(order)
    settings = read_settings(data=order.data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        expect_programme(process)
        await expect_filled(process)
        reader = _reader(process, order, mapping, source)
        published = process.programmes.current()
        job = MemberImport(process.runtime, published, source, reader.now, operator(), order.applies)
        with (
            counting_bar() as bar,
            _open_lines(order.file) as lines,
            _refusals(order.refusals) as refuse,
        ):
            task = bar.add_task("Lines", total=_count_lines(order.file))
            return await _take_lines(
                job,
                reader,
                _records(order, mapping, lines),
                refuse,
                lambda done: bar.update(task, completed=done),
            )


async def _take_lines(
    job: MemberImport,
    reader: RecordReader,
    lines: Iterator[FileLine],
    refuse: Callable[[LineFault], None],
    progress: Callable[[int], None],
) -> Counts:
    counts, batch = Counts(), list[ImportedMember]()

    async def take() -> None:
        programmes = job.identity.programmes
        await programmes.refresh()
        if programmes.current().number != job.published.number:
            raise CannotRun(
                "A new version of the programme was published meanwhile: repeat the command, and it goes on"
                " where it stopped."
            )
        result = await job.take(batch)
        counts.new, counts.known = counts.new + result.new_count, counts.known + result.known_count
        for fault in sorted(result.faults, key=lambda each: each.line):
            refuse(fault)
        counts.refused += len({fault.line for fault in result.faults})
        batch.clear()

    try:
        for line in lines:
            counts.lines += 1
            if line.fault is not None:
                faults: ImportedMember | tuple[LineFault, ...] = (
                    LineFault(line.number, "", line.fault, "write one record a line, with every column"),
                )
            else:
                faults = reader.read(line.number, line.record)
            if isinstance(faults, ImportedMember):
                batch.append(faults)
            else:
                counts.refused += 1
                for fault in faults:
                    refuse(fault)
            if len(batch) == BATCH_SIZE:
                await take()
            progress(line.number)
        await take()
    except FileMalformed as malformed:
        raise CannotRun(f"The file cannot be read: {malformed}") from None
    return counts


# ---------------------------------------------------------------- what is asked
def _mapping(order: Order) -> ImportMap | None:
    base = FORMATS.get(order.system or "")
    if order.map_file is None:
        if base is None and order.system is None and order.file.suffix not in NDJSON_ENDINGS:
            raise CannotRun(
                f"Which columns has {order.file}? Name its system by --format ({', '.join(FORMATS)}), or"
                " write a map (--map)."
            )
        if order.system == OWN and order.file.suffix not in NDJSON_ENDINGS:
            raise CannotRun(f"Selo's own format is NDJSON; {order.file} does not end with .ndjson.")
        return base if base is None else replace(base, country=order.country or base.country)
    try:
        mapping = load_map(read_text(order.map_file), base)
    except ProgrammeInvalid as invalid:
        faults = faults_text(invalid.faults).replace("The programme file", "The map", 1)
        raise CannotRun(f"{order.map_file} cannot be used. {faults}") from None
    return replace(mapping, country=order.country or mapping.country)


def _source(order: Order) -> str:
    source = order.source or (order.map_file.stem if order.map_file is not None else order.system) or OWN
    if not _SOURCE.fullmatch(source) or source in NO_CODES - {OWN}:
        raise CannotRun(
            f"{source} cannot name their system: give --source, in small letters, digits, - and _."
        )
    return source


def _reader(process: Process, order: Order, mapping: ImportMap | None, source: str) -> RecordReader:
    programme = process.runtime.programme
    wallets = [spec.code for spec in programme.wallets]
    named = {each.wallet for each in mapping.balances if each.wallet} if mapping is not None else set()
    for code in sorted(named | ({order.wallet} if order.wallet else set())):
        if code not in wallets:
            raise CannotRun(f"The programme has no wallet {code}; it has {', '.join(wallets)}.")
    points = next((spec.code for spec in programme.wallets if spec.kind == "points"), None)
    return RecordReader(
        programme,
        source,
        milliseconds(process.programme_clock()),
        order.wallet or points,
        mapping.dates if mapping is not None else "ymd",
        mapping.country if mapping is not None else order.country,
    )


# ---------------------------------------------------------------- files
def _records(order: Order, mapping: ImportMap | None, lines: IO[str]) -> Iterator[FileLine]:
    if order.file.suffix in NDJSON_ENDINGS or mapping is None:
        return read_ndjson(lines, mapping)
    return read_csv(lines, mapping)


@contextmanager
def _open_lines(path: Path) -> Iterator[IO[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield lines
    except UnicodeDecodeError:
        raise CannotRun(f"Cannot read {path}: it is no UTF-8 text; save it as UTF-8.") from None
    except FileNotFoundError:
        raise CannotRun(f"Cannot read {path}: there is no such file.") from None


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


@contextmanager
def _refusals(path: Path) -> Iterator[Callable[[LineFault], None]]:
    """Open the list of refused lines, which takes the place of an earlier run's; none stays without one."""
    count = 0
    with open_rows(path, Format.CSV, REFUSAL_COLUMNS) as write:

        def refuse(fault: LineFault) -> None:
            nonlocal count
            count += 1
            write({"line": fault.line, "field": fault.field, "fault": fault.fault, "remedy": fault.remedy})

        yield refuse
    if not count:
        path.unlink()
