"""Renewal: what counts validity anew, and that a purchase which is wholly returned had renewed nothing."""

from datetime import date

import pytest

from domain.model.ledger.events import Profile
from domain.model.ledger.lots import Lot
from domain.model.ledger.state import ledger_restore
from domain.model.ledger.validity import renewal
from domain.model.ledger.validity.changes import ValidityChange
from domain.model.ledger.wallet import Wallet
from tests.model.ledger.wallet_programmes import MUG, RENEWED, points_wallet
from tests.model.simulation_runs import (
    PER_EURO,
    adjust,
    buy,
    cancel,
    enrol,
    expiring,
    figures,
    line,
    programme,
    redeem,
    refund,
    rules,
    run,
)

BY_STAYS = "expiry: {after: {months: 6}, renewed_by: [NAMES]}"
STAYS = "events: [{name: stay.completed, title: Stay}]"
SMALL = 1_000


# ---------------------------------------------------------------- a returned purchase


def test_a_wholly_returned_purchase_had_renewed_nothing() -> None:
    p = programme(points_wallet(RENEWED), rules(PER_EURO))
    lines = enrol(), buy("2026-01-10T10:00", SMALL), buy("2026-03-10T10:00", SMALL, id="r")
    assert expiring(run(p, *lines).ana) == [(20, "2026-09-10")]
    assert expiring(run(p, *lines, refund("2026-04-01T10:00", "r")).ana) == [(10, "2026-07-10")]
    parts = refund("2026-04-01T10:00", "r", 400), refund("2026-04-02T10:00", "r", 600)
    assert expiring(run(p, *lines, parts[0]).ana) == [(16, "2026-09-10")]
    assert expiring(run(p, *lines, *parts).ana) == [(10, "2026-07-10")]


def test_what_is_past_its_day_without_the_renewal_lapses_at_once() -> None:
    p = programme(points_wallet(RENEWED), rules(PER_EURO))
    lines = enrol(), buy("2026-01-10T10:00", SMALL), buy("2026-03-10T10:00", SMALL, id="r")
    ran = run(p, *lines, refund("2026-08-01T10:00", "r"))
    assert [(e["kind"], e["amount"]) for e in ran.last["entries"]] == [("CLAWBACK", -10), ("EXPIRE", -10)]
    assert "points.expired" in ran.last["events"]
    assert figures(ran.ana) == {
        "available": 0,
        "pending": 0,
        "debt": 0,
        "earned": 10,
        "spent": 0,
        "expired": 10,
    }


def test_open_lots_get_the_days_that_the_remaining_renewals_give() -> None:
    p = programme(points_wallet(RENEWED), rules(PER_EURO))
    ran = run(
        p, enrol(), buy("2026-01-10T10:00", SMALL), buy("2026-02-10T10:00", SMALL, id="february"),
        buy("2026-03-10T10:00", SMALL, id="march"), refund("2026-04-01T10:00", "march"),
        refund("2026-04-01T10:00", "february"),
    )  # fmt: skip
    assert expiring(ran.ana) == [(10, "2026-07-10")]
    middle = run(
        p, enrol(), buy("2026-01-10T10:00", SMALL), buy("2026-02-10T10:00", SMALL, id="february"),
        buy("2026-03-10T10:00", SMALL), refund("2026-04-01T10:00", "february"),
    )  # fmt: skip
    assert expiring(middle.ana) == [(20, "2026-09-10")]


def test_of_two_purchases_of_one_day_the_other_had_renewed() -> None:
    p = programme(points_wallet(RENEWED), rules(PER_EURO))
    lines = (
        enrol(),
        buy("2026-01-10T10:00", SMALL),
        buy("2026-03-10T10:00", SMALL, id="a"),
        buy("2026-03-10T11:00", SMALL, id="b"),
    )
    assert expiring(run(p, *lines, refund("2026-04-01T10:00", "a")).ana) == [(20, "2026-09-10")]
    both = refund("2026-04-01T10:00", "a"), refund("2026-04-01T10:00", "b")
    assert expiring(run(p, *lines, *both).ana) == [(10, "2026-07-10")]


def test_what_was_spent_stays_spent_and_comes_back_to_the_days_that_remain() -> None:
    p = programme(points_wallet(RENEWED), rules(PER_EURO), MUG)
    lines = (
        enrol(),
        buy("2026-01-10T10:00", 10_000),
        buy("2026-03-10T10:00", SMALL, id="r"),
        redeem("2026-03-11T10:00", "mug", "v"),
        refund("2026-04-01T10:00", "r"),
    )
    spent = run(p, *lines)
    assert (figures(spent.ana)["spent"], figures(spent.ana)["available"]) == (100, 0)
    assert expiring(run(p, *lines, cancel("2026-04-02T10:00", "v")).ana) == [(100, "2026-07-10")]
    lapsed = run(p, *lines, cancel("2026-08-02T10:00", "v"))
    assert lapsed.entries()[-2:] == [("RETURN", 100), ("EXPIRE", -100)]


