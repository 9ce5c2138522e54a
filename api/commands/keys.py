"""`selo keys`: the keys in the data folder that sign access tokens, and the secret of the database."""

from pathlib import Path
from typing import Annotated

import typer

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.operator import operator
from api.commands.running import CannotRun, exit_on_user_errors, run
from api.embedded import holds_database, prepare_folder
from api.keys import TokenKey, add_key, drop_retired, fingerprints, read_keys, stored_keys
from api.process import open_process
from api.settings import read_settings
from domain.store.audit import simple_act_write
from domain.store.document_store import DocumentStore
from domain.store.prepare import prepare
from domain.store.secret_check import replace_fingerprint

keys = typer.Typer(help="The keys that sign access tokens, and the secret.", no_args_is_help=True)

DataOption = Annotated[Path | None, typer.Option(help="The data folder.")]


@keys.command("list")
def show(data: DataOption = None) -> None:
    """List the keys by name, the one that signs first."""
    with exit_on_user_errors():
        folder = _keys_folder(data)
        token_keys = stored_keys(folder)
        if not token_keys:
            raise CannotRun(
                f"There are no keys in {folder}: name another folder with --data, or make them by selo serve."
            )
        for key in token_keys:
            print(key.kid)


@keys.command()
def rotate(data: DataOption = None) -> None:
    """Make a new signing key. Servers take it at their next start; keys that were followed by another more
    than a day ago are dropped.
    """
    run(_rotate(data))


async def _rotate(data_folder: Path | None) -> None:
    folder, settings = _keys_folder(data_folder), read_settings(data=data_folder)
    if settings.mongodb_uri is None and not holds_database(settings.data):
        _rotate_key(folder)  # nobody has served this folder yet: there is no audit trail either
        return
    async with open_database(settings) as database, open_process(settings, database) as process:
        key = _rotate_key(folder)
        await process.store.transact(
            [simple_act_write("KEYS_ROTATED", actor=operator(), now=utc_now(), subject=key.kid)]
        )


def _rotate_key(folder: Path) -> TokenKey:
    now = utc_now()
    prepare_folder(folder.parent)
    dropped = drop_retired(folder, now=now)
    key = add_key(folder, now=now)
    print(f"{key.kid} signs from the next start on; {dropped} retired.")
    return key


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


def _keys_folder(data_folder: Path | None) -> Path:
    settings = read_settings(data=data_folder)
    if settings.token_keys is not None:
        raise CannotRun(
            "SELO_TOKEN_KEYS is set, so the keys of the data folder are not used: put the new key in front"
            " there."
        )
    return settings.data / "keys"
