"""Refunds: the arithmetic of the receipt, and what remains of its awards, to the cent and in any order."""

from itertools import permutations

import pytest

from domain.model.ledger.deciding.returns.refund_lines import RefundLine, remaining_purchase
from domain.model.ledger.decision import RefundTooLarge
from domain.model.ledger.events import Line, Purchase
from domain.model.programme import Programme
from tests.model.simulation_runs import PER_EURO, buy, enrol, figures, lots, programme, refund, rules, run


def receipt(total: int, *lines: tuple[int, int]) -> Purchase:
    """A receipt of lines of (quantity, amount)."""
    return Purchase(
        "r",
        total,
        "EUR",
        None,
        tuple(Line(n, f"s{n}", amount, quantity) for n, (quantity, amount) in enumerate(lines, start=1)),
    )


def left(purchase: Purchase) -> list[tuple[int, int]]:
    return [(ln.quantity, ln.amount) for ln in purchase.lines]


# ---------------------------------------------------------------- the receipt


@pytest.mark.parametrize(
    ("before", "amount", "after"),
    [
        (receipt(1000, (1, 600), (1, 400)), 500, [(1, 300), (1, 200)]),
        (
            receipt(100, (1, 33), (1, 33), (1, 34)),
            10,
            [(1, 30), (1, 30), (1, 30)],
        ),  # 3.3, 3.3, 3.4: the last first
        (
            receipt(99, (1, 33), (1, 33), (1, 33)),
            10,
            [(1, 29), (1, 30), (1, 30)],
        ),  # equal remainders: the earlier line
        (receipt(1000, (2, 600), (3, 300)), 500, [(2, 300), (3, 150)]),  # 100 of the total stand in no line
        (
            receipt(3, (1, 1), (5, 2)),
            2,
            [(0, 0), (5, 1)],
        ),  # 0.67 and 1.33: a line brought to nothing has quantity 0
        (receipt(10), 4, []),
    ],
)
def test_an_amount_is_spread_by_what_remains_largest_remainder_first(
    before: Purchase, amount: int, after: list[tuple[int, int]]
) -> None:
    remaining = remaining_purchase(before, amount=amount)
    assert left(remaining) == after
    assert remaining.total == before.total - amount


def test_all_that_is_left_brings_every_line_to_nothing() -> None:
    for purchase in (
        remaining_purchase(receipt(1000, (2, 600), (3, 400))),
        remaining_purchase(receipt(1000, (2, 600), (3, 400)), amount=1000),
    ):
        assert (purchase.total, left(purchase)) == (0, [(0, 0), (0, 0)])


@pytest.mark.parametrize(
    ("lines", "after", "total"),
    [
        ([RefundLine(1, 1)], [(2, 667), (1, 500)], 1167),
        ([RefundLine(1, 2)], [(1, 334), (1, 500)], 834),
        ([RefundLine(1, 3)], [(0, 0), (1, 500)], 500),
        ([RefundLine(1, 1), RefundLine(2, 1)], [(2, 667), (0, 0)], 667),
        ([RefundLine(1, amount=250)], [(3, 750), (1, 500)], 1250),
    ],
)
def test_lines_take_amount_times_quantity_floored(
    lines: list[RefundLine], after: list[tuple[int, int]], total: int
) -> None:
    remaining = remaining_purchase(receipt(1500, (3, 1000), (1, 500)), lines=lines)
    assert (left(remaining), remaining.total) == (after, total)


def test_the_last_one_of_a_line_takes_the_rest() -> None:
    remaining = receipt(1000, (3, 1000))
    taken = []
    for _ in range(3):
        before, remaining = remaining, remaining_purchase(remaining, lines=[RefundLine(1, 1)])
        taken.append(before.total - remaining.total)
    assert taken == [333, 333, 334]


@pytest.mark.parametrize(
    ("amount", "lines"),
    [
        (1501, ()),
        (None, [RefundLine(3, 1)]),
    ],
)
def test_more_than_is_left_is_refused(amount: int | None, lines: list[RefundLine]) -> None:
    with pytest.raises(RefundTooLarge):
        remaining_purchase(receipt(1500, (3, 1000), (1, 500)), amount=amount, lines=lines)


