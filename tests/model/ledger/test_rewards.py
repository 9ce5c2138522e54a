"""Rewards: what unlocks them, what locks them again, redemption, stock, limits, and the states of vouchers."""

import pytest

from domain.model.programme import Programme
from tests.model.simulation_runs import (
    PER_EURO,
    Line,
    Run,
    adjust,
    buy,
    cancel,
    enrol,
    figures,
    programme,
    redeem,
    rules,
    run,
    use,
)

TIERS = (
    "tiers: {count: {wallet: points}, window: {rolling: {months: 12}}, ladder: [{code: basic, name: B, from:"
    " 0}, {code: silver, name: S, from: 100}, {code: gold, name: G, from: 1000}]}"
)
RICH = (enrol(), adjust("2026-01-02T10:00", 1000))


def mug(keys: str = "", *parts: str, cost: int = 100) -> Programme:
    reward = (
        "{code: mug, title: Mug, kind: product, cost: {wallet: points, amount:"
        f" {cost}}}{', ' + keys if keys else ''}}}"
    )
    return programme(rules(PER_EURO), f"rewards: [{reward}]", *parts)


def unlocked(ran: Run) -> list[str]:
    """Return when the reward was unlocked."""
    by_time = [row["at"][:16] for row in ran.on("reward.unlocked")]
    return by_time + [row["at"][:16] for row in ran if "reward.unlocked" in row["events"]]


# ---------------------------------------------------------------- unlocking


def test_unlocked_means_could_be_redeemed_now_balance_included() -> None:
    p = mug()
    assert run(p, enrol(), adjust("2026-01-02T10:00", 99)).ana["unlocked"] == []
    ran = run(p, enrol(), adjust("2026-01-02T10:00", 99), adjust("2026-01-03T10:00", 1))
    assert (ran.last["events"], ran.ana["unlocked"]) == (["reward.unlocked"], ["mug"])


def test_it_is_unlocked_when_pending_points_come_in() -> None:
    p = programme(
        "wallets: [{code: points, name: P, pending: {days: 14}}]", rules(PER_EURO),
        "rewards: [{code: mug, title: M, kind: product, cost: {wallet: points, amount: 100}}, "
        "{code: pen, title: P, kind: product, cost: {wallet: points, amount: 50}}]",
    )  # fmt: skip
    ran = run(p, enrol(), buy("2026-01-10T10:30", 10_000), until="2026-02-01T00:00")
    unlocks = [(row["at"], row["by"], row["events"]) for row in ran.on("reward.unlocked")]
    assert unlocks == [("2026-01-24T10:30:00.000Z", "time", []), ("2026-01-24T10:30:00.000Z", "time", [])]
    assert ran.ana["unlocked"] == ["mug", "pen"]


def test_without_announcement_it_unlocks_in_silence() -> None:
    ran = run(mug("announce: false"), *RICH)
    assert (ran.last["events"], ran.ana["unlocked"]) == ([], ["mug"])


def test_a_reward_without_cost_is_only_ever_given() -> None:
    gift_rule = "{code: one, title: O, on: member.enrolled, do: [{voucher: gift}]}"
    p = programme(rules(gift_rule), "rewards: [{code: gift, title: G, kind: product}]")
    ran = run(p, enrol(), redeem("2026-01-03T10:00", "gift"))
    assert [row["vouchers"] for row in ran] == [["gift"], []]
    assert (ran.last["refused"], ran.ana["unlocked"]) == ("RewardLocked", [])


def test_it_unlocks_again_after_it_was_locked() -> None:
    ran = run(
        mug(),
        *RICH,
        adjust("2026-01-03T10:00", -950),
        adjust("2026-01-04T10:00", 50),
        adjust("2026-01-05T10:00", 50),
    )
    assert unlocked(ran) == ["2026-01-02T10:00", "2026-01-04T10:00"]


def test_what_time_alone_locked_unlocks_again() -> None:
    p = mug("when: member.days_since_purchase < 10")
    ran = run(p, *RICH, buy("2026-01-03T10:00", 100), buy("2026-02-03T10:00", 100))
    assert unlocked(ran) == ["2026-01-03T10:00", "2026-02-03T10:00"]
    assert run(p, *RICH, buy("2026-01-03T10:00", 100), until="2026-01-13T00:00").ana["unlocked"] == []


@pytest.mark.parametrize(
    ("when", "day"), [(">= 10", "2026-01-13"), ("> 10", "2026-01-14"), ("== 10", "2026-01-13")]
)
def test_time_alone_unlocks_at_midnight(when: str, day: str) -> None:
    ran = run(
        mug(f"when: member.days_since_purchase {when}"),
        *RICH,
        buy("2026-01-03T10:00", 100),
        until="2026-03-01T00:00",
    )
    assert unlocked(ran) == [f"{day}T00:00"]


