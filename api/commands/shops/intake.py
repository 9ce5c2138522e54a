"""`selo intake`: what shops and systems sent, what became of it, and trying it again."""

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.operator import operator
from api.commands.running import CannotRun, run
from api.commands.shops.refused import read_refused, refused_json, refused_lines
from api.process import open_process
from api.settings.reading import read_settings
from domain.services.intake import inspection
from domain.store.intake.deliveries import StoredDelivery
from domain.store.intake.refused_calls import KEPT_FOR

MAX_ROWS = 200

intake = typer.Typer(
    help="What shops and systems sent, and what became of it. No contact is shown.", no_args_is_help=True
)
DataOption = Annotated[Path | None, typer.Option("--data", help="The data folder.")]


class Fate(Enum):
    PARKED = "parked"
    FAILED = "failed"
    PENDING = "pending"
    IGNORED = "ignored"
    APPLIED = "applied"


@intake.command("list")
def list_deliveries(
    state: Annotated[
        Fate | None, typer.Option(help="Which; without, how many of each, and the failed.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Of this source alone.")] = None,
    data_folder: DataOption = None,
) -> None:
    """Show id, source, topic, when it arrived, what became of it, and why."""
    counts, rows = run(_list(state.value if state else None, source, data_folder))
    if state is None:
        print("  ".join(f"{count} {fate}" for fate, count in counts.items()))
    for row in rows:
        print("\t".join(_cells(row)))
    if len(rows) == MAX_ROWS:
        print(f"These are {MAX_ROWS}; there may be more.")


@intake.command()
def show(
    id: Annotated[str, typer.Argument(help="As `list` shows it.")], data_folder: DataOption = None
) -> None:
    """Show a delivery and its order, as JSON; for a request about data, all of that customer's orders."""
    print(json.dumps(run(_show(id, data_folder)), ensure_ascii=False, indent=2, default=str))


@intake.command()
def retry(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Ids as `list` shows them; all parked and failed ones without.")
    ] = None,
    data_folder: DataOption = None,
) -> None:
    """Try what is parked or failed again, such as after its mapping was mended."""
    print(f"Tried again: {run(_retry(ids, data_folder))}")


@intake.command()
def refused(
    days: Annotated[
        int, typer.Option(min=1, max=KEPT_FOR.days, help="Of so many days; counts are kept for 90.")
    ] = 7,
    source: Annotated[str | None, typer.Option(help="Of this source alone.")] = None,
    machine: Annotated[bool, typer.Option("--json", help="One JSON array, for machines.")] = False,
    data_folder: DataOption = None,
) -> None:
    """Count what was refused before it was stored, by day, source and reason, with what can be done.

    Such as webhooks that another secret signed, events that are not taken, and keys that have ended.
    """
    rows = run(read_refused(data_folder, days=days, source=source))
    print(refused_json(rows) if machine else "\n".join(refused_lines(rows, days=days)))


def _cells(row: StoredDelivery) -> list[str]:
    cells = [row.id, row.source, row.topic or "-", f"{row.arrived_at:%Y-%m-%dT%H:%M:%SZ}", row.state]
    return [*cells, row.reason or "-", f"until {row.until:%Y-%m-%d}" if row.until else "-"]


async def _list(
    state: str | None, source: str | None, data_folder: Path | None
) -> tuple[dict[str, int], list[StoredDelivery]]:
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        counts = await inspection.count_by_state(process.runtime)
        return counts, await inspection.find_by_state(
            process.runtime, state or "failed", source=source, first=MAX_ROWS
        )


async def _show(id: str, data_folder: Path | None) -> dict[str, object]:
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        shown = await inspection.describe(process.runtime, id)
    if shown is None:
        raise CannotRun(f"There is no delivery {id}. See: selo intake list")
    return shown


async def _retry(ids: list[str] | None, data_folder: Path | None) -> int:
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        retried = await inspection.retry(process.runtime, ids or None, actor=operator(), now=utc_now())
    unknown = sorted(set(ids or ()) - set(retried))
    if unknown:
        raise CannotRun(
            f"Neither parked nor failed: {', '.join(unknown)}. {len(retried)} others are tried again."
        )
    return len(retried)
