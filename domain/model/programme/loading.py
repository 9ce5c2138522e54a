"""Loading: a programme file read, shaped and checked whole. Every fault is found at once, or the programme is
sound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from domain.model.programme.check_codes import check_codes, check_given
from domain.model.programme.check_expressions import check_expressions
from domain.model.programme.check_loops import check_loops
from domain.model.programme.check_meant import check_meant
from domain.model.programme.check_texts import check_texts, missing_texts
from domain.model.programme.check_unused import check_unused
from domain.model.programme.check_values import check_values
from domain.model.programme.faults import Fault, Finding, Path, ProgrammeFaults, written
from domain.model.programme.models import Programme
from domain.model.programme.reading import Reading, read
from domain.model.programme.shaping import shape
from domain.model.programme.view import View


@dataclass(frozen=True)
class Loaded:
    """A sound programme, what is worth a second look before it is published, and by locale the line and path
    of each text it lacks.
    """

    programme: Programme
    warnings: tuple[Fault, ...]
    missing: Mapping[str, tuple[tuple[int, str], ...]]


def load(text: str) -> Programme:
    """Load a programme file. Raises ProgrammeFaults."""
    return inspect(text).programme


def load_published(text: str) -> Programme:
    """Load a version that was published. Raises ProgrammeFaults where it cannot be read.

    It was checked then: a check that has grown stricter since must not keep a server from starting, nor a
    refund from its version.
    """
    reading = read(text)
    shaped = shape(reading.values)
    faults = (*reading.faults, *_placed(reading, list(shaped.findings), hints=False))
    if faults or shaped.programme is None:
        raise ProgrammeFaults(faults)
    return shaped.programme


def inspect(text: str) -> Loaded:
    """Load a programme file with its warnings. Raises ProgrammeFaults."""
    reading = read(text)
    shaped = shape(reading.values)
    findings = list(shaped.findings)
    if shaped.programme is not None:
        view = View(programme=shaped.programme, data=reading.values, shape=shaped)
        findings += check_given(view)
        for finding in _checked(view):
            path = shaped.original(finding.path)
            if path not in shaped.removed:  # what was left out has its finding already
                findings.append(Finding(path, finding.message, finding.remedy, hint=finding.hint))
    faults = [*reading.faults, *_placed(reading, findings, hints=False)]
    if faults or shaped.programme is None:
        raise ProgrammeFaults(tuple(sorted(dict.fromkeys(faults), key=lambda fault: fault.line)))
    missing = {locale: _places(reading, paths) for locale, paths in missing_texts(shaped.programme).items()}
    return Loaded(
        programme=shaped.programme, warnings=tuple(_placed(reading, findings, hints=True)), missing=missing
    )


def _checked(view: View) -> Iterator[Finding]:
    yield from check_codes(view)
    yield from check_values(view)
    yield from check_expressions(view)
    yield from check_texts(view)
    yield from check_loops(view)
    yield from check_unused(view)
    yield from check_meant(view)


def _placed(reading: Reading, findings: list[Finding], *, hints: bool) -> Iterator[Fault]:
    for finding in sorted(findings, key=lambda finding: reading.line(finding.path)):
        if finding.hint == hints:
            yield Fault(reading.line(finding.path), written(finding.path), finding.message, finding.remedy)


def _places(reading: Reading, paths: tuple[Path, ...]) -> tuple[tuple[int, str], ...]:
    return tuple((reading.line(path), written(path)) for path in paths)
