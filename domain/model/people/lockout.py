"""How long somebody waits after wrong passwords: nothing for the first five, then twice as long each time, up
to 15 minutes.

Counted for one address and one name together, so that guessing somebody's password from elsewhere never keeps
them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FREE_TRIES = 5
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Failures:
    """Wrong tries in a row, and the last of them."""

    count: int
    last: datetime


def wait(failures: Failures | None, *, now: datetime) -> timedelta:
    """Return how long until the next try is heard; zero where it is heard now."""
    if failures is None or failures.count < FREE_TRIES or now - failures.last >= FORGOTTEN_AFTER:
        return timedelta(0)
    doubled = min(failures.count - FREE_TRIES, 20)
    return max(timedelta(0), failures.last + min(FIRST_WAIT * (1 << doubled), LONGEST_WAIT) - now)


def after_try(failures: Failures | None, *, now: datetime) -> Failures:
    """Return the count with one more try; what is older than an hour is forgotten."""
    forgotten = failures is None or now - failures.last >= FORGOTTEN_AFTER
    return Failures(1 if failures is None or forgotten else failures.count + 1, now)
