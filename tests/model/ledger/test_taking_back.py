"""Taking back what a purchase gave where it went a long way round: through falls, delays, spending and time."""

from tests.model.simulation_runs import (
    PER_EURO,
    adjust,
    buy,
    cancel,
    enrol,
    figures,
    programme,
    redeem,
    refund,
    rules,
    run,
)

LADDER = """
tiers:
  count: {wallet: points}
  window: {rolling: {months: 12}}
  ladder: [{code: basic, name: B, from: 0}, {code: silver, name: S, from: 60}, {code: gold, name: G, from: 150}]
"""
SPENDERS = "segments: [{code: spender, name: S, when: member.purchases.total >= 5000}]\n"
MUG = "rewards:\n  - {code: mug, title: M, kind: product, cost: {wallet: points, amount: 40}}\n"
FIVE = "do: [{award: {wallet: points, fixed: 5}}]"


def test_a_fall_by_a_refund_is_told_and_pays_nothing() -> None:
    what = programme(
        rules(
            PER_EURO,
            "{code: moved, title: M, on: tier.changed, limit: {times: 9, per: day}, do: [{award: {wallet: points,"
            " fixed: 40}}, {tag: moved}, {message: moved}]}",
        ),
        LADDER,
        "messages: [{code: moved, channels: [inbox], purpose: service, title: T, body: B}]\n",
    )
    out = run(what, enrol(), buy("2026-01-02T10:00", 6000, id="a"), refund("2026-01-03T10:00", "a"))
    assert figures(out.ana)["available"] == 0
    assert out.ana["tags"] == []
    assert [row["messages"] for row in out.rows[-2:]] == [["moved"], ["moved"]]
    assert out.outcomes("moved")[-1] == (False, 0, "nothing_to_count")


def test_a_segment_left_by_a_refund_pays_nothing() -> None:
    what = programme(rules(PER_EURO, f"{{code: left, title: L, on: segment.left, {FIVE}}}"), SPENDERS)
    out = run(what, enrol(), buy("2026-01-02T10:00", 6000, id="a"), refund("2026-01-03T10:00", "a"))
    assert figures(out.ana)["available"] == 0


def test_a_segment_that_a_refund_leads_back_into_pays_no_twice() -> None:
    what = programme(
        rules(PER_EURO, f"{{code: entered, title: E, on: segment.entered, {FIVE}}}"),
        "segments: [{code: fresh, name: F, when: member.purchases.count == 0}]\n",
    )
    out = run(what, enrol(), buy("2026-01-02T10:00", 6000, id="a"), refund("2026-01-03T10:00", "a"))
    assert out.ana["segments"] == ["fresh"]
    assert figures(out.ana)["available"] == 5


def test_a_tag_that_came_later_goes_with_the_tier_that_it_came_of() -> None:
    what = programme(
        rules(
            PER_EURO,
            "{code: risen, title: R, on: tier.changed, when: event.data.up, after: {days: 2}, do: [{tag: risen}]}",
        ),
        LADDER,
    )
    out = run(what, enrol(), buy("2026-01-02T10:00", 6000, id="a"), refund("2026-01-09T10:00", "a"))
    assert out.ana["tags"] == []


def test_a_bonus_holds_no_level_of_its_own() -> None:
    what = programme(
        rules(
            PER_EURO, f"{{code: earned, title: E, on: badge.earned, limit: {{times: 9, per: day}}, {FIVE}}}"
        ),
        "badges: [{code: many, name: M, on: points.awarded, of: event.data.amount, levels: [5]}]\n",
    )
    out = run(what, enrol(), buy("2026-01-02T10:00", 5200, id="a"), refund("2026-01-03T10:00", "a"))
    assert out.ana["badges"]["many"] == {"level": 0, "progress": 0}
    assert figures(out.ana)["available"] == 0


def test_a_bonus_on_the_award_of_a_tier_does_not_hold_that_tier() -> None:
    what = programme(
        rules(
            PER_EURO,
            f"{{code: up, title: U, on: tier.changed, when: event.data.up, limit: {{times: 9, per: day}}, {FIVE}}}",
            "{code: more, title: M, on: points.awarded, when: event.data.amount == 5, limit: {times: 9, per:"
            " day}, do: [{award: {wallet: points, fixed: 3}}]}",
        ),
        LADDER,
    )
    out = run(what, enrol(), buy("2026-01-02T10:00", 6000, id="a"), refund("2026-01-03T10:00", "a", 200))
    assert out.ana["tier"]["code"] == "basic"
    assert figures(out.ana)["available"] == 58


