"""`selo ops move`: the embedded database of a data folder to the MongoDB that MONGODB_URI names."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.ops.copying import copy_into
from api.commands.running import CannotRun, run
from api.embedded import find_running
from api.keys import WEB_PUSH_KEY_FILE, Keys, fingerprints, read_keys
from api.private_files import write_private
from api.senders.erasure_file import erasure_path
from api.settings import Settings
from api.settings.reading import read_settings
from domain.store.copying.copy import StoreSource
from domain.store.copying.moving import MovedElsewhere, cancel_move, mark_moved
from domain.store.document_store import DocumentStore
from domain.store.migrations.format import read_format
from domain.store.migrations.runner import MigrationRunner
from domain.store.prepare import prepare
from domain.store.secret_check import expect_secret

ENVIRONMENT = "moved.env"


def move(
    data: Annotated[Path | None, typer.Option(help="The data folder that is moved.")] = None,
    database: Annotated[str, typer.Option(help="The database's name in that folder.")] = "selo",
    cancel: Annotated[
        bool,
        typer.Option("--cancel", help="Take the mark off a data folder that was moved, and go on with it."),
    ] = False,
) -> None:
    """Move the embedded database of a data folder to the empty database that MONGODB_URI and SELO_DATABASE
    name, with its secret and keys. Stop the server first; a run that was cut off goes on. The data folder is
    marked, and no server starts on it any more.
    """
    run(_cancel(data, database) if cancel else _move(data, database))


async def _move(data_folder: Path | None, name: str) -> None:
    target_settings = read_settings(data=data_folder)
    if target_settings.mongodb_uri is None:
        raise CannotRun("MONGODB_URI is not set: it names the server to move to.")
    folder = _stopped_folder(target_settings, name)
    keys = read_keys(folder, now=utc_now())
    async with open_database(folder) as database, open_database(target_settings) as target_database:
        store, target = DocumentStore.of(database, embedded=True), DocumentStore.of(target_database)
        stored = await read_format(store)
        if stored.number is None:
            raise CannotRun(f"There is no database {name} in the data folder {folder.data}: see --database.")
        if stored.moved is None:
            await prepare(store, runner=MigrationRunner(utc_now, notice_seconds=0))
            await expect_secret(store, fingerprints(keys))
        try:
            move_id = await mark_moved(store, to=_address(target_settings), now=utc_now())
        except MovedElsewhere as fault:
            raise CannotRun(
                f"The data folder {folder.data} is being moved to {fault}: go on there, or run selo ops move"
                " --cancel first."
            ) from None
        count = await copy_into(target, await StoreSource.of(store, id=move_id))
        if count is not None:
            print(f"{count} documents are at {_address(target_settings)}, compared one by one")
        await prepare(target)
        await expect_secret(target, fingerprints(keys))
    path = _write_environment(folder, target_settings, keys)
    print(f"{path} holds what every server, worker and command there must be given, beside MONGODB_URI")


async def _cancel(data_folder: Path | None, name: str) -> None:
    folder = _stopped_folder(read_settings(data=data_folder), name)
    async with open_database(folder) as database:
        place = await cancel_move(DocumentStore.of(database))
    if place is None:
        raise CannotRun(f"The data folder {folder.data} was not moved.")
    print(f"The data folder {folder.data} is served again: what happened at {place} is not in it")


def _stopped_folder(settings: Settings, name: str) -> Settings:
    """Return the settings of a data folder's database. Raises CannotRun where a server has it open."""
    if find_running(settings.data) is not None:
        raise CannotRun(f"A server has the data folder {settings.data} open: stop it first.")
    return settings.model_copy(update={"mongodb_uri": None, "database": name})


def _address(settings: Settings) -> str:
    """Return where the database is, without user and password."""
    assert settings.mongodb_uri is not None, "it was asked for"
    return (
        f"{urlsplit(settings.mongodb_uri.get_secret_value()).netloc.rpartition('@')[2]}/{settings.database}"
    )


def _write_environment(folder: Settings, target: Settings, keys: Keys) -> Path:
    """Write the settings that go with the database, for their owner alone."""
    path = folder.data / ENVIRONMENT
    path.unlink(missing_ok=True)
    erasures = erasure_path(folder)
    assert erasures is not None, "a data folder has a file of erasures"
    lines = [
        f"SELO_DATABASE={target.database}",
        f"SELO_ERASURES_FILE={erasures.resolve()}",
        f"SELO_SECRET={keys.secret.decode()}",
        f'SELO_TOKEN_KEYS="{"".join(key.pem() for key in keys.verifying.values())}"',
    ]
    if (web_push_key := _web_push_key(folder)) is not None:
        lines.append(f'SELO_WEB_PUSH_KEY="{web_push_key}"')
    if keys.secrets_before:
        before = ",".join(f'"{secret.decode()}"' for secret in keys.secrets_before)
        lines.append(f"SELO_SECRETS_BEFORE='[{before}]'")
    write_private(path, "\n".join([*lines, ""]).encode())
    return path


def _web_push_key(folder: Settings) -> str | None:
    """Return the key that browsers have subscribed to, as SELO_WEB_PUSH_KEY takes it; None where none has."""
    if folder.web_push_key is not None:
        return folder.web_push_key.get_secret_value()
    path = folder.data / "keys" / WEB_PUSH_KEY_FILE
    return path.read_text() if path.exists() else None
