"""Deductions by what they count, and what a refund gives back of them."""

from tests.model.simulation_runs import (
    PER_EURO,
    adjust,
    buy,
    enrol,
    figures,
    line,
    programme,
    refund,
    rules,
    run,
)

GAME = "events: [{name: game.played, title: Played, data: {score: int}}]"
LINES = "{code: lines, title: L, on: purchase.completed, do: [{deduct: {wallet: points, of: {lines: COINS}}}, {deduct: {wallet: points, fixed: 2}}]}"
SHARE = "{code: share, title: S, on: purchase.completed, do: [{deduct: {wallet: points, of: purchase.total / 100}}]}"
LEVY = "{code: levy, title: V, on: points.awarded, limit: {times: 9, per: day}, do: [{deduct: {wallet: points, of: event.data.amount / 3}}]}"


def test_it_takes_what_it_counts_floored_and_never_more_than_there_is() -> None:
    played = "{code: one, title: One, on: game.played, do: [{deduct: {wallet: points, of: double(event.data.score) * 0.7}}]}"
    p = programme(rules(played, LINES.replace("COINS", "'line.category == \"coins\"'")), GAME)
    game = line("2026-01-03T10:00", "game.played", {"score": 9})
    coins = ("coins", 1, 20), ("books", 1, 20)
    first, second = buy("2026-01-04T10:00", 50, *coins), buy("2026-01-05T10:00", 50, *coins)
    ran = run(p, enrol(), adjust("2026-01-02T10:00", 40), game, first, second)
    assert ran.entries("SPEND") == [("SPEND", -6), ("SPEND", -20), ("SPEND", -2), ("SPEND", -12)]  # 6.3
    assert run(p, enrol(), game).outcome("one") == (False, 0, "nothing_to_count")


def test_a_refund_in_parts_gives_it_back_as_far_as_it_no_longer_stands() -> None:
    # 50.50 earn 50 and take 50; of the 50 awarded another 16 go
    lines = enrol(), adjust("2026-01-02T10:00", 100), buy("2026-01-04T10:00", 5_050, id="r")
    p = programme(rules(PER_EURO, SHARE, LEVY))
    assert run(p, *lines).entries("SPEND") == [("SPEND", -50), ("SPEND", -16)]
    # 40.50 are left: 40 earned, 40 and 13 taken; then 20.50: 20 earned, 20 and 6 taken; then nothing
    parts = [
        refund(f"2026-01-0{day}T10:00", "r", amount) for day, amount in ((5, 1_000), (6, 2_000), (7, 2_050))
    ]
    back = [run(p, *lines, *parts[:count]).entries("RETURN") for count in (1, 2, 3)]
    assert [sorted(amount for _, amount in entries) for entries in back] == [
        [3, 10],
        [3, 7, 10, 20],
        [3, 6, 7, 10, 20, 20],
    ]
    for one in (run(p, *lines, *parts), run(p, *lines, refund("2026-01-05T10:00", "r"))):
        assert figures(one.ana) | {"earned": 0} == {
            "available": 100,
            "pending": 0,
            "debt": 0,
            "earned": 0,
            "spent": 0,
            "expired": 0,
        }


def test_what_the_balance_did_not_have_was_not_taken_and_does_not_come_back() -> None:
    lines = enrol(), adjust("2026-01-02T10:00", 30), buy("2026-01-04T10:00", 5_000, id="r")
    p = programme(rules(SHARE))
    assert run(p, *lines).entries("SPEND") == [("SPEND", -30)]  # of 50
    part = run(p, *lines, refund("2026-01-05T10:00", "r", 1_500))
    assert part.entries("RETURN") == []  # of 35 it had taken 30
    more = run(p, *lines, refund("2026-01-05T10:00", "r", 1_500), refund("2026-01-06T10:00", "r", 1_000))
    assert more.entries("RETURN") == [("RETURN", 5)]
    whole = run(p, *lines, refund("2026-01-05T10:00", "r", 2_500), refund("2026-01-06T10:00", "r"))
    assert whole.entries("RETURN") == [("RETURN", 5), ("RETURN", 25)]


def test_what_was_taken_last_comes_back_first_to_the_days_it_came_from() -> None:
    wallet = "wallets: [{code: points, name: P, expiry: {after: {months: 1}}}]"
    p = programme(wallet, rules(SHARE))
    lines = enrol(), adjust("2026-01-02T10:00", 30), adjust("2026-01-03T10:00", 30)
    bought = buy("2026-01-04T10:00", 5_000, id="r")
    ran = run(p, *lines, bought, refund("2026-01-05T10:00", "r", 3_000))
    back = [entry for row in ran for entry in row["entries"] if entry["kind"] == "RETURN"]
    assert [(lot["amount"], lot["expiresOn"]) for lot in back[0]["lots"]] == [
        (10, "2026-02-02"),
        (20, "2026-02-03"),
    ]
