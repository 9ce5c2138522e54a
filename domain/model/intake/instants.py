"""Instants as other systems write them: ISO 8601 with or without a zone, or Unix time in seconds or
milliseconds.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.model.calendar import milliseconds

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Seconds reach it in the year 5138, milliseconds did in 1973.
SMALLEST_MILLISECONDS: Final = 10**11
LARGEST_SECONDS: Final = 10**11
LONGEST_TEXT: Final = 40


class InstantUnreadable(ValueError):
    """What stands where an instant should is none. The message holds no value."""


def instant_of(value: object, zone: str = "UTC") -> datetime:
    """Return an instant in UTC, in whole milliseconds. `zone` is that of a text without one. Raises
    InstantUnreadable.
    """
    match value:
        case datetime():
            instant = value
        case bool():
            raise InstantUnreadable("an instant is true or false")
        case int() | float() | Decimal():
            return _of_unix_time(Decimal(str(value)))
        case str() if len(value) <= LONGEST_TEXT:
            text = value.strip()
            if (
                text.lstrip("-").replace(".", "", 1).isascii()
                and text.lstrip("-").replace(".", "", 1).isdigit()
            ):
                return _of_unix_time(Decimal(text))
            try:
                instant = datetime.fromisoformat(text)
            except ValueError:
                raise InstantUnreadable("an instant is written in no known way") from None
        case _:
            raise InstantUnreadable("an instant is missing")
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=zone_of(zone))
    try:
        return milliseconds(instant.astimezone(UTC))
    except OverflowError:
        raise InstantUnreadable("an instant lies outside of all years") from None


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name. Raises InstantUnreadable."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InstantUnreadable("a time zone is unknown: write an IANA name, such as Europe/Lisbon") from None


def _of_unix_time(number: Decimal) -> datetime:
    seconds = number / 1000 if abs(number) >= SMALLEST_MILLISECONDS else number
    if not seconds.is_finite() or abs(seconds) >= LARGEST_SECONDS:
        raise InstantUnreadable("an instant lies outside of all years")
    return milliseconds(EPOCH + timedelta(milliseconds=int(seconds * 1000)))
