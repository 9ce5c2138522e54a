"""Wrong passwords by address and name, counted in this process alone: another process counts its own.

Bounded: the pair that has been quiet longest is forgotten first.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from domain.model.people.lockout import Failures, after_try, wait

KEPT_AT_MOST = 10_000

Pair = tuple[str, str]  # address, name


class Guesses:
    """Who has to wait. A try is counted before it is judged, so that many at once count as many."""

    def __init__(self) -> None:
        self._failures: OrderedDict[Pair, Failures] = OrderedDict()

    def begin(self, pair: Pair, *, now: datetime) -> timedelta:
        """Count a try; return how long to wait instead where it may not be made."""
        failures = self._failures.get(pair)
        left = wait(failures, now=now)
        if left > timedelta(0):
            return left
        self._failures[pair] = after_try(failures, now=now)
        self._failures.move_to_end(pair)
        if len(self._failures) > KEPT_AT_MOST:
            self._failures.popitem(last=False)
        return timedelta(0)

    def right(self, pair: Pair) -> None:
        """Forget the tries of somebody who proved who they are."""
        self._failures.pop(pair, None)
