"""A member's answers to the consents of the programme, as members and reservations store them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ConsentAnswer:
    """An answer to one purpose: when, to which wording, and where it was given."""

    purpose: str
    granted: bool
    at: datetime
    wording: str
    wording_version: int
    source: str


def read_consents(rows: Iterable[Sequence[Any]]) -> tuple[ConsentAnswer, ...]:
    """Return the answers of stored lists."""
    return tuple(ConsentAnswer(*row) for row in rows)


def consent_rows(answers: Iterable[ConsentAnswer]) -> list[list[Any]]:
    """Return answers as the database stores them: one list an answer."""
    return [
        [answer.purpose, answer.granted, answer.at, answer.wording, answer.wording_version, answer.source]
        for answer in answers
    ]
