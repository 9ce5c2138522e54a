"""Paying for a purchase with wallets: what fits, what it leaves to earn, and what refunds give back."""

from itertools import permutations

import pytest

from tests.model.simulation_runs import (
    PER_EURO,
    Answer,
    Line,
    adjust,
    buy,
    enrol,
    figures,
    lots,
    programme,
    refund,
    rules,
    run,
)

PAID = "{code: points, name: Points, pay: {units: 100, worth: 500, share: 50}}"
CREDIT = "{code: credit, name: Credit, kind: money}"
ELIGIBLE = (
    "{code: base, title: Base, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 100, of:"
    " purchase.eligible}}]}"
)
COINS = (
    "{code: coins, title: Coins, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 10, of:"
    " {lines: 'line.category == \"coins\"'}}}]}"
)


def wallets(*written: str) -> str:
    return "wallets:\n" + "".join(f"  - {one}\n" for one in written)


def pay(at: str, total: int, *items: tuple[str, int, int], id: str = "r", **units: int) -> Line:
    """Return a purchase that is paid in part with units of wallets."""
    bought = buy(at, total, *items, id=id)
    paid = [{"wallet": wallet, "units": amount} for wallet, amount in units.items()]
    return {**bought, "data": {**bought["data"], "payWith": paid}}


def entries(answer: Answer) -> list[tuple[str, str, int]]:
    return [(entry["wallet"], entry["kind"], entry["amount"]) for entry in answer["entries"]]


# ---------------------------------------------------------------- what is paid, and what then earns


def test_a_payment_is_spent_first_and_only_what_is_left_of_the_purchase_earns() -> None:
    # 600 points; 400 of them are worth 20.00, half of 40.00 at most. 20.00 are left: 20 points.
    p = programme(wallets(PAID), rules(ELIGIBLE))
    ran = run(p, enrol(), adjust("2026-01-01T10:00", 600), pay("2026-01-02T10:00", 4_000, points=400))
    assert ran.last["payment"] == {
        "paid": 2_000,
        "wallets": [{"wallet": "points", "units": 400, "worth": 2_000}],
    }
    assert entries(ran.last) == [("points", "SPEND", -400), ("points", "AWARD", 20)]
    assert figures(ran.ana)["available"] == 220


def test_what_a_rule_counts_of_the_total_is_not_less_for_what_was_paid_with_points() -> None:
    p = programme(wallets(PAID), rules(PER_EURO))
    ran = run(p, enrol(), adjust("2026-01-01T10:00", 600), pay("2026-01-02T10:00", 4_000, points=400))
    assert entries(ran.last) == [("points", "SPEND", -400), ("points", "AWARD", 40)]


def test_a_payment_that_earns_leaves_the_purchase_whole_to_earn() -> None:
    p = programme(wallets(PAID.replace("share", "earns: true, share")), rules(ELIGIBLE, COINS))
    ran = run(
        p,
        enrol(),
        adjust("2026-01-01T10:00", 600),
        pay("2026-01-02T10:00", 4_000, ("coins", 1, 1_000), points=400),
    )
    assert [entry["amount"] for entry in ran.last["entries"]] == [-400, 40, 100]


def test_a_payment_lies_on_the_lines_that_are_not_ineligible_and_on_what_the_lines_leave_out() -> None:
    # 10.00 of 50.00 + 30.00 + 20.00 unseen, the gift card's 40.00 aside: 5.00, 3.00 and 2.00. Coins count
    # 45.00 (450 points), the purchase 90.00 (90 points); the gift card counts whole where a rule counts it.
    gifts = COINS.replace("coins", "gift").replace("Coins", "Gifts")
    p = programme(
        wallets(CREDIT, "{code: points, name: Points}"),
        rules(ELIGIBLE, COINS, gifts),
        more="ineligible: [gift]",
    )
    items = ("coins", 1, 5_000), ("gift", 1, 4_000), ("stamps", 1, 3_000)
    ran = run(
        p,
        enrol(),
        adjust("2026-01-01T10:00", 1_000, wallet="credit"),
        pay("2026-01-02T10:00", 14_000, *items, credit=1_000),
    )
    assert entries(ran.last) == [
        ("credit", "SPEND", -1_000),
        ("points", "AWARD", 90),
        ("points", "AWARD", 450),
        ("points", "AWARD", 400),
    ]


