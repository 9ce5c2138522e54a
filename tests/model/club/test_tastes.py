"""Tastes: what a purchase adds, what time and refunds take, and that they are bounded."""

from __future__ import annotations

from datetime import date, timedelta

from domain.model.club.tastes import (
    MOST_CATEGORIES,
    MOST_ITEMS,
    NO_TASTES,
    PIECE,
    Tastes,
    after_purchase,
    after_return,
    as_of,
    joined,
)
from domain.model.ledger.events import Line, Purchase

DAY = date(2026, 3, 1)


def receipt(*lines: tuple[str, str | None, int]) -> Purchase:
    made = tuple(
        Line(number, sku, 100, quantity, category=category)
        for number, (sku, category, quantity) in enumerate(lines, start=1)
    )
    return Purchase("r", 100 * len(made), "EUR", lines=made)


def bought(tastes: Tastes, purchase: Purchase, day: date = DAY) -> Tastes:
    return after_purchase(tastes, purchase, day=day, ineligible=("gift-card",))


def test_a_purchase_adds_its_pieces_to_articles_and_categories() -> None:
    tastes = bought(
        NO_TASTES, receipt(("a", "coins", 2), ("b", "coins", 1), ("c", None, 9), ("g", "gift-card", 1))
    )
    assert (tastes.on, tastes.categories) == (DAY, {"coins": 3 * PIECE})
    assert tastes.items == {"c": 5 * PIECE, "a": 2 * PIECE, "b": PIECE}
    assert {sku: habit.times for sku, habit in tastes.habits.items()} == {"c": 1, "a": 1, "b": 1}


def test_it_halves_in_90_days() -> None:
    tastes = bought(NO_TASTES, receipt(("a", "coins", 2)))
    later = as_of(tastes, DAY + timedelta(days=90))
    assert (later.items, later.categories) == ({"a": PIECE}, {"coins": PIECE})
    assert as_of(tastes, DAY - timedelta(days=9)) is tastes
    assert not as_of(tastes, DAY + timedelta(days=900))


def test_a_late_purchase_weighs_what_it_would_by_now() -> None:
    in_order = bought(
        bought(NO_TASTES, receipt(("a", None, 1)), DAY - timedelta(days=90)), receipt(("b", None, 1))
    )
    late = bought(
        bought(NO_TASTES, receipt(("b", None, 1))), receipt(("a", None, 1)), DAY - timedelta(days=90)
    )
    assert in_order.items == {"b": PIECE, "a": PIECE // 2}
    assert late == in_order


def test_what_is_returned_is_liked_no_more() -> None:
    purchase = receipt(("a", "coins", 2), ("b", "books", 1))
    tastes = bought(NO_TASTES, purchase)
    kept = receipt(("a", "coins", 1))
    later = DAY + timedelta(days=90)
    after = after_return(tastes, purchase, kept, day=later, bought_on=DAY, ineligible=())
    assert (after.items, after.categories) == ({"a": PIECE // 2}, {"coins": PIECE // 2})
    nothing = Purchase("r", 0, "EUR", lines=kept.lines, is_returned=True)
    assert not after_return(after, kept, nothing, day=later, bought_on=DAY, ineligible=())


def test_tastes_are_bounded() -> None:
    tastes = NO_TASTES
    for number in range(200):
        tastes = bought(tastes, receipt((f"sku-{number}", f"kind-{number}", 1)), DAY + timedelta(days=number))
    assert (len(tastes.items), len(tastes.categories)) == (MOST_ITEMS, MOST_CATEGORIES)
    assert next(iter(tastes.items)) == "sku-199"


def test_merged_memberships_are_one_person() -> None:
    earlier = Tastes(DAY - timedelta(days=90), {"coins": 2 * PIECE}, {"a": 2 * PIECE})
    later = Tastes(DAY, {"books": 3 * PIECE}, {"a": PIECE})
    assert joined([earlier, NO_TASTES, later]) == Tastes(
        DAY, {"books": 3 * PIECE, "coins": PIECE}, {"a": 2 * PIECE}
    )
    assert joined([]) == NO_TASTES
