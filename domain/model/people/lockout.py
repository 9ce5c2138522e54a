"""How long somebody waits after wrong tries: nothing for the first five, then twice as long each time, up to
a longest wait. Nobody is locked out for good.

Tries are counted by name, whatever the address. A till on which the person signed in before counts its own
tries, so that guesses from elsewhere never slow it; there the longest wait is a minute, since a colleague may
guess there too.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.model.values import dataclass

FREE_TRIES = 5
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=15)
LONGEST_KNOWN_WAIT = timedelta(minutes=1)
FORGOTTEN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Failures:
    """Wrong tries in a row, and the last of them."""

    count: int
    last: datetime


def wait(failures: Failures | None, *, longest: timedelta = LONGEST_WAIT, now: datetime) -> timedelta:
    """Return how long until the next try is heard; zero where it is heard now."""
    if failures is None or failures.count < FREE_TRIES or now - failures.last >= FORGOTTEN_AFTER:
        return timedelta(0)
    doubled = min(failures.count - FREE_TRIES, 20)
    return max(timedelta(0), failures.last + min(FIRST_WAIT * (1 << doubled), longest) - now)


def after_try(failures: Failures | None, *, now: datetime) -> Failures:
    """Return the count with one more try; what is older than an hour is forgotten."""
    forgotten = failures is None or now - failures.last >= FORGOTTEN_AFTER
    return Failures(1 if failures is None or forgotten else failures.count + 1, now)