def test_paid_is_what_was_paid_otherwise() -> None:
    when = "when: purchase.paid == 3000 && purchase.total == 4000 && purchase.eligible == 3000"
    rule = f"{{code: r, title: R, on: purchase.completed, {when}, do: [{{tag: seen}}]}}"
    p = programme(wallets(CREDIT), rules(rule))
    ran = run(
        p,
        enrol(),
        adjust("2026-01-01T10:00", 1_000, wallet="credit"),
        pay("2026-01-02T10:00", 4_000, credit=1_000),
    )
    assert ran.ana["tags"] == ["seen"]


# ---------------------------------------------------------------- what does not fit


@pytest.mark.parametrize(
    ("total", "units", "refused"),
    [
        (4_000, 450, "PaymentNotAccepted:STEP"),  # not a whole step
        (4_000, 100, "PaymentNotAccepted:MINIMUM"),  # below the minimum
        (4_000, 500, "PaymentNotAccepted:SHARE"),  # 25.00 of 40.00 is more than half
        (20_000, 700, "InsufficientBalance"),
        (4_000, 400, None),
    ],
)
def test_a_payment_that_does_not_fit_refuses_the_purchase_whole(
    total: int, units: int, refused: str | None
) -> None:
    p = programme(wallets(PAID.replace("share", "minimum: 200, share")), rules(ELIGIBLE))
    ran = run(p, enrol(), adjust("2026-01-01T10:00", 600), pay("2026-01-02T10:00", total, points=units))
    assert ran.last["refused"] == refused
    if refused is not None:
        assert (figures(ran.ana)["available"], figures(ran.ana)["spent"]) == (600, 0)


def test_a_wallet_of_points_without_terms_and_one_of_money_that_is_shut_pay_nothing() -> None:
    p = programme(wallets("{code: points, name: P}", CREDIT.replace("}", ", pay: false}")))
    lines = enrol(), adjust("2026-01-01T10:00", 600), adjust("2026-01-01T10:00", 600, wallet="credit")
    for payment in (
        pay("2026-01-02T10:00", 4_000, points=100),
        pay("2026-01-02T10:00", 4_000, credit=100),
    ):
        ran = run(p, *lines, payment)
        assert ran.last["refused"] == "PaymentNotAccepted:NOT_PAYABLE"


# ---------------------------------------------------------------- refunds


def test_a_refund_gives_money_and_units_back_in_proportion_before_it_claws_back() -> None:
    # 100.00 with 20.00 by 400 points, 80.00 in money, 80 points earned. A third of it, 33.33: money
    # 80.00 x 33.33 / 100 = 26.664, floored 26.66; the rest, 6.67, is wallet value: 400 x 6.67 / 20 = 133.4,
    # floored 133. Kept: 66.67 less 13.33 of points = 53.34, 53 points: 27 are clawed back.
    p = programme(wallets(PAID), rules(ELIGIBLE))
    ran = run(
        p,
        enrol(),
        adjust("2026-01-01T10:00", 600),
        pay("2026-01-02T10:00", 10_000, points=400),
        refund("2026-01-03T10:00", "r", 3_333),
    )
    assert ran.last["back"] == {
        "money": 2_666,
        "wallets": [{"wallet": "points", "units": 133, "worth": 667}],
    }
    assert entries(ran.last) == [("points", "RETURN", 133), ("points", "CLAWBACK", -27)]


@pytest.mark.parametrize("order", [*permutations((1_234, 3_333, 5_433))])
def test_three_refunds_in_every_order_give_everything_back_exactly(order: tuple[int, ...]) -> None:
    p = programme(wallets(PAID, CREDIT), rules(ELIGIBLE))
    bought = pay("2026-01-02T10:00", 10_000, points=700, credit=333)
    back = [refund(f"2026-01-0{day}T10:00", "r", amount) for day, amount in enumerate(order, start=3)]
    before = enrol(), adjust("2026-01-01T10:00", 700), adjust("2026-01-01T10:00", 333, wallet="credit")
    ran = run(p, *before, bought, *back)
    answers = [row["back"] for row in ran.rows if row["event"] == "purchase.refunded"]
    assert sum(answer["money"] for answer in answers) == 10_000 - 3_500 - 333
    returned = {
        wallet: sum(
            part["units"] for answer in answers for part in answer["wallets"] if part["wallet"] == wallet
        )
        for wallet in ("points", "credit")
    }
    assert returned == {"points": 700, "credit": 333}
    for answer, amount in zip(answers, order, strict=True):
        assert answer["money"] + sum(part["worth"] for part in answer["wallets"]) == amount
    assert (figures(ran.ana)["available"], figures(ran.ana)["spent"], figures(ran.ana)["earned"]) == (
        700,
        0,
        0,
    )
    assert figures(ran.ana, wallet="credit")["available"] == 333


