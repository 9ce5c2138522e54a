"""Earning rules: when they apply, how often, how much they award, and the reason where they do not."""

import pytest

from domain.model.ledger.deciding.earning import is_held_out
from tests.model.ledger.earning_programmes import FIFTY, GAME, PLAN, TIERS, played, with_rule
from tests.model.simulation_runs import PER_EURO, buy, enrol, figures, line, programme, refund, rules, run

# ---------------------------------------------------------------- amounts


@pytest.mark.parametrize(
    ("award", "total", "expected"),
    [
        ("amount: 1, per: 100, of: purchase.total", 1999, (True, 19, None)),
        ("amount: 3, per: 100, of: purchase.total", 1999, (True, 59, None)),  # exact, then floored
        (
            "amount: 3, per: 100, of: purchase.total, whole: true",
            1999,
            (True, 57, None),
        ),  # only full hundreds
        ("amount: 1, per: 100, of: purchase.total", 99, (False, 0, "rounded_to_zero")),
        ("amount: 1, per: 100, of: purchase.total", 0, (False, 0, "nothing_to_count")),
        ("amount: 2, of: purchase.total / 100", 1999, (True, 38, None)),
        ("amount: 1, of: 'double(purchase.total) * 0.5'", 7, (True, 3, None)),
        ("amount: 1, of: 'double(purchase.total) * 0.57'", 100, (True, 57, None)),  # not 56.99999999999999
        ("amount: 1, per: 3, of: 'double(purchase.total) * 0.1 * 3.0'", 10, (True, 1, None)),
        ("amount: 1, of: 'double(purchase.total) * 0.5699999'", 100, (True, 56, None)),  # 56.99999 is less
        (
            "amount: 1, per: 19, of: 'double(purchase.total) * 0.19', whole: true",
            100,
            (True, 1, None),
        ),
        ("amount: 5, of: 0 - purchase.total", 7, (False, 0, "nothing_to_count")),
        ("amount: 5, of: 'double(purchase.total) / 0.0'", 7, (False, 0, "nothing_to_count")),
        ("fixed: 50", 1, (True, 50, None)),
    ],
)
def test_an_award_is_exact_and_floored_once(
    award: str, total: int, expected: tuple[bool, int, str | None]
) -> None:
    ran = run(
        with_rule(f"on: purchase.completed, do: [{{award: {{wallet: points, {award}}}}}]"),
        enrol(),
        buy("2026-02-01T10:00", total),
    )
    assert ran.outcome("one") == expected
    assert [entry["amount"] for entry in ran.last["entries"]] == ([expected[1]] if expected[1] else [])


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ("{lines: 'line.category == \"coins\"'}", 30),
        ("{items: 'line.category == \"coins\"'}", 5),
        ("{items: 'line.quantity > 2 && line.amount >= 1000'}", 3),
        ('{lines: \'line.sku == "s0" || line.name.startsWith("x")\'}', 10),  # a line on which it fails is out
        ("{lines: 'line.amount * 2 > purchase.total'}", 0),
    ],
)
def test_lines_count_their_amount_and_items_their_quantity(of: str, expected: int) -> None:
    per = 100 if "lines" in of else 1
    p = with_rule(
        f"on: purchase.completed, do: [{{award: {{wallet: points, amount: 1, per: {per}, of: {of}}}}}]"
    )
    ran = run(
        p, enrol(), buy("2026-02-01T10:00", 9000, ("coins", 2, 1000), ("stamps", 1, 500), ("coins", 3, 2000))
    )
    assert ran.outcome("one")[1] == expected


def test_eligible_is_the_total_less_lines_of_ineligible_categories() -> None:
    base = PER_EURO.replace("purchase.total", "purchase.eligible")
    p = programme(rules(base), more="ineligible: [gift-card, shipping]")
    ran = run(
        p,
        enrol(),
        buy("2026-02-01T10:00", 9000, ("coins", 2, 5000), ("gift-card", 1, 2500), ("shipping", 1, 490)),
    )
    assert ran.outcome("base")[1] == 60


