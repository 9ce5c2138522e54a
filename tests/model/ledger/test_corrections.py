"""Corrections: what they give and take, what they leave, and what refuses them."""

import pytest

from domain.model.programme import Programme
from tests.model.simulation_runs import Line, adjust, buy, enrol, line, programme, refund, rules, run, use

CLUB = programme(
    "wallets: [{code: points, name: Points, pay: {units: 1, worth: 10, share: 50}}]",
    rules(
        "{code: base, title: B, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 100, of:"
        " purchase.total}}]}",
        "{code: big, title: B, on: purchase.completed, when: purchase.total >= 5000, limit: {times: 1, per: day},"
        " do: [{award: {wallet: points, fixed: 30}}, {voucher: mug}, {tag: large}]}",
        "{code: later, title: L, on: purchase.completed, when: purchase.total >= 3000, after: {days: 2}, do:"
        " [{award: {wallet: points, fixed: 7}}]}",
    ),
    "rewards: [{code: mug, title: M, kind: product}]",
    "badges: [{code: spender, name: S, on: purchase.completed, of: purchase.total, levels: [6000], do: [{award:"
    " {wallet: points, fixed: 11}}]}]",
)


def correct(at: str, id: str, total: int, **more: object) -> Line:
    return line(at, "purchase.corrected", {"externalId": id, "total": total, **more})


def points(*lines: Line, of: Programme = CLUB) -> int:
    available: int = run(of, *lines).ana["wallets"]["points"]["available"]
    return available


BOUGHT = (enrol(), buy("2026-01-05T10:00", 2_000, id="a"))


def test_more_brings_what_the_right_total_brings() -> None:
    ran = run(CLUB, *BOUGHT, correct("2026-01-05T10:05", "a", 7_000))
    row = ran.on("purchase.corrected")[0]
    assert [(one["rule"], one["amount"]) for one in row["entries"]] == [
        ("base", 50),
        ("big", 30),
        ("badge:spender", 11),
    ]
    assert (row["vouchers"], row["tags"]["added"]) == (["mug"], ["large"])
    assert ran.ana["badges"]["spender"] == {"level": 1, "progress": 7_000}
    later = run(CLUB, *BOUGHT, correct("2026-01-05T10:05", "a", 7_000), adjust("2026-01-09T10:00", 1))
    assert later.times("purchase.completed") == ["2026-01-05T10:00", "2026-01-07T10:00"]
    assert later.ana["wallets"]["points"]["available"] == 70 + 30 + 11 + 7 + 1


def test_less_takes_what_the_right_total_does_not_bring() -> None:
    lines = enrol(), buy("2026-01-05T10:00", 7_000, id="a"), correct("2026-01-05T10:05", "a", 2_000)
    ran = run(CLUB, *lines)
    assert ran.ana["wallets"]["points"]["available"] == 20
    assert (ran.ana["tags"], ran.ana["badges"]["spender"]) == ([], {"level": 0, "progress": 2_000})
    assert points(*lines, adjust("2026-01-09T10:00", 1)) == 21


def test_what_both_bring_stays_with_its_voucher() -> None:
    ran = run(CLUB, enrol(), buy("2026-01-05T10:00", 7_000, id="a"), correct("2026-01-05T10:05", "a", 7_100))
    row = ran.on("purchase.corrected")[0]
    assert ([(one["kind"], one["amount"]) for one in row["entries"]], row["vouchers"]) == ([("AWARD", 1)], [])


def test_a_limit_that_another_receipt_has_used_since_stays_used() -> None:
    lines = *BOUGHT, buy("2026-01-05T11:00", 5_000, id="b"), correct("2026-01-05T12:00", "a", 5_000)
    assert points(*lines) == 50 + 50 + 30 + 11


def test_points_that_were_spent_are_owed_only_for_the_difference() -> None:
    lines = enrol(), buy("2026-01-05T10:00", 4_000, id="a"), adjust("2026-01-05T10:01", -40)
    ran = run(CLUB, *lines, correct("2026-01-05T10:05", "a", 3_900))
    assert ran.ana["wallets"]["points"]["debt"] == 1
    assert [one["amount"] for one in ran.on("purchase.corrected")[0]["entries"]] == [-1]


def test_nothing_comes_of_the_total_that_it_has() -> None:
    row = run(CLUB, *BOUGHT, correct("2026-01-05T10:05", "a", 2_000)).on("purchase.corrected")[0]
    assert (row["refused"], row["entries"], row["outcomes"]) == (None, [], [])


def paying(units: int) -> tuple[Line, ...]:
    paid = buy("2026-01-05T10:00", 2_000, id="a")
    paid["data"]["payWith"] = [{"wallet": "points", "units": units}]
    return enrol(), adjust("2026-01-04T10:00", 100), paid


def test_what_a_wallet_paid_stays_where_it_fits() -> None:
    ran = run(CLUB, *paying(50), correct("2026-01-05T10:05", "a", 3_000), refund("2026-01-06T10:00", "a"))
    assert [(one["kind"], one["amount"]) for one in ran.on("purchase.corrected")[0]["entries"]] == [
        ("AWARD", 10)
    ]
    assert ran.on("purchase.refunded")[0]["back"]["money"] == 2_500
    assert ran.ana["wallets"]["points"]["available"] == 100


FREE = enrol(), buy("2026-01-05T10:00", 7_000, id="a")


@pytest.mark.parametrize(
    ("lines", "total", "reason"),
    [
        (paying(100), 1_900, "PAYMENT"),
        ((*paying(50), refund("2026-01-05T10:02", "a", 100)), 3_000, "PAID_AND_RETURNED"),
        ((*BOUGHT, refund("2026-01-05T10:02", "a")), 3_000, "RETURNED"),
        ((*BOUGHT, refund("2026-01-05T10:02", "a", 500)), 500, "BELOW_RETURNED"),
        ((*FREE, use("2026-01-05T10:02", "ana-1")), 2_000, "VOUCHER_USED"),
    ],
)
def test_what_no_longer_fits_refuses_it(lines: tuple[Line, ...], total: int, reason: str) -> None:
    ran = run(CLUB, *lines, correct("2026-01-05T10:05", "a", total))
    assert ran.on("purchase.corrected")[0]["refused"] == f"CorrectionRefused:{reason}"


def test_a_correction_of_an_unknown_receipt_is_refused() -> None:
    assert run(CLUB, enrol(), correct("2026-01-05T10:05", "z", 1)).last["refused"] == "UnknownPurchase"
