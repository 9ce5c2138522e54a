"""Wrong passwords by address and username, counted in this process alone: another process counts its own.

The number of pairs is limited: the pair without a try for longest is forgotten first.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from domain.model.people.lockout import Failures, after_try, wait

MAX_PAIRS = 10_000

AttemptKey = tuple[str, str]  # address, name


class PasswordAttempts:
    """Tells who has to wait. A try is counted before it is checked, so that many at once count as many."""

    def __init__(self) -> None:
        self._failures: OrderedDict[AttemptKey, Failures] = OrderedDict()

    def count_attempt(self, attempt_key: AttemptKey, *, now: datetime) -> timedelta:
        """Count a try and return zero; where it is not allowed yet, return how long to wait."""
        failures = self._failures.get(attempt_key)
        wait_left = wait(failures, now=now)
        if wait_left > timedelta(0):
            return wait_left
        self._failures[attempt_key] = after_try(failures, now=now)
        self._failures.move_to_end(attempt_key)
        if len(self._failures) > MAX_PAIRS:
            self._failures.popitem(last=False)
        return timedelta(0)

    def forget(self, attempt_key: AttemptKey) -> None:
        """Forget the tries of a person who has proven who they are."""
        self._failures.pop(attempt_key, None)
