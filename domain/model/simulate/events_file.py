"""Runs the lines of an events file, one after another, and then whatever time brings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from domain.model.programme import Programme
from domain.model.simulate import inputs
from domain.model.simulate.answers import Answer
from domain.model.simulate.inputs import read_line
from domain.model.simulate.simulation import Simulation


def ignore_warning(warning: str) -> None:
    """Let a doubt pass."""


def simulate(
    programme: Programme,
    lines: Iterable[str],
    *,
    until: datetime | None = None,
    warn: Callable[[str], None] = ignore_warning,
) -> Iterator[Answer]:
    """Run the lines of an events file up to an instant (default: the last event). Raises Fault on a line that
    cannot be run.

    `warn` is told of what is odd about lines that run all the same, of each kind once.
    """
    simulation, warned = Simulation(programme), set[tuple[str, str]]()
    simulation.keeps_rows = False
    last: datetime | None = None
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        line = read_line(number, text)
        if until is not None and line.at > until:
            continue
        last = line.at if last is None else max(last, line.at)
        yield from simulation.event(line)
        for warning in inputs.input_warnings(line, programme):
            if (line.name, warning) not in warned:
                warned.add((line.name, warning))
                warn(f"line {number}: {warning}")
    end = until or last
    if end is not None:
        yield from simulation.advance(end)
        for code in simulation.members:
            yield simulation.member_answer(code, end)
