"""The `selo` command: one group a file in `api/commands`, named here."""

import typer

from api.commands.audit import audit_commands
from api.commands.keys import keys
from api.commands.outbox import outbox
from api.commands.people import staff_commands, store_commands, token
from api.commands.programme import programme
from api.commands.schema import schema
from api.commands.serve import serve
from api.commands.settings import settings
from api.commands.simulate import simulate
from api.commands.turn import turn
from api.commands.verify import verify
from api.commands.worker import worker
from api.logs import configure_logs

cli = typer.Typer(
    name="selo",
    help="Run a loyalty programme: its database, API, programme file and people.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
cli.command()(serve)
cli.command()(simulate)
cli.command()(token)
cli.command()(turn)
cli.command()(verify)
cli.command()(worker)
cli.command()(settings)
cli.command()(schema)
cli.add_typer(programme, name="programme")
cli.add_typer(staff_commands, name="staff")
cli.add_typer(store_commands, name="store")
cli.add_typer(audit_commands, name="audit")
cli.add_typer(keys, name="keys")
cli.add_typer(outbox, name="outbox")


@cli.callback()
def main_options() -> None:
    """Settings come from the environment (SELO_...); what a command is told on its line comes before them."""
    configure_logs(level="warning", form="console")  # an errand tells what went wrong; `serve` logs by its settings


def main() -> None:
    cli(prog_name="selo")


if __name__ == "__main__":
    main()