def test_a_line_is_clamped_to_what_is_left_of_it() -> None:
    whole = receipt(1500, (3, 1000), (1, 500))
    for line in (RefundLine(1, 4), RefundLine(1, amount=1001), RefundLine(1, 4, amount=2000)):
        left = remaining_purchase(whole, lines=[line])
        assert (left.total, left.lines[0].amount, left.lines[0].quantity) == (500, 0, 0)
    both = remaining_purchase(whole, lines=[RefundLine(1, 2, amount=100)])
    assert (both.total, both.lines[0].amount, both.lines[0].quantity) == (1400, 900, 1)


def test_what_is_refunded_cannot_be_refunded_again() -> None:
    gone = remaining_purchase(receipt(1500, (3, 1000), (1, 500)))
    for request in ({"amount": 1}, {"amount": None}, {"lines": [RefundLine(1, 1)]}):
        with pytest.raises(RefundTooLarge):
            remaining_purchase(gone, **request)


# ---------------------------------------------------------------- what stands


def clawed(what: Programme, *refunds: int | None, total: int = 10_000) -> list[int]:
    lines = [refund(f"2026-02-{day:02}T10:00", "r", amount) for day, amount in enumerate(refunds, start=1)]
    ran = run(what, enrol(), buy("2026-01-10T10:00", total, id="r"), *lines)
    return [
        sum(-entry["amount"] for entry in row["entries"] if entry["kind"] == "CLAWBACK")
        for row in ran.on("purchase.refunded")
    ]


def test_the_clawback_is_the_difference_to_what_still_stands() -> None:
    third = (
        "{code: base, title: B, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 300,"
        " of: purchase.total}}]}"
    )
    p = programme(rules(third))
    assert clawed(p, 100, 100, 100) == [0, 1, 0]  # 33 stand of 9900, 32 of 9800, 32 of 9700
    assert sum(clawed(p, 1, 2, 3, 4, None)) == 33


def test_a_bonus_goes_when_its_condition_does_and_whole() -> None:
    bonus = (
        "{code: bonus, title: B, on: purchase.completed, when: purchase.total >= 5000, do: [{award: {wallet:"
        " points, fixed: 200}}]}"
    )
    assert clawed(programme(rules(bonus)), 5000, 1, None) == [0, 200, 0]


def test_a_fixed_award_stands_while_anything_is_kept() -> None:
    fixed = "{code: fixed, title: F, on: purchase.completed, do: [{award: {wallet: points, fixed: 50}}]}"
    assert clawed(programme(rules(fixed)), 9_999, None) == [0, 50]


def test_refunds_in_any_order_claim_what_one_full_refund_claims() -> None:
    base = PER_EURO.replace("amount: 1, per: 100", "amount: 7, per: 300")
    bonus = (
        "{code: bonus, title: B, on: purchase.completed, when: purchase.total > 7000, do: [{award: {wallet:"
        " points, fixed: 31}}]}"
    )
    double = (
        "{code: double, title: D, on: purchase.completed, do: [{award: {wallet: points, times: 1.5, over:"
        " [base]}}]}"
    )
    p = programme(rules(base, bonus, double))
    assert clawed(p, None) == [233 + 31 + 116]
    for order in permutations((1, 2_999, 3_333)):
        assert sum(clawed(p, *order, None)) == 380


def test_a_refund_goes_by_the_facts_of_the_purchase() -> None:
    tiers = (
        "tiers: {count: {wallet: points}, window: calendar_year, ladder: [{code: a, name: A, from: 0}, {code:"
        " b, name: B, from: 1, multiplier: 2}]}"
    )
    tiered = PER_EURO.replace("purchase.total", "purchase.total, tiered: true")
    first = (
        "{code: first, title: F, on: purchase.completed, when: purchase.first && member.purchases.count == 0,"
        " do: [{award: {wallet: points, fixed: 5}}]}"
    )
    p = programme(rules(tiered, first), tiers)
    lines = enrol(), buy("2026-01-10T10:00", 10_000, id="r"), buy("2026-01-11T10:00", 10_000, id="s")
    ran = run(p, *lines, refund("2026-01-12T10:00", "r", 5_000), refund("2026-01-13T10:00", "s", 5_000))
    # the first was awarded without extra, as the first; the second with
    assert [sum(e["amount"] for e in row["entries"]) for row in ran.on("purchase.refunded")] == [-50, -100]
    assert ran.on("purchase.refunded")[0]["entries"][0]["kind"] == "CLAWBACK"