@pytest.mark.parametrize(("more", "earned"), [("", 50), ("ineligible: []", 90), ("ineligible: [tip]", 80)])
def test_what_a_shop_adds_to_goods_earns_nothing_unless_the_programme_says_otherwise(
    more: str, earned: int
) -> None:
    base = PER_EURO.replace("purchase.total", "purchase.eligible")
    added = (("shipping", 1, 500), ("tax", 1, 800), ("tip", 1, 1000), ("fee", 1, 700), ("other", 1, 1000))
    ran = run(
        programme(rules(base), more=more), enrol(), buy("2026-02-01T10:00", 9000, ("coins", 2, 5000), *added)
    )
    assert ran.outcome("base")[1] == earned


@pytest.mark.parametrize(
    ("award", "extra"),
    [
        ("amount: 1, per: 100, of: purchase.total", 1),  # 4.95 times 1.2 is 5.94
        ("amount: 1, per: 100, of: purchase.total, whole: true", 0),  # 4 times 1.2 is 4.8
        ("amount: 5, per: 100, of: purchase.total, whole: true", 4),  # 20 times 1.2
        ("amount: 10, per: 1000, of: 'double(purchase.total) * 1.0'", 1),
        ("fixed: 9", 1),  # 10.8
        ("fixed: 4", 0),
    ],
)
def test_the_extra_is_what_the_exact_award_times_the_multiplier_has_more(award: str, extra: int) -> None:
    tiers = TIERS.replace("multiplier: 1.5", "multiplier: 1.2")
    p = programme(
        rules(
            f"{{code: one, title: O, on: purchase.completed, do: [{{award: {{wallet: points, {award}, tiered: true}}}}]}}"
        ),
        tiers.replace("code: gold, name: G, from: 100", "code: gold, name: G, from: 1"),
    )
    ran = run(p, enrol(), buy("2026-01-02T10:00", 1_000), buy("2026-01-03T10:00", 495))
    assert [e["amount"] for e in ran.last["entries"]][1:] == ([extra] if extra else [])


def test_an_award_below_one_that_the_tier_lifts_to_one_is_all_extra() -> None:
    base = PER_EURO.replace("purchase.total", "purchase.total, tiered: true")
    ran = run(
        programme(rules(base), TIERS), enrol(), buy("2026-01-02T10:00", 10_000), buy("2026-01-03T10:00", 70)
    )
    assert ran.outcome("base") == (True, 1, None)
    assert [(e["kind"], e["amount"]) for e in ran.last["entries"]] == [("BONUS", 1)]


# ---------------------------------------------------------------- extras


@pytest.mark.parametrize(
    ("plan", "extra"), [(None, 6), ("1.25", 6), ("2", 12)]
)  # the plan's stands in place of the tier's where it is larger
def test_tiered_gives_an_extra_on_an_entry_of_its_own(plan: str | None, extra: int) -> None:
    base = PER_EURO.replace("purchase.total", "purchase.total, tiered: true")
    p = programme(rules(base), TIERS, PLAN % (plan or "1"))
    start = [line("2026-01-03T10:00", "plan.started", {"plan": "plus"})] if plan else []
    ran = run(p, enrol(), buy("2026-01-02T10:00", 10000), *start, buy("2026-01-04T10:00", 1199))
    # 11.99 times 1.5 is 17.985: floored once, 17, of which 11 are the award
    assert [(e["kind"], e["amount"], e["rule"]) for e in ran.last["entries"]] == [
        ("AWARD", 11, "base"),
        ("BONUS", extra, "base"),
    ]
    assert ran.outcome("base") == (True, 11 + extra, None)


def test_a_tier_reached_by_a_purchase_rules_from_the_next_one_on() -> None:
    base = PER_EURO.replace("purchase.total", "purchase.total, tiered: true")
    ran = run(
        programme(rules(base), TIERS), enrol(), buy("2026-01-02T10:00", 10000), buy("2026-01-03T10:00", 10000)
    )
    assert [row["entries"][-1]["amount"] for row in ran.on("purchase.completed")] == [100, 50]