def test_a_clawback_takes_the_returned_purchases_own_lots_wherever_renewals_moved_them() -> None:
    p = programme(points_wallet(RENEWED), rules(PER_EURO))
    ran = run(
        p, enrol(), buy("2026-01-10T10:00", SMALL, id="january"), buy("2026-03-10T10:00", 2_000),
        buy("2026-03-20T10:00", 500, id="march"), refund("2026-04-01T10:00", "january"),
        refund("2026-04-01T11:00", "march"),
    )  # fmt: skip
    assert expiring(ran.ana) == [(20, "2026-09-10")]


# ---------------------------------------------------------------- events that renew


@pytest.mark.parametrize(
    ("names", "until"),
    [
        ("stay.completed", "2026-08-10"),
        ("purchase.completed, stay.completed", "2026-09-10"),
        ("purchase.completed", "2026-09-10"),
        ("survey.answered", "2026-07-10"),
    ],
)
def test_the_events_that_renewed_by_names_renew_and_no_others(names: str, until: str) -> None:
    p = programme(points_wallet(BY_STAYS.replace("NAMES", names)), rules(PER_EURO), STAYS)
    ran = run(
        p, enrol(), buy("2026-01-10T10:00", SMALL), line("2026-02-10T10:00", "stay.completed"),
        buy("2026-03-10T10:00", 10),
    )  # fmt: skip
    assert expiring(ran.ana)[0] == (10, until)


def test_a_late_event_that_renews_moves_what_had_come_by_then() -> None:
    p = programme(points_wallet(BY_STAYS.replace("NAMES", "stay.completed")), rules(PER_EURO), STAYS)
    ran = run(
        p, enrol(), buy("2026-01-10T10:00", SMALL), buy("2026-03-10T10:00", 2_000),
        line("2026-02-10T10:00", "stay.completed"),
    )  # fmt: skip
    assert expiring(ran.ana) == [(10, "2026-08-10"), (20, "2026-09-10")]


def test_a_return_leaves_what_another_event_renewed() -> None:
    p = programme(
        points_wallet(BY_STAYS.replace("NAMES", "purchase.completed, stay.completed")), rules(PER_EURO), STAYS
    )
    ran = run(
        p, enrol(), buy("2026-01-10T10:00", SMALL), line("2026-02-10T10:00", "stay.completed"),
        buy("2026-03-10T10:00", SMALL, id="r"), refund("2026-03-11T10:00", "r"),
    )  # fmt: skip
    assert expiring(ran.ana) == [(10, "2026-08-10")]


# ---------------------------------------------------------------- how it is kept


def test_a_wallet_of_an_earlier_format_is_read_renewed_and_returned() -> None:
    stored = {
        "earned": 30,
        "entries": 2,
        "lots": {"2026-09-10": [30, "2026-03-10", None]},
        "spans": [["renewed", "2026-01-20", "2026-03-10", None]],
    }
    member = ledger_restore.restore_member(
        {"wallets": {"points": stored}}, id="ana", number="1", profile=Profile(), seq=2
    )
    wallet, spec = member.wallets["points"], programme(points_wallet(RENEWED)).wallet("points")
    assert wallet.lots == (Lot(30, None, date(2026, 9, 10), date(2026, 3, 10)),)
    assert wallet.validity_changes == (ValidityChange("renewed", date(2026, 1, 20), date(2026, 3, 10)),)
    after = renewal.renew(wallet, spec, tier=None, day=date(2026, 4, 10))
    assert [(lot.amount, lot.expires_on) for lot in after.lots] == [(30, date(2026, 10, 10))]
    back = renewal.undo_renewal(after, spec, tier=None, day=date(2026, 4, 10))
    assert [(lot.amount, lot.expires_on) for lot in back.lots] == [(30, date(2026, 9, 10))]


def test_a_renewal_that_is_older_than_those_kept_one_by_one_is_not_undone() -> None:
    spec = programme(points_wallet(RENEWED)).wallet("points")
    wallet = Wallet(lots=(Lot(10, None, date(2026, 7, 1), date(2026, 1, 1)),), earned=10)
    for day in range(1, 32):
        wallet = renewal.renew(wallet, spec, tier=None, day=date(2026, 3, day))
    assert renewal.undo_renewal(wallet, spec, tier=None, day=date(2026, 3, 1)) is wallet
    newest = renewal.undo_renewal(wallet, spec, tier=None, day=date(2026, 3, 31))
    assert [(lot.amount, lot.expires_on) for lot in newest.lots] == [(10, date(2026, 9, 30))]


def test_lots_of_one_day_are_shown_as_one_and_restored_as_they_were() -> None:
    p = programme(points_wallet(RENEWED), rules(PER_EURO))
    ran = run(
        p,
        enrol(),
        *(buy(f"2026-01-{day}T10:00", SMALL) for day in (10, 12, 14)),
        adjust("2026-01-15T10:00", -5),
    )
    assert expiring(ran.ana) == [(25, "2026-07-14")]
    assert ran.last["entries"][0]["lots"] == [{"amount": 5, "expiresOn": "2026-07-14"}]
