"""Tiers: what counts, promotion at once, the rolling window, grace, keep, and three downgrades. Days are in Lisbon time."""

import pytest

from tests.model.ledger.tier_programmes import REACHING, ROLLING, RUNGS, tier_changes, tier_programme, worth
from tests.model.simulation_runs import (
    PER_EURO,
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

# ---------------------------------------------------------------- up


@pytest.mark.parametrize("window", [ROLLING, "calendar_year", REACHING])
def test_up_at_once_as_far_as_the_count_reaches(window: str) -> None:
    p = tier_programme(window)
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
    ran = run(
        tier_programme(ROLLING),
        enrol(),
        buy("2026-02-01T10:00", worth(1000)),
        redeem("2026-02-02T10:00", "mug"),
    )
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
    ran = run(tier_programme(ROLLING, count=count), enrol(), *games, buy("2026-02-03T10:00", 5000))
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
    p = tier_programme(ROLLING, "downgrade: one_step")
    held = run(p, enrol(), buy("2026-01-15T10:00", worth(1000)), until="2027-01-15T23:59")
    assert held.ana["tier"] == {
        "code": "silver",
        "qualifying": 1000,
        "toNext": 4000,
        "toKeep": 800,
        "until": "2027-01-15",
    }
    lost = run(p, enrol(), buy("2026-01-15T10:00", worth(1000)), until="2027-01-16T00:00")
    assert tier_changes(lost)[-1] == ("2027-01-16T00:00", "tier.changed")
    assert lost.ana["tier"] == {
        "code": "basic",
        "qualifying": 0,
        "toNext": 1000,
        "toKeep": None,
        "until": None,
    }


def test_the_review_is_due_the_day_that_no_longer_meets_keep() -> None:
    p = tier_programme(ROLLING)
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
    assert tier_changes(run(p, *lines, until="2027-06-01T00:00"))[-1] == ("2027-03-02T00:00", "tier.changed")


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
    ran = run(tier_programme(window), *lines, until=f"{until}T12:00")
    assert (ran.ana["tier"]["code"], ran.ana["tier"]["until"]) == ("silver", until)


def test_a_window_of_two_years_remembers_all_of_it() -> None:
    p = tier_programme("{rolling: {months: 24}}")
    lines = [buy(f"2026-{month:02}-10T10:00", worth(100)) for month in range(1, 13)]
    lines += [buy(f"2027-{month:02}-10T10:00", worth(10)) for month in range(1, 13)]
    ran = run(p, enrol(), *lines, until="2028-01-10T12:00")
    assert ran.ana["tier"]["qualifying"] == 1320
    assert run(p, enrol(), *lines, until="2028-01-11T12:00").ana["tier"]["qualifying"] == 1220


# ---------------------------------------------------------------- grace


def test_with_grace_a_tier_due_on_day_x_is_lost_at_the_start_of_x_and_31() -> None:
    p = tier_programme(ROLLING, "grace: {days: 30}")
    lines = enrol(), buy("2026-01-15T10:00", worth(1000))
    held = run(p, *lines)
    assert held.ana["tier"]["until"] == "2027-02-15"  # due on 16 January, held through 15 February
    assert run(p, *lines, until="2027-02-15T23:59").ana["tier"]["code"] == "silver"
    assert tier_changes(run(p, *lines, until="2027-03-01T00:00"))[-1] == ("2027-02-16T00:00", "tier.changed")


def test_keep_met_on_a_day_of_grace_keeps_the_tier() -> None:
    p = tier_programme(ROLLING, "grace: {days: 30}")
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
    p = tier_programme(ROLLING, "grace: {days: 30}")
    ran = run(p, enrol(), buy("2026-01-15T10:00", worth(1000)), buy("2027-01-20T10:00", worth(300)))
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 300,
        "toNext": 4700,
        "toKeep": 500,
        "until": "2027-02-15",
    }


def test_the_next_rungs_own_review_begins_where_the_one_above_is_lost() -> None:
    p = tier_programme(ROLLING, "grace: {days: 30}")
    ran = run(p, enrol(), buy("2026-01-15T10:00", worth(5000)), until="2027-06-01T00:00")
    # gold is lost at the start of 16 February; silver, due then, at the start of 16 + 31 days
    assert [at for at, _ in tier_changes(ran)] == ["2026-01-15T10:00", "2027-02-16T00:00", "2027-03-19T00:00"]


def test_a_refund_that_takes_the_count_below_keep_begins_the_grace_on_its_day() -> None:
    p = tier_programme(ROLLING, "grace: {days: 30}")
    lines = (
        enrol(),
        buy("2025-06-15T10:00", worth(1000)),  # reaches silver; what is left of it is gone by the refund
        buy("2026-01-15T10:00", worth(700), id="r"),
        buy("2026-02-01T10:00", worth(400)),
    )
    ran = run(p, *lines, refund("2026-06-20T10:00", "r"))
    assert (ran.ana["tier"]["code"], ran.ana["tier"]["until"]) == ("silver", "2026-07-20")
    assert tier_changes(run(p, *lines, refund("2026-06-20T10:00", "r"), until="2026-08-01T00:00"))[-1] == (
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
    p = tier_programme(ROLLING, f"downgrade: {downgrade}")
    lines = enrol(), buy("2026-01-15T10:00", worth(5000)), buy("2026-03-01T10:00", worth(900))
    reached = [
        run(p, *lines, until=f"{day}T12:00").ana["tier"]["code"]
        for day in ("2027-01-15", "2027-01-16", "2027-03-01")
    ]
    assert reached == codes  # 900 meet silver's keep, not its from


def test_requalify_stops_at_the_rung_that_the_count_meets() -> None:
    p = tier_programme(ROLLING, "downgrade: requalify")
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
        tier_programme(ROLLING, "downgrade: never"),
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
