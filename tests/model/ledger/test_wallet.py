"""Wallets: when lots become spendable, when they lapse, what debits take, what comes back, and what is
owed.
"""

from datetime import UTC, date, datetime

import pytest

from domain.model.ledger.lots import Lot, LotPart, merged
from domain.model.ledger.wallet import InsufficientBalance, Wallet, take
from tests.model.simulation_runs import (
    PER_EURO,
    adjust,
    buy,
    cancel,
    enrol,
    expiring,
    figures,
    lots,
    programme,
    redeem,
    refund,
    rules,
    run,
)

MUG = "rewards: [{code: mug, title: Mug, kind: product, cost: {wallet: points, amount: 100}}]"
MUG_WITH_GRACE = (
    "rewards: [{code: mug, title: Mug, kind: product, cost: {wallet: points, amount: 100}, return_grace:"
    " {days: 7}}]"
)


def wallet(keys: str) -> str:
    return f"wallets: [{{code: points, name: Points, {keys}}}]"


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
    ran = run(programme(wallet(f"expiry: {expiry}"), rules(PER_EURO)), enrol(), buy(bought, 1000))
    [entry] = ran.last["entries"]
    assert (entry["amount"], entry["availableAt"], entry["expiresOn"]) == (10, None, until)
    assert lots(entry) == [(10, until)]


def test_the_last_valid_day_is_whole() -> None:
    p = programme(wallet("expiry: {after: {months: 6}}"), rules(PER_EURO), MUG)
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
    p = programme(wallet(f"pending: {pending}, expiry: {{after: {{months: 6}}}}"), rules(PER_EURO))
    ran = run(p, enrol(), buy(bought, 1000))
    [entry] = ran.last["entries"]
    assert (entry["availableAt"], entry["expiresOn"]) == (available, until)
    assert figures(ran.ana)["pending"] == 10
    later = run(p, enrol(), buy(bought, 1000), until=available[:16])
    assert (figures(later.ana)["available"], figures(later.ana)["pending"]) == (10, 0)


def test_pending_points_cannot_be_spent_until_their_very_instant() -> None:
    p = programme(wallet("pending: {days: 14}"), rules(PER_EURO), MUG)
    lines = enrol(), buy("2026-01-10T10:00", 10000)
    assert run(p, *lines, redeem("2026-01-24T09:59:59.999Z", "mug")).last["refused"] == "InsufficientBalance"
    assert run(p, *lines, redeem("2026-01-24T10:00", "mug")).last["refused"] is None


def test_lots_of_one_last_day_merge_and_are_shown_by_day() -> None:
    p = programme(wallet("expiry: {after: {months: 12}, round: month}"), rules(PER_EURO))
    ran = run(
        p, enrol(), buy("2026-01-10T10:00", 1000), buy("2026-01-20T10:00", 2000), buy("2026-02-01T10:00", 500)
    )
    assert expiring(ran.ana) == [(30, "2027-01-31"), (5, "2027-02-28")]


# ---------------------------------------------------------------- renewal


RENEWED = "expiry: {after: {months: 6}, renewed_by_activity: true}"


def test_a_purchase_renews_every_open_lot_and_nothing_else_does() -> None:
    p = programme(wallet(RENEWED), rules(PER_EURO), MUG)
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
    p = programme(wallet(f"pending: {{days: 14}}, {RENEWED}"), rules(PER_EURO))
    ran = run(
        p, enrol(), buy("2026-01-10T10:00", 1000), buy("2026-01-12T10:00", 1000), until="2026-02-01T10:00"
    )
    assert expiring(ran.ana) == [(10, "2026-07-24"), (10, "2026-07-26")]


def test_renewal_never_moves_to_an_earlier_day() -> None:
    gift_rule = "{code: gift, title: Gift, on: member.enrolled, do: [{award: {wallet: points, fixed: 50}}]}"
    p = programme(wallet("expiry: {after: {days: 30}, renewed_by_activity: true, by_tier: {gold: {days: 300}}}"),
        rules(PER_EURO, gift_rule), "tiers: {count: {wallet: points}, window: {rolling: {months: 1}}, ladder: ["
        "{code: basic, name: B, from: 0}, {code: gold, name: G, from: 50}]}")  # fmt: skip
    ran = run(p, enrol("2026-01-01T09:00"), buy("2026-01-05T10:00", 100))
    assert expiring(ran.ana) == [(51, "2026-11-01")]