def test_a_small_ticket_earns_its_tier() -> None:
    base = PER_EURO.replace("purchase.total", "purchase.total, tiered: true")
    tiers = TIERS.replace("1.5", "1.2")
    ran = run(
        programme(rules(base), tiers), enrol(), buy("2026-01-02T10:00", 10000), buy("2026-01-03T10:00", 495)
    )
    assert ran.outcome("base") == (True, 5, None)
    assert [(e["kind"], e["amount"]) for e in ran.last["entries"]] == [("AWARD", 4), ("BONUS", 1)]


def test_a_shared_cap_takes_room_in_file_order_and_gets_it_back() -> None:
    gifts = [
        f"{{code: {code}, title: G, on: purchase.completed, capped_by: promo, do: [{{award: {{wallet: points, fixed: 60}}}}]}}"
        for code in ("one-gift", "two-gift")
    ]
    p = programme(rules(*gifts), "caps: [{code: promo, amount: 100, per: month}]")
    lines = enrol(), buy("2026-01-02T10:00", 100, id="r")
    ran = run(p, *lines)
    assert (ran.outcome("one-gift"), ran.outcome("two-gift")) == ((True, 60, None), (True, 40, "cap"))
    assert run(p, *lines, buy("2026-01-03T10:00", 100)).outcome("one-gift") == (False, 0, "cap")
    back = run(p, *lines, refund("2026-01-03T10:00", "r"), buy("2026-01-04T10:00", 100))
    assert (back.outcome("one-gift"), back.outcome("two-gift")) == ((True, 60, None), (True, 40, "cap"))


@pytest.mark.parametrize(("key", "bonus"), [("", 314), (", extras: false", 214)])
def test_times_adds_to_what_other_rules_gave_with_extras_or_without(key: str, bonus: int) -> None:
    base = PER_EURO.replace("purchase.total", "purchase.total, tiered: true")
    gift = "{code: gift, title: G, on: purchase.completed, do: [{award: {wallet: points, fixed: 7}}]}"
    double = (
        "{code: double, title: D, on: purchase.completed, do: [{award: {wallet: points, times: 3, over:"
        f" [base, gift]{key}}}}}]}}"
    )
    ran = run(
        programme(rules(double, base, gift), TIERS),
        enrol(),
        buy("2026-01-02T10:00", 10000),
        buy("2026-01-03T10:00", 10000),
    )
    assert [(e["kind"], e["amount"], e["rule"]) for e in ran.last["entries"]] == [
        ("BONUS", bonus, "double"),
        ("AWARD", 100, "base"),
        ("BONUS", 50, "base"),
        ("AWARD", 7, "gift"),
    ]


def test_times_multiplies_what_best_of_and_caps_have_left() -> None:
    small = (
        "{code: small, title: S, on: purchase.completed, best_of: g, do: [{award: {wallet: points, fixed:"
        " 10}}]}"
    )
    capped = "best_of: g, cap: {amount: 15, per: day}"
    large = small.replace("small", "large").replace("fixed: 10", "fixed: 20").replace("best_of: g", capped)
    double = (
        "{code: double, title: D, on: purchase.completed, do: [{award: {wallet: points, times: 2, over:"
        " [small, large]}}]}"
    )
    ran = run(programme(rules(small, large, double)), enrol(), buy("2026-01-02T10:00", 100))
    assert ran.outcome("small") == (False, 0, "best_of:large")
    assert ran.outcome("large") == (True, 15, "cap")
    assert ran.outcome("double") == (True, 15, None)


