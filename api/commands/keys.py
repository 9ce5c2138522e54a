"""`selo keys`: the keys that sign access tokens, where they stand in the data folder."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from api.commands.running import CannotRun, guarded
from api.embedded import prepare_folder
from api.keys import add_key, drop_retired, stored_keys
from api.settings import read_settings

keys = typer.Typer(help="The keys that sign access tokens.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option(help="The data folder.")]


@keys.command("list")
def show(data: Data = None) -> None:
    """List the keys by name, the one that signs first."""
    with guarded():
        for key in stored_keys(_folder(data)):
            print(key.kid)


@keys.command()
def rotate(data: Data = None) -> None:
    """Make a new signing key, and drop those that were followed by another more than a day ago. Servers take it at their next start."""
    with guarded():
        folder, now = _folder(data), datetime.now(UTC)
        dropped = drop_retired(folder, now=now)
        key = add_key(folder, now=now)
        print(f"{key.kid} signs from the next start on; {dropped} retired.")


def _folder(data: Path | None) -> Path:
    settings = read_settings(data=data)
    if settings.token_keys is not None:
        raise CannotRun("SELO_TOKEN_KEYS is set, so the keys of the data folder are not used: put the new key in front there.")
    prepare_folder(settings.data)
    return settings.data / "keys"