def test_what_lapsed_before_the_purchase_is_not_renewed() -> None:
    p = programme(wallet(RENEWED), rules(PER_EURO))
    ran = run(p, enrol(), buy("2026-01-10T10:00", 1000), buy("2026-07-11T10:00", 500))
    assert ran.entries("EXPIRE") == [("EXPIRE", -10)]
    assert expiring(ran.ana) == [(5, "2027-01-11")]


# ---------------------------------------------------------------- a tier's own validity


BY_TIER = "expiry: {after: {months: 6}, by_tier: {gold: never}}"
GOLD_AT_100 = (
    "tiers: {count: {wallet: points}, window: {rolling: {months: 12}}, ladder: [{code: basic, name: B, from:"
    " 0}, {code: gold, name: G, from: 100}]}"
)


def test_a_tiers_validity_rules_every_open_lot_while_it_is_held_and_counts_from_the_day_it_is_left() -> None:
    p = programme(wallet(BY_TIER), rules(PER_EURO), GOLD_AT_100)
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
        programme(wallet(BY_TIER), rules(PER_EURO, bonus), GOLD_AT_100),
        enrol(),
        buy("2026-01-10T10:00", 10000),
    )
    assert [entry["expiresOn"] for entry in ran.last["entries"]] == ["2026-07-10", None]
    assert expiring(ran.ana) == []


def test_a_tier_with_a_shorter_validity_takes_out_what_is_past_it_at_once() -> None:
    p = programme(
        wallet("expiry: {after: {months: 6}, by_tier: {gold: {days: 10}}}"), rules(PER_EURO), GOLD_AT_100
    )
    ran = run(p, enrol(), buy("2026-01-10T10:00", 5000), buy("2026-02-10T10:00", 5000))
    assert ran.last["events"] == ["points.awarded", "tier.changed", "points.expired"]
    assert expiring(ran.ana) == [(50, "2026-02-20")]


# ---------------------------------------------------------------- reminders


def test_expiring_is_raised_once_for_each_day_on_which_something_lapses() -> None:
    p = programme(wallet("expiry: {after: {months: 6}}, remind: {days: 30}"), rules(PER_EURO))
    ran = run(
        p, enrol(), buy("2026-01-10T10:00", 1000), buy("2026-01-20T10:00", 500), until="2026-08-01T00:00"
    )
    assert ran.times("points.expiring") == ["2026-06-09T23:00", "2026-06-19T23:00"]
    assert ran.times("points.expired") == ["2026-07-10T23:00", "2026-07-20T23:00"]


def test_a_day_is_announced_once_also_where_more_comes_to_lapse_on_it() -> None:
    p = programme(wallet("expiry: {after: {months: 1}, round: month}, remind: {days: 50}"), rules(PER_EURO))
    ran = run(
        p, enrol(), buy("2026-01-10T10:00", 1000), buy("2026-01-20T10:00", 500), until="2026-02-20T00:00"
    )
    assert ran.times("points.expiring") == ["2026-01-11T00:00"]


# ---------------------------------------------------------------- spending and giving back


def test_a_debit_takes_soonest_to_lapse_first() -> None:
    p = programme(wallet("expiry: {after: {months: 6}}"), rules(PER_EURO), MUG)
    lines = enrol(), buy("2026-03-10T10:00", 10000), buy("2026-01-10T10:00", 5000, id="late")
    ran = run(p, *lines, redeem("2026-03-11T10:00", "mug"))
    assert lots(ran.last["entries"][0]) == [(50, "2026-07-10"), (50, "2026-09-10")]


def test_a_debit_takes_what_never_lapses_last_and_nothing_pending() -> None:
    day, at = date(2026, 7, 10), datetime(2026, 1, 1, tzinfo=UTC)
    held = Wallet(lots=merged([Lot(50, None, None, day), Lot(30, None, day, day), Lot(99, at, day, day)]))
    after, taken = take(held, amount=40)
    assert taken == (LotPart(30, day, day), LotPart(10, None, day))
    assert (after.available, after.pending) == (40, 99)
    with pytest.raises(InsufficientBalance) as refused:
        take(held, amount=81)
    assert refused.value.missing == 1


