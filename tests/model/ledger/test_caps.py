"""Caps of rules that compete or share: a cap counts before `best_of`, and one cap may bound several rules."""

import pytest

from domain.model.programme import Programme
from tests.model.simulation_runs import PER_EURO, Run, buy, enrol, figures, programme, refund, rules, run

PROMO = "caps: [{code: promo, amount: 100, per: month}]"
SHARE = PER_EURO.replace("base", "share").replace("on:", "capped_by: promo, on:")


def gift(code: str, amount: int, keys: str = "") -> str:
    return (
        f"{{code: {code}, title: G, on: purchase.completed{', ' if keys else ''}{keys},"
        f" do: [{{award: {{wallet: points, fixed: {amount}}}}}]}}"
    )


def shared(*written: str) -> Programme:
    return programme(rules(*written), PROMO)


def given(ran: Run, at: int = -1) -> dict[str, tuple[bool, int, str | None]]:
    row = ran.on("purchase.completed")[at]
    return {one["rule"]: (one["applied"], one["amount"], one["reason"]) for one in row["outcomes"]}


# ---------------------------------------------------------------- before best_of


def test_a_promotion_whose_cap_is_used_up_leaves_the_ordinary_reward() -> None:
    p = programme(
        rules(
            gift("large", 100, "best_of: g, cap: {amount: 100, per: month}"), gift("small", 50, "best_of: g")
        )
    )
    ran = run(p, enrol(), buy("2026-01-02T10:00", 100), buy("2026-01-03T10:00", 100))
    assert given(ran, 0) == {"large": (True, 100, None), "small": (False, 0, "best_of:large")}
    assert given(ran) == {"large": (False, 0, "cap"), "small": (True, 50, None)}


@pytest.mark.parametrize(
    ("cap", "large", "small"),
    [
        (150, (False, 0, "best_of:small"), (True, 50, None)),  # 50 would fit: even, and small is first
        (151, (True, 51, "cap"), (False, 0, "best_of:large")),
    ],
)
def test_best_of_compares_what_fits_under_the_caps(
    cap: int, large: tuple[bool, int, str | None], small: tuple[bool, int, str | None]
) -> None:
    promotion = gift("large", 100, f"best_of: g, cap: {{amount: {cap}, per: month}}")
    p = programme(rules(gift("small", 50, "best_of: g"), promotion))
    ran = run(p, enrol(), buy("2026-01-02T10:00", 100), buy("2026-01-03T10:00", 100))
    assert given(ran) == {"large": large, "small": small}


# ---------------------------------------------------------------- shared


def test_shared_room_is_taken_in_file_order_times_after_theirs() -> None:
    double = (
        "{code: double, title: D, on: purchase.completed, capped_by: promo, do: [{award: {wallet: points,"
        " times: 2, over: [share]}}]}"
    )
    p = shared(double, SHARE, gift("last", 30, "capped_by: promo"))
    ran = run(
        p, enrol(), buy("2026-01-02T10:00", 3_500), buy("2026-01-03T10:00", 100), buy("2026-02-01T10:00", 100)
    )
    assert given(ran, 0) == {"double": (True, 35, None), "share": (True, 35, None), "last": (True, 30, None)}
    assert set(given(ran, 1).values()) == {(False, 0, "cap"), (False, 0, "nothing_to_count")}
    assert given(ran) == {"double": (True, 1, None), "share": (True, 1, None), "last": (True, 30, None)}


def test_a_rule_with_a_cap_of_its_own_has_the_smaller_room() -> None:
    p = shared(
        gift("own", 60, "capped_by: promo, cap: {amount: 50, per: ever}"),
        gift("other", 60, "capped_by: promo"),
    )
    ran = run(p, enrol(), buy("2026-01-02T10:00", 100))
    assert given(ran) == {"own": (True, 50, "cap"), "other": (True, 50, "cap")}


