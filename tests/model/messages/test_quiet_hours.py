"""Quiet hours in the member's zone, over midnight and over both changes of the clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.model.messages.quiet_hours import SPREAD, release, zone_of
from domain.model.programme.field_types import Hours

NIGHT = Hours(time(21), time(8))
LISBON, NEW_YORK, WARSAW = ZoneInfo("Europe/Lisbon"), ZoneInfo("America/New_York"), ZoneInfo("Europe/Warsaw")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "end"),
    [
        (LISBON, "2026-03-02T20:59:59", None),
        (LISBON, "2026-03-02T21:00:00", "2026-03-03T08:00"),
        (LISBON, "2026-03-02T23:59:59", "2026-03-03T08:00"),
        (LISBON, "2026-03-03T00:00:00", "2026-03-03T08:00"),
        (LISBON, "2026-03-03T07:59:59", "2026-03-03T08:00"),
        (LISBON, "2026-03-03T08:00:00", None),
        # The night of 29 March 2026 loses an hour: Lisbon goes from UTC to UTC+1.
        (LISBON, "2026-03-28T22:00:00", "2026-03-29T07:00"),
        # The night of 25 October 2026 has one more.
        (LISBON, "2026-10-24T21:00:00", "2026-10-25T08:00"),
        # The same instant is day in one place and night in another.
        (NEW_YORK, "2026-03-02T23:00:00", None),
        (NEW_YORK, "2026-03-03T03:00:00", "2026-03-03T13:00"),
        (WARSAW, "2026-03-02T20:30:00", "2026-03-03T07:00"),
    ],
)
def test_a_message_waits_for_the_end_of_the_members_night(zone: ZoneInfo, now: str, end: str | None) -> None:
    released_at = release(NIGHT, zone, now=at(now), key="m:1:0")
    if end is None:
        assert released_at is None
    else:
        assert released_at is not None
        assert at(end) <= released_at < at(end) + SPREAD


def test_an_hour_that_comes_twice_ends_both_times() -> None:
    small = Hours(time(0), time(1, 30))
    first = release(small, LISBON, now=at("2026-10-25T00:10:00"), key="a")  # 01:10 for the first time
    second = release(small, LISBON, now=at("2026-10-25T01:10:00"), key="a")  # and for the second
    assert first is not None
    assert second is not None
    assert at("2026-10-25T00:30") <= first < at("2026-10-25T00:45")
    assert at("2026-10-25T01:30") <= second < at("2026-10-25T01:45")


def test_an_end_that_summer_time_skips_comes_when_the_clock_has_passed_it() -> None:
    released_at = release(Hours(time(21), time(1, 30)), LISBON, now=at("2026-03-29T00:00:00"), key="a")
    assert released_at is not None
    assert at("2026-03-29T00:30") <= released_at <= at("2026-03-29T01:45")


def test_releases_are_spread_and_each_keeps_its_moment() -> None:
    now = at("2026-03-02T22:00:00")
    releases = [release(NIGHT, LISBON, now=now, key=f"m{n}:1:0") for n in range(1000)]
    minutes = {(one - at("2026-03-03T08:00")) // timedelta(minutes=1) for one in releases if one is not None}
    assert minutes == set(range(15))
    assert releases == [
        release(NIGHT, LISBON, now=now + timedelta(hours=3), key=f"m{n}:1:0") for n in range(1000)
    ]


def test_a_short_day_between_two_nights_is_not_overrun() -> None:
    short = Hours(time(8, 5), time(8))
    released_at = release(short, LISBON, now=at("2026-03-02T22:00:00"), key="zzz")
    assert released_at is not None
    assert released_at < at("2026-03-03T08:05")


def test_hours_that_never_end_and_none_delay_nothing() -> None:
    assert release(Hours(time(8), time(8)), LISBON, now=at("2026-03-02T22:00:00"), key="a") is None
    assert release(None, LISBON, now=at("2026-03-02T22:00:00"), key="a") is None


def test_a_member_without_a_zone_sleeps_in_the_programmes() -> None:
    assert zone_of("", LISBON) is LISBON
    assert zone_of("America/New_York", LISBON) == NEW_YORK
