"""Faults of a programme file: each with its line, its path, what is wrong and what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final, TypeVar

from domain.model.fault_text import FaultText
from domain.model.values import dataclass

_MAX_LISTED: Final = 8

KeyPath = tuple[str | int, ...]
Text = TypeVar("Text", bound=str)


class ValueRefused(ValueError):
    """Raised where a value of the file cannot be read: what is wrong, and what would be right."""

    def __init__(self, message: FaultText, remedy: FaultText) -> None:
        super().__init__(f"{message} -> {remedy}")
        self.message, self.remedy = message, remedy


class ProgrammeInvalid(ValueError):
    """Raised where a programme file is not accepted. It holds every fault, in the order of the file."""

    def __init__(self, faults: tuple[ProgrammeFault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class ProgrammeFault:
    """One fault. `line` counts from 1; `path` counts list items from 0, such as rules[3].when; `remedy` says
    what would be right.
    """

    line: int
    path: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.path}: {self.message} -> {self.remedy}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault or a warning whose line is not yet known. A warning does not prevent publication.

    `stands_on` are the other places that it judges by: it is dropped where one of them has a fault itself.
    """

    path: KeyPath
    message: FaultText
    remedy: FaultText
    is_warning: bool = False
    stands_on: tuple[KeyPath, ...] = ()


def format_path(path: KeyPath) -> str:
    """Write a path as people read it: rules[3].when."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".") or "file"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was probably meant; None where none is near."""
    return next(iter(difflib.get_close_matches(word, sorted(set(known)), n=1, cutoff=0.6)), None)


def suggestion(word: str, known: Iterable[str], otherwise: Text) -> FaultText | Text:
    """Suggest the known word that was probably meant, else list the known words, else return `otherwise`."""
    words = sorted(set(known))
    if (near := nearest(word, words)) is not None:
        return FaultText("did you mean {near}?", near=near)
    if words:
        listed = ", ".join(words[:_MAX_LISTED]) + (" ..." if len(words) > _MAX_LISTED else "")
        return FaultText("write one of {known}", known=listed)
    return otherwise
