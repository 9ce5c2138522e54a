"""Tiers: what counts, up at once, three windows, grace, keep, three downgrades, and a refund's step back.
Days are Lisbon's.
"""

import pytest

from domain.model.programme import Programme
from tests.model.simulation_runs import (
    PER_EURO,
    Run,
    adjust,
    buy,
    enrol,
    line,
    programme,
    redeem,
    refund,
    rules,
    run,
)

RUNGS = (
    "{code: basic, name: B, from: 0}, {code: silver, name: S, from: 1000, keep: 800}, {code: gold, name: G,"
    " from: 5000, keep: 4000}"
)
ROLLING = "{rolling: {months: 12}}"
REACHING = "{from_reaching: {months: 12}}"


def club(
    window: str, keys: str = "", *, count: str = "{wallet: points}", zone: str = "Europe/Lisbon"
) -> Programme:
    tiers = f"tiers: {{count: {count}, window: {window}, {keys + ', ' if keys else ''}ladder: [{RUNGS}]}}"
    mug = "rewards: [{code: mug, title: M, kind: product, cost: {wallet: points, amount: 900}}]"
    game = "events: [{name: game.played, title: P, data: {score: int}}]"
    return programme(rules(PER_EURO), tiers, mug, game, zone=zone)


def steps(ran: Run) -> list[tuple[str, str]]:
    """Return when the tier changed, and on what."""
    return [
        (row["at"][:16], row["event"])
        for row in ran
        if row["event"] == "tier.changed" or "tier.changed" in row["events"]
    ]


def worth(points: int) -> int:
    return points * 100


# ---------------------------------------------------------------- up


@pytest.mark.parametrize("window", [ROLLING, "calendar_year", REACHING])
def test_up_at_once_as_far_as_the_count_reaches(window: str) -> None:
    p = club(window)
    assert run(p, enrol(), buy("2026-02-01T10:00", worth(999))).ana["tier"]["code"] == "basic"
    assert run(p, enrol(), buy("2026-02-01T10:00", worth(1000))).ana["tier"]["code"] == "silver"
    ran = run(p, enrol(), buy("2026-02-01T10:00", worth(5000)))
    assert ran.ana["tier"]["code"] == "gold"
    assert ran.last["events"].count("tier.changed") == 1


def test_pending_counts_and_adjustments_do_not() -> None:
    tiers = f"tiers: {{count: {{wallet: points}}, window: {ROLLING}, ladder: [{RUNGS}]}}"
    p = programme("wallets: [{code: points, name: P, pending: {days: 14}}]", rules(PER_EURO), tiers)
    ran = run(p, enrol(), adjust("2026-01-02T10:00", 5000), buy("2026-02-01T10:00", worth(1000)))
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 1000,
        "toNext": 4000,
        "toKeep": 800,
        "until": "2027-02-01",
    }


def test_spending_never_counts() -> None:
    ran = run(club(ROLLING), enrol(), buy("2026-02-01T10:00", worth(1000)), redeem("2026-02-02T10:00", "mug"))
    assert (ran.ana["tier"]["code"], ran.ana["tier"]["qualifying"]) == ("silver", 1000)


@pytest.mark.parametrize(
    ("count", "qualifying"),
    [
        ("{on: game.played}", 2),
        ("{on: game.played, of: event.data.score}", 700),
        ("{on: game.played, when: event.data.score > 250, of: event.data.score * 2}", 800),
        ("{on: [game.played, purchase.completed]}", 3),
        ("{on: purchase.completed, of: purchase.total}", 5000),
        ("{on: purchase.completed, when: member.purchases.count == 1}", 1),  # tiers see the member after it
    ],
)
def test_events_may_count(count: str, qualifying: int) -> None:
    games = [
        line(f"2026-02-0{day}T10:00", "game.played", {"score": score}) for day, score in ((1, 300), (2, 400))
    ]
    if "> 250" in count:
        games[0]["data"]["score"] = 200
    ran = run(club(ROLLING, count=count), enrol(), *games, buy("2026-02-03T10:00", 5000))
    assert ran.ana["tier"]["qualifying"] == qualifying