def test_a_private_condition_stands_as_it_was_answered() -> None:
    born = (
        "{code: born, title: B, on: purchase.completed, when: member.birthday != null, do: [{award: {wallet:"
        " points, amount: 1, per: 100, of: purchase.total}}]}"
    )
    ran = run(
        programme(rules(born)),
        enrol(birthday="1990-05-05"),
        buy("2026-01-10T10:00", 10_000, id="r"),
        refund("2026-01-11T10:00", "r", 5_000),
    )
    assert ran.entries() == [("AWARD", 100), ("CLAWBACK", -50)]


def test_room_under_limits_and_caps_is_that_of_the_purchase() -> None:
    capped = PER_EURO.replace("on:", "cap: {amount: 120, per: month}, on:")
    lines = enrol(), buy("2026-01-10T10:00", 10_000), buy("2026-01-11T10:00", 10_000, id="r")
    p = programme(rules(capped))
    assert run(p, *lines).entries() == [("AWARD", 100), ("AWARD", 20)]
    assert run(p, *lines, refund("2026-01-12T10:00", "r", 8_000)).last["entries"] == []
    assert run(p, *lines, refund("2026-01-12T10:00", "r", 8_500)).entries()[-1] == ("CLAWBACK", -5)


def test_a_firing_that_was_taken_back_is_given_back_to_its_limit() -> None:
    once = PER_EURO.replace("on:", "limit: {times: 1, per: ever}, on:")
    ran = run(
        programme(rules(once)),
        enrol(),
        buy("2026-01-10T10:00", 100, id="r"),
        refund("2026-01-11T10:00", "r"),
        buy("2026-01-12T10:00", 100),
    )
    assert ran.outcome("base") == (True, 1, None)


def test_a_rule_that_only_the_refund_would_let_in_gives_nothing() -> None:
    small = (
        "{code: small, title: S, on: purchase.completed, when: purchase.total < 5000, do: [{award: {wallet:"
        " points, fixed: 80}}]}"
    )
    ran = run(
        programme(rules(PER_EURO, small)),
        enrol(),
        buy("2026-01-10T10:00", 10_000, id="r"),
        refund("2026-01-11T10:00", "r", 6_000),
    )
    # 100 were given; 40 and 80 would stand: nothing is taken, and nothing given
    assert ran.last["entries"] == []
    gone = run(
        programme(rules(PER_EURO, small)),
        enrol(),
        buy("2026-01-10T10:00", 10_000, id="r"),
        refund("2026-01-11T10:00", "r", 6_000),
        refund("2026-01-12T10:00", "r"),
    )
    assert gone.entries()[-1] == ("CLAWBACK", -100)


def test_a_lines_refund_takes_what_its_lines_earned() -> None:
    coins = (
        "{code: coins, title: C, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 100, "
        "of: {lines: 'line.category == \"coins\"'}}}]}"
    )
    lines = enrol(), buy("2026-01-10T10:00", 10_000, ("coins", 4, 4_000), ("stamps", 1, 6_000), id="r")
    ran = run(
        programme(rules(coins)),
        *lines,
        refund("2026-01-11T10:00", "r", lines=[(2, 1)]),
        refund("2026-01-12T10:00", "r", lines=[(1, 3)]),
    )
    assert ran.entries() == [("AWARD", 40), ("CLAWBACK", -30)]


def test_purchase_totals_follow_and_streaks_badges_and_their_awards_stay() -> None:
    badge = (
        "badges: [{code: b, name: B, on: purchase.completed, levels: [1], do: [{award: {wallet: points,"
        " fixed: 9}}]}, {code: s, name: S, on: purchase.completed, streak: {per: week}, levels: [9]}]"
    )
    probe = "{code: probe, title: P, on: purchase.refunded, do: [{tag: seen}]}"
    big = (
        "segments: [{code: big, name: B, when: member.purchases.total >= 5000 && member.purchases.count == 1"
        " && member.last_purchase_at != null}]"
    )
    p = programme(rules(probe), badge, big)
    ran = run(p, enrol(), buy("2026-01-10T10:00", 10_000, id="r"), refund("2026-01-11T10:00", "r", 5_000))
    assert ran.ana["segments"] == ["big"]
    gone = run(p, enrol(), buy("2026-01-10T10:00", 10_000, id="r"), refund("2026-01-11T10:00", "r", 5_001))
    assert (gone.ana["segments"], gone.last["events"]) == ([], ["segment.left"])
    assert gone.ana["badges"] == {"b": {"level": 1, "progress": 1}, "s": {"level": 0, "progress": 1}}
    assert gone.ana["tags"] == ["seen"]
    assert figures(gone.ana)["available"] == 9


