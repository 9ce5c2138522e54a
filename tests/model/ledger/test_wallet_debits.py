"""Wallets: what a debit takes, what is returned, what is owed, and in which order a clawback takes lots."""

from datetime import UTC, date, datetime

import pytest

from domain.model.ledger.lots import Lot, LotPart, merged
from domain.model.ledger.wallet import InsufficientBalance, Wallet, take
from tests.model.ledger.wallet_programmes import (
    BY_TIER,
    GOLD_AT_100,
    MUG,
    MUG_WITH_GRACE,
    RENEWED,
    points_wallet,
)
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

# ---------------------------------------------------------------- spending and giving back


def test_a_debit_takes_soonest_to_lapse_first() -> None:
    p = programme(points_wallet("expiry: {after: {months: 6}}"), rules(PER_EURO), MUG)
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
    p = programme(points_wallet("expiry: {after: {months: 6}}"), rules(PER_EURO), MUG)
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
    p = programme(points_wallet(RENEWED), rules(PER_EURO), MUG)
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
    p = programme(points_wallet(RENEWED), rules(PER_EURO), MUG)
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
    p = programme(points_wallet(BY_TIER), rules(PER_EURO), GOLD_AT_100, MUG)
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
    p = programme(points_wallet("expiry: {after: {months: 6}}"), rules(PER_EURO), MUG_WITH_GRACE)
    lines = enrol(), buy("2026-01-10T10:00", 10000), redeem("2026-02-01T10:00", "mug", "v")
    ran = run(p, *lines, cancel("2026-08-01T10:00", "v"))
    assert [(e["kind"], lots(e)) for e in ran.last["entries"]] == [("RETURN", [(100, "2026-08-08")])]
    before = run(p, *lines, cancel("2026-07-10T10:00", "v"))
    assert lots(before.last["entries"][0]) == [(100, "2026-07-10")]


def test_giving_back_repays_debt_first() -> None:
    p = programme(points_wallet("debt: allow"), rules(PER_EURO), MUG)
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


def test_what_is_given_back_repays_debt_by_what_lapses_last() -> None:
    p = programme(points_wallet("expiry: {after: {months: 6}}, debt: allow"), rules(PER_EURO), MUG)
    lines = (
        enrol(),
        buy("2026-01-10T10:00", 2000),
        buy("2026-02-10T10:00", 8000, id="returned"),
        redeem("2026-02-11T10:00", "mug", "v"),
        refund("2026-02-12T10:00", id="returned"),
    )
    ran = run(p, *lines, cancel("2026-02-13T10:00", "v"))
    assert expiring(ran.ana) == [(20, "2026-07-10")]  # as if the second purchase had never been
    assert (figures(ran.ana)["available"], figures(ran.ana)["debt"]) == (20, 0)


# ---------------------------------------------------------------- debt


def test_a_clawback_beyond_the_balance_is_owed_by_the_next_awards() -> None:
    p = programme(points_wallet("pending: {days: 14}, debt: allow"), rules(PER_EURO), MUG)
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
    p = programme(points_wallet("debt: forgive"), rules(PER_EURO), MUG)
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
    p = programme(points_wallet("debt: forgive"), rules(PER_EURO), MUG)
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
    p = programme(points_wallet("pending: {days: 14}, expiry: {after: {months: 6}}"), rules(PER_EURO))
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
    p = programme(points_wallet("expiry: {after: {months: 6}}"), rules(PER_EURO), MUG)
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


def test_a_clawback_takes_what_is_pending_of_others_before_it_is_owed() -> None:
    p = programme(points_wallet("pending: {days: 14}, debt: allow"), rules(PER_EURO), MUG)
    ran = run(
        p,
        enrol(),
        buy("2026-01-10T10:00", 10000, id="r"),
        redeem("2026-01-25T10:00", "mug"),
        buy("2026-01-26T10:00", 3000),
        refund("2026-01-27T10:00", "r"),
    )
    left = figures(ran.ana)
    assert (left["available"], left["pending"], left["debt"]) == (0, 0, 70)


def test_a_clawback_takes_of_a_merged_lot_at_most_what_the_purchase_put_in() -> None:
    p = programme(points_wallet("expiry: {after: {months: 6}, round: month}"), rules(PER_EURO), MUG)
    ran = run(
        p, enrol(), buy("2026-01-10T10:00", 10000), buy("2026-02-01T10:00", 6000), buy("2026-02-10T10:00", 6000, id="r"),
        redeem("2026-02-11T10:00", "mug"), refund("2026-02-12T10:00", "r"),
    )  # fmt: skip
    assert lots(ran.last["entries"][0]) == [(60, "2026-08-31")]
    assert figures(ran.ana)["available"] == 60


def test_what_of_a_purchase_has_lapsed_counts_as_taken() -> None:
    p = programme(points_wallet("expiry: {after: {months: 1}}"), rules(PER_EURO))
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
    p = programme(points_wallet("expiry: {after: {months: 1}}"), rules(PER_EURO), MUG)
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
    p = programme(points_wallet("expiry: {after: {months: 6}, renewed_by_activity: true}"), rules(PER_EURO))
    ran = run(
        p, enrol(), buy("2026-01-10T10:00", 10000, id="r"), adjust("2026-02-01T10:00", 50), buy("2026-03-01T10:00", 1000),
        adjust("2026-04-01T10:00", 60), refund("2026-04-02T10:00", "r"),
    )  # fmt: skip
    assert lots(ran.last["entries"][0]) == [(100, "2026-09-01")]
    assert expiring(ran.ana) == [(60, "2026-09-01"), (60, "2026-10-01")]


# ---------------------------------------------------------------- adjustments


def test_an_adjustment_beyond_the_balance_is_refused_and_changes_nothing() -> None:
    p = programme(points_wallet("pending: {days: 14}"), rules(PER_EURO))
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