@pytest.mark.parametrize(
    "when",
    [
        "10 <= member.days_since_purchase",
        "member.days_since_purchase - 1 >= 9",
        "member.days_since_purchase >= 5 + 5",
    ],
)
def test_a_count_of_days_may_be_written_in_any_way(when: str) -> None:
    ran = run(mug(f'when: "{when}"'), *RICH, buy("2026-01-03T10:00", 100), until="2026-03-01T00:00")
    assert unlocked(ran) == ["2026-01-13T00:00"]


def test_a_clock_in_a_condition_is_looked_at_each_midnight() -> None:
    ran = run(mug("when: now >= timestamp('2026-03-01T12:00:00Z')"), *RICH, until="2026-04-01T00:00")
    assert unlocked(ran) == ["2026-03-02T00:00"]


# ---------------------------------------------------------------- locks


@pytest.mark.parametrize(
    ("keys", "lines", "refused"),
    [
        ("", [], None),
        ("tiers: [silver, gold]", [], "RewardLocked"),
        ("tiers: [silver, gold]", [buy("2026-01-02T11:00", 10_000)], None),
        ("tiers: [silver]", [buy("2026-01-02T11:00", 100_000)], "RewardLocked"),
        ("when: member.purchases.count > 0", [], "RewardLocked"),
        ("when: member.purchases.count > 0", [buy("2026-01-02T11:00", 100)], None),
        ('available: {from: "2026-01-04"}', [], "RewardLocked"),
        ('available: {from: "2026-01-03"}', [], None),
        ('available: {until: "2026-01-02"}', [], "RewardLocked"),
        ('available: {until: "2026-01-03"}', [], None),
        ("stock: 0", [], "RewardLocked"),
        ("limit: {times: 1, per: ever}", [redeem("2026-01-02T11:00", "mug")], "RewardLocked"),
        ("", [adjust("2026-01-02T11:00", -901)], "InsufficientBalance"),
        ('available: {from: "2026-01-04"}', [adjust("2026-01-02T11:00", -901)], "RewardLocked"),
    ],
)
def test_redeeming_is_refused_for_what_locks_it(keys: str, lines: list[Line], refused: str | None) -> None:
    ran = run(mug(keys, TIERS), *RICH, *lines, redeem("2026-01-03T10:00", "mug"))
    assert ran.last["refused"] == refused
    if refused:
        before = run(mug(keys, TIERS), *RICH, *lines, until="2026-01-03T10:00")
        assert (ran.last["entries"], ran.last["vouchers"], ran.ana) == ([], [], before.ana)


@pytest.mark.parametrize(
    ("points", "at", "refused"),
    [
        (0, "2026-11-28T09:00", "RewardLocked"),
        (10, "2026-11-29T09:00", "RewardLocked"),  # silver has no early access
        (100, "2026-11-28T08:59:59.999Z", "RewardLocked"),
        (100, "2026-11-28T09:00", None),
        (0, "2026-12-01T08:59:59.999Z", "RewardLocked"),
        (0, "2026-12-01T09:00", None),
    ],
)
def test_early_access_by_tier(points: int, at: str, refused: str | None) -> None:
    p = mug('available: {from: "2026-12-01T09:00:00"}, early_access: {gold: {days: 3}}', TIERS)
    bought = [buy("2026-01-03T10:00", points * 1000)] if points else []
    ran = run(p, *RICH, *bought, redeem(at, "mug"))
    assert ran.last["refused"] == refused


def test_the_instants_of_a_reward_unlock_it_by_themselves() -> None:
    p = mug(
        'available: {from: "2026-12-01T09:00:00", until: "2026-12-10"}, early_access: {gold: {days: 3}}',
        TIERS,
    )
    ran = run(p, *RICH, until="2027-01-01T00:00")
    assert unlocked(ran) == ["2026-12-01T09:00"]
    assert ran.ana["unlocked"] == []
    assert unlocked(run(p, *RICH, buy("2026-01-03T10:00", 100_000), until="2027-01-01T00:00")) == [
        "2026-11-28T09:00"
    ]


# ---------------------------------------------------------------- stock and limits


def test_stock_is_shared_and_given_back_by_a_cancellation_and_not_by_a_lapse() -> None:
    p = mug("stock: 1, voucher: {valid: {days: 10}}")
    bob = (enrol(who="bob"), adjust("2026-01-02T10:00", 1000, who="bob"))
    first = redeem("2026-01-03T10:00", "mug", "v")
    taken = run(p, *RICH, *bob, first, redeem("2026-01-03T11:00", "mug", who="bob"))
    assert taken.last["refused"] == "RewardLocked"
    back = run(
        p, *RICH, *bob, first, cancel("2026-01-03T10:30", "v"), redeem("2026-01-03T11:00", "mug", who="bob")
    )
    assert back.last["refused"] is None
    lapsed = run(p, *RICH, *bob, first, redeem("2026-02-03T11:00", "mug", who="bob"))
    assert lapsed.last["refused"] == "RewardLocked"


