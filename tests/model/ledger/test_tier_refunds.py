"""Tiers taken back: a refund steps back from a tier that its purchase reached. Days are in Lisbon time."""

import pytest

from tests.model.ledger.tier_programmes import REACHING, ROLLING, tier_changes, tier_programme, worth
from tests.model.simulation_runs import (
    PER_EURO,
    buy,
    enrol,
    programme,
    refund,
    rules,
    run,
)

# ---------------------------------------------------------------- a refund's step back


@pytest.mark.parametrize("window", [ROLLING, "calendar_year", REACHING])
def test_a_tier_that_only_the_refunded_purchase_reached_is_taken_back_at_once(window: str) -> None:
    p = tier_programme(window)
    lines = enrol(), buy("2026-01-10T10:00", worth(600)), buy("2026-01-15T10:00", worth(500), id="r")
    ran = run(p, *lines, refund("2026-02-01T10:00", "r", worth(101)))
    assert ran.last["events"] == ["tier.changed"]
    assert (ran.ana["tier"]["code"], ran.ana["tier"]["qualifying"]) == ("basic", 999)
    half_refunded = run(p, *lines, refund("2026-02-01T10:00", "r", worth(100)))
    assert (half_refunded.ana["tier"]["code"], half_refunded.ana["tier"]["qualifying"]) == ("silver", 1000)


def test_a_tier_that_another_purchase_reached_goes_back_at_once() -> None:
    lines = enrol(), buy("2026-01-10T10:00", worth(600), id="r"), buy("2026-01-15T10:00", worth(500))
    ran = run(tier_programme(ROLLING), *lines, refund("2026-02-01T10:00", "r"))
    assert (ran.ana["tier"]["code"], ran.ana["tier"]["qualifying"]) == ("basic", 500)
    assert ran.last["events"] == ["tier.changed"]


def test_a_tier_that_what_came_since_carries_is_kept() -> None:
    lines = (
        enrol(),
        buy("2026-01-10T10:00", worth(600)),
        buy("2026-01-15T10:00", worth(500), id="r"),
        buy("2026-01-20T10:00", worth(400)),
    )
    ran = run(tier_programme(ROLLING), *lines, refund("2026-02-01T10:00", "r"))
    assert (ran.ana["tier"]["code"], ran.ana["tier"]["qualifying"]) == ("silver", 1000)


def test_two_rungs_reached_at_once_go_as_far_back_as_the_count() -> None:
    lines = enrol(), buy("2026-01-10T10:00", worth(100)), buy("2026-01-15T10:00", worth(5000), id="r")
    ran = run(tier_programme("calendar_year"), *lines, refund("2027-02-01T10:00", "r", worth(3000)))
    assert ran.ana["tier"]["code"] == "silver"  # no day of the year that has begun reaches gold either
    same = run(tier_programme("calendar_year"), *lines, refund("2026-02-01T10:00", "r", worth(3000)))
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
    assert [row["events"] for row in run(tier_programme(window), *lines, *backs).on("purchase.refunded")] == [
        ["tier.changed"],
        [],
        ["tier.changed"],
    ]
    assert run(tier_programme(window), *lines, *backs[:2]).ana["tier"]["code"] == "silver"
    assert run(tier_programme(window), *lines, *backs).ana["tier"]["code"] == "basic"


def test_a_tier_that_is_not_reached_either_goes_with_the_one_above_it() -> None:
    p = tier_programme(ROLLING, "grace: {days: 30}")
    lines = (
        enrol(),
        buy("2026-01-10T10:00", worth(1000), id="a"),
        buy("2026-01-15T10:00", worth(4000), id="b"),
    )
    backs = refund("2026-02-01T10:00", "a", worth(500)), refund("2026-02-01T11:00", "b")
    tier = run(p, *lines, *backs).ana["tier"]
    assert tier == {"code": "basic", "qualifying": 500, "toNext": 500, "toKeep": None, "until": None}
    assert tier_changes(run(p, *lines, *backs, until="2026-04-01T00:00"))[-1] == (
        "2026-02-01T11:00",
        "purchase.refunded",
    )


@pytest.mark.parametrize("window", [ROLLING, "calendar_year", REACHING])
def test_what_one_purchase_reached_at_once_goes_rung_by_rung_with_its_refunds(window: str) -> None:
    lines = enrol(), buy("2026-01-10T10:00", worth(5000), id="a")
    backs = refund("2026-02-01T10:00", "a", worth(1)), refund("2026-02-01T11:00", "a")
    assert run(tier_programme(window), *lines, *backs[:1]).ana["tier"]["code"] == "silver"
    ran = run(tier_programme(window), *lines, *backs)
    assert (ran.last["events"], ran.ana["tier"]["code"]) == (["tier.changed"], "basic")


def test_the_tier_before_is_held_again_with_what_had_counted_in_its_term() -> None:
    p = tier_programme(REACHING)
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
    ran = run(
        tier_programme(ROLLING), *lines, refund("2026-06-01T10:00", "r", worth(200)), until="2027-01-11T12:00"
    )
    assert ran.ana["tier"]["qualifying"] == 300


def test_counts_of_events_are_taken_back_with_the_purchase() -> None:
    p = tier_programme(ROLLING, count="{on: purchase.completed, of: purchase.total}")
    ran = run(p, enrol(), buy("2026-01-10T10:00", 1200, id="r"), refund("2026-01-11T10:00", "r", 300))
    assert (ran.ana["tier"]["code"], ran.ana["tier"]["qualifying"]) == ("basic", 900)
    of_member = tier_programme(
        ROLLING, count="{on: purchase.completed, when: member.purchases.count == 1, of: purchase.total}"
    )
    part = run(of_member, enrol(), buy("2026-01-10T10:00", 900, id="r"), refund("2026-01-11T10:00", "r", 300))
    assert part.ana["tier"]["qualifying"] == 600


def test_what_came_of_a_tier_that_was_lost_and_came_again_goes_too() -> None:
    up = "{code: up, title: U, on: tier.changed, when: event.data.up, limit: {times: 9, per: day}, qualifying: false, do: [{award: {wallet: points, fixed: 40}}]}"
    ladder = "{code: basic, name: B, from: 0}, {code: silver, name: S, from: 1000}"
    tiers = (
        f"tiers: {{count: {{wallet: points}}, window: {{from_reaching: {{days: 50}}}}, ladder: [{ladder}]}}"
    )
    lines = (
        enrol(),
        buy("2026-01-01T10:00", worth(1000), id="first"),
        buy("2026-01-10T10:00", worth(1000), id="second"),
        refund("2026-01-20T10:00", "first"),  # the second holds the tier, until the review of March
        buy("2026-05-01T10:00", worth(1000), id="third"),
    )
    ran = run(programme(rules(PER_EURO, up), tiers), *lines)
    assert [row["entries"][-1]["amount"] for row in ran.on("purchase.completed")] == [40, 1000, 40]
    both = refund("2026-05-02T10:00", "second"), refund("2026-05-03T10:00", "third")
    after = run(programme(rules(PER_EURO, up), tiers), *lines, *both)
    assert (after.ana["tier"]["code"], after.ana["wallets"]["points"]["earned"]) == ("basic", 0)