def test_times_over_nothing_says_so() -> None:
    base = PER_EURO.replace("on:", "when: purchase.total > 5000, on:")
    double = (
        "{code: double, title: D, on: purchase.completed, do: [{award: {wallet: points, times: 1.5, over:"
        " [base]}}]}"
    )
    p = programme(rules(base, double))
    assert run(p, enrol(), buy("2026-01-02T10:00", 5000)).outcome("double") == (False, 0, "nothing_to_count")
    assert run(p, enrol(), buy("2026-01-02T10:00", 5100)).outcome("double") == (True, 25, None)
    tenth = programme(rules(PER_EURO, double.replace("1.5", "1.1")))
    assert run(tenth, enrol(), buy("2026-01-02T10:00", 900)).outcome("double") == (
        False,
        0,
        "rounded_to_zero",
    )


# ---------------------------------------------------------------- limits and caps


@pytest.mark.parametrize(
    ("per", "ats", "applied"),
    [
        ("day", ["2026-07-03T22:30", "2026-07-03T22:59", "2026-07-03T23:00"], [True, False, True]),
        (
            "week",
            ["2026-07-05T10:00", "2026-07-05T22:59", "2026-07-05T23:00"],
            [True, False, True],
        ),  # Monday begins at 23:00 UTC
        ("month", ["2026-07-01T10:00", "2026-07-31T22:59", "2026-07-31T23:00"], [True, False, True]),
        ("year", ["2026-07-01T10:00", "2026-12-31T23:59", "2027-01-01T00:00"], [True, False, True]),
        ("ever", ["2026-07-01T10:00", "2027-12-31T23:59", "2035-01-01T00:00"], [True, False, False]),
    ],
)
def test_a_limit_counts_firings_in_its_period(per: str, ats: list[str], applied: list[bool]) -> None:
    ran = run(
        with_rule(f"on: game.played, limit: {{times: 1, per: {per}}}, {FIFTY}"), enrol(), *map(played, ats)
    )
    assert [was for was, _, _ in ran.outcomes("one")] == applied
    assert {reason for was, _, reason in ran.outcomes("one") if not was} == {"limit"}


def test_an_award_of_zero_does_not_count_as_fired() -> None:
    p = with_rule(
        "on: game.played, limit: {times: 1, per: ever}, do: [{award: {wallet: points, amount: 1, per: 10, of:"
        " event.data.score}}]"
    )
    ran = run(
        p,
        enrol(),
        played("2026-01-02T10:00", score=9),
        played("2026-01-03T10:00", score=10),
        played("2026-01-04T10:00", score=10),
    )
    assert ran.outcomes("one") == [(False, 0, "rounded_to_zero"), (True, 1, None), (False, 0, "limit")]


def test_a_cap_lets_through_the_part_that_fits() -> None:
    ran = run(
        with_rule(f"on: game.played, cap: {{amount: 120, per: month}}, {FIFTY}"),
        enrol(),
        *(played(f"2026-01-0{n}T10:00") for n in range(2, 6)),
    )
    assert ran.outcomes("one") == [(True, 50, None), (True, 50, None), (True, 20, "cap"), (False, 0, "cap")]


def test_a_cap_bounds_base_and_extra_together() -> None:
    base = PER_EURO.replace("on:", "cap: {amount: 130, per: day}, on:").replace(
        "purchase.total", "purchase.total, tiered: true"
    )
    ran = run(
        programme(rules(base), TIERS), enrol(), buy("2026-01-02T10:00", 10000), buy("2026-01-03T10:00", 10000)
    )
    assert [(e["kind"], e["amount"]) for e in ran.last["entries"]] == [("AWARD", 100), ("BONUS", 30)]
    assert ran.outcome("base") == (True, 130, "cap")


def test_limit_and_cap_of_different_periods_count_apart() -> None:
    # 29 June to 5 July 2026 is one week; its Wednesday begins July
    p = with_rule(
        f"on: game.played, limit: {{times: 2, per: month}}, cap: {{amount: 60, per: week}}, {FIFTY}"
    )
    days = ["2026-06-29", "2026-07-01", "2026-07-02", "2026-07-06", "2026-07-07"]
    ran = run(p, enrol(), *(played(f"{day}T10:00") for day in days))
    # 50; of the week's 60 ten more, July's first; the cap is full; July's second; the limit
    assert ran.outcomes("one") == [
        (True, 50, None),
        (True, 10, "cap"),
        (False, 0, "cap"),
        (True, 50, None),
        (False, 0, "limit"),
    ]


