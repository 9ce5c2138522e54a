"""What a member buys again and again: how often, since when, and on which days last. It is part of tastes.

A receipt counts an article once, however many pieces it names; what is returned whole counts no more. Of the
days the newest four are kept, so that after a return the day before it is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from typing import Final

from domain.model.values import dataclass

MOST_DAYS: Final = 4
FEWEST_TIMES: Final = 3  # of fewer, nobody says that it is bought again and again
_DUE_SHARE: Final = 0.8  # of the usual time in between
_GIVEN_UP_AFTER: Final = 4  # times that


@dataclass(frozen=True, slots=True)
class Habit:
    """How often an article was bought since a day, and the newest days on which it was, the last one last:
    none where all of these were returned.
    """

    times: int
    since: date
    days: tuple[date, ...]

    @property
    def last_on(self) -> date | None:
        """Return the day on which it was bought last."""
        return self.days[-1] if self.days else None

    @property
    def every(self) -> timedelta | None:
        """Return the usual time in between; None where that cannot be told."""
        if self.times < FEWEST_TIMES or not self.days or self.days[-1] == self.since:
            return None
        return (self.days[-1] - self.since) / (self.times - 1)

    def is_due(self, day: date) -> bool:
        """Tell whether it is about to be bought again: neither bought a moment ago nor given up."""
        every = self.every
        if every is None:
            return False
        passed = day - self.days[-1]
        return every * _DUE_SHARE <= passed <= every * _GIVEN_UP_AFTER


Habits = Mapping[str, Habit]


def after_receipt(
    habits: Habits, day: date, *, bought: Collection[str], returned: Collection[str] = ()
) -> dict[str, Habit]:
    """Return habits after articles were bought on a day, and others of a receipt of that day returned."""
    changed = dict(habits)
    for sku in bought:
        known = changed.get(sku)
        changed[sku] = Habit(1, day, (day,)) if known is None else _joined(known, Habit(1, day, (day,)))
    for sku in returned:
        known = changed.pop(sku, None)
        if known is not None and known.times > 1:
            days = list(known.days)
            if day in days:
                days.remove(day)
            changed[sku] = Habit(known.times - 1, known.since, tuple(days))
    return changed


def joined_habits(all_habits: Iterable[Habits]) -> dict[str, Habit]:
    """Return the habits of several memberships of one person as one's."""
    together: dict[str, Habit] = {}
    for habits in all_habits:
        for sku, habit in habits.items():
            together[sku] = habit if sku not in together else _joined(together[sku], habit)
    return together


def _joined(first: Habit, second: Habit) -> Habit:
    days = tuple(sorted((*first.days, *second.days))[-MOST_DAYS:])
    return Habit(first.times + second.times, min(first.since, second.since), days)
