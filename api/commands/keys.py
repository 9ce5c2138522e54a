"""`selo keys`: the keys in the data folder that sign access tokens, and the secret of the database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.operator import operator
from api.commands.running import CannotRun, exit_on_user_errors, run
from api.embedded import holds_database, prepare_folder
from api.keys import (
    TokenKey,
    add_key,
    fingerprints,
    read_keys,
    remove_keys,
    retired_keys,
    settings_keys,
    stored_keys,
)
from api.process import Process, open_process
from api.settings import Settings
from api.settings.reading import read_settings
from domain.store.audit import simple_act_write
from domain.store.document_store import DocumentStore
from domain.store.people.dropped_keys import drop_write, find_all
from domain.store.prepare import prepare
from domain.store.secret_check import replace_fingerprint

keys = typer.Typer(help="The keys that sign access tokens, and the secret.", no_args_is_help=True)

DataOption = Annotated[Path | None, typer.Option(help="The data folder.")]


@keys.command("list")
def show(data: DataOption = None) -> None:
    """List the keys by name, the one that signs first."""
    with exit_on_user_errors():
        settings = read_settings(data=data)
        for key in _present_keys(settings):
            print(key.kid)


@keys.command()
def rotate(data: DataOption = None) -> None:
    """Make a new signing key. Servers take it at their next start; keys that were followed by another more
    than a day ago are dropped.
    """
    run(_rotate(data))


async def _rotate(data_folder: Path | None) -> None:
    settings = read_settings(data=data_folder)
    if settings.token_keys is not None:
        raise CannotRun(
            "SELO_TOKEN_KEYS is set, so the keys of the data folder are not used: put the new key in front"
            " there."
        )
    folder, now = _folder(settings), utc_now()
    prepare_folder(settings.data)
    retired = retired_keys(folder, now=now)
    async with _open_served(settings) as process:
        key = add_key(folder, now=now)
        if process is not None:
            rotated = simple_act_write("KEYS_ROTATED", actor=operator(), now=now, subject=key.kid)
            await process.store.transact([rotated, *(drop_write(kid, now=now) for kid in retired)])
    remove_keys(folder, retired)
    print(f"{key.kid} signs from the next start on; {len(retired)} retired.")


# One name of 64 begins with a dash, and is no option.
@keys.command(context_settings={"ignore_unknown_options": True})
def drop(
    kid: Annotated[str, typer.Argument(help="The key's name, as selo keys list prints it.")],
    data: DataOption = None,
) -> None:
    """End a key at once, in every process: each token that it signed is refused. Where it was the one that
    signs, the next one does, or a new one.
    """
    run(_drop(kid, data))


async def _drop(kid: str, data_folder: Path | None) -> None:
    settings, now = read_settings(data=data_folder), utc_now()
    present = [key.kid for key in _present_keys(settings)]
    if kid not in present:
        raise CannotRun(f"There is no key {kid}: the keys are {', '.join(present)}.")
    async with _open_served(settings) as process:
        dropped_before = [] if process is None else await find_all(process.store)
        working = [name for name in present if name not in dropped_before]
        if settings.token_keys is not None and set(working) <= {kid}:
            which = "" if present == [kid] else " that was not dropped"
            raise CannotRun(
                f"{kid} is the only key in SELO_TOKEN_KEYS{which}: put another in front of it, start the"
                " servers and workers with both, and drop it then."
            )
        if settings.token_keys is None and working[0] == kid:
            working = [add_key(_folder(settings), now=now).kid, *working]
        if process is not None:
            dropped = simple_act_write("KEYS_DROPPED", actor=operator(), now=now, subject=kid)
            await process.store.transact([drop_write(kid, now=now), dropped])
    remove_keys(_folder(settings), [kid])
    signing = next(name for name in working if name != kid)
    print(
        f"{kid} is dropped, and {signing} signs: apps refresh their session, a till scans its customer again."
    )


@keys.command("accept-secret")
def accept_secret(data: DataOption = None) -> None:
    """Go on with the present secret where the database's own is lost for good. Voucher codes that it sealed
    can be used, and never be shown again; members sign in anew, and phones show their card after that.
    """
    run(_accept_secret(data))


async def _accept_secret(data_folder: Path | None) -> None:
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database:
        store = DocumentStore.of(database)
        await prepare(store)
        await replace_fingerprint(store, fingerprints(read_keys(settings, now=utc_now()))[0])
        await store.transact(
            [simple_act_write("SECRET_ACCEPTED", actor=operator(), now=utc_now(), subject="secret")]
        )
    print(f"The database {settings.database} is of the present secret from now on.")


@asynccontextmanager
async def _open_served(settings: Settings) -> AsyncIterator[Process | None]:
    """Open the database; None where nobody has served this data folder yet."""
    if settings.mongodb_uri is None and not holds_database(settings.data):
        yield None
        return
    async with open_database(settings) as database, open_process(settings, database) as process:
        yield process


def _present_keys(settings: Settings) -> list[TokenKey]:
    """Return the keys of the settings, else of the data folder. Raises CannotRun where there are none."""
    token_keys = settings_keys(settings) or stored_keys(_folder(settings))
    if not token_keys:
        raise CannotRun(
            f"There are no keys in {_folder(settings)}: name another folder with --data, or make them by selo"
            " serve."
        )
    return token_keys


def _folder(settings: Settings) -> Path:
    return settings.data / "keys"