def test_giving_back_returns_exactly_what_was_taken_to_the_same_days() -> None:
    p = programme(wallet("expiry: {after: {months: 6}}"), rules(PER_EURO), MUG)
    lines = (
        enrol(),
        buy("2026-01-10T10:00", 6000),
        buy("2026-02-10T10:00", 6000),
        redeem("2026-02-11T10:00", "mug", "v"),
    )
    ran = run(p, *lines, cancel("2026-02-12T10:00", "v"))
    assert ran.last["entries"][0]["kind"] == "RETURN"
    assert lots(ran.last["entries"][0]) == [(60, "2026-07-10"), (40, "2026-08-10")]
    assert expiring(ran.ana) == [(60, "2026-07-10"), (60, "2026-08-10")]
    assert figures(ran.ana)["spent"] == 0


def test_giving_back_counts_renewals_since() -> None:
    p = programme(wallet(RENEWED), rules(PER_EURO), MUG)
    lines = (
        enrol(),
        buy("2026-01-10T10:00", 10000),
        redeem("2026-02-01T10:00", "mug", "v"),
        buy("2026-05-05T10:00", 100),
    )
    ran = run(p, *lines, cancel("2026-06-01T10:00", "v"))
    assert lots(ran.last["entries"][0]) == [(100, "2026-11-05")]
    far = run(p, *lines, buy("2026-10-01T10:00", 100), cancel("2026-10-02T10:00", "v"))
    assert lots(far.last["entries"][0]) == [(100, "2027-04-01")]


def test_giving_back_what_had_lapsed_before_the_next_renewal_stays_lapsed() -> None:
    p = programme(wallet(RENEWED), rules(PER_EURO), MUG)
    lines = (
        enrol(),
        buy("2026-01-10T10:00", 10000),
        redeem("2026-02-01T10:00", "mug", "v"),
        buy("2026-08-05T10:00", 100),
    )
    ran = run(p, *lines, cancel("2026-08-06T10:00", "v"))
    assert [(e["kind"], e["amount"], lots(e)) for e in ran.last["entries"]] == [
        ("RETURN", 100, [(100, "2026-07-10")]),
        ("EXPIRE", -100, [(100, "2026-07-10")]),
    ]
    assert ran.last["events"] == ["points.expired"]
    assert figures(ran.ana) == {
        "available": 1,
        "pending": 0,
        "debt": 0,
        "earned": 101,
        "spent": 0,
        "expired": 100,
    }


def test_giving_back_counts_changes_of_tier_since() -> None:
    p = programme(wallet(BY_TIER), rules(PER_EURO), GOLD_AT_100, MUG)
    lines = (
        enrol(),
        buy("2026-01-10T10:00", 9900),
        adjust("2026-01-11T10:00", 10),
        redeem("2026-01-12T10:00", "mug", "v"),
    )
    ran = run(p, *lines, buy("2026-02-10T10:00", 100), cancel("2026-02-11T10:00", "v"))
    assert lots(ran.last["entries"][0]) == [(99, None), (1, None)]
    # left on 11 January 2027: validity counts from that day
    later = run(p, *lines, buy("2026-02-10T10:00", 100), cancel("2027-03-11T10:00", "v"))
    assert lots(later.last["entries"][0]) == [(99, "2027-07-11"), (1, "2027-07-11")]


def test_a_day_that_has_passed_becomes_today_and_the_grace() -> None:
    p = programme(wallet("expiry: {after: {months: 6}}"), rules(PER_EURO), MUG_WITH_GRACE)
    lines = enrol(), buy("2026-01-10T10:00", 10000), redeem("2026-02-01T10:00", "mug", "v")
    ran = run(p, *lines, cancel("2026-08-01T10:00", "v"))
    assert [(e["kind"], lots(e)) for e in ran.last["entries"]] == [("RETURN", [(100, "2026-08-08")])]
    before = run(p, *lines, cancel("2026-07-10T10:00", "v"))
    assert lots(before.last["entries"][0]) == [(100, "2026-07-10")]


def test_giving_back_repays_debt_first() -> None:
    p = programme(wallet("debt: allow"), rules(PER_EURO), MUG)
    ran = run(
        p, enrol(), buy("2026-01-10T10:00", 10000, id="r"), redeem("2026-01-11T10:00", "mug", "v"),
        refund("2026-01-12T10:00", "r"), cancel("2026-01-13T10:00", "v"),
    )  # fmt: skip
    assert figures(ran.ana) == {
        "available": 0,
        "pending": 0,
        "debt": 0,
        "earned": 0,
        "spent": 0,
        "expired": 0,
    }


