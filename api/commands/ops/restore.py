"""`selo ops restore`: a backup into a data folder or database that holds nothing, then erasures once more."""

from pathlib import Path
from typing import Annotated

import typer

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.operator import operator
from api.commands.ops.backup_files import BackupSource, Manifest
from api.commands.ops.copying import copy_into
from api.commands.running import CannotRun, run
from api.embedded import find_running, prepare_folder
from api.keys import fingerprints, read_keys
from api.private_files import write_private
from api.process import open_process
from api.senders.erasure_file import erasure_path
from api.settings import Settings
from api.settings.reading import read_settings
from domain.model.calendar import milliseconds
from domain.services.erasure.replaying import replay
from domain.store.document_store import DocumentStore
from domain.store.ledger.programmes import NothingPublished


def restore(
    backup: Annotated[Path, typer.Argument(help="The folder of one backup.")],
    data: Annotated[Path | None, typer.Option(help="The data folder to make, or to go on with.")] = None,
) -> None:
    """Restore a backup into a data folder, or into the database that MONGODB_URI names; neither may hold
    anything yet. One that was cut off goes on. Whom the file of erasures names is erased again.
    """
    run(_restore(backup, data))


async def _restore(folder: Path, data_folder: Path | None) -> None:
    settings = read_settings(data=data_folder)
    source = BackupSource(folder, Manifest.read(folder))
    source.check()
    if settings.mongodb_uri is None:
        if find_running(settings.data) is not None:
            raise CannotRun(
                f"A server has the data folder {settings.data} open: name a new folder by --data."
            )
        prepare_folder(settings.data)
        _bring_keys(settings, folder)
    _expect_secret(settings, source)
    async with open_database(settings, may_create=True) as database:
        store = DocumentStore.of(database, embedded=settings.mongodb_uri is None)
        count = await copy_into(store, source)
        if count is None:
            raise CannotRun(f"The database {store.mongo.name} was restored from this backup already.")
        print(f"{store.mongo.name}: {count} documents of {source.manifest.made_at:%Y-%m-%d %H:%M} UTC")
        async with open_process(settings, database) as process:
            try:
                erased = await replay(process.runtime, actor=operator(), now=milliseconds(utc_now()))
            except NothingPublished:
                erased = 0  # so there are no members
    path = erasure_path(settings)
    if path is None or not path.exists():
        where = "SELO_ERASURES_FILE" if path is None else str(path)
        print(f"Nobody is erased again: there is no {where}. Put it there, then: selo erasures replay")
    else:
        print(f"{erased} members erased again")


def _bring_keys(settings: Settings, backup: Path) -> None:
    """Put the backup's keys into a data folder that has none."""
    for key in sorted((backup / "keys").glob("*")):
        path = settings.data / "keys" / key.name
        if not path.exists():
            write_private(path, key.read_bytes())


def _expect_secret(settings: Settings, source: BackupSource) -> None:
    """Raise CannotRun where this process could not open what the backup's secret has sealed."""
    secret = source.manifest.secret
    if secret is not None and secret not in fingerprints(read_keys(settings, now=utc_now())):
        raise CannotRun(
            "The backup is of another secret: set SELO_SECRET to the one that its database was served with,"
            " or name that one in SELO_SECRETS_BEFORE."
        )
