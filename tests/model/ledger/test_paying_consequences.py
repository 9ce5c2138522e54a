"""What a payment does to everything beside it: late receipts, delayed rules, referrals, rewards, write-offs."""

from tests.model.ledger.test_paying import entries, pay, wallets
from tests.model.simulation_runs import adjust, buy, enrol, figures, lots, programme, refund, rules, run

POINTS = "{code: points, name: Points, pay: {units: 1, worth: 10}}"
ELIGIBLE = (
    "{code: base, title: Base, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 100, of:"
    " purchase.eligible}}]}"
)


def test_a_late_payment_takes_what_is_there_now_and_its_refund_gives_that_back() -> None:
    # The receipt of 5 January arrives on the 20th: it takes the 50 that came on the 10th too. Its refund
    # gives back 40 of the 80, the last taken first.
    p = programme(
        "wallets:\n  - {code: points, name: P, expiry: {after: {months: 6}}, pay: {units: 1, worth: 10}}",
        rules(ELIGIBLE),
    )
    ran = run(
        p,
        enrol(),
        adjust("2026-01-02T10:00", 50),
        adjust("2026-01-10T10:00", 50),
        adjust("2026-01-20T10:00", 1),
        pay("2026-01-05T10:00", 1_000, points=80),
        refund("2026-01-21T10:00", "r", 500),
    )
    assert lots(ran.rows[-2]["entries"][0]) == [(50, "2026-07-02"), (30, "2026-07-10")]
    assert entries(ran.rows[-2]) == [("points", "SPEND", -80), ("points", "AWARD", 2)]
    assert sorted(lots(ran.last["entries"][0])) == [(10, "2026-07-02"), (30, "2026-07-10")]
    assert entries(ran.last) == [("points", "RETURN", 40), ("points", "CLAWBACK", -1)]


def test_a_late_payment_beyond_what_is_there_now_is_refused_whole() -> None:
    p = programme(wallets(POINTS), rules(ELIGIBLE))
    spent = pay("2026-01-20T10:00", 1_000, id="s", points=60)
    ran = run(p, enrol(), adjust("2026-01-02T10:00", 100), spent, pay("2026-01-05T10:00", 900, points=80))
    assert ran.last["refused"] == "InsufficientBalance"
    assert (figures(ran.ana)["spent"], figures(ran.ana)["available"]) == (60, 44)


def test_a_delayed_rule_counts_what_is_left_of_the_purchase_and_of_its_payment() -> None:
    # 10.00, 4.00 by points; half comes back before the rule fires: 5.00 less 2.00 are 3.00.
    later = ELIGIBLE.replace("on: purchase.completed", "on: purchase.completed, after: {days: 2}")
    p = programme(wallets(POINTS), rules(later))
    ran = run(
        p,
        enrol(),
        adjust("2026-01-02T10:00", 40),
        pay("2026-01-03T10:00", 1_000, points=40),
        refund("2026-01-04T10:00", "r", 500),
        until="2026-01-06T10:00",
    )
    assert entries(ran.rows[-2]) == [("points", "RETURN", 20)]
    assert entries(ran.last) == [("points", "AWARD", 3)]


def test_a_referral_counts_the_receipt_or_what_was_paid_as_it_says() -> None:
    for word, qualified in (("purchase.total", True), ("purchase.paid", False)):
        p = programme(
            wallets(POINTS),
            f"referral: {{qualifies: {{on: purchase.completed, when: {word} >= 1000}}, wait: {{days: 1}},"
            " friend: [{award: {wallet: points, fixed: 5}}], referrer: [{award: {wallet: points, fixed: 7}}]}",
        )
        ran = run(
            p,
            enrol(who="bob"),
            enrol(referredBy="bob"),
            adjust("2026-01-02T10:00", 40),
            pay("2026-01-03T10:00", 1_000, points=40),
            until="2026-01-06T10:00",
        )
        assert figures(ran.members["bob"])["earned"] == (7 if qualified else 0)
        assert figures(ran.ana)["earned"] == (5 if qualified else 0)


def test_spending_counts_toward_no_tier_and_a_tier_may_count_what_was_paid() -> None:
    tiers = (
        "tiers: {count: {on: purchase.completed, of: purchase.paid}, window: {rolling: {months: 12}}, ladder:"
        " [{code: basic, name: B, from: 0}, {code: top, name: T, from: 700}]}"
    )
    p = programme(wallets(POINTS), tiers)
    lines = enrol(), adjust("2026-01-02T10:00", 40), pay("2026-01-03T10:00", 1_000, points=40)
    assert run(p, *lines).ana["tier"]["qualifying"] == 600
    ran = run(p, *lines, buy("2026-01-04T10:00", 100), refund("2026-01-05T10:00", "r", 500))
    assert (ran.ana["tier"]["code"], ran.ana["tier"]["qualifying"]) == ("basic", 400)


def test_a_reward_that_paying_locks_is_unlocked_by_the_return_without_a_second_gift() -> None:
    p = programme(
        wallets(POINTS),
        rules(
            "{code: u, title: U, on: reward.unlocked, limit: {times: 9, per: day}, do: [{award: {wallet: points,"
            " fixed: 3}}]}"
        ),
        "rewards: [{code: mug, title: M, cost: {wallet: points, amount: 50}}]",
    )
    ran = run(
        p,
        enrol(),
        adjust("2026-01-02T10:00", 50),
        pay("2026-01-03T10:00", 1_000, points=40),
        refund("2026-01-04T10:00", "r"),
    )
    assert ran.entries("AWARD") == [("AWARD", 3)]
    assert ran.ana["unlocked"] == ["mug"]
    assert figures(ran.ana)["available"] == 53


def test_what_was_written_off_since_the_payment_is_taken_of_what_comes_back() -> None:
    # 40 of the first purchase pay for the second; the first comes back: 40 are written off. The payment
    # comes back, and they are taken of it.
    wallet = "{code: points, name: P, debt: forgive, pay: {units: 1, worth: 10}}"
    p = programme(wallets(wallet), rules(ELIGIBLE))
    ran = run(
        p,
        enrol(),
        buy("2026-01-02T10:00", 4_000, id="first"),
        pay("2026-01-03T10:00", 400, points=40),
        refund("2026-01-04T10:00", "first"),
        refund("2026-01-05T10:00", "r"),
    )
    assert entries(ran.last) == [("points", "RETURN", 40), ("points", "CLAWBACK", -40)]
    assert (figures(ran.ana)["available"], figures(ran.ana)["earned"], figures(ran.ana)["spent"]) == (0, 0, 0)


def test_an_award_that_the_purchase_renews_is_paid_from_as_it_then_lasts() -> None:
    # The purchase renews the 50 of January until 1 June and takes 20 of them; wholly returned it has renewed
    # nothing, and all 50 last until 10 April again.
    p = programme(
        "wallets:\n  - {code: points, name: P, expiry: {after: {months: 3}, renewed_by_activity: true}, pay:"
        " {units: 1, worth: 10}}"
    )
    before = enrol(), adjust("2026-01-10T10:00", 50), pay("2026-03-01T10:00", 1_000, points=20)
    assert lots(run(p, *before).last["entries"][0]) == [(20, "2026-06-01")]
    ran = run(p, *before, refund("2026-03-02T10:00", "r"))
    assert ran.ana["wallets"]["points"]["expiring"] == [{"amount": 50, "on": "2026-04-10"}]
