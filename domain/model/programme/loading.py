"""Loading a programme file: it is parsed, validated and checked as a whole. All its faults are reported at
once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from domain.model.programme.faults import Finding, KeyPath, ProgrammeFault, ProgrammeInvalid, format_path
from domain.model.programme.models import Programme
from domain.model.programme.parsing import ParsedFile, parse_yaml
from domain.model.programme.validation import validate
from domain.model.values import dataclass


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
    # Imported here: a server reads what was checked when it was published, and publishes rarely.
    from domain.model.programme.check import CheckedFile, check_duplicate_codes, check_findings, missing_texts

    parsed = parse_yaml(text)
    validation = validate(parsed.values)
    findings = list(validation.findings)
    if validation.programme is not None:
        checked_file = CheckedFile(
            programme=validation.programme, content=parsed.values, validation=validation
        )
        findings += check_duplicate_codes(checked_file)
        for finding in check_findings(checked_file, now):
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
