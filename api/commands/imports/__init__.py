"""`selo import`: what is brought along from another system."""

import typer

from api.commands.imports import members, people

import_commands = typer.Typer(
    help="What is brought along from another system: members, stores, staff.", no_args_is_help=True
)
import_commands.command("members")(members.import_members)
import_commands.command("stores")(people.import_stores)
import_commands.command("staff")(people.import_staff)