def test_the_extra_of_a_qualifying_rule_counts_and_a_badges_award_does_not() -> None:
    tiers = (
        "tiers: {count: {wallet: points}, window: calendar_year, ladder: [{code: basic, name: B, from: 0,"
        " multiplier: 1.5}]}"
    )
    badge = (
        "badges: [{code: first, name: F, on: purchase.completed, do: [{award: {wallet: points, fixed:"
        " 500}}]}]"
    )
    p = programme(rules(PER_EURO.replace("purchase.total", "purchase.total, tiered: true")), tiers, badge)
    assert run(p, enrol(), buy("2026-02-01T10:00", worth(100))).ana["tier"]["qualifying"] == 150


# ---------------------------------------------------------------- rolling


def test_what_came_on_15_january_counts_through_15_january_next_year() -> None:
    p = club(ROLLING, "downgrade: one_step")
    held = run(p, enrol(), buy("2026-01-15T10:00", worth(1000)), until="2027-01-15T23:59")
    assert held.ana["tier"] == {
        "code": "silver",
        "qualifying": 1000,
        "toNext": 4000,
        "toKeep": 800,
        "until": "2027-01-15",
    }
    lost = run(p, enrol(), buy("2026-01-15T10:00", worth(1000)), until="2027-01-16T00:00")
    assert steps(lost)[-1] == ("2027-01-16T00:00", "tier.changed")
    assert lost.ana["tier"] == {
        "code": "basic",
        "qualifying": 0,
        "toNext": 1000,
        "toKeep": None,
        "until": None,
    }


def test_the_review_is_due_the_day_that_no_longer_meets_keep() -> None:
    p = club(ROLLING)
    lines = (
        enrol(),
        buy("2026-01-15T10:00", worth(300)),
        buy("2026-03-01T10:00", worth(700)),
        buy("2026-06-01T10:00", worth(200)),
    )
    ran = run(p, *lines, until="2026-06-02T00:00")
    # 15 January leaves 900, 1 March leaves 200: the review is on 2 March
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 1200,
        "toNext": 3800,
        "toKeep": 600,
        "until": "2027-03-01",
    }
    assert steps(run(p, *lines, until="2027-06-01T00:00"))[-1] == ("2027-03-02T00:00", "tier.changed")


@pytest.mark.parametrize(
    ("day", "window", "until"),
    [
        ("2028-02-29", "{rolling: {months: 12}}", "2029-02-28"),
        ("2026-01-31", "{rolling: {months: 1}}", "2026-02-28"),
        ("2026-01-31", "{rolling: {days: 30}}", "2026-03-02"),
        ("2026-08-31", "{rolling: {months: 18}}", "2028-02-29"),
        ("2026-01-15", "{rolling: {months: 36}}", "2029-01-15"),
    ],
)
def test_a_window_keeps_the_day_of_the_month_or_the_last(day: str, window: str, until: str) -> None:
    lines = enrol(), buy(f"{day}T10:00", worth(1000))
    ran = run(club(window), *lines, until=f"{until}T12:00")
    assert (ran.ana["tier"]["code"], ran.ana["tier"]["until"]) == ("silver", until)


def test_a_window_of_two_years_remembers_all_of_it() -> None:
    p = club("{rolling: {months: 24}}")
    lines = [buy(f"2026-{month:02}-10T10:00", worth(100)) for month in range(1, 13)]
    lines += [buy(f"2027-{month:02}-10T10:00", worth(10)) for month in range(1, 13)]
    ran = run(p, enrol(), *lines, until="2028-01-10T12:00")
    assert ran.ana["tier"]["qualifying"] == 1320
    assert run(p, enrol(), *lines, until="2028-01-11T12:00").ana["tier"]["qualifying"] == 1220


# ---------------------------------------------------------------- grace


def test_with_grace_a_tier_due_on_day_x_is_lost_at_the_start_of_x_and_31() -> None:
    p = club(ROLLING, "grace: {days: 30}")
    lines = enrol(), buy("2026-01-15T10:00", worth(1000))
    held = run(p, *lines)
    assert held.ana["tier"]["until"] == "2027-02-15"  # due on 16 January, held through 15 February
    assert run(p, *lines, until="2027-02-15T23:59").ana["tier"]["code"] == "silver"
    assert steps(run(p, *lines, until="2027-03-01T00:00"))[-1] == ("2027-02-16T00:00", "tier.changed")


