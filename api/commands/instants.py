"""Instants that a command is told on its line."""

from datetime import datetime

from api.commands.running import CannotRun
from domain.model.calendar import milliseconds


def read_instant(option: str, text: str | None) -> datetime | None:
    """The instant that an option names; None where it was not given. Raises CannotRun where it is none, or
    names no zone.
    """
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise CannotRun(f"{option} {text} is no instant; write it like 2026-03-01T10:00:00Z.")
    return milliseconds(at)