# ---------------------------------------------------------------- debt


def test_a_clawback_beyond_the_balance_is_owed_by_the_next_awards() -> None:
    p = programme(wallet("pending: {days: 14}, debt: allow"), rules(PER_EURO), MUG)
    lines = (
        enrol(), buy("2026-01-10T10:00", 10000, id="r"), redeem("2026-01-25T10:00", "mug"), refund("2026-01-26T10:00", "r", 8000),
    )  # fmt: skip
    owed = run(p, *lines)
    assert [(e["kind"], e["amount"], lots(e)) for e in owed.last["entries"]] == [("CLAWBACK", -80, [])]
    assert figures(owed.ana) == {
        "available": 0,
        "pending": 0,
        "debt": 80,
        "earned": 20,
        "spent": 100,
        "expired": 0,
    }
    paid = run(p, *lines, buy("2026-02-01T10:00", 10000))
    # entered whole; a lot opens for what debt leaves of it, also where it would be pending
    assert [(e["kind"], e["amount"], lots(e)) for e in paid.last["entries"]] == [("AWARD", 100, [(20, None)])]
    assert paid.last["entries"][0]["availableAt"] == "2026-02-15T10:00:00.000Z"
    assert figures(paid.ana) == {
        "available": 0,
        "pending": 20,
        "debt": 0,
        "earned": 120,
        "spent": 100,
        "expired": 0,
    }


def test_a_forgiven_clawback_takes_what_there_is_and_its_entry_is_that() -> None:
    p = programme(wallet("debt: forgive"), rules(PER_EURO), MUG)
    ran = run(
        p,
        enrol(),
        buy("2026-01-10T10:00", 12000, id="r"),
        redeem("2026-01-25T10:00", "mug"),
        refund("2026-01-26T10:00", "r", 8000),
    )
    assert [(e["kind"], e["amount"]) for e in ran.last["entries"]] == [("CLAWBACK", -20)]
    assert figures(ran.ana) == {
        "available": 0,
        "pending": 0,
        "debt": 0,
        "earned": 100,
        "spent": 100,
        "expired": 0,
    }


def test_a_forgiven_clawback_of_nothing_writes_no_entry() -> None:
    p = programme(wallet("debt: forgive"), rules(PER_EURO), MUG)
    ran = run(
        p,
        enrol(),
        buy("2026-01-10T10:00", 10000, id="r"),
        redeem("2026-01-25T10:00", "mug"),
        refund("2026-01-26T10:00", "r"),
    )
    assert ran.last["entries"] == []
    assert ran.last["refused"] is None


# ---------------------------------------------------------------- the order of a clawback


def test_a_clawback_takes_the_purchases_own_pending_lots_first() -> None:
    p = programme(wallet("pending: {days: 14}, expiry: {after: {months: 6}}"), rules(PER_EURO))
    ran = run(
        p,
        enrol(),
        buy("2026-01-01T10:00", 5000),
        buy("2026-01-20T10:00", 3000, id="r"),
        refund("2026-01-21T10:00", "r", 2000),
    )
    assert lots(ran.last["entries"][0]) == [(20, "2026-08-03")]
    assert (figures(ran.ana)["available"], figures(ran.ana)["pending"]) == (50, 10)


def test_a_clawback_takes_own_lots_before_older_ones_and_then_in_spending_order() -> None:
    p = programme(wallet("expiry: {after: {months: 6}}"), rules(PER_EURO), MUG)
    lines = (
        enrol(),
        buy("2026-01-10T10:00", 5000),
        buy("2026-02-10T10:00", 10000, id="r"),
        buy("2026-03-10T10:00", 5000),
    )
    ran = run(p, *lines, refund("2026-03-11T10:00", "r", 9000))
    assert lots(ran.last["entries"][0]) == [(90, "2026-08-10")]
    spent = run(p, *lines, redeem("2026-03-11T10:00", "mug"), refund("2026-03-12T10:00", "r", 9000))
    # the mug took 50 of January and 50 of the purchase's own: 50 of its own are left, the rest is March's
    assert lots(spent.last["entries"][0]) == [(50, "2026-08-10"), (40, "2026-09-10")]