def test_keep_met_on_a_day_of_grace_keeps_the_tier() -> None:
    p = club(ROLLING, "grace: {days: 30}")
    lines = enrol(), buy("2026-01-15T10:00", worth(1000))
    short = run(p, *lines, buy("2027-02-15T10:00", worth(799)), until="2027-02-17T00:00")
    assert short.ana["tier"]["code"] == "basic"
    met = run(p, *lines, buy("2027-02-15T23:59", worth(800)), until="2027-02-17T00:00")
    assert met.ana["tier"] == {
        "code": "silver",
        "qualifying": 800,
        "toNext": 4200,
        "toKeep": 800,
        "until": "2028-03-17",
    }
    late = run(p, *lines, buy("2027-02-16T00:00", worth(800)), until="2027-02-17T00:00")
    assert late.ana["tier"]["code"] == "basic"


def test_in_grace_to_keep_says_what_is_missing() -> None:
    p = club(ROLLING, "grace: {days: 30}")
    ran = run(p, enrol(), buy("2026-01-15T10:00", worth(1000)), buy("2027-01-20T10:00", worth(300)))
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 300,
        "toNext": 4700,
        "toKeep": 500,
        "until": "2027-02-15",
    }


def test_the_next_rungs_own_review_begins_where_the_one_above_is_lost() -> None:
    p = club(ROLLING, "grace: {days: 30}")
    ran = run(p, enrol(), buy("2026-01-15T10:00", worth(5000)), until="2027-06-01T00:00")
    # gold is lost at the start of 16 February; silver, due then, at the start of 16 + 31 days
    assert [at for at, _ in steps(ran)] == ["2026-01-15T10:00", "2027-02-16T00:00", "2027-03-19T00:00"]


def test_a_refund_that_takes_the_count_below_keep_begins_the_grace_on_its_day() -> None:
    p = club(ROLLING, "grace: {days: 30}")
    lines = (
        enrol(),
        buy("2025-06-15T10:00", worth(1000)),  # reaches silver; what is left of it is gone by the refund
        buy("2026-01-15T10:00", worth(700), id="r"),
        buy("2026-02-01T10:00", worth(400)),
    )
    ran = run(p, *lines, refund("2026-06-20T10:00", "r"))
    assert (ran.ana["tier"]["code"], ran.ana["tier"]["until"]) == ("silver", "2026-07-20")
    assert steps(run(p, *lines, refund("2026-06-20T10:00", "r"), until="2026-08-01T00:00"))[-1] == (
        "2026-07-20T23:00",
        "tier.changed",
    )


# ---------------------------------------------------------------- downgrades


@pytest.mark.parametrize(
    ("downgrade", "codes"),
    [
        ("one_step", ["gold", "silver", "silver"]),
        ("requalify", ["gold", "basic", "basic"]),
        ("never", ["gold", "gold", "gold"]),
    ],
)
def test_three_downgrades(downgrade: str, codes: list[str]) -> None:
    p = club(ROLLING, f"downgrade: {downgrade}")
    lines = enrol(), buy("2026-01-15T10:00", worth(5000)), buy("2026-03-01T10:00", worth(900))
    reached = [
        run(p, *lines, until=f"{day}T12:00").ana["tier"]["code"]
        for day in ("2027-01-15", "2027-01-16", "2027-03-01")
    ]
    assert reached == codes  # 900 meet silver's keep, not its from


def test_requalify_stops_at_the_rung_that_the_count_meets() -> None:
    p = club(ROLLING, "downgrade: requalify")
    ran = run(
        p,
        enrol(),
        buy("2026-01-15T10:00", worth(5000)),
        buy("2026-03-01T10:00", worth(1000)),
        until="2027-01-16T12:00",
    )
    assert ran.ana["tier"]["code"] == "silver"


def test_never_shows_no_end() -> None:
    ran = run(
        club(ROLLING, "downgrade: never"),
        enrol(),
        buy("2026-01-15T10:00", worth(1000)),
        until="2029-01-01T00:00",
    )
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 0,
        "toNext": 1000 + 4000,
        "toKeep": None,
        "until": None,
    }


# ---------------------------------------------------------------- calendar year