# ---------------------------------------------------------------- best of, holdout, order


def test_of_a_group_only_the_one_awarding_most_applies_ties_by_file_order() -> None:
    def rule(code: str, amount: int, more: str = "") -> str:
        return (
            f"{{code: {code}, title: T, on: game.played, best_of: g{more}, do: [{{award: {{wallet: points,"
            f" fixed: {amount}}}}}]}}"
        )

    ran = run(
        programme(rules(rule("a", 10), rule("b", 20), rule("c", 20), rule("d", 30, ", when: 'false'")), GAME),
        enrol(),
        played("2026-01-02T10:00"),
    )
    assert [ran.outcome(code) for code in "abcd"] == [
        (False, 0, "best_of:b"),
        (True, 20, None),
        (False, 0, "best_of:b"),
        (False, 0, "when"),
    ]


def test_the_loser_of_a_group_does_not_count_as_fired() -> None:
    small = f"{{code: small, title: S, on: game.played, best_of: g, limit: {{times: 1, per: ever}}, {FIFTY}}}"
    large = (
        "{code: large, title: L, on: game.played, best_of: g, when: event.data.score > 5, do: [{award:"
        " {wallet: points, fixed: 99}}]}"
    )
    ran = run(
        programme(rules(small, large), GAME),
        enrol(),
        played("2026-01-02T10:00", score=9),
        played("2026-01-03T10:00", score=1),
    )
    assert ran.outcomes("small") == [(False, 0, "best_of:large"), (True, 50, None)]


def test_a_holdout_is_a_stable_share_of_members() -> None:
    p = with_rule(f"on: game.played, holdout: 30, {FIFTY}")
    rule = p.rules[0]
    out = [who for who in (f"m{n}" for n in range(1000)) if is_held_out(who, rule)]
    assert 240 < len(out) < 360
    ran = run(
        p,
        enrol(who=out[0]),
        line("2026-01-02T10:00", "game.played", who=out[0]),
        line("2027-01-02T10:00", "game.played", who=out[0]),
    )
    assert ran.outcomes("one") == [(False, 0, "holdout"), (False, 0, "holdout")]
    everyone = run(with_rule(f"on: game.played, holdout: 100, {FIFTY}"), enrol(), played("2026-01-02T10:00"))
    assert everyone.outcome("one") == (False, 0, "holdout")


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        (
            "during: {until: '2026-01-01'}, when: 'false', limit: {times: 1, per: ever}, holdout: 100",
            "during",
        ),
        ("when: 'false', limit: {times: 1, per: ever}, holdout: 100", "when"),
        ("limit: {times: 1, per: ever}, holdout: 100", "holdout"),
        ("cap: {amount: 50, per: ever}, limit: {times: 1, per: ever}", "limit"),
        ("cap: {amount: 50, per: ever}", "cap"),
    ],
)
def test_the_first_check_that_fails_is_the_reason(keys: str, reason: str) -> None:
    ran = run(
        with_rule(f"on: game.played, {keys}, {FIFTY}"),
        enrol(),
        played("2026-01-02T10:00"),
        played("2026-01-03T10:00"),
    )
    assert ran.outcome("one") == (False, 0, reason)


def test_qualifying_false_does_not_count_toward_tiers() -> None:
    base = PER_EURO.replace("on:", "qualifying: false, on:")
    ran = run(programme(rules(base), TIERS), enrol(), buy("2026-01-02T10:00", 10000))
    assert ran.ana["tier"] == {"code": "basic", "qualifying": 0, "toNext": 100, "toKeep": None, "until": None}
    assert figures(ran.ana)["available"] == 100


def test_a_rule_may_be_on_several_events() -> None:
    ran = run(with_rule(f"on: [game.played, member.enrolled], {FIFTY}"), enrol(), played("2026-01-02T10:00"))
    assert ran.outcomes("one") == [(True, 50, None), (True, 50, None)]
