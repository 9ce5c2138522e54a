"""`selo source`: check a sources file, try what a body would become, publish the file, list its sources."""

import asyncio
import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.operator import operator
from api.commands.running import CannotRun, exit_on_user_errors, run
from api.commands.terminal.files import read_text
from api.embedded import holds_database
from api.http.intake.source_secrets import read_source_secrets
from api.process import open_process
from api.settings.reading import read_settings
from domain.model.intake.order_state import RESERVED
from domain.model.intake.sources import Source, category_files, load_sources
from domain.model.intake.trial import try_body
from domain.model.programme import Programme
from domain.model.programme.faults import ProgrammeInvalid
from domain.model.programme.loading import load
from domain.model.programme.report import faults_json, faults_text
from domain.services.intake import publishing

DEFAULT_CURRENCY = "EUR"

source = typer.Typer(
    help="Shops and other systems that report: check, try, publish, list.", no_args_is_help=True
)

DataOption = Annotated[Path | None, typer.Option("--data", help="The data folder.")]
File = Annotated[Path, typer.Argument(help="The sources file.")]


@source.command()
def check(
    file: File,
    machine: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
    data_folder: DataOption = None,
) -> None:
    """Print every fault, or a summary. A fault has its line, path and remedy; exit 1 where there is one.

    Whether its stores are there, and are those of before, is asked of the database, where there is one.
    """
    try:
        sources, are_stores_known = run(_check(file, data_folder))
    except ProgrammeInvalid as invalid:
        print(faults_json(invalid.faults) if machine else _faults(invalid))
        sys.exit(1)
    if machine:
        codes = [one.code for one in sources]
        print(json.dumps({"sound": True, "sources": codes, "storesChecked": are_stores_known}))
        return
    print("\n".join(["The sources file is sound:", *map(summary_line, sources)]))
    if not are_stores_known:
        print("Its stores were not looked at: there is no database here yet.")


@source.command("try")
def try_bodies(
    file: File,
    code: Annotated[str, typer.Argument(metavar="SOURCE", help="The source's code in it.")],
    bodies: Annotated[list[Path], typer.Argument(metavar="BODY...", help="Files with what a shop sends.")],
    topic: Annotated[
        str | None, typer.Option(help="The topic, such as orders/paid; else the body's shape tells.")
    ] = None,
    programme: Annotated[
        Path | None, typer.Option(help="The programme file: its currency, and what earns nothing there.")
    ] = None,
) -> None:
    """Print what bodies would become, one JSON object a line. Nothing is written."""
    with exit_on_user_errors():
        try:
            sources = load_sources(*read_sources(file))
        except ProgrammeInvalid as invalid:
            raise CannotRun(_faults(invalid)) from None
        chosen = next((one for one in sources if one.code == code), None)
        if chosen is None:
            raise CannotRun(f"{file} has no source {code}; it has {', '.join(one.code for one in sources)}.")
        currency, ineligible = _programme_terms(programme)
        for path in bodies:
            answer = try_body(
                chosen, _read_bytes(path), currency=currency, topic=topic, ineligible=ineligible
            )
            print(json.dumps({"file": path.name, **answer}, ensure_ascii=False, default=str))


@source.command()
def publish(file: File, data_folder: DataOption = None) -> None:
    """Publish a sources file, with the CSV files that it names, as the next version."""
    number, missing = run(_publish(file, data_folder))
    print(f"Sources version {number} is published.")
    if missing:
        names = ", ".join(missing)
        print(f"Not in this shell's SELO_SOURCE_SECRETS: {names}. The server needs them in its own.")


@source.command("list")
def list_sources(data_folder: DataOption = None) -> None:
    """Show the published sources."""
    number, sources = run(_load_newest(data_folder))
    if not number:
        print("No sources are published yet; selo source publish FILE does it.")
        return
    print("\n".join([f"Sources version {number}:", *map(summary_line, sources)]))


async def _check(file: Path, data_folder: Path | None) -> tuple[tuple[Source, ...], bool]:
    text, files = await asyncio.to_thread(read_sources, file)
    sources = load_sources(text, files)
    settings = read_settings(data=data_folder)
    is_named = data_folder is not None or settings.mongodb_uri is not None
    if not is_named and not holds_database(settings.data):
        return sources, False
    async with open_database(settings) as database, open_process(settings, database) as process:
        await publishing.check(process.runtime, text=text, files=files)
    return sources, True


async def _publish(file: Path, data_folder: Path | None) -> tuple[int, list[str]]:
    settings = read_settings(data=data_folder)
    text, files = await asyncio.to_thread(read_sources, file)
    async with open_database(settings) as database, open_process(settings, database) as process:
        try:
            published = await publishing.publish(
                process.runtime, text=text, files=files, now=utc_now(), actor=operator()
            )
        except ProgrammeInvalid as invalid:
            raise CannotRun(f"{file} was not published. {_faults(invalid)}") from None
    names = {name for each in load_sources(text, files) for name in each.secrets}
    return published.number, sorted(names - read_source_secrets(settings).keys())


async def _load_newest(data_folder: Path | None) -> tuple[int, tuple[Source, ...]]:
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        return await publishing.load_newest(process.runtime)


def _faults(invalid: ProgrammeInvalid) -> str:
    return faults_text(invalid.faults).replace("The programme file", "The sources file", 1)


def read_sources(file: Path) -> tuple[str, dict[str, str]]:
    """Return a sources file's text, and the CSV files beside it that it names. Raises CannotRun."""
    text = read_text(file)
    try:
        names = category_files(text)
    except ProgrammeInvalid:
        names = ()
    paths = {name: file.parent / name for name in names}
    return text, {name: read_text(path) for name, path in paths.items() if path.is_file()}


def summary_line(described: Source) -> str:
    """Return one line about a source."""
    articles = f", {len(described.categories)} categorised" if described.categories else ""
    return f"  {described.code:<16}{described.kind:<13}store {described.store}, {described.count}{articles}"


def _programme_terms(path: Path | None) -> tuple[str, Collection[str]]:
    if path is None:
        return DEFAULT_CURRENCY, RESERVED
    try:
        loaded: Programme = load(read_text(path))
    except ProgrammeInvalid as invalid:
        raise CannotRun(faults_text(invalid.faults)) from None
    return loaded.programme.currency, loaded.programme.ineligible


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise CannotRun(f"Cannot read {path}: {fault.strerror}.") from None