def test_a_calendar_year_tier_is_held_through_the_year_after_it_was_reached() -> None:
    p = club("calendar_year")
    lines = enrol(), buy("2026-03-15T10:00", worth(1000))
    ran = run(p, *lines, until="2026-12-31T12:00")
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 1000,
        "toNext": 4000,
        "toKeep": 800,
        "until": "2027-12-31",
    }
    new_year = run(p, *lines, until="2027-01-01T00:00")
    assert new_year.ana["tier"] == {
        "code": "silver",
        "qualifying": 0,
        "toNext": 5000,
        "toKeep": 800,
        "until": "2027-12-31",
    }
    assert steps(run(p, *lines, until="2028-06-01T00:00"))[-1] == ("2028-01-01T00:00", "tier.changed")


def test_the_calendar_review_looks_at_the_year_just_ended() -> None:
    p = club("calendar_year")
    lines = enrol(), buy("2026-03-15T10:00", worth(1000)), buy("2027-12-31T23:59", worth(800))
    ran = run(p, *lines, until="2028-06-01T00:00")
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 0,
        "toNext": 5000,
        "toKeep": 800,
        "until": "2028-12-31",
    }
    missed = run(
        p,
        enrol(),
        buy("2026-03-15T10:00", worth(1000)),
        buy("2028-01-01T00:00", worth(800)),
        until="2028-06-01T00:00",
    )
    assert missed.ana["tier"]["code"] == "basic"


def test_moved_down_a_calendar_tier_is_held_through_the_year_that_has_begun() -> None:
    p = club("calendar_year")
    ran = run(p, enrol(), buy("2026-03-15T10:00", worth(5000)), until="2028-06-01T00:00")
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 0,
        "toNext": 5000,
        "toKeep": 800,
        "until": "2028-12-31",
    }
    assert (
        run(p, enrol(), buy("2026-03-15T10:00", worth(5000)), until="2029-01-01T00:00").ana["tier"]["code"]
        == "basic"
    )


def test_calendar_requalify_goes_by_the_year_just_ended() -> None:
    p = club("calendar_year", "downgrade: requalify")
    ran = run(
        p,
        enrol(),
        buy("2026-03-15T10:00", worth(5000)),
        buy("2027-05-01T10:00", worth(1500)),
        until="2028-01-02T00:00",
    )
    assert ran.ana["tier"]["code"] == "silver"


def test_calendar_grace() -> None:
    p = club("calendar_year", "grace: {days: 30}")
    lines = enrol(), buy("2026-03-15T10:00", worth(1000))
    assert run(p, *lines).ana["tier"]["until"] == "2028-01-31"
    assert steps(run(p, *lines, until="2028-06-01T00:00"))[-1] == ("2028-02-01T00:00", "tier.changed")
    met = run(p, *lines, buy("2028-01-20T10:00", worth(800)), until="2028-06-01T00:00")
    assert (met.ana["tier"]["code"], met.ana["tier"]["until"]) == ("silver", "2029-01-31")


def test_the_year_begins_in_the_programmes_zone() -> None:
    ran = run(club("calendar_year", zone="Asia/Tokyo"), enrol(), buy("2026-12-31T15:00", worth(1000)))
    assert ran.ana["tier"]["until"] == "2028-12-31"
    before = run(club("calendar_year", zone="Asia/Tokyo"), enrol(), buy("2026-12-31T14:59", worth(1000)))
    assert before.ana["tier"]["until"] == "2027-12-31"


# ---------------------------------------------------------------- from reaching


def test_from_reaching_is_held_through_the_same_day_next_year() -> None:
    p = club(REACHING)
    lines = enrol(), buy("2026-01-10T10:00", worth(400)), buy("2026-01-15T10:00", worth(600))
    ran = run(p, *lines)
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 1000,
        "toNext": 4000,
        "toKeep": 800,
        "until": "2027-01-15",
    }
    assert steps(run(p, *lines, until="2027-06-01T00:00"))[-1] == ("2027-01-16T00:00", "tier.changed")


def test_the_review_asks_what_came_after_the_event_that_reached_it() -> None:
    p = club(REACHING)
    lines = enrol(), buy("2026-01-15T10:00", worth(3000)), buy("2026-01-15T10:01", worth(500))
    ran = run(p, *lines, buy("2027-01-15T10:00", worth(300)), until="2027-01-16T12:00")
    # passed: a new term begins with the review's day
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 300,
        "toNext": 4700,
        "toKeep": 800,
        "until": "2028-01-16",
    }
    missed = run(p, *lines, buy("2027-01-15T10:00", worth(299)), until="2027-01-16T12:00")
    assert missed.ana["tier"]["code"] == "basic"


