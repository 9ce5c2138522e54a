"""What is bought again and again: counted by receipts, true after returns, and due neither too soon nor for ever."""

from __future__ import annotations

import random
from datetime import date, timedelta

from domain.model.club.habits import MOST_DAYS, Habit, after_receipt, joined_habits
from domain.model.club.recommending import Candidate, rank_again, with_again
from domain.model.club.tastes import NO_TASTES, Tastes, after_purchase, after_return
from domain.model.ledger.events import Line, Purchase

DAY = date(2026, 3, 1)


def receipt(*skus: str) -> Purchase:
    lines = tuple(Line(number, sku, 100, 2) for number, sku in enumerate(skus, start=1))
    return Purchase("r", 100 * len(lines), "EUR", lines=lines)


def drinking(days: list[date], sku: str = "coffee") -> Tastes:
    tastes = NO_TASTES
    for day in days:
        tastes = after_purchase(tastes, receipt(sku), day=day, ineligible=())
    return tastes


def weekly(times: int) -> list[date]:
    return [DAY + timedelta(days=7 * number) for number in range(times)]


def test_a_receipt_counts_an_article_once_and_the_newest_days_are_kept() -> None:
    tastes = drinking(weekly(6))
    assert tastes.habits == {"coffee": Habit(6, DAY, tuple(weekly(6)[-MOST_DAYS:]))}


def test_what_is_returned_whole_counts_no_more_and_a_part_does() -> None:
    tastes, bought = drinking(weekly(3)), receipt("coffee")
    part = Purchase("r", 50, "EUR", lines=(Line(1, "coffee", 50, 1),))
    later = weekly(3)[-1] + timedelta(days=1)
    kept = after_return(tastes, bought, part, day=later, bought_on=weekly(3)[-1], ineligible=())
    assert kept.habits["coffee"].times == 3
    nothing = Purchase("r", 0, "EUR", lines=bought.lines, is_returned=True)
    gone = after_return(kept, part, nothing, day=later, bought_on=weekly(3)[-1], ineligible=())
    assert gone.habits == {"coffee": Habit(2, DAY, tuple(weekly(2)))}


def test_what_it_says_is_true_of_any_history() -> None:
    for seed in range(300):
        chance = random.Random(seed)
        habits: dict[str, Habit] = {}
        bought: list[date] = []
        for number in range(chance.randrange(1, 30)):
            if bought and chance.random() < 0.3:
                day = chance.choice(bought)
                bought.remove(day)
                habits = after_receipt(habits, day, bought=(), returned=("a",))
            else:
                day = DAY + timedelta(days=number * chance.randrange(0, 9))
                bought.append(day)
                habits = after_receipt(habits, day, bought=("a",))
            habit = habits.get("a")
            assert (habit.times if habit else 0) == len(bought), seed
            if habit is not None:
                assert all(day >= habit.since for day in bought), seed
                assert habit.last_on in (None, max(bought)), seed


def test_merged_memberships_are_one_habit() -> None:
    first, second = drinking(weekly(2)).habits, drinking([DAY + timedelta(days=3)]).habits
    days = (DAY, DAY + timedelta(days=3), DAY + timedelta(days=7))
    assert joined_habits([first, second]) == {"coffee": Habit(3, DAY, days)}


def test_it_is_due_when_about_as_much_time_has_passed_as_usual() -> None:
    habit = drinking(weekly(3)).habits["coffee"]
    last = weekly(3)[-1]
    due = [passed for passed in range(60) if habit.is_due(last + timedelta(days=passed))]
    assert due == list(range(6, 29))
    for habits in (drinking(weekly(2)), drinking([DAY] * 5)):
        assert not any(habits.habits["coffee"].is_due(DAY + timedelta(days=passed)) for passed in range(90))


def test_it_stands_after_what_is_new() -> None:
    tastes = drinking(weekly(4))
    again = rank_again(tastes, weekly(4)[-1] + timedelta(days=7))
    assert [(each.code, each.reason, each.habit) for each in again] == [
        ("coffee", "buy_again", tastes.habits["coffee"])
    ]
    new = [Candidate("product", f"new-{number}", 1.0, "popular") for number in range(4)]
    mixed = [each.code for each in with_again(new, again)]
    assert mixed == ["new-0", "new-1", "new-2", "coffee", "new-3"]
    assert [each.code for each in with_again([], again)] == ["coffee"]
