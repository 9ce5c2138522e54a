"""The check of a draft for an editor: every fault and warning with line and column, and what else it says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from domain.model.fault_text import parts_of, text_of
from domain.model.programme.faults import ProgrammeFault, ProgrammeInvalid
from domain.model.programme.inactive import inactive_keys
from domain.model.programme.loading import load_with_warnings
from domain.model.programme.parsing import content_hash
from domain.model.values import dataclass


@dataclass(frozen=True, slots=True)
class DraftFault:
    """A fault or a warning as an editor marks it: `line` and `column` count from 1."""

    line: int
    column: int
    path: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class MissingText:
    """A text that a locale of the programme lacks, and where."""

    locale: str
    line: int
    path: str


@dataclass(frozen=True, slots=True)
class DraftCheck:
    """What the check of a draft answers; `digest` names the content of a sound one, None for a faulty one."""

    faults: tuple[DraftFault, ...]
    warnings: tuple[DraftFault, ...] = ()
    missing_texts: tuple[MissingText, ...] = ()
    inactive: tuple[str, ...] = ()
    digest: str | None = None


def check_draft(text: str, *, now: datetime) -> DraftCheck:
    """Check a programme file as `selo programme check` does."""
    lines = text.split("\n")
    try:
        loaded = load_with_warnings(text, now=now)
    except ProgrammeInvalid as invalid:
        return DraftCheck(_placed(invalid.faults, lines))
    return DraftCheck(
        faults=(),
        warnings=_placed(loaded.warnings, lines),
        missing_texts=tuple(
            MissingText(locale, line, path)
            for locale, places in loaded.missing_texts.items()
            for line, path in places
        ),
        inactive=tuple(inactive_keys(loaded.programme)),
        digest=content_hash(text),
    )


def check_as_json(check: DraftCheck) -> dict[str, Any]:
    """Return what a check answers as JSON has it; each text can still be said in every language."""
    faults, warnings = (
        [
            {**asdict(each), "message": parts_of(each.message), "remedy": parts_of(each.remedy)}
            for each in listed
        ]
        for listed in (check.faults, check.warnings)
    )
    return {**asdict(check), "faults": faults, "warnings": warnings}


def check_from_json(answer: Mapping[str, Any]) -> DraftCheck:
    """Return the check that `check_as_json` wrote."""
    faults, warnings = (
        tuple(
            DraftFault(
                **{**each, "message": text_of(each["message"]), "remedy": text_of(each["remedy"])},
            )
            for each in listed
        )
        for listed in (answer["faults"], answer["warnings"])
    )
    return DraftCheck(
        faults=faults,
        warnings=warnings,
        missing_texts=tuple(MissingText(**each) for each in answer["missing_texts"]),
        inactive=tuple(answer["inactive"]),
        digest=answer["digest"],
    )


def _placed(faults: Iterable[ProgrammeFault], lines: list[str]) -> tuple[DraftFault, ...]:
    return tuple(
        DraftFault(fault.line, _column(fault, lines), fault.path, fault.message, fault.remedy)
        for fault in faults
    )


def _column(fault: ProgrammeFault, lines: list[str]) -> int:
    """Return where the last key of a fault's path stands in its line, else where the line's text begins."""
    line = lines[fault.line - 1] if fault.line <= len(lines) else ""
    keys = re.findall(r"[^.\[\]]+", re.sub(r"\[\d+\]", "", fault.path))
    if keys and (place := re.search(rf"(?<![\w-])['\"]?{re.escape(keys[-1])}['\"]?\s*:", line)) is not None:
        return place.start() + 1
    return len(line) - len(line.lstrip(" -")) + 1