def test_a_purchase_at_the_very_start_of_a_term_counts_in_it() -> None:
    p = club(REACHING)
    lines = enrol(), buy("2026-01-15T10:00", worth(1000)), buy("2026-06-15T10:00", worth(800))
    ran = run(p, *lines, buy("2027-01-16T00:00", worth(800)), until="2028-01-17T12:00")
    assert ran.ana["tier"]["code"] == "silver"


def test_reaching_the_next_tier_begins_a_term_of_its_own() -> None:
    p = club(REACHING)
    ran = run(p, enrol(), buy("2026-01-15T10:00", worth(1000)), buy("2026-05-01T10:00", worth(4000)))
    assert ran.ana["tier"] == {
        "code": "gold",
        "qualifying": 5000,
        "toNext": None,
        "toKeep": 4000,
        "until": "2027-05-01",
    }


def test_from_reaching_with_grace_counts_what_comes_in_it() -> None:
    p = club(REACHING, "grace: {days: 30}")
    lines = enrol(), buy("2026-01-15T10:00", worth(1000)), buy("2026-06-01T10:00", worth(500))
    met = run(p, *lines, buy("2027-02-01T10:00", worth(300)), until="2027-03-01T00:00")
    assert (met.ana["tier"]["code"], met.ana["tier"]["until"]) == ("silver", "2028-03-03")
    lost = run(p, *lines, until="2027-03-01T00:00")
    assert steps(lost)[-1] == ("2027-02-16T00:00", "tier.changed")


def test_moved_down_from_reaching_begins_a_term_on_that_day() -> None:
    p = club(REACHING)
    ran = run(p, enrol(), buy("2026-01-15T10:00", worth(5000)), until="2027-01-16T12:00")
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 0,
        "toNext": 5000,
        "toKeep": 800,
        "until": "2028-01-16",
    }


# ---------------------------------------------------------------- a refund's step back


@pytest.mark.parametrize("window", [ROLLING, "calendar_year", REACHING])
def test_a_tier_that_only_the_refunded_purchase_reached_is_taken_back_at_once(window: str) -> None:
    p = club(window)
    lines = enrol(), buy("2026-01-10T10:00", worth(600)), buy("2026-01-15T10:00", worth(500), id="r")
    ran = run(p, *lines, refund("2026-02-01T10:00", "r", worth(101)))
    assert ran.last["events"] == ["tier.changed"]
    assert (ran.ana["tier"]["code"], ran.ana["tier"]["qualifying"]) == ("basic", 999)
    half_refunded = run(p, *lines, refund("2026-02-01T10:00", "r", worth(100)))
    assert (half_refunded.ana["tier"]["code"], half_refunded.ana["tier"]["qualifying"]) == ("silver", 1000)


def test_a_tier_that_another_purchase_reached_goes_back_at_once() -> None:
    lines = enrol(), buy("2026-01-10T10:00", worth(600), id="r"), buy("2026-01-15T10:00", worth(500))
    ran = run(club(ROLLING), *lines, refund("2026-02-01T10:00", "r"))
    assert (ran.ana["tier"]["code"], ran.ana["tier"]["qualifying"]) == ("basic", 500)
    assert ran.last["events"] == ["tier.changed"]


def test_a_tier_that_what_came_since_carries_is_kept() -> None:
    lines = (
        enrol(),
        buy("2026-01-10T10:00", worth(600)),
        buy("2026-01-15T10:00", worth(500), id="r"),
        buy("2026-01-20T10:00", worth(400)),
    )
    ran = run(club(ROLLING), *lines, refund("2026-02-01T10:00", "r"))
    assert (ran.ana["tier"]["code"], ran.ana["tier"]["qualifying"]) == ("silver", 1000)


def test_two_rungs_reached_at_once_go_as_far_back_as_the_count() -> None:
    lines = enrol(), buy("2026-01-10T10:00", worth(100)), buy("2026-01-15T10:00", worth(5000), id="r")
    ran = run(club("calendar_year"), *lines, refund("2027-02-01T10:00", "r", worth(3000)))
    assert ran.ana["tier"]["code"] == "silver"  # no day of the year that has begun reaches gold either
    same = run(club("calendar_year"), *lines, refund("2026-02-01T10:00", "r", worth(3000)))
    assert same.ana["tier"] == {
        "code": "silver",
        "qualifying": 2100,
        "toNext": 2900,
        "toKeep": 800,
        "until": "2027-12-31",
    }


