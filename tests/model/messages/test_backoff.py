"""The pauses between attempts."""

from datetime import timedelta

import pytest

from domain.model.messages.backoff import pause


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 10), (2, 20), (3, 40), (7, 640), (8, 1280), (9, 2560), (20, 2560)]
)
def test_a_pause_doubles_from_ten_seconds(attempts: int, seconds: int) -> None:
    assert pause(attempts, after=None, chance=0) == timedelta(seconds=seconds)


def test_chance_only_lengthens_it() -> None:
    assert pause(1, after=None, chance=0.999) == timedelta(seconds=12.4975)


def test_what_the_outside_asked_for_is_the_least() -> None:
    assert pause(1, after=timedelta(minutes=3), chance=0) == timedelta(minutes=3)
    assert pause(8, after=timedelta(seconds=5), chance=0) == timedelta(seconds=1280)
