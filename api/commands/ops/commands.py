"""The group of `selo ops`."""

import typer

from api.commands.ops.backup import backup
from api.commands.ops.cluster import roles, shard
from api.commands.ops.move import move
from api.commands.ops.restore import restore

ops = typer.Typer(help="The database: its backup, restore, move, shards and roles.", no_args_is_help=True)
ops.command()(backup)
ops.command()(restore)
ops.command()(move)
ops.command()(shard)
ops.command()(roles)