@pytest.mark.parametrize("window", [ROLLING, "calendar_year", REACHING])
def test_rungs_are_taken_back_one_refund_after_another(window: str) -> None:
    lines = (
        enrol(),
        buy("2026-01-10T10:00", worth(1000), id="a"),
        buy("2026-01-15T10:00", worth(4000), id="b"),
    )
    backs = (
        refund("2026-02-01T10:00", "b", worth(1)),
        refund("2026-02-01T11:00", "b"),
        refund("2026-02-01T12:00", "a", worth(1)),
    )
    assert [row["events"] for row in run(club(window), *lines, *backs).on("purchase.refunded")] == [
        ["tier.changed"],
        [],
        ["tier.changed"],
    ]
    assert run(club(window), *lines, *backs[:2]).ana["tier"]["code"] == "silver"
    assert run(club(window), *lines, *backs).ana["tier"]["code"] == "basic"


def test_a_tier_that_is_not_reached_either_goes_with_the_one_above_it() -> None:
    p = club(ROLLING, "grace: {days: 30}")
    lines = (
        enrol(),
        buy("2026-01-10T10:00", worth(1000), id="a"),
        buy("2026-01-15T10:00", worth(4000), id="b"),
    )
    backs = refund("2026-02-01T10:00", "a", worth(500)), refund("2026-02-01T11:00", "b")
    tier = run(p, *lines, *backs).ana["tier"]
    assert tier == {"code": "basic", "qualifying": 500, "toNext": 500, "toKeep": None, "until": None}
    assert steps(run(p, *lines, *backs, until="2026-04-01T00:00"))[-1] == (
        "2026-02-01T11:00",
        "purchase.refunded",
    )


@pytest.mark.parametrize("window", [ROLLING, "calendar_year", REACHING])
def test_what_one_purchase_reached_at_once_goes_rung_by_rung_with_its_refunds(window: str) -> None:
    lines = enrol(), buy("2026-01-10T10:00", worth(5000), id="a")
    backs = refund("2026-02-01T10:00", "a", worth(1)), refund("2026-02-01T11:00", "a")
    assert run(club(window), *lines, *backs[:1]).ana["tier"]["code"] == "silver"
    ran = run(club(window), *lines, *backs)
    assert (ran.last["events"], ran.ana["tier"]["code"]) == (["tier.changed"], "basic")


def test_the_tier_before_is_held_again_with_what_had_counted_in_its_term() -> None:
    p = club(REACHING)
    lines = (
        enrol(),
        buy("2026-01-15T10:00", worth(1000)),
        buy("2026-03-01T10:00", worth(500)),
        buy("2026-05-01T10:00", worth(4000), id="r"),
        buy("2026-06-01T10:00", worth(100)),
    )
    ran = run(p, *lines, refund("2026-06-02T10:00", "r"))
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 1600,
        "toNext": 3400,
        "toKeep": 200,
        "until": "2027-01-15",
    }


def test_a_clawback_comes_off_on_the_awards_own_day() -> None:
    lines = enrol(), buy("2026-01-10T10:00", worth(600), id="r"), buy("2026-03-01T10:00", worth(300))
    ran = run(club(ROLLING), *lines, refund("2026-06-01T10:00", "r", worth(200)), until="2027-01-11T12:00")
    assert ran.ana["tier"]["qualifying"] == 300


def test_counts_of_events_are_taken_back_with_the_purchase() -> None:
    p = club(ROLLING, count="{on: purchase.completed, of: purchase.total}")
    ran = run(p, enrol(), buy("2026-01-10T10:00", 1200, id="r"), refund("2026-01-11T10:00", "r", 300))
    assert (ran.ana["tier"]["code"], ran.ana["tier"]["qualifying"]) == ("basic", 900)
    of_member = club(
        ROLLING, count="{on: purchase.completed, when: member.purchases.count == 1, of: purchase.total}"
    )
    part = run(of_member, enrol(), buy("2026-01-10T10:00", 900, id="r"), refund("2026-01-11T10:00", "r", 300))
    assert part.ana["tier"]["qualifying"] == 600