def test_awards_of_raised_and_delayed_events_go_with_the_purchase() -> None:
    echo = (
        "{code: echo, title: E, on: points.awarded, limit: {times: 1, per: day}, do: [{award: {wallet:"
        " points, fixed: 3}}]}"
    )
    delayed = (
        "{code: delayed, title: D, on: purchase.completed, after: {hours: 1}, do: [{award: {wallet: points,"
        " fixed: 4}}]}"
    )
    ran = run(
        programme(rules(PER_EURO, echo, delayed)),
        enrol(),
        buy("2026-01-10T10:00", 10_000, id="r"),
        refund("2026-01-11T10:00", "r"),
    )
    awards = [("AWARD", 100), ("AWARD", 3), ("AWARD", 4)]
    assert ran.entries() == [*awards, ("CLAWBACK", -100), ("CLAWBACK", -3), ("CLAWBACK", -4)]


def test_two_wallets_are_clawed_back_apart() -> None:
    wallets = (
        "wallets: [{code: points, name: P}, {code: credit, name: C, kind: money, pending: {days: 14}, debt:"
        " forgive}]"
    )
    credit = PER_EURO.replace("code: base", "code: credit").replace(
        "wallet: points, amount: 1", "wallet: credit, amount: 5"
    )
    lines = enrol(), buy("2026-01-10T10:00", 10_000, id="r")
    ran = run(programme(wallets, rules(PER_EURO, credit)), *lines, refund("2026-01-11T10:00", "r", 2_500))
    assert [(e["wallet"], e["amount"], lots(e)) for e in ran.last["entries"]] == [
        ("points", -25, [(25, None)]),
        ("credit", -125, [(125, None)]),
    ]


def test_a_refund_of_the_same_number_from_another_till_finds_its_own() -> None:
    p = programme(rules(PER_EURO))
    web = buy("2026-01-11T10:00", 5_000, id="r", source="web")
    second_refund = refund("2026-01-12T10:00", "r")
    ran = run(p, enrol(), buy("2026-01-10T10:00", 10_000, id="r"), web, second_refund)
    assert ran.entries()[-1] == ("CLAWBACK", -100)
    other = run(p, enrol(), buy("2026-01-10T10:00", 10_000, id="r"), web, {**second_refund, "source": "web"})
    assert other.entries()[-1] == ("CLAWBACK", -50)


def test_rules_on_refunds_are_judged_like_any_other() -> None:
    sorry = (
        "{code: sorry, title: S, on: purchase.refunded, when: purchase.total == 4000, do: [{award: {wallet:"
        " points, fixed: 5}}]}"
    )
    ran = run(
        programme(rules(PER_EURO, sorry)),
        enrol(),
        buy("2026-01-10T10:00", 10_000, id="r"),
        refund("2026-01-11T10:00", "r", 6_000),
    )
    assert ran.outcome("sorry") == (True, 5, None)


def test_a_delayed_rule_on_what_the_purchase_raised_stands_until_all_is_returned() -> None:
    echo = (
        "{code: echo, title: E, on: points.awarded, limit: {times: 1, per: ever}, after: {hours: 1}, do:"
        " [{award: {wallet: points, fixed: 3}}]}"
    )
    p = programme(rules(PER_EURO, echo))
    lines = enrol(), buy("2026-01-10T10:00", 10_000, id="r")
    part = run(p, *lines, refund("2026-01-11T10:00", "r", 1_000))
    assert figures(part.ana)["available"] == 93
    whole = run(p, *lines, refund("2026-01-11T10:00", "r", 1_000), refund("2026-01-12T10:00", "r"))
    assert figures(whole.ana)["available"] == 0
