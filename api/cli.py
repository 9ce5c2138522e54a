"""The `selo` command: one group a file in `api/commands`, named here and imported where it is asked for."""

import sys
from importlib import import_module

import typer

from api.logs import configure_logs

COMMANDS = {
    "serve": "serve.serve",
    "simulate": "simulate.simulate",
    "token": "people.token",
    "turn": "turn.turn",
    "verify": "verify.verify",
    "worker": "worker.worker",
    "settings": "settings.settings",
    "schema": "schema.schema",
    "programme": "programme.programme",
    "staff": "people.staff_commands",
    "store": "people.store_commands",
    "audit": "audit.audit_commands",
    "keys": "keys.keys",
    "outbox": "outbox.outbox",
    "migrate": "migrate.migrate",
}

cli = typer.Typer(
    name="selo",
    help="Run a loyalty programme: its database, API, programme file and people.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@cli.callback()
def main_options() -> None:
    """Settings come from the environment (SELO_...); what a command is told on its line comes before them."""
    configure_logs(
        level="warning", form="console"
    )  # an errand tells what went wrong; `serve` logs by its settings


def main() -> None:
    """Run the command asked for with what it imports alone: simulating takes no server. Any other word gets
    the help of all.
    """
    try:
        for name in [word for word in sys.argv[1:2] if word in COMMANDS] or COMMANDS:
            module, _, attribute = COMMANDS[name].partition(".")
            command = getattr(import_module(f"api.commands.{module}"), attribute)
            if isinstance(command, typer.Typer):
                cli.add_typer(command, name=name)
            else:
                cli.command(name)(command)
    except KeyboardInterrupt:
        sys.exit(130)
    cli(prog_name="selo")


if __name__ == "__main__":
    main()
