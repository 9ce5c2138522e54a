"""`selo migrate`: bring the database to the format of this version; a run that was cut off goes on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.running import run
from api.commands.terminal.progress import progress_bar
from api.embedded import find_running
from api.settings import Settings
from api.settings.reading import read_settings
from domain.store.document_store import DocumentStore
from domain.store.migrations import FORMAT
from domain.store.migrations.runner import NOTICE_SECONDS, MigrationRunner
from domain.store.migrations.steps import Migration
from domain.store.prepare import prepare


def migrate(data: Annotated[Path | None, typer.Option(help="The data folder.")] = None) -> None:
    """Bring the database to the format of this version. Stop servers of the earlier version first; a run that
    was cut off goes on where it was.
    """
    changed = run(_migrate(data))
    for title, count in changed.items():
        print(f"{title}: {count} documents changed")
    print(f"The database is of format {FORMAT}{'' if changed else ' already'}")


async def _migrate(data: Path | None) -> Mapping[str, int]:
    settings = read_settings(data=data)
    changed: dict[str, int] = {}
    async with open_database(settings) as database:
        with progress_bar() as bar:
            task = bar.add_task("Migrating", total=None)

            def show(migration: Migration, count: int) -> None:
                changed[migration.title] = count
                bar.update(task, description=migration.title, completed=count)

            runner = MigrationRunner(utc_now, progress=show, notice_seconds=_notice_seconds(settings))
            await prepare(DocumentStore.of(database, embedded=settings.mongodb_uri is None), runner=runner)
    return changed


def _notice_seconds(settings: Settings) -> float:
    """Running servers need a moment to see that they must stop; a folder of our own needs none."""
    is_shared = settings.mongodb_uri is not None or find_running(settings.data) is not None
    return NOTICE_SECONDS if is_shared else 0
