"""Instants and days among the options of a command."""

from datetime import date, datetime

from api.commands.running import CannotRun
from domain.model.calendar import VALID_YEARS, is_in_valid_years, milliseconds

_YEARS = f"write a year from {VALID_YEARS[0]} to {VALID_YEARS[-1]}"


def read_instant(option: str, text: str | None) -> datetime | None:
    """Return the instant of an option; None where it is not set. Raises CannotRun where it is no instant with
    a zone.
    """
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise CannotRun(f"{option} {text} is no instant; write it like 2026-03-01T10:00:00Z.")
    if not is_in_valid_years(at):
        raise CannotRun(f"{option} {text} is out of range; {_YEARS}.")
    return milliseconds(at)


def read_day(option: str, text: str) -> date:
    """Return the day of an option. Raises CannotRun where it is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise CannotRun(f"{option} {text} is no day; write it like 2026-03-01.") from None
    if day.year not in VALID_YEARS:
        raise CannotRun(f"{option} {text} is out of range; {_YEARS}.")
    return day
