"""`selo outbox`: what could not be sent or done, and why; and trying it again."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.operator import operator
from api.commands.running import CannotRun, run
from api.process import open_process
from api.settings.reading import read_settings
from domain.services.messages import outbox as posted
from domain.services.messages.outbox import QueueItem

MAX_ROWS = 200

outbox = typer.Typer(
    help=(
        "What was not sent, or did not happen. Messages, webhooks, surveys and events that wait, were parked"
        " or dropped."
    ),
    no_args_is_help=True,
)
DataOption = Annotated[Path | None, typer.Option(help="The data folder.")]


class State(Enum):
    PARKED = "parked"
    DROPPED = "dropped"
    PENDING = "pending"


@outbox.command("list")
def list_rows(
    state: Annotated[State, typer.Option(help="Which: parked, dropped, or pending.")] = State.PARKED,
    data: DataOption = None,
) -> None:
    """Show id, what, due, attempts and why. No contact and no text is shown."""
    rows = run(_list_rows(state, data))
    if not rows:
        print(f"Nothing is {state.value}.")
        return
    for row in rows:
        print(
            "\t".join(
                [
                    row.id,
                    row.description,
                    f"{row.due_at:%Y-%m-%dT%H:%M:%SZ}",
                    f"{row.attempts} attempts",
                    row.error or "waits",
                ]
            )
        )
    if len(rows) == MAX_ROWS:
        print(f"These are {MAX_ROWS}; there may be more.")


@outbox.command()
def retry(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Ids as `list` shows them; all parked ones without.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Try what is parked again. Those named, or all; with fresh attempts."""
    retried_count = run(_retry_rows(ids or [], data))
    print(f"Sent again: {retried_count}")


async def _list_rows(state: State, data_folder: Path | None) -> list[QueueItem]:
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        return await posted.list_queue(process.runtime, state=state.value, first=MAX_ROWS)


async def _retry_rows(ids: list[str], data_folder: Path | None) -> int:
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        retried_count, unknown = await posted.retry_parked(
            process.runtime, ids=ids, actor=operator(), now=utc_now()
        )
        if unknown:
            raise CannotRun(
                f"Not parked: {', '.join(unknown)}. {retried_count} others will be sent again."
                " See: selo outbox list"
            )
        return retried_count