def test_a_rule_gives_no_voucher_of_what_is_used_up() -> None:
    gift_rule = "{code: one, title: O, on: member.enrolled, do: [{voucher: gift}]}"
    p = programme(rules(gift_rule), "rewards: [{code: gift, title: G, kind: product, stock: 1}]")
    ran = run(p, enrol(), enrol(who="bob"))
    assert [row["vouchers"] for row in ran] == [["gift"], []]
    assert ran.outcome("one") == (False, 0, "cap")


def test_given_vouchers_do_not_count_toward_a_limit_and_cancelled_ones_are_given_back() -> None:
    gift_rule = "rules: [{code: one, title: O, on: member.enrolled, do: [{voucher: mug}]}]"
    reward = (
        "rewards: [{code: mug, title: M, kind: product, cost: {wallet: points, amount: 10}, limit: {times: 1,"
        " per: ever}}]"
    )
    p = programme(gift_rule, reward)
    lines = *RICH, redeem("2026-01-03T10:00", "mug", "v")
    assert run(p, *lines).last["refused"] is None
    assert run(p, *lines, redeem("2026-01-04T10:00", "mug")).last["refused"] == "RewardLocked"
    again = run(p, *lines, cancel("2026-01-03T11:00", "v"), redeem("2026-01-04T10:00", "mug"))
    assert again.last["refused"] is None


def test_a_limit_by_month_unlocks_again_with_the_next_month() -> None:
    p = mug("limit: {times: 1, per: month}")
    ran = run(p, *RICH, redeem("2026-07-03T10:00", "mug"), until="2026-09-01T00:00")
    assert unlocked(ran) == ["2026-07-31T23:00", "2026-01-02T10:00"]
    assert ran.ana["unlocked"] == ["mug"]


# ---------------------------------------------------------------- vouchers


@pytest.mark.parametrize(
    ("valid", "lapses"),
    [
        ("{days: 10}", "2026-04-04T09:00:00.000Z"),  # keeps the local clock time over the change
        ("{hours: 240}", "2026-04-04T10:00:00.000Z"),
        ("{months: 1}", "2026-04-25T09:00:00.000Z"),
    ],
)
def test_a_voucher_can_be_used_up_to_its_instant(valid: str, lapses: str) -> None:
    p = mug(f"voucher: {{valid: {valid}}}")
    lines = *RICH, redeem("2026-03-25T10:00", "mug", "v")
    early = run(p, *lines, use(lapses, "v"))
    assert early.last["refused"] == "VoucherNotUsable"
    assert early.on("voucher.expired")[0]["at"] == lapses
    assert early.entries("RETURN") == []
    assert run(p, *lines, use("2026-03-26T10:00", "v"), until=lapses).on("voucher.expired") == []


@pytest.mark.parametrize(
    "lines",
    [
        [use("2026-01-04T10:00", "other")],
        [use("2026-01-04T10:00", "v"), use("2026-01-04T11:00", "v")],
        [use("2026-01-04T10:00", "v"), cancel("2026-01-04T11:00", "v")],
        [cancel("2026-01-04T10:00", "v"), use("2026-01-04T11:00", "v")],
        [cancel("2026-01-04T10:00", "v"), cancel("2026-01-04T11:00", "v")],
    ],
)
def test_a_voucher_that_is_not_open_is_refused_and_nothing_changes(lines: list[Line]) -> None:
    before = run(mug(), *RICH, redeem("2026-01-03T10:00", "mug", "v"), *lines[:-1], until="2026-01-05T10:00")
    ran = run(mug(), *RICH, redeem("2026-01-03T10:00", "mug", "v"), *lines, until="2026-01-05T10:00")
    assert ran.last["refused"] == "VoucherNotUsable"
    assert ran.ana == before.ana


def test_a_given_voucher_gives_nothing_back_when_it_is_cancelled() -> None:
    gift_rule = "{code: one, title: O, on: member.enrolled, do: [{voucher: gift}]}"
    p = programme(rules(gift_rule), "rewards: [{code: gift, title: G, kind: product}]")
    ran = run(p, enrol(), cancel("2026-01-03T10:00", "ana-1"))
    assert (ran.last["refused"], ran.last["entries"]) == (None, [])


def test_a_member_holds_so_many_open_vouchers_and_no_more() -> None:
    p = mug("announce: false", cost=1)
    ran = run(p, *RICH, *(redeem("2026-01-03T10:00", "mug") for _ in range(201)))
    assert [row["refused"] for row in ran.on("reward.redeemed")] == [None] * 200 + ["RewardLocked"]
    assert figures(ran.ana)["spent"] == 200


def test_a_voucher_redeemed_by_label_answers_to_it() -> None:
    ran = run(mug(), *RICH, redeem("2026-01-03T10:00", "mug"), use("2026-01-03T11:00", "ana-1"))
    assert ran.last["refused"] is None
    assert ran.on("reward.redeemed")[0]["vouchers"] == ["mug"]
