"""Members are active by what they bought and, from the day after a merge on, by what was bought before it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from random import Random

import pytest

from domain.model.figures.member_figures import (
    ACTIVE_WINDOWS,
    NOTHING_YET,
    Brought,
    MemberFigures,
    active_changes,
    bought,
)
from domain.model.values import evolve

FIRST = date(2026, 1, 1)
DAYS = [FIRST + timedelta(days=place) for place in range(1_000)]


def changed(random: Random, figures: MemberFigures, today: date) -> MemberFigures:
    """Return figures after something that may happen to a member on a day: two memberships may come to theirs."""
    if figures.left_on is not None:
        return evolve(figures, left_on=None)
    match random.choice(("buy", "buy", "buy late", "take over", "give back", "leave")):
        case "buy":
            return bought(figures, day=today, total=100)
        case "buy late":
            return bought(figures, day=today - timedelta(days=random.randrange(40)), total=100)
        case "take over":
            last = random.choice((None, today - timedelta(days=random.choice((0, 10, 100, 400)))))
            brought = {random.choice("ab"): Brought(today, last), **figures.brought}
            return evolve(figures, brought=brought)
        case "give back":
            left = {member: each for member, each in figures.brought.items() if each.on < today}
            return evolve(figures, brought=left)
    return evolve(figures, left_on=today)


def is_active(figures: MemberFigures, purchases: set[date], day: date, window: int) -> bool:
    """Tell it from all purchases, as the definition says it."""
    if figures.left_on is not None and day > figures.left_on:
        return False
    lasts = [each.last for each in figures.brought.values() if each.last is not None and each.on < day]
    return any(timedelta(0) <= day - last < timedelta(days=window) for last in (*purchases, *lasts))


@pytest.mark.parametrize("seed", range(15))
def test_changes_add_up_to_who_is_active_on_each_day(seed: int) -> None:
    random, figures, today = Random(seed), NOTHING_YET, FIRST + timedelta(days=50)
    purchases, sums = set[date](), {window: Counter[date]() for window in ACTIVE_WINDOWS}
    for _ in range(25):
        today += timedelta(days=random.choice((0, 0, 1, 5, 40)))
        after = changed(random, figures, today)
        for window, changes in sums.items():
            for day, change in active_changes(figures, after, window):
                changes[day] += change
        purchases |= set(after.active)
        figures = after
        for window, changes in sums.items():
            active = 0
            for day in DAYS:
                active += changes[day]
                assert active == is_active(figures, purchases, day, window), (day, window, figures)