def test_a_clawback_takes_of_a_merged_lot_at_most_what_the_purchase_put_in() -> None:
    p = programme(wallet("expiry: {after: {months: 6}, round: month}"), rules(PER_EURO), MUG)
    ran = run(
        p, enrol(), buy("2026-01-10T10:00", 10000), buy("2026-02-01T10:00", 6000), buy("2026-02-10T10:00", 6000, id="r"),
        redeem("2026-02-11T10:00", "mug"), refund("2026-02-12T10:00", "r"),
    )  # fmt: skip
    assert lots(ran.last["entries"][0]) == [(60, "2026-08-31")]
    assert figures(ran.ana)["available"] == 60


def test_what_of_a_purchase_has_lapsed_counts_as_taken() -> None:
    p = programme(wallet("expiry: {after: {months: 1}}"), rules(PER_EURO))
    ran = run(
        p,
        enrol(),
        buy("2026-01-10T10:00", 10000, id="r"),
        buy("2026-03-01T10:00", 5000),
        refund("2026-03-02T10:00", "r"),
    )
    assert ran.last["entries"] == []
    assert figures(ran.ana) == {
        "available": 50,
        "pending": 0,
        "debt": 0,
        "earned": 150,
        "spent": 0,
        "expired": 100,
    }


def test_of_a_lapsed_lot_only_what_lapsed_counts_as_taken() -> None:
    p = programme(wallet("expiry: {after: {months: 1}}"), rules(PER_EURO), MUG)
    ran = run(
        p, enrol(), buy("2026-01-10T10:00", 13000, id="r"), redeem("2026-01-11T10:00", "mug"), buy("2026-03-01T10:00", 5000),
        refund("2026-03-02T10:00", "r"),
    )  # fmt: skip
    # 30 lapsed, 50 are taken, 50 are owed
    assert [(e["kind"], e["amount"], lots(e)) for e in ran.last["entries"]] == [
        ("CLAWBACK", -100, [(50, "2026-04-01")])
    ]
    assert figures(ran.ana) == {
        "available": 0,
        "pending": 0,
        "debt": 50,
        "earned": 80,
        "spent": 100,
        "expired": 30,
    }


def test_own_lots_are_found_where_renewal_has_moved_them() -> None:
    p = programme(wallet("expiry: {after: {months: 6}, renewed_by_activity: true}"), rules(PER_EURO))
    ran = run(
        p, enrol(), buy("2026-01-10T10:00", 10000, id="r"), adjust("2026-02-01T10:00", 50), buy("2026-03-01T10:00", 1000),
        adjust("2026-04-01T10:00", 60), refund("2026-04-02T10:00", "r"),
    )  # fmt: skip
    assert lots(ran.last["entries"][0]) == [(100, "2026-09-01")]
    assert expiring(ran.ana) == [(60, "2026-09-01"), (60, "2026-10-01")]


# ---------------------------------------------------------------- adjustments


def test_an_adjustment_beyond_the_balance_is_refused_and_changes_nothing() -> None:
    p = programme(wallet("pending: {days: 14}"), rules(PER_EURO))
    ran = run(
        p,
        enrol(),
        adjust("2026-01-02T10:00", 30),
        buy("2026-01-03T10:00", 10000),
        adjust("2026-01-04T10:00", -31),
    )
    assert ran.last["refused"] == "InsufficientBalance"
    assert ran.last["entries"] == []
    assert figures(ran.ana) == {
        "available": 30,
        "pending": 100,
        "debt": 0,
        "earned": 100,
        "spent": 0,
        "expired": 0,
    }
    taken = run(p, enrol(), adjust("2026-01-02T10:00", 30), adjust("2026-01-04T10:00", -30))
    assert taken.entries() == [("ADJUST", 30), ("ADJUST", -30)]
    assert figures(taken.ana)["available"] == 0


def test_a_wallet_holds_no_more_than_it_may() -> None:
    million = [adjust(f"2026-01-02T10:0{n}", 10**9) for n in range(3)]
    ran = run(programme(rules(PER_EURO)), enrol(), *million)
    assert [row["refused"] for row in ran] == [None, None, None, "WalletFull"]
    award = run(programme(rules(PER_EURO)), enrol(), *million[:2], buy("2026-01-03T10:00", 100))
    assert award.outcome("base") == (False, 0, "cap")
