"""`selo ops shard` and `selo ops roles`: what a cluster is told, printed for who may tell it."""

from typing import Annotated

import typer

from api.commands.database import open_database
from api.commands.running import CannotRun, exit_on_user_errors, run
from api.settings.reading import read_settings
from domain.store.cluster.roles import role_commands
from domain.store.cluster.shard_keys import NoCluster, shard_commands
from domain.store.cluster.shard_keys import shard as shard_collections
from domain.store.document_store import DocumentStore


def shard(
    apply: Annotated[
        bool, typer.Option("--apply", help="Run them, on the mongos that MONGODB_URI names.")
    ] = False,
) -> None:
    """Print the commands that shard the collections, for mongosh. Run them before there is much to move."""
    if apply:
        print(f"{run(_shard())} collections are sharded")
        return
    with exit_on_user_errors():
        print(*shard_commands(read_settings().database), sep="\n")


async def _shard() -> int:
    settings = read_settings()
    if settings.mongodb_uri is None:
        raise CannotRun("MONGODB_URI is not set: it names the mongos of a cluster.")
    async with open_database(settings) as database:
        try:
            return await shard_collections(DocumentStore.of(database))
        except NoCluster:
            raise CannotRun(
                "The server that MONGODB_URI names is no mongos: there is nothing to shard on it."
            ) from None


def roles() -> None:
    """Print the commands that make the database's roles and users, for mongosh; it asks for the passwords."""
    with exit_on_user_errors():
        print(*role_commands(read_settings().database), sep="\n")
