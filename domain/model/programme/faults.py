"""What is wrong with a programme file: each fault with its line, its path, and what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_MAX_LISTED: Final = 8

KeyPath = tuple[str | int, ...]


class ProgrammeInvalid(ValueError):
    """Raised where a file cannot be taken; holds every fault found, in the order of the file."""

    def __init__(self, faults: tuple[ProgrammeFault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class ProgrammeFault:
    """One fault. `line` counts from 1; `path` such as rules[3].when counts list items from 0; `remedy` says
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
    """A fault or a warning before its line is known. Where `hint` it does not stop a programme from being
    published.
    """

    path: KeyPath
    message: str
    remedy: str
    is_warning: bool = False


def format_path(path: KeyPath) -> str:
    """Write a path as people do: rules[3].when."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".") or "file"


def suggestion(word: str, known: Iterable[str], otherwise: str) -> str:
    """Say which known word was probably meant, else list those there are, else say what to do otherwise."""
    words = sorted(set(known))
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]}?"
    if words:
        return f"write one of {', '.join(words[:_MAX_LISTED])}" + (" ..." if len(words) > _MAX_LISTED else "")
    return otherwise
