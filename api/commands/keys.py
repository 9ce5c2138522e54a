"""`selo keys`: the keys that sign access tokens, where they stand in the data folder."""

from pathlib import Path
from typing import Annotated

import typer

from api.commands.database import open_store
from api.commands.operator import operator
from api.commands.running import CannotRun, guarded, run
from api.embedded import holds_database, prepare_folder
from api.http.callers import utc_now
from api.keys import TokenKey, add_key, drop_retired, stored_keys
from api.process import open_process
from api.settings import read_settings
from domain.store.audit import simple_act_write

keys = typer.Typer(help="The keys that sign access tokens.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option(help="The data folder.")]


@keys.command("list")
def show(data: Data = None) -> None:
    """List the keys by name, the one that signs first."""
    with guarded():
        folder = _folder(data)
        found = stored_keys(folder)
        if not found:
            raise CannotRun(
                f"There are no keys in {folder}: name another folder with --data, or make them by selo serve."
            )
        for key in found:
            print(key.kid)


@keys.command()
def rotate(data: Data = None) -> None:
    """Make a new signing key. Servers take it at their next start; keys that were followed by another more
    than a day ago are dropped.
    """
    run(_rotate(data))


async def _rotate(data: Path | None) -> None:
    folder, settings = _folder(data), read_settings(data=data)
    if settings.mongodb_uri is None and not holds_database(settings.data):
        _rotated(folder)  # nobody has served this folder yet: there is no audit trail either
        return
    async with open_store(settings) as database, open_process(settings, database) as process:
        key = _rotated(folder)
        await process.store.transact(
            [simple_act_write("KEYS_ROTATED", actor=operator(), now=utc_now(), subject=key.kid)]
        )


def _rotated(folder: Path) -> TokenKey:
    now = utc_now()
    prepare_folder(folder.parent)
    dropped = drop_retired(folder, now=now)
    key = add_key(folder, now=now)
    print(f"{key.kid} signs from the next start on; {dropped} retired.")
    return key


def _folder(data: Path | None) -> Path:
    settings = read_settings(data=data)
    if settings.token_keys is not None:
        raise CannotRun(
            "SELO_TOKEN_KEYS is set, so the keys of the data folder are not used: put the new key in front"
            " there."
        )
    return settings.data / "keys"
