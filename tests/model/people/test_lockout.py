"""Wrong passwords: five are free, then a wait doubles up to 15 minutes and is forgotten after an hour."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.model.people.lockout import LONGEST_KNOWN_WAIT, Failures, after_try, wait

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tries", "seconds"), [(0, 0), (4, 0), (5, 2), (6, 4), (7, 8), (13, 512), (14, 900), (1000, 900)]
)
def test_the_wait_after_so_many_tries(tries: int, seconds: int) -> None:
    assert wait(Failures(tries, NOW), now=NOW) == timedelta(seconds=seconds)


def test_a_wait_passes() -> None:
    assert wait(Failures(5, NOW), now=NOW + timedelta(seconds=1)) == timedelta(seconds=1)
    assert wait(Failures(5, NOW), now=NOW + timedelta(seconds=2)) == timedelta(0)


def test_an_hour_without_a_try_forgets() -> None:
    assert wait(Failures(1000, NOW), now=NOW + timedelta(hours=1)) == timedelta(0)
    assert after_try(Failures(1000, NOW), now=NOW + timedelta(hours=1)) == Failures(
        1, NOW + timedelta(hours=1)
    )
    assert after_try(Failures(5, NOW), now=NOW + timedelta(minutes=59)) == Failures(
        6, NOW + timedelta(minutes=59)
    )
    assert after_try(None, now=NOW) == Failures(1, NOW)


@pytest.mark.parametrize(("tries", "seconds"), [(4, 0), (5, 2), (9, 32), (10, 60), (1000, 60)])
def test_on_a_till_that_is_known_the_wait_ends_at_a_minute(tries: int, seconds: int) -> None:
    waited = wait(Failures(tries, NOW), longest=LONGEST_KNOWN_WAIT, now=NOW)
    assert waited == timedelta(seconds=seconds)
