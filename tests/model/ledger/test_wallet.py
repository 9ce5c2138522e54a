"""Wallets: when lots become spendable, when they lapse, what renews them, and what a tier changes about it."""

import pytest

from tests.model.ledger.wallet_programmes import BY_TIER, GOLD_AT_100, MUG, RENEWED, points_wallet
from tests.model.simulation_runs import (
    PER_EURO,
    adjust,
    buy,
    enrol,
    expiring,
    figures,
    lots,
    programme,
    redeem,
    rules,
    run,
)

# ---------------------------------------------------------------- pending and validity


@pytest.mark.parametrize(
    ("expiry", "bought", "until"),
    [
        ("{after: {months: 6}}", "2026-01-10T10:00", "2026-07-10"),
        ("{after: {months: 6}, round: day}", "2026-08-31T10:00", "2027-02-28"),
        ("{after: {months: 12}, round: month}", "2026-01-10T10:00", "2027-01-31"),
        ("{after: {months: 12}, round: year}", "2026-01-10T10:00", "2027-12-31"),
        ("{after: {days: 30}}", "2026-01-10T10:00", "2026-02-09"),
        ("{after: {months: 12}}", "2028-02-29T10:00", "2029-02-28"),
        ("{after: {months: 1}}", "2026-01-31T10:00", "2026-02-28"),
        ("never", "2026-01-10T10:00", None),
        # 23:30 UTC in July is 00:30 of the next day in Lisbon
        ("{after: {months: 6}}", "2026-07-10T23:30", "2027-01-11"),
    ],
)
def test_validity_counts_from_the_local_day_rounded_to_the_end_of_its_period(
    expiry: str, bought: str, until: str | None
) -> None:
    ran = run(programme(points_wallet(f"expiry: {expiry}"), rules(PER_EURO)), enrol(), buy(bought, 1000))
    [entry] = ran.last["entries"]
    assert (entry["amount"], entry["availableAt"], entry["expiresOn"]) == (10, None, until)
    assert lots(entry) == [(10, until)]


def test_the_last_valid_day_is_whole() -> None:
    p = programme(points_wallet("expiry: {after: {months: 6}}"), rules(PER_EURO), MUG)
    lines = enrol(), buy("2026-01-10T10:00", 10000)
    assert run(p, *lines, redeem("2026-07-10T22:59", "mug")).last["refused"] is None
    late = run(p, *lines, redeem("2026-07-10T23:00", "mug"))
    assert late.last["refused"] == "InsufficientBalance"
    assert late.on("points.expired")[0]["at"] == "2026-07-10T23:00:00.000Z"
    assert late.on("points.expired")[0]["by"] == "time"
    assert late.entries("EXPIRE") == [("EXPIRE", -100)]
    assert figures(late.ana) == {
        "available": 0,
        "pending": 0,
        "debt": 0,
        "earned": 100,
        "spent": 0,
        "expired": 100,
    }


@pytest.mark.parametrize(
    ("pending", "bought", "available", "until"),
    [
        ("{days: 14}", "2026-01-10T10:00", "2026-01-24T10:00:00.000Z", "2026-07-24"),
        ("{hours: 2}", "2026-01-10T10:00", "2026-01-10T12:00:00.000Z", "2026-07-10"),
        ("{months: 1}", "2026-01-31T10:00", "2026-02-28T10:00:00.000Z", "2026-08-28"),
        # the clock springs forward on 29 March in Lisbon: the local time stays
        ("{days: 14}", "2026-03-20T10:00", "2026-04-03T09:00:00.000Z", "2026-10-03"),
        ("{hours: 24}", "2026-03-28T10:00", "2026-03-29T10:00:00.000Z", "2026-09-29"),
        # 01:30 does not exist that day
        ("{days: 1}", "2026-03-28T01:30", "2026-03-29T01:30:00.000Z", "2026-09-29"),
    ],
)
def test_an_award_is_pending_and_its_validity_counts_from_when_it_is_spendable(
    pending: str, bought: str, available: str, until: str
) -> None:
    p = programme(points_wallet(f"pending: {pending}, expiry: {{after: {{months: 6}}}}"), rules(PER_EURO))
    ran = run(p, enrol(), buy(bought, 1000))
    [entry] = ran.last["entries"]
    assert (entry["availableAt"], entry["expiresOn"]) == (available, until)
    assert figures(ran.ana)["pending"] == 10
    later = run(p, enrol(), buy(bought, 1000), until=available[:16])
    assert (figures(later.ana)["available"], figures(later.ana)["pending"]) == (10, 0)


def test_pending_points_cannot_be_spent_until_their_very_instant() -> None:
    p = programme(points_wallet("pending: {days: 14}"), rules(PER_EURO), MUG)
    lines = enrol(), buy("2026-01-10T10:00", 10000)
    assert run(p, *lines, redeem("2026-01-24T09:59:59.999Z", "mug")).last["refused"] == "InsufficientBalance"
    assert run(p, *lines, redeem("2026-01-24T10:00", "mug")).last["refused"] is None


def test_lots_of_one_last_day_merge_and_are_shown_by_day() -> None:
    p = programme(points_wallet("expiry: {after: {months: 12}, round: month}"), rules(PER_EURO))
    ran = run(
        p, enrol(), buy("2026-01-10T10:00", 1000), buy("2026-01-20T10:00", 2000), buy("2026-02-01T10:00", 500)
    )
    assert expiring(ran.ana) == [(30, "2027-01-31"), (5, "2027-02-28")]