def test_what_a_streak_gave_goes_with_its_purchase_and_the_streak_stays() -> None:
    what = programme(
        rules(PER_EURO),
        f"badges: [{{code: weekly, name: W, on: purchase.completed, streak: {{per: week}}, levels: [2], {FIVE}}}]\n",
    )
    out = run(
        what,
        enrol(),
        buy("2026-01-06T10:00", 1000),
        buy("2026-01-13T10:00", 1000, id="b"),
        refund("2026-01-14T10:00", "b"),
    )
    assert figures(out.ana)["available"] == 10
    assert out.ana["badges"]["weekly"]["level"] == 1


def test_what_an_unlocked_reward_gave_goes_though_spending_has_locked_it() -> None:
    what = programme(rules(PER_EURO, f"{{code: open, title: O, on: reward.unlocked, {FIVE}}}"), MUG)
    out = run(
        what,
        enrol(),
        buy("2026-01-02T10:00", 4500, id="a"),
        redeem("2026-01-02T11:00", "mug", "v"),
        refund("2026-01-03T10:00", "a"),
        cancel("2026-01-03T11:00", "v"),
    )
    assert figures(out.ana)["available"] == figures(out.ana)["debt"] == 0


def test_what_an_unlocked_reward_gave_goes_with_the_last_purchase_that_it_stood_on() -> None:
    what = programme(
        "wallets: [{code: points, name: P, expiry: {after: {days: 20}}}]",
        rules(PER_EURO, f"{{code: open, title: O, on: reward.unlocked, {FIVE}}}"),
        MUG,
    )
    out = run(
        what,
        enrol(),
        buy("2026-01-02T10:00", 3900, id="a"),
        buy("2026-01-10T10:00", 4000, id="b"),
        buy("2026-01-11T10:00", 3000, id="c"),
        refund("2026-01-12T10:00", "b"),  # the mug stays unlocked until the 39 lapse
        refund("2026-01-25T10:00", "a"),
        refund("2026-01-26T10:00", "c"),
    )
    assert figures(out.ana)["available"] == 0


def test_what_a_floor_gave_goes_though_the_floor_has_ended() -> None:
    what = programme(
        rules(
            PER_EURO,
            "{code: floor, title: F, on: purchase.completed, do: [{tier: gold, for: {days: 3}}]}",
            f"{{code: up, title: U, on: tier.changed, when: event.data.up, limit: {{times: 9, per: day}}, {FIVE}}}",
        ),
        LADDER,
    )
    out = run(what, enrol(), buy("2026-01-02T10:00", 1000, id="a"), refund("2026-01-09T10:00", "a"))
    assert figures(out.ana)["available"] == 0


def test_what_redeeming_gave_goes_when_the_voucher_is_cancelled() -> None:
    what = programme(
        rules(f"{{code: redeemed, title: R, on: reward.redeemed, {FIVE[:-1]}, {{tag: mug}}]}}"),
        MUG,
        "badges: [{code: mugs, name: M, on: reward.redeemed, levels: [1]}]\n",
    )
    out = run(
        what,
        enrol(),
        adjust("2026-01-02T10:00", 40),
        redeem("2026-01-02T11:00", "mug", "v"),
        cancel("2026-01-02T12:00", "v"),
    )
    assert figures(out.ana)["available"] == 40
    assert (out.ana["tags"], out.ana["badges"]["mugs"]["level"]) == ([], 0)


def test_what_a_referral_led_into_goes_though_spending_has_led_out_of_it() -> None:
    what = programme(
        rules(PER_EURO, f"{{code: entered, title: E, on: segment.entered, {FIVE}}}"),
        MUG,
        "segments: [{code: rich, name: R, when: member.balance.points >= 45}]\n",
        "referral: {qualifies: {on: purchase.completed}, wait: {days: 2}, friend: [], referrer: [{award: {wallet:"
        " points, fixed: 45}}]}\n",
    )
    out = run(
        what,
        enrol(who="bob"),
        enrol(referredBy="bob"),
        buy("2026-01-02T10:00", 1000, id="a"),
        redeem("2026-01-05T10:00", "mug", "v", who="bob"),
        refund("2026-01-06T10:00", "a"),
        cancel("2026-01-06T11:00", "v", who="bob"),
    )
    assert figures(out.members["bob"])["available"] == 0
