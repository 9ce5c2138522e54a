"""When to try again what the outside did not take: 10 seconds, doubling to an hour, eight attempts; never
before it said we may.
"""

from __future__ import annotations

from datetime import timedelta

FIRST = timedelta(seconds=10)
LONGEST = timedelta(hours=1)
ATTEMPTS = 8
JITTER = 0.25


def pause(attempts: int, *, after: timedelta | None, chance: float) -> timedelta:
    """Return how long to wait after so many attempts (1 or more). `chance` in [0, 1) lengthens it by up to a
    quarter, never shortens it.

    `after` is what the outside asked for: the pause is at least that.
    """
    doubled = min(FIRST * (1 << min(attempts - 1, ATTEMPTS)), LONGEST)
    return max(doubled, after or timedelta()) * (1 + JITTER * chance)
