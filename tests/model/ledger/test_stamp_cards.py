"""Stamp cards: levels without end, what each does, and what a refund takes of them."""

from __future__ import annotations

import pytest

from domain.model.programme import Programme
from tests.model.simulation_runs import buy, enrol, figures, line, programme, refund, rules, run, use

GAME = "events: [{name: game.played, title: Played, data: {score: int}}]"
DRINKS = "of: {items: 'line.category == \"drinks\"'}"
FREE_COFFEE = "rewards: [{code: coffee, title: Free coffee, kind: product}]"


def card(keys: str, *more: str) -> Programme:
    return programme(f"badges: [{{code: card, name: Card, {keys}}}]", GAME, FREE_COFFEE, *more)


def coffees(at: str, number: int, id: str | None = None) -> dict[str, object]:
    return buy(at, number * 300, ("drinks", number, number * 300), id=id)


def played(at: str, score: int) -> dict[str, object]:
    return line(at, "game.played", {"score": score})


COFFEE_CARD = card(f"on: purchase.completed, {DRINKS}, levels: {{every: 10}}, do: [{{voucher: coffee}}]")


def test_every_tenth_of_what_is_counted_by_quantity_fills_a_card_and_the_rest_counts_on() -> None:
    ran = run(
        COFFEE_CARD,
        enrol(),
        coffees("2026-02-01T10:00", 7),
        coffees("2026-02-02T10:00", 4),  # 11
        coffees("2026-02-03T10:00", 28),  # 39
    )
    assert [row["vouchers"] for row in ran.on("purchase.completed")] == [[], ["coffee"], ["coffee", "coffee"]]
    assert ran.last["events"] == ["badge.earned", "badge.earned"]
    assert ran.ana["badges"] == {"card": {"level": 3, "progress": 39}}


def test_each_level_does_what_the_card_does_and_some_only_at_every_fifth() -> None:
    do = "do: [{award: {wallet: points, fixed: 1}}, {award: {wallet: points, fixed: 50}, per_level: 5}]"
    ran = run(
        card(f"on: game.played, of: event.data.score, levels: {{every: 2}}, {do}"),
        enrol(),
        played("2026-02-01T10:00", 9),  # levels 1 to 4
        played("2026-02-02T10:00", 13),  # 22: levels 5 to 11
    )
    assert [entry for row in ran.on("game.played") for entry in amounts(row)] == [
        *[1] * 4,
        *[1, 50, 1, 1, 1, 1, 1, 50, 1],
    ]
    assert figures(ran.ana)["available"] == 4 + 7 + 100


def amounts(row: dict[str, object]) -> list[int]:
    entries = row["entries"]
    assert isinstance(entries, list)
    return [entry["amount"] for entry in entries]


def test_an_action_at_every_second_level_goes_with_listed_levels_too() -> None:
    do = "do: [{award: {wallet: points, fixed: 7}, per_level: 2}]"
    ran = run(
        card(f"on: game.played, levels: [1, 2, 3, 4], {do}"),
        enrol(),
        *(played(f"2026-02-0{day}T10:00", 1) for day in range(1, 5)),
    )
    assert [amounts(row) for row in ran.on("game.played")] == [[], [7], [], [7]]


def test_one_event_brings_a_hundred_levels_and_the_next_that_counts_brings_the_rest() -> None:
    follow = rules(
        "{code: told, title: T, on: badge.earned, do: [{award: {wallet: points, fixed: 3}}], limit: {times: 900, per: ever}}"
    )
    p = card(
        "on: game.played, of: event.data.score, levels: {every: 10}, do: [{award: {wallet: points, fixed: 1}}]",
        follow,
    )
    first = run(p, enrol(), played("2026-02-01T10:00", 1504))
    assert first.ana["badges"] == {"card": {"level": 100, "progress": 1504}}
    # Each of the hundred is raised, and what rules do on it is done.
    assert first.last["events"].count("badge.earned") == 100
    assert figures(first.ana)["available"] == 100 + 300
    nothing = run(p, enrol(), played("2026-02-01T10:00", 1504), played("2026-02-02T10:00", 0))
    assert nothing.ana["badges"] == {"card": {"level": 100, "progress": 1504}}
    second = run(p, enrol(), played("2026-02-01T10:00", 1504), played("2026-02-02T10:00", 5))
    assert second.ana["badges"] == {"card": {"level": 150, "progress": 1509}}
    assert figures(second.ana)["available"] == 150 * 4


def test_a_rule_gives_the_first_card_once() -> None:
    p = card(
        "on: game.played, levels: {every: 4}, do: [{voucher: coffee}]",
        rules("{code: gift, title: G, on: purchase.completed, do: [{badge: card}]}"),
    )
    ran = run(p, enrol(), buy("2026-02-01T10:00", 100), buy("2026-02-02T10:00", 100))
    assert [row["vouchers"] for row in ran.on("purchase.completed")] == [["coffee"], []]
    assert ran.ana["badges"] == {"card": {"level": 1, "progress": 4}}


def test_each_run_of_weeks_fills_cards_of_its_own() -> None:
    p = card("on: game.played, streak: {per: week}, levels: {every: 2}, do: [{voucher: coffee}]")
    weeks = ["02-02", "02-09", "02-16", "03-02", "03-09", "03-16", "03-23"]  # one is missed after the third
    ran = run(p, enrol(), *(played(f"2026-{day}T10:00", 1) for day in weeks))
    assert [len(row["vouchers"]) for row in ran.on("game.played")] == [0, 1, 0, 0, 1, 0, 1]
    assert ran.ana["badges"] == {"card": {"level": 3, "progress": 4}}


# ---------------------------------------------------------------- refunds


