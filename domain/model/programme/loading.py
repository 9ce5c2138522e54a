"""Loading a programme file: it is parsed, validated and checked as a whole. All its faults are reported at
once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain.model.programme.check.addresses import check_addresses
from domain.model.programme.check.badges import check_badges
from domain.model.programme.check.checked_file import CheckedFile
from domain.model.programme.check.codes import check_codes, check_duplicate_codes
from domain.model.programme.check.costs import check_costs
from domain.model.programme.check.entered_codes import check_entered_codes
from domain.model.programme.check.expressions import check_expressions
from domain.model.programme.check.loops import check_loops
from domain.model.programme.check.member_size import check_member_size
from domain.model.programme.check.past import check_past
from domain.model.programme.check.paying import check_paying
from domain.model.programme.check.returnable import check_returnable
from domain.model.programme.check.suspicious import check_suspicious
from domain.model.programme.check.texts import check_texts, missing_texts
from domain.model.programme.check.unused import check_unused
from domain.model.programme.check.values import check_values
from domain.model.programme.faults import Finding, KeyPath, ProgrammeFault, ProgrammeInvalid, format_path
from domain.model.programme.models import Programme
from domain.model.programme.parsing import ParsedFile, parse_yaml
from domain.model.programme.validation import validate


@dataclass(frozen=True)
class LoadedProgramme:
    """A valid programme with its warnings, and the places of missing texts by locale."""

    programme: Programme
    warnings: tuple[ProgrammeFault, ...]
    missing_texts: Mapping[str, tuple[tuple[int, str], ...]]


def load(text: str) -> Programme:
    """Load a programme file. Raises ProgrammeInvalid."""
    return load_with_warnings(text).programme


def load_published(text: str) -> Programme:
    """Load a version that was published before. Raises ProgrammeInvalid where it cannot be read.

    The checks do not run: a check that became stricter since must not prevent a server from starting, nor a
    refund by that version.
    """
    parsed = parse_yaml(text)
    validation = validate(parsed.values)
    faults = (*parsed.faults, *_faults_with_lines(parsed, list(validation.findings), warnings=False))
    if faults or validation.programme is None:
        raise ProgrammeInvalid(faults)
    return validation.programme


def load_with_warnings(text: str, *, now: datetime | None = None) -> LoadedProgramme:
    """Load a programme file with its warnings, with `now` also of what is over by then. Raises
    ProgrammeInvalid.
    """
    parsed = parse_yaml(text)
    validation = validate(parsed.values)
    findings = list(validation.findings)
    if validation.programme is not None:
        checked_file = CheckedFile(
            programme=validation.programme, content=parsed.values, validation=validation
        )
        findings += check_duplicate_codes(checked_file)
        for finding in _check_findings(checked_file, now):
            path = validation.original_path(finding.path)
            # What was removed has its finding already, and what stands on it only follows from that one.
            if path not in validation.removed_paths and all(map(validation.is_sound, finding.stands_on)):
                findings.append(replace(finding, path=path))
    faults = [*parsed.faults, *_faults_with_lines(parsed, findings, warnings=False)]
    if faults or validation.programme is None:
        raise ProgrammeInvalid(tuple(sorted(dict.fromkeys(faults), key=lambda fault: fault.line)))
    missing = {
        locale: _lines_of(parsed, paths) for locale, paths in missing_texts(validation.programme).items()
    }
    return LoadedProgramme(
        programme=validation.programme,
        warnings=tuple(_faults_with_lines(parsed, findings, warnings=True)),
        missing_texts=missing,
    )


def _check_findings(checked_file: CheckedFile, now: datetime | None) -> Iterator[Finding]:
    yield from check_codes(checked_file)
    yield from check_values(checked_file)
    yield from check_paying(checked_file)
    yield from check_member_size(checked_file)
    yield from check_badges(checked_file)
    yield from check_addresses(checked_file)
    yield from check_expressions(checked_file)
    yield from check_costs(checked_file)
    yield from check_texts(checked_file)
    yield from check_loops(checked_file)
    yield from check_unused(checked_file)
    yield from check_suspicious(checked_file)
    yield from check_entered_codes(checked_file)
    yield from check_returnable(checked_file)
    if now is not None:
        yield from check_past(checked_file, now)


def _faults_with_lines(
    parsed: ParsedFile, findings: list[Finding], *, warnings: bool
) -> Iterator[ProgrammeFault]:
    for finding in sorted(findings, key=lambda finding: parsed.line_of(finding.path)):
        if finding.is_warning == warnings:
            yield ProgrammeFault(
                parsed.line_of(finding.path), format_path(finding.path), finding.message, finding.remedy
            )


def _lines_of(parsed: ParsedFile, paths: tuple[KeyPath, ...]) -> tuple[tuple[int, str], ...]:
    return tuple((parsed.line_of(path), format_path(path)) for path in paths)
