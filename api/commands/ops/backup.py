"""`selo ops backup`: the database and the keys of its data folder, also beside a running server."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from api import RELEASE
from api.clock import utc_now
from api.commands.database import open_database
from api.commands.ops.backup_files import (
    MANIFEST,
    META,
    NAME_STAMP,
    CollectionWriter,
    Manifest,
    backups_before,
    collection_path,
    unfinished_folder,
)
from api.commands.running import CannotRun, run
from api.commands.terminal.progress import progress_bar
from api.keys import key_files
from api.private_files import write_private
from api.settings import Settings
from api.settings.reading import read_settings
from domain.store import meta
from domain.store.copying.documents import (
    CollectionDigest,
    SnapshotTooOld,
    collection_names,
    decode,
    open_snapshot,
    read_windows,
)
from domain.store.document_store import DocumentStore
from domain.store.migrations import FORMAT
from domain.store.migrations.format import expect_known, read_format

# A backup still has whom the database has erased since: it must not outlive what the privacy notice says.
KEEP_DAYS = 35
MOST_DAYS = 36_600


def backup(
    folder: Annotated[Path, typer.Argument(help="The folder of backups; each is a folder in it.")],
    keep_days: Annotated[
        int,
        typer.Option(
            min=1, max=MOST_DAYS, help="Backups there that are older are deleted, once this one is whole."
        ),
    ] = KEEP_DAYS,
    data: Annotated[Path | None, typer.Option(help="The data folder.")] = None,
) -> None:
    """Write a backup of the database as it is at one moment, and of the keys that the data folder holds.
    Servers may run meanwhile.
    """
    path, count = run(_backup(folder, data))
    print(f"{path}: {count} documents")
    for old in backups_before(folder, days=keep_days, now=utc_now()):
        shutil.rmtree(old)
        print(f"{old}: deleted, since it is older than {keep_days} days")


async def _backup(folder: Path, data_folder: Path | None) -> tuple[Path, int]:
    settings, made_at = read_settings(data=data_folder), utc_now()
    while (path := folder / made_at.strftime(NAME_STAMP)).exists():  # another of this very second
        made_at += timedelta(seconds=1)
    async with open_database(settings) as database:
        store = DocumentStore.of(database)
        stored = await read_format(store)
        if stored.number is None and stored.copied is None:
            raise CannotRun(f"The database {store.mongo.name} holds nothing to back up: see SELO_DATABASE.")
        expect_known(stored, database=store.mongo.name, supported=FORMAT)
        keys = key_files(settings) if settings.mongodb_uri is None else []
        with unfinished_folder(path) as unfinished:
            try:
                digests, secret = await _write_collections(settings, store, unfinished)
            except SnapshotTooOld:
                raise CannotRun(
                    "The database keeps the moment of its backup for too short a time: raise"
                    " minSnapshotHistoryWindowInSeconds, or back it up by what it runs on (OPERATIONS.md)."
                ) from None
            for key in keys:
                write_private(unfinished / "keys" / key.name, key.read_bytes())
            manifest = Manifest(made_at, RELEASE, secret, digests)
            write_private(unfinished / MANIFEST, manifest.text().encode())
    return path, sum(digest.documents for digest in digests.values())


async def _write_collections(
    settings: Settings, store: DocumentStore, folder: Path
) -> tuple[dict[str, CollectionDigest], str | None]:
    """Write a file for each collection; return their digests, and the fingerprint of the secret."""
    digests: dict[str, CollectionDigest] = {}
    secret = None
    names = await collection_names(store)
    with progress_bar() as bar:
        async with open_snapshot(store, is_embedded=settings.mongodb_uri is None) as session:
            for name in names:
                task, writer = bar.add_task(name, total=None), CollectionWriter(collection_path(folder, name))
                async for window in read_windows(store, name, session=session):
                    writer.write(window)
                    bar.advance(task, len(window))
                    if name == META:
                        secrets = [row for row in map(decode, window) if row["_id"] == meta.SECRET_ID]
                        secret = secrets[0]["fingerprint"] if secrets else None
                digests[name] = writer.close()
    return digests, secret
