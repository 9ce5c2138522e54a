"""A member's answers to the consents of the programme, as members and reservations store them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from domain.model.values import dataclass


@dataclass(frozen=True, slots=True)
class ConsentAnswer:
    """An answer to one purpose: when, to which wording, and where it was given. `channels` are those that it
    is about where the member agreed to some alone; None for all of the purpose.
    """

    purpose: str
    granted: bool
    at: datetime
    wording: str
    wording_version: int
    source: str
    channels: tuple[str, ...] | None = None

    def covers(self, channel: str) -> bool:
        """Tell whether messages of the purpose may go by a channel."""
        return self.granted and (self.channels is None or channel in self.channels)


def read_consents(rows: Iterable[Sequence[Any]]) -> tuple[ConsentAnswer, ...]:
    """Return the answers of stored lists."""
    return tuple(map(_read_consent, rows))


def _read_consent(row: Sequence[Any]) -> ConsentAnswer:
    purpose, granted, at, wording, wording_version, source, *channels = row
    return ConsentAnswer(
        purpose, granted, at, wording, wording_version, source, tuple(channels[0]) if channels else None
    )


def consent_rows(answers: Iterable[ConsentAnswer]) -> list[list[Any]]:
    """Return answers as the database stores them: one list an answer."""
    return [consent_row(answer) for answer in answers]


def consent_row(answer: ConsentAnswer) -> list[Any]:
    """Return an answer as the database stores it."""
    row = [answer.purpose, answer.granted, answer.at, answer.wording, answer.wording_version, answer.source]
    return row if answer.channels is None else [*row, list(answer.channels)]
