"""Calendar words in a programme's zone: days, spans and periods. Instants are aware UTC datetimes of
millisecond precision.

A local day begins at its first existing instant; a span of days or months keeps the local clock time; 31
January + 1 month is the last day of February. Source: the design's programme.md.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo, available_timezones

from domain.model.values import dataclass

# In some machines' lists, and no zone: the machine's own, one that is not set, and a rule for others.
_NO_ZONES: Final = frozenset({"localtime", "Factory", "posixrules", "Etc/Unknown", "leapseconds"})
# What may be reported from outside: behind and before these years there is room for any span of a programme.
VALID_YEARS: Final = range(1970, 3000)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(microsecond=999000, tzinfo=UTC)
Per = Literal["day", "week", "month", "year", "ever"]
Rounding = Literal["day", "month", "year"]


@dataclass(frozen=True, slots=True)
class Span:
    """A duration as a programme writes it: exactly one of hours, days and months is positive."""

    hours: int = 0
    days: int = 0
    months: int = 0


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """Return the names of all time zones. Cached, because reading them walks through folders."""
    return frozenset(available_timezones()) - _NO_ZONES


def milliseconds(instant: datetime) -> datetime:
    """Return the instant in UTC, cut to whole milliseconds, as the database keeps it."""
    utc = instant.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def is_in_valid_years(instant: datetime) -> bool:
    """Tell whether an instant lies in a year that may be reported, as it is written and in UTC."""
    return instant.year in VALID_YEARS and instant.astimezone(UTC).year in VALID_YEARS


@lru_cache(maxsize=4096)
def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the calendar day of an instant in a zone."""
    return instant.astimezone(zone).date()


@lru_cache(maxsize=8192)
def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a local day, also where summer time skips midnight."""
    return to_utc(datetime.combine(day, time.min), zone)


def to_utc(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of a local clock time; one that summer time skips moves forward by the gap, a
    doubled one is the first. What lies outside of all years in UTC is the first instant or the last.
    """
    try:
        return local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    except OverflowError:
        return _FIRST if local.year == 1 else _LAST


def add_months(day: date, months: int) -> date:
    """Return the day so many months later, the last of the month where that day does not exist."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@lru_cache(maxsize=4096)
def day_after(day: date, span: Span) -> date:
    """Return the day a span of days or months after a day; hours count as the whole days they fill."""
    return add_months(day, span.months) + timedelta(days=span.days + span.hours // 24)


@lru_cache(maxsize=4096)
def add(instant: datetime, span: Span, zone: ZoneInfo) -> datetime:
    """Return the instant a span later; days and months keep the local clock time, hours are exact."""
    if span.hours:
        return instant + timedelta(hours=span.hours)
    local = instant.astimezone(zone)
    moved = datetime.combine(day_after(local.date(), span), local.time().replace(fold=0))
    return to_utc(moved, zone)


def rounded(day: date, rounding: Rounding) -> date:
    """Return the last day of the month or year that a day stands in, or the day itself."""
    if rounding == "month":
        return day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return date(day.year, 12, 31) if rounding == "year" else day


def period_start(day: date, per: Per) -> date:
    """Return the first day of the period (week from Monday) that a day falls into; `ever` began on day
    one.
    """
    match per:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "year":
            return date(day.year, 1, 1)
        case "ever":
            return date.min


def period_end(day: date, per: Per) -> date:
    """Return the last day of the period that a day falls into; `ever` has no end."""
    start = period_start(day, per)
    match per:
        case "day":
            return start
        case "week":
            return start + timedelta(days=6)
        case "month":
            return add_months(start, 1) - timedelta(days=1)
        case "year":
            return date(start.year, 12, 31)
        case "ever":
            return date.max


def previous_period(start: date, per: Per) -> date:
    """Return the first day of the period before the one that starts on a day."""
    return start if per == "ever" else period_start(start - timedelta(days=1), per)


def occurrence(birthday: date, year: int) -> date:
    """Return the day of a yearly date in a year; 29 February falls on the 28th where there is none."""
    if birthday.month == 2 and birthday.day == 29 and not calendar.isleap(year):
        return date(year, 2, 28)
    return birthday.replace(year=year)


def next_occurrence(birthday: date, after: date) -> date:
    """Return the first yearly day of a date that lies after a day."""
    this = occurrence(birthday, after.year)
    return this if this > after else occurrence(birthday, after.year + 1)


def instant_text(at: datetime) -> str:
    """Write an instant as files and answers spell it: 2026-05-17T08:00:00.000Z."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