def test_a_refund_takes_the_levels_that_the_count_no_longer_reaches_with_their_unused_vouchers() -> None:
    ran = run(
        COFFEE_CARD,
        enrol(),
        coffees("2026-02-01T10:00", 8, "a"),
        coffees("2026-02-02T10:00", 24, "b"),  # 32: three cards
        refund("2026-02-03T10:00", "b", lines=[(1, 13)]),  # 19: one is left
        use("2026-02-03T11:00", "ana-2"),
        use("2026-02-03T12:00", "ana-1"),
    )
    assert ran.ana["badges"] == {"card": {"level": 1, "progress": 19}}
    assert [row["refused"] for row in ran.on("voucher.used")] == ["VoucherNotUsable", None]


def test_a_used_free_coffee_stays_and_is_not_given_a_second_time() -> None:
    ran = run(
        COFFEE_CARD,
        enrol(),
        coffees("2026-02-01T10:00", 10, "a"),
        use("2026-02-01T11:00", "ana-1"),
        refund("2026-02-01T12:00", "a"),
        coffees("2026-02-02T10:00", 12, "b"),
        coffees("2026-02-03T10:00", 8, "c"),
    )
    assert [row["vouchers"] for row in ran.on("purchase.completed")] == [["coffee"], [], ["coffee"]]
    assert ran.ana["badges"] == {"card": {"level": 2, "progress": 20}}


def test_a_free_coffee_that_was_taken_back_unused_comes_again() -> None:
    ran = run(
        COFFEE_CARD,
        enrol(),
        coffees("2026-02-01T10:00", 10, "a"),
        refund("2026-02-01T12:00", "a", lines=[(1, 1)]),
        use("2026-02-01T13:00", "ana-1"),
        coffees("2026-02-02T10:00", 1, "b"),
        use("2026-02-02T11:00", "ana-2"),
    )
    assert [row["vouchers"] for row in ran.on("purchase.completed")] == [["coffee"], ["coffee"]]
    assert [row["refused"] for row in ran.on("voucher.used")] == ["VoucherNotUsable", None]


def test_levels_go_highest_first_each_with_what_its_own_entry_gave() -> None:
    do = "do: [{award: {wallet: points, amount: 1, of: member.purchases.total}}]"
    p = card(f"on: purchase.completed, levels: {{every: 1}}, {do}")
    ran = run(
        p,
        enrol(),
        buy("2026-02-01T10:00", 5, id="a"),  # gives 5
        buy("2026-02-02T10:00", 20, id="b"),  # gives 25
        refund("2026-02-03T10:00", "a"),  # takes the second level's 25
    )
    assert [amounts(row) for row in ran] == [[], [5], [25], [-25]]
    assert ran.ana["badges"] == {"card": {"level": 1, "progress": 1}}


PER_CARD = card(
    f"on: purchase.completed, {DRINKS}, levels: {{every: 10}}, do: [{{award: {{wallet: points, fixed: 10}}}}]",
    "tiers: {count: {on: purchase.completed, of: purchase.total}, window: {rolling: {months: 12}}, ladder: [{code: basic, name: B, from: 0}, {code: top, name: T, from: 1000}]}",
    rules(
        "{code: risen, title: R, on: tier.changed, do: [{award: {wallet: points, fixed: 300}}]}",
        "{code: more, title: M, on: badge.earned, limit: {times: 900, per: ever}, after: {days: 1}, do: [{award: {wallet: points, fixed: 2}}]}",
    ),
)


def test_all_levels_of_large_receipts_go_with_them_and_push_nothing_out() -> None:
    # two receipts fill a hundred cards each: 2 x (100 x (10 + 2)), and 300 for the tier that the first reached
    bought = [enrol(), coffees("2026-02-01T10:00", 1000, "a"), coffees("2026-02-01T11:00", 1000, "b")]
    played_on = [*bought, played("2026-02-03T10:00", 1)]
    assert figures(run(PER_CARD, *played_on).ana)["available"] == 2_400 + 300
    refunds = [refund("2026-02-04T10:00", "a"), refund("2026-02-04T11:00", "b")]
    for returned in (refunds, refunds[::-1]):
        ran = run(PER_CARD, *played_on, *returned)
        assert (figures(ran.ana)["available"], figures(ran.ana)["debt"]) == (0, 0)
        assert ran.ana["badges"] == {"card": {"level": 0, "progress": 0}}
        assert ran.ana["tier"]["code"] == "basic"


def test_levels_go_as_one_receipt_brought_them_however_old() -> None:
    ran = run(
        PER_CARD,
        enrol(),
        coffees("2026-02-01T10:00", 1000, "a"),  # 1,000, and 300 and 200 that come with it
        coffees("2026-06-01T10:00", 10, "b"),
        played("2026-06-03T10:00", 1),
        refund("2026-06-05T10:00", "a"),  # the newest hundred of the 101 levels; the tier stands
    )
    assert figures(ran.ana)["available"] == 12 + 300
    assert ran.ana["badges"] == {"card": {"level": 1, "progress": 10}}


def test_a_late_purchase_counts() -> None:
    ran = run(COFFEE_CARD, enrol(), coffees("2026-02-05T10:00", 6), coffees("2026-02-01T10:00", 5))
    assert ran.last["vouchers"] == ["coffee"]
    assert ran.ana["badges"] == {"card": {"level": 1, "progress": 11}}


@pytest.mark.parametrize("levels", ["{every: 1}", "{every: 1000000000}"])
def test_the_smallest_and_the_largest_card_count(levels: str) -> None:
    ran = run(card(f"on: game.played, levels: {levels}"), enrol(), played("2026-02-01T10:00", 1))
    assert ran.ana["badges"]["card"]["level"] == (1 if levels == "{every: 1}" else 0)