# ---------------------------------------------------------------- renewal


def test_a_purchase_renews_every_open_lot_and_nothing_else_does() -> None:
    p = programme(points_wallet(RENEWED), rules(PER_EURO), MUG)
    ran = run(
        p,
        enrol(),
        buy("2026-01-10T10:00", 10000),
        adjust("2026-02-01T10:00", 7),
        buy("2026-03-05T10:00", 1000),
    )
    assert expiring(ran.ana) == [(117, "2026-09-05")]
    redeemed = run(p, enrol(), buy("2026-01-10T10:00", 20000), redeem("2026-03-05T10:00", "mug"))
    assert expiring(redeemed.ana) == [(100, "2026-07-10")]


def test_renewal_of_a_pending_lot_counts_from_its_first_spendable_day() -> None:
    p = programme(points_wallet(f"pending: {{days: 14}}, {RENEWED}"), rules(PER_EURO))
    ran = run(
        p, enrol(), buy("2026-01-10T10:00", 1000), buy("2026-01-12T10:00", 1000), until="2026-02-01T10:00"
    )
    assert expiring(ran.ana) == [(10, "2026-07-24"), (10, "2026-07-26")]


def test_renewal_never_moves_to_an_earlier_day() -> None:
    gift_rule = "{code: gift, title: Gift, on: member.enrolled, do: [{award: {wallet: points, fixed: 50}}]}"
    p = programme(points_wallet("expiry: {after: {days: 30}, renewed_by_activity: true, by_tier: {gold: {days: 300}}}"),
        rules(PER_EURO, gift_rule), "tiers: {count: {wallet: points}, window: {rolling: {months: 1}}, ladder: ["
        "{code: basic, name: B, from: 0}, {code: gold, name: G, from: 50}]}")  # fmt: skip
    ran = run(p, enrol("2026-01-01T09:00"), buy("2026-01-05T10:00", 100))
    assert expiring(ran.ana) == [(51, "2026-11-01")]


def test_what_lapsed_before_the_purchase_is_not_renewed() -> None:
    p = programme(points_wallet(RENEWED), rules(PER_EURO))
    ran = run(p, enrol(), buy("2026-01-10T10:00", 1000), buy("2026-07-11T10:00", 500))
    assert ran.entries("EXPIRE") == [("EXPIRE", -10)]
    assert expiring(ran.ana) == [(5, "2027-01-11")]


# ---------------------------------------------------------------- a tier's own validity


def test_a_tiers_validity_rules_every_open_lot_while_it_is_held_and_counts_from_the_day_it_is_left() -> None:
    p = programme(points_wallet(BY_TIER), rules(PER_EURO), GOLD_AT_100)
    lines = enrol(), buy("2026-01-10T10:00", 5000), buy("2026-02-10T10:00", 5000)
    held = run(p, *lines)
    assert held.last["events"] == ["points.awarded", "tier.changed"]
    assert expiring(held.ana) == []
    assert figures(held.ana)["available"] == 100
    left = run(p, *lines, until="2027-03-01T00:00")
    # 10 January counts through 10 January next year: the review is on the 11th
    assert left.times("tier.changed") == ["2027-01-11T00:00"]
    assert expiring(left.ana) == [(100, "2027-07-11")]


def test_what_is_awarded_by_the_tier_change_itself_goes_by_the_new_tier() -> None:
    bonus = (
        "{code: up, title: Up, on: tier.changed, when: event.data.up, do: [{award: {wallet: points, fixed:"
        " 10}}]}"
    )
    ran = run(
        programme(points_wallet(BY_TIER), rules(PER_EURO, bonus), GOLD_AT_100),
        enrol(),
        buy("2026-01-10T10:00", 10000),
    )
    assert [entry["expiresOn"] for entry in ran.last["entries"]] == ["2026-07-10", None]
    assert expiring(ran.ana) == []


def test_a_tier_with_a_shorter_validity_takes_out_what_is_past_it_at_once() -> None:
    p = programme(
        points_wallet("expiry: {after: {months: 6}, by_tier: {gold: {days: 10}}}"),
        rules(PER_EURO),
        GOLD_AT_100,
    )
    ran = run(p, enrol(), buy("2026-01-10T10:00", 5000), buy("2026-02-10T10:00", 5000))
    assert ran.last["events"] == ["points.awarded", "tier.changed", "points.expired"]
    assert expiring(ran.ana) == [(50, "2026-02-20")]


# ---------------------------------------------------------------- reminders


def test_expiring_is_raised_once_for_each_day_on_which_something_lapses() -> None:
    p = programme(points_wallet("expiry: {after: {months: 6}}, remind: {days: 30}"), rules(PER_EURO))
    ran = run(
        p, enrol(), buy("2026-01-10T10:00", 1000), buy("2026-01-20T10:00", 500), until="2026-08-01T00:00"
    )
    assert ran.times("points.expiring") == ["2026-06-09T23:00", "2026-06-19T23:00"]
    assert ran.times("points.expired") == ["2026-07-10T23:00", "2026-07-20T23:00"]


def test_a_day_is_announced_once_also_where_more_comes_to_lapse_on_it() -> None:
    p = programme(
        points_wallet("expiry: {after: {months: 1}, round: month}, remind: {days: 50}"), rules(PER_EURO)
    )
    ran = run(
        p, enrol(), buy("2026-01-10T10:00", 1000), buy("2026-01-20T10:00", 500), until="2026-02-20T00:00"
    )
    assert ran.times("points.expiring") == ["2026-01-11T00:00"]
