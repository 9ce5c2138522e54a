"""`selo simulate`: run dated events through a programme file in memory; one JSON line an event, then one a
member.
"""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import orjson
import typer

from api.commands.running import CannotRun, exit_on_user_errors
from api.commands.terminal.files import read_text
from api.commands.terminal.instants import read_instant
from domain.model.programme.faults import ProgrammeInvalid
from domain.model.programme.loading import load
from domain.model.simulate import InputMalformed
from domain.model.simulate import simulate as run


def simulate(
    file: Annotated[Path, typer.Argument(help="The programme file.")],
    events: Annotated[
        Path, typer.Argument(help="The events, one JSON object a line; - reads standard input.")
    ],
    until: Annotated[
        str | None, typer.Option(help="An instant to let time run to; the last event's without it.")
    ] = None,
) -> None:
    """Run dated events through a programme file. No database, no network."""
    with exit_on_user_errors():
        # A run keeps what it makes; with the usual thresholds most of its work is looking for garbage.
        gc.set_threshold(100_000, 50, 100)
        try:
            programme = load(read_text(file))
            for answer in run(programme, _lines(events), until=read_instant("--until", until), warn=_warn):
                sys.stdout.buffer.write(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE))
            sys.stdout.buffer.flush()
        except ProgrammeInvalid as faults:
            raise CannotRun(f"{file} has faults; see: selo programme check {file}\n{faults}") from None
        except InputMalformed as fault:
            sys.stdout.buffer.flush()
            raise CannotRun(f"{events}: {fault}") from None
        except BrokenPipeError:
            # The reader of the output has stopped; without this Python prints a fault of the pipe at exit.
            sys.stderr.close()


def _warn(text: str) -> None:
    print(f"Worth a second look: {text}", file=sys.stderr)


def _lines(path: Path) -> Iterator[str]:
    if str(path) == "-":
        yield from sys.stdin
        return
    try:
        with path.open(encoding="utf-8") as lines:
            yield from lines
    except (OSError, UnicodeDecodeError) as fault:
        raise CannotRun(
            f"Cannot read {path}:"
            f" {getattr(fault, 'strerror', None) or 'it is no UTF-8 text; save it as UTF-8'}."
        ) from None