def test_a_group_is_judged_at_its_first_rule_and_only_its_winner_takes_room() -> None:
    p = shared(
        gift("small", 20, "capped_by: promo, best_of: g"),
        gift("between", 60, "capped_by: promo"),
        gift("large", 70, "capped_by: promo, best_of: g"),
    )
    ran = run(p, enrol(), buy("2026-01-02T10:00", 100))
    assert given(ran) == {
        "small": (False, 0, "best_of:large"),
        "between": (True, 30, "cap"),
        "large": (True, 70, None),
    }


def test_late_purchases_take_the_room_of_their_own_month() -> None:
    late = buy("2026-06-03T10:00", 6_000), buy("2026-06-02T10:00", 6_000)
    ran = run(shared(SHARE), enrol(), buy("2026-07-02T10:00", 9_000), *late, buy("2026-07-03T10:00", 6_000))
    assert [one for one in ran.outcomes("share") if one[0]] == [
        (True, 90, None),
        (True, 60, None),
        (True, 40, "cap"),
        (True, 10, "cap"),
    ]


# ---------------------------------------------------------------- refunds


def test_what_a_refund_frees_of_a_shared_cap_goes_to_the_others_first() -> None:
    p = shared(SHARE, gift("gift", 60, "capped_by: promo"))
    lines = enrol(), buy("2026-01-10T10:00", 6_000, id="r"), refund("2026-01-11T10:00", "r", 3_000)
    # 60 and 40 were given; of what is kept 30 and 60: ten go back to the cap
    ran = run(p, *lines, buy("2026-01-12T10:00", 6_000))
    assert ran.entries("CLAWBACK") == [("CLAWBACK", -10)]
    assert given(ran) == {"share": (True, 10, "cap"), "gift": (False, 0, "cap")}
    whole = run(p, *lines, refund("2026-01-12T10:00", "r"), buy("2026-01-13T10:00", 6_000))
    assert given(whole) == {"share": (True, 60, None), "gift": (True, 40, "cap")}
    assert figures(whole.ana)["available"] == 100


@pytest.mark.parametrize("keys", ["capped_by: promo", "cap: {amount: 100, per: month}"])
def test_a_rule_that_a_refund_lets_in_takes_the_room_that_there_is_then(keys: str) -> None:
    p = shared(
        PER_EURO,
        gift("small", 90, f"when: purchase.total < 5000, {keys}"),
        gift("x", 1, "capped_by: promo, when: 'false'"),
    )
    lines = (
        enrol(),
        buy("2026-01-10T10:00", 10_000, id="r"),
        buy("2026-01-11T10:00", 1_000),  # takes 90 of the 100
        refund("2026-01-12T10:00", "r", 6_000),  # 40 and the 10 that are left would stand
        refund("2026-01-13T10:00", "r", 1_000),
    )
    assert run(p, *lines).entries("CLAWBACK") == [("CLAWBACK", -50), ("CLAWBACK", -10)]
    assert run(p, *lines, buy("2026-01-14T10:00", 100)).outcome("small") == (False, 0, "cap")
    whole = run(p, *lines, refund("2026-01-14T10:00", "r"), buy("2026-01-15T10:00", 100))
    assert whole.entries("CLAWBACK")[-1] == ("CLAWBACK", -40)
    assert whole.outcome("small") == (True, 10, "cap")


def test_the_winner_that_a_refund_brings_has_the_room_that_the_loser_gives_back() -> None:
    p = shared(
        gift("large", 80, "capped_by: promo, best_of: g, when: purchase.total >= 5000"),
        gift("small", 50, "capped_by: promo, best_of: g"),
    )
    lines = enrol(), buy("2026-01-10T10:00", 9_000, id="r"), refund("2026-01-11T10:00", "r", 6_000)
    ran = run(p, *lines, buy("2026-01-12T10:00", 9_000))
    assert ran.entries("CLAWBACK") == [("CLAWBACK", -30)]
    assert given(ran) == {"large": (True, 50, "cap"), "small": (False, 0, "best_of:large")}