@pytest.mark.parametrize("order", [*permutations((1, 2, 3))])
def test_an_ineligible_line_goes_in_any_order_and_what_stands_is_the_same(order: tuple[int, ...]) -> None:
    # 110.00: coins 2 x 30.00, a gift card of 40.00, a stamp of 10.00. One coin, the card and the stamp come back.
    # 35.00 of the 70.00 that credit may pay is paid so: half of what is not ineligible earns, 35 points, and
    # 300 for coins of 30.00 (60.00 less half). Of what is kept, a coin of 30.00, half earns: 15, and 150.
    p = programme(
        wallets(CREDIT, "{code: points, name: Points}"), rules(ELIGIBLE, COINS), more="ineligible: [gift]"
    )
    items = ("coins", 2, 6_000), ("gift", 1, 4_000), ("stamps", 1, 1_000)
    back = [
        refund(f"2026-01-0{day}T10:00", "r", lines=[(line, 1)]) for day, line in enumerate(order, start=3)
    ]
    ran = run(
        p,
        enrol(),
        adjust("2026-01-01T10:00", 3_500, wallet="credit"),
        pay("2026-01-02T10:00", 11_000, *items, credit=3_500),
        *back,
    )
    assert entries(ran.on("purchase.completed")[0])[1:] == [("points", "AWARD", 35), ("points", "AWARD", 300)]
    assert figures(ran.ana)["available"] == 165
    # Kept: 30.00 of 110.00. Money back 75.00 x 80 / 110 = 54.545, floored; the rest of 80.00 is credit.
    assert figures(ran.ana, wallet="credit")["available"] == 8_000 - 5_454


def test_what_comes_back_goes_to_the_days_it_came_from_the_last_taken_first() -> None:
    # 60 points of January lapse on 10 July, 60 of February on 10 August. 100 pay: 60 and 40. Half of the
    # purchase comes back: 50 of the payment, the 40 of August and 10 of July.
    p = programme(
        "wallets:\n  - {code: points, name: P, expiry: {after: {months: 6}}, pay: {units: 1, worth: 10}}",
        rules(PER_EURO.replace("of: purchase.total", "of: {lines: 'line.category == \"x\"'}")),
    )
    ran = run(
        p,
        enrol(),
        buy("2026-01-10T10:00", 6_000, ("x", 1, 6_000)),
        buy("2026-02-10T10:00", 6_000, ("x", 1, 6_000)),
        pay("2026-02-11T10:00", 1_000, points=100),
        refund("2026-02-12T10:00", "r", 500),
    )
    assert lots(ran.rows[-2]["entries"][0]) == [(60, "2026-07-10"), (40, "2026-08-10")]
    assert sorted(lots(ran.last["entries"][0])) == [(10, "2026-07-10"), (40, "2026-08-10")]


def test_what_has_lapsed_since_it_was_paid_stays_lapsed() -> None:
    p = programme(
        "wallets:\n  - {code: points, name: P, expiry: {after: {days: 10}}, pay: {units: 1, worth: 10}}"
    )
    ran = run(
        p,
        enrol(),
        adjust("2026-01-01T10:00", 100),
        pay("2026-01-02T10:00", 1_000, points=100),
        refund("2026-03-01T10:00", "r"),
    )
    assert entries(ran.last) == [("points", "RETURN", 100), ("points", "EXPIRE", -100)]
    assert (figures(ran.ana)["spent"], figures(ran.ana)["expired"]) == (0, 100)


def test_debt_is_repaid_by_what_comes_back() -> None:
    # 40 earned and spent; the first purchase comes back and leaves a debt of 40. The payment of 30 comes
    # back and repays 30 of it.
    p = programme(
        "wallets:\n  - {code: points, name: P, pay: {units: 1, worth: 10}}",
        rules(ELIGIBLE),
    )
    ran = run(
        p,
        enrol(),
        buy("2026-01-02T10:00", 4_000, id="first"),
        pay("2026-01-03T10:00", 300, points=30),
        pay("2026-01-03T11:00", 100, id="other", points=10),
        refund("2026-01-04T10:00", "first"),
        refund("2026-01-05T10:00", "r"),
    )
    assert entries(ran.last) == [("points", "RETURN", 30)]
    assert (figures(ran.ana)["debt"], figures(ran.ana)["available"]) == (10, 0)
