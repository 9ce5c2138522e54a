"""Calendar arithmetic: spans keep the local clock time, periods and days are local, February is short."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.model.calendar import (
    Per,
    Rounding,
    Span,
    add,
    add_months,
    local_day,
    milliseconds,
    next_occurrence,
    period_end,
    period_start,
    previous_period,
    rounded,
    start_of,
)

LISBON, BEIRUT, HAVANA = ZoneInfo("Europe/Lisbon"), ZoneInfo("Asia/Beirut"), ZoneInfo("America/Havana")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "span", "expected"),
    [
        ("2026-01-31T10:00", Span(months=1), "2026-02-28T10:00"),
        ("2027-01-31T10:00", Span(months=13), "2028-02-29T10:00"),
        ("2026-03-28T10:00", Span(days=1), "2026-03-29T09:00"),  # the clock springs forward
        ("2026-03-28T10:00", Span(hours=24), "2026-03-29T10:00"),
        ("2026-03-28T01:30", Span(days=1), "2026-03-29T01:30"),  # 01:30 is skipped: 02:30
        ("2026-10-24T00:30", Span(days=1), "2026-10-25T00:30"),  # 01:30 is there twice: the first
        ("2026-10-24T10:00", Span(days=1), "2026-10-25T11:00"),  # the clock falls back
    ],
)
def test_a_span_of_days_or_months_keeps_the_local_clock_time(start: str, span: Span, expected: str) -> None:
    assert add(at(start), span, LISBON) == at(expected)


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        (date(2026, 7, 1), LISBON, "2026-06-30T23:00"),
        (date(2026, 3, 29), BEIRUT, "2026-03-28T22:00"),  # there is no midnight: the day begins at 01:00
        (date(2026, 11, 1), HAVANA, "2026-11-01T04:00"),  # midnight is there twice: the first
        (date.min, BEIRUT, "0001-01-01T00:00"),  # what lies outside of all years is at their edge
    ],
)
def test_a_day_begins_at_its_first_instant(day: date, zone: ZoneInfo, expected: str) -> None:
    assert start_of(day, zone) == at(expected)
    assert local_day(start_of(day, zone), zone) == day


@pytest.mark.parametrize(
    ("per", "start"),
    [
        ("day", date(2026, 7, 1)),
        ("week", date(2026, 6, 29)),
        ("month", date(2026, 7, 1)),
        ("year", date(2026, 1, 1)),
        ("ever", date.min),
    ],
)
def test_periods_begin(per: Per, start: date) -> None:
    assert period_start(date(2026, 7, 1), per) == start


@pytest.mark.parametrize(
    ("rounding", "day"),
    [("day", date(2028, 2, 3)), ("month", date(2028, 2, 29)), ("year", date(2028, 12, 31))],
)
def test_rounding_goes_to_the_end(rounding: Rounding, day: date) -> None:
    assert rounded(date(2028, 2, 3), rounding) == day


def test_a_birthday_on_29_february_falls_on_the_28th_in_other_years() -> None:
    born = date(2000, 2, 29)
    assert [
        next_occurrence(born, after) for after in (date(2026, 2, 27), date(2026, 2, 28), date(2028, 2, 28))
    ] == [
        date(2026, 2, 28),
        date(2027, 2, 28),
        date(2028, 2, 29),
    ]


def test_months_stop_at_the_last_day() -> None:
    assert [add_months(date(2026, 12, 31), months) for months in (-10, 1, 2, 14)] == [
        date(2026, 2, 28),
        date(2027, 1, 31),
        date(2027, 2, 28),
        date(2028, 2, 29),
    ]


def test_instants_are_cut_to_milliseconds() -> None:
    assert milliseconds(datetime.fromisoformat("2026-01-01T12:00:00.123999+02:00")) == at(
        "2026-01-01T10:00:00.123"
    )


@pytest.mark.parametrize("per", ["day", "week", "month", "year"])
def test_a_period_ends_the_day_before_the_next_begins(per: Per) -> None:
    for number in range(0, 2_000, 3):
        day = date(2023, 12, 25) + timedelta(days=number)
        end = period_end(day, per)
        assert day <= end
        assert period_start(end, per) == period_start(day, per)
        assert previous_period(end + timedelta(days=1), per) == period_start(day, per)
