"""The `selo` command: each group is a file in `api/commands`, named here and imported when it is used."""

import gc
import sys
from importlib import import_module
from typing import Annotated

import typer

from api import RELEASE

# While modules are imported, hardly any garbage is made. Without collections a start takes about 0.07 s less
# CPU of 1.3 s (measured 2026-11-28). `commands/running.py` sets the threshold that a running command needs.
IMPORT_GC_THRESHOLD = 1_000_000

COMMANDS = {
    "serve": "serve.serve",
    "simulate": "simulate.simulate",
    "backtest": "figures.backtest.backtest",
    "token": "people.token",
    "clock": "clock.clock",
    "turn": "turn.turn",
    "verify": "proof.verify.verify",
    "repair": "proof.repair.repair",
    "worker": "worker.worker",
    "settings": "settings.settings",
    "schema": "schema.schema",
    "programme": "programme.programme",
    "codes": "codes.codes",
    "staff": "people.staff_commands",
    "store": "people.store_commands",
    "source": "shops.source.source",
    "intake": "shops.intake.intake",
    "catalogue": "shops.catalogue.catalogue",
    "client": "shops.clients.client",
    "contact": "members.contact.contact_commands",
    "erase": "members.erasure.erase",
    "erasures": "members.erasure.erasure_commands",
    "merge": "members.merge.merge",
    "audit": "audit.audit_commands",
    "demo": "demo_data.history.demo",
    "export": "export.export_commands",
    "import": "imports.import_commands",
    "keys": "keys.keys",
    "figures": "figures.figures.figures",
    "outbox": "outbox.outbox",
    "migrate": "migrate.migrate",
    "archive": "archiving.archive.archive",
    "ops": "ops.commands.ops",
}

cli = typer.Typer(
    name="selo",
    help="Run a loyalty programme: its database, API, programme file and people.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(RELEASE)
        raise typer.Exit


@cli.callback()
def main_options(
    version: Annotated[  # noqa: ARG001 - its callback acts on it
        bool,
        typer.Option("--version", is_eager=True, callback=_show_version, help="Show which release it is."),
    ] = False,
) -> None:
    """Settings come from the environment (SELO_...); what a command is told on its line comes before them."""
    from api.logs import configure_logs

    configure_logs(level="warning", form="console")  # `serve` and `worker` configure logs by their settings


def main() -> None:
    """Import the command that was named and run it; any other word imports all and prints the help."""
    gc.set_threshold(IMPORT_GC_THRESHOLD)
    _import_structlog_without_rich()
    try:
        for name in [word for word in sys.argv[1:2] if word in COMMANDS] or COMMANDS:
            module, _, attribute = COMMANDS[name].rpartition(".")
            command = getattr(import_module(f"api.commands.{module}"), attribute)
            if isinstance(command, typer.Typer):
                cli.add_typer(command, name=name)
            else:
                cli.command(name)(command)
    except KeyboardInterrupt:
        sys.exit(130)
    cli(prog_name="selo")


def _import_structlog_without_rich() -> None:
    """Import structlog so that it does not import rich, which it does wherever rich is installed.

    structlog draws tracebacks with rich; our tracebacks are plain (`logs.py`). The 52 modules of rich cost a
    server about 3.5 MB of 94 MB (measured 2026-11-28). A command that draws a progress bar imports rich.
    """
    sys.modules["rich"] = None  # type: ignore[assignment]  # makes `import rich` raise ImportError
    import structlog  # noqa: F401

    del sys.modules["rich"]


if __name__ == "__main__":
    main()
