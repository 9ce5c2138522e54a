"""`selo outbox`: what could not be sent or could not happen, and why; and trying it again."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from api.commands.database import open_store
from api.commands.operator import operator
from api.commands.running import CannotRun, run
from api.http.callers import utc_now
from api.process import open_process
from api.settings import read_settings
from domain.services.messages import outbox as posted
from domain.services.messages.outbox import QueueItem

AT_MOST = 200

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
    found = run(_listed(state, data))
    if not found:
        print(f"Nothing is {state.value}.")
        return
    for row in found:
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
    if len(found) == AT_MOST:
        print(f"These are {AT_MOST}; there may be more.")


@outbox.command()
def retry(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Ids as `list` shows them; all parked ones without.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Try what is parked again. Those named, or all; with fresh attempts."""
    done = run(_retried(ids or [], data))
    print(f"Sent again: {done}")


async def _listed(state: State, data: Path | None) -> list[QueueItem]:
    settings = read_settings(data=data)
    async with open_store(settings) as database, open_process(settings, database) as process:
        return await posted.list_queue(process.house, state=state.value, first=AT_MOST)


async def _retried(ids: list[str], data: Path | None) -> int:
    settings = read_settings(data=data)
    async with open_store(settings) as database, open_process(settings, database) as process:
        done, unknown = await posted.retry_parked(process.house, ids=ids, actor=operator(), now=utc_now())
        if unknown:
            raise CannotRun(
                f"Not parked: {', '.join(unknown)}. {done} others will be sent again. See: selo outbox list"
            )
        return done
