"""Late events: rules, windows, limits, validity and multipliers of their own time; counters and balances of
now.
"""

from tests.model.simulation_runs import (
    PER_EURO,
    adjust,
    buy,
    enrol,
    expiring,
    figures,
    line,
    lots,
    programme,
    refund,
    rules,
    run,
)

LADDER = (
    "ladder: [{code: basic, name: B, from: 0}, {code: silver, name: S, from: 100, keep: 50, multiplier: 2}]"
)
TIERED = PER_EURO.replace("purchase.total", "purchase.total, tiered: true")
ROLLING = f"tiers: {{count: {{wallet: points}}, window: {{rolling: {{months: 12}}}}, {LADDER}}}"
GAME = "events: [{name: game.played, title: P, data: {}}]"


def late(at: str, total: int = 1_000, **more: str) -> dict[str, object]:
    return buy(at, total, **more)


def test_the_multiplier_is_that_of_its_own_time() -> None:
    p = programme(rules(TIERED), ROLLING)
    lines = enrol(), buy("2026-02-01T10:00", 10_000), buy("2026-03-01T10:00", 1_000)
    before = run(p, *lines, late("2026-01-20T10:00"))
    assert before.entries()[-1] == ("AWARD", 10)  # basic then
    after = run(p, *lines, late("2026-02-10T10:00"))
    assert after.entries()[-2:] == [("AWARD", 10), ("BONUS", 10)]
    twice = run(p, *lines, late("2026-01-20T10:00"), late("2026-01-25T10:00"))
    assert twice.entries()[-1] == ("AWARD", 10)  # another late entry does not bring today's tier into January


def test_the_plan_is_that_of_its_own_time() -> None:
    plus = "plans: [{code: plus, name: P, price: 100, period: {months: 1}, multiplier: 3}]"
    start = line("2026-01-10T10:00", "plan.started", {"plan": "plus", "until": "2026-02-10T10:00:00Z"})
    member = (
        "{code: plussed, title: P, on: purchase.completed, when: member.plan == 'plus', do: [{tag: plussed}]}"
    )
    p = programme(rules(TIERED, member), plus)
    ran = run(p, enrol(), start, buy("2026-03-01T10:00", 1_000), late("2026-01-20T10:00"))
    assert ran.entries()[-2:] == [("AWARD", 10), ("BONUS", 20)]
    assert ran.ana["tags"] == ["plussed"]


def test_validity_is_that_of_its_own_time_and_what_is_past_it_lapses_at_once() -> None:
    p = programme(
        "wallets: [{code: points, name: P, pending: {days: 14}, expiry: {after: {months: 1}}}]",
        rules(PER_EURO),
    )
    lines = enrol(), buy("2026-03-01T10:00", 500)
    open_still = run(p, *lines, late("2026-02-01T10:00"))
    [entry] = open_still.last["entries"]
    assert (entry["availableAt"], lots(entry)) == (None, [(10, "2026-03-15")])
    assert (figures(open_still.ana)["available"], figures(open_still.ana)["pending"]) == (10, 5)
    past = run(p, *lines, late("2026-01-10T10:00"))
    assert past.entries()[-2:] == [("AWARD", 10), ("EXPIRE", -10)]
    assert past.last["events"] == ["points.expired", "points.awarded"]
    pending = run(p, *lines, late("2026-02-20T10:00"))
    assert pending.last["entries"][0]["availableAt"] == "2026-03-06T10:00:00.000Z"


def test_limits_look_back_over_the_period_the_event_falls_into() -> None:
    once = PER_EURO.replace("on:", "limit: {times: 1, per: month}, on:")
    p = programme(rules(once))
    lines = enrol(), buy("2026-01-10T10:00", 1_000), buy("2026-03-10T10:00", 1_000)
    ran = run(
        p,
        *lines,
        late("2026-01-20T10:00"),
        late("2026-02-20T10:00"),
        late("2026-02-21T10:00"),
        late("2026-03-09T10:00"),
    )
    assert [reason for _, _, reason in ran.outcomes("base")] == [None, None, "limit", None, "limit", "limit"]
    assert [applied for applied, _, _ in ran.outcomes("base")] == [True, True, False, True, False, False]


def test_caps_look_back_over_their_period_too() -> None:
    capped = PER_EURO.replace("on:", "cap: {amount: 15, per: week}, on:")
    ran = run(
        programme(rules(capped)),
        enrol(),
        buy("2026-01-06T10:00", 1_000),
        buy("2026-03-10T10:00", 1_000),
        late("2026-01-11T10:00"),
    )
    assert ran.outcome("base") == (True, 5, "cap")


CAPPED_BY_MONTH = (
    "{code: capped, title: C, on: purchase.completed, cap: {amount: 50, per: month}, do: [{award: {wallet:"
    " points, fixed: 40}}]}"
)


def test_a_cap_that_was_used_by_a_membership_merged_in_is_used_for_late_receipts_too() -> None:
    ran = run(
        programme(rules(CAPPED_BY_MONTH)),
        enrol(),
        enrol(who="bob"),
        buy("2026-01-12T10:00", 100),
        buy("2026-01-12T11:00", 100),
        line("2026-01-13T10:00", "member.merged", {"from": "ana"}, who="bob"),
        buy("2026-01-12T09:00", 100, who="bob"),
    )
    assert ran.outcomes("capped") == [(True, 40, None), (True, 10, "cap"), (False, 0, "cap")]


def test_what_a_refund_gave_back_to_a_cap_is_there_for_a_late_receipt() -> None:
    bought = enrol(), buy("2026-01-12T10:00", 100, id="r"), refund("2026-01-12T11:00", "r")
    shared = CAPPED_BY_MONTH.replace("cap: {amount: 50, per: month}", "capped_by: both")
    for small in (
        programme(rules(CAPPED_BY_MONTH)),
        programme("caps: [{code: both, amount: 50, per: month}]", rules(shared)),
    ):
        ran = run(small, *bought, late("2026-01-12T09:00"))
        assert ran.outcome("capped") == (True, 40, None)


def test_limits_of_rules_on_what_it_raises_are_those_of_its_own_time() -> None:
    bonus = (
        "{code: bonus, title: B, on: points.awarded, when: event.data.wallet == 'points', limit: {times: 1, per:"
        " PER}, do: [{award: {wallet: stars, fixed: 40}}]}"
    )
    wallets = "wallets: [{code: points, name: P}, {code: stars, name: S}]"
    queue = late("2026-01-12T09:00"), late("2026-01-12T10:00"), late("2026-01-12T11:00")
    for per, since in (("day", "2026-01-15T10:00"), ("month", "2026-04-15T10:00")):
        p = programme(wallets, rules(PER_EURO, bonus.replace("PER", per)))
        ran = run(p, enrol(), buy(since, 1_000), *queue)
        fired = [outcome for outcome in ran.outcomes("bonus") if outcome[2] != "when"]
        assert fired == [(True, 40, None)] * 2 + [(False, 0, "limit")] * 2
        assert figures(ran.ana, "stars")["available"] == 80


def test_the_limit_of_a_delayed_rule_is_that_of_the_day_on_which_it_was_due() -> None:
    bonus = (
        "{code: bonus, title: B, on: purchase.completed, after: {days: 1}, limit: {times: 1, per: day}, do:"
        " [{award: {wallet: points, fixed: 40}}]}"
    )
    queue = late("2026-01-12T09:00"), late("2026-01-12T10:00"), late("2026-01-12T11:00")
    since = buy("2026-01-15T09:00", 100), adjust("2026-01-18T10:00", 1)
    ran = run(programme(rules(bonus)), enrol(), *since, *queue)
    decided = ran.on("purchase.completed", by="time")
    assert [row["at"][:10] for row in decided] == ["2026-01-16"] + ["2026-01-13"] * 3
    assert [row["outcomes"][0]["reason"] for row in decided] == [None, None, "limit", "limit"]


def test_during_and_the_clock_are_those_of_its_own_time() -> None:
    week = (
        "{code: week, title: W, on: game.played, during: {from: '2026-01-05', until: '2026-01-11'}, "
        "when: now < timestamp('2026-01-07T00:00:00Z'), do: [{tag: then}]}"
    )
    ran = run(
        programme(rules(week), GAME),
        enrol(),
        adjust("2026-03-01T10:00", 1),
        line("2026-01-06T10:00", "game.played"),
    )
    assert ran.ana["tags"] == ["then"]


def test_counters_and_balances_are_those_of_now() -> None:
    rich = (
        "{code: rich, title: R, on: game.played, when: member.balance.points == 500 && member.purchases.count"
        " == 1, do: [{tag: rich}]}"
    )
    idle = (
        "{code: idle, title: I, on: game.played, when: member.days_since_purchase == 0, do: [{tag: today}]}"
    )
    lines = (
        enrol(),
        buy("2026-03-01T09:00", 1),
        adjust("2026-03-01T10:00", 500),
        line("2026-01-06T10:00", "game.played"),
    )
    assert run(programme(rules(rich, idle), GAME), *lines).ana["tags"] == ["rich", "today"]


def test_it_may_lift_the_tier_by_the_window_of_its_time() -> None:
    p = programme(rules(PER_EURO), ROLLING)
    lines = enrol(), buy("2026-01-10T10:00", 6_000), buy("2027-02-01T10:00", 1_000)
    ran = run(p, *lines, late("2026-06-01T10:00", 4_000))
    assert ran.last["events"] == ["points.awarded", "tier.changed"]
    # as of 1 June 2026 it was 100; today it is 50 and keeps the tier
    assert (ran.ana["tier"]["code"], ran.ana["tier"]["qualifying"]) == ("silver", 50)
    short = run(p, *lines, late("2026-06-01T10:00", 3_999))
    assert short.ana["tier"]["code"] == "basic"


def test_a_late_lift_that_is_not_kept_goes_at_the_next_midnight() -> None:
    p = programme(rules(PER_EURO), ROLLING)
    lines = (
        enrol(),
        buy("2026-01-10T10:00", 6_000),
        adjust("2027-07-01T10:00", 1),
        late("2026-06-01T10:00", 4_000),
    )
    ran = run(p, *lines, until="2027-08-01T00:00")
    assert [row["at"][:16] for row in ran.on("tier.changed")] == ["2027-07-01T23:00"]


def test_a_calendar_tier_reached_late_is_held_by_its_own_year() -> None:
    p = programme(rules(PER_EURO), ROLLING.replace("{rolling: {months: 12}}", "calendar_year"))
    lines = (
        enrol(),
        buy("2026-11-10T10:00", 6_000),
        adjust("2027-02-01T10:00", 1),
        late("2026-12-01T10:00", 4_000),
    )
    ran = run(p, *lines)
    assert (ran.ana["tier"]["code"], ran.ana["tier"]["until"]) == ("silver", "2027-12-31")


def test_what_was_decided_since_stands() -> None:
    p = programme(rules(TIERED), ROLLING)
    lines = (
        enrol(),
        buy("2026-02-01T10:00", 6_000),
        buy("2026-03-01T10:00", 1_000),
        late("2026-01-20T10:00", 4_000),
    )
    ran = run(p, *lines, buy("2026-03-02T10:00", 1_000))
    assert ran.entries() == [("AWARD", 60), ("AWARD", 10), ("AWARD", 40), ("AWARD", 10), ("BONUS", 10)]


def test_late_lines_of_one_member_are_not_late_for_another() -> None:
    p = programme("wallets: [{code: points, name: P, pending: {days: 1}}]", rules(PER_EURO))
    lines = (
        enrol(),
        enrol(who="bob"),
        buy("2026-03-01T10:00", 1_000),
        buy("2026-01-20T10:00", 1_000, who="bob"),
    )
    ran = run(p, *lines)
    assert ran.last["entries"][0]["availableAt"] == "2026-01-21T10:00:00.000Z"
    assert figures(ran.members["bob"])["available"] == 10


def test_what_a_late_event_has_brought_comes_due_at_once() -> None:
    delayed = "{code: delayed, title: D, on: game.played, after: {days: 1}, do: [{tag: done}]}"
    p = programme(rules(delayed), GAME)
    ran = run(p, enrol(), adjust("2026-03-01T10:00", 1), line("2026-01-06T10:00", "game.played"))
    assert (ran.last["at"], ran.last["by"], ran.ana["tags"]) == ("2026-01-07T10:00:00.000Z", "time", ["done"])


def test_a_late_purchase_renews_no_lot_to_an_earlier_day_and_is_renewed_by_what_came_since() -> None:
    wallet = "wallets: [{code: points, name: P, expiry: {after: {months: 6}, renewed_by_activity: true}}]"
    ran = run(
        programme(wallet, rules(PER_EURO)), enrol(), buy("2026-03-10T10:00", 1_000), late("2026-02-10T10:00")
    )
    assert expiring(ran.ana) == [(20, "2026-09-10")]


def test_a_late_purchase_is_refunded_by_its_own_facts() -> None:
    p = programme(rules(TIERED), ROLLING)
    lines = enrol(), buy("2026-02-01T10:00", 10_000), late("2026-01-20T10:00", 2_000, id="r")
    ran = run(p, *lines, refund("2026-02-02T10:00", "r", 1_000))
    assert ran.entries()[-1] == ("CLAWBACK", -10)


def test_a_late_refund_goes_by_the_purchase_and_the_time_it_was() -> None:
    sorry = (
        "{code: sorry, title: S, on: purchase.refunded, do: [{award: {wallet: points, fixed: 5, tiered:"
        " true}}]}"
    )
    p = programme(rules(PER_EURO, sorry), ROLLING)
    lines = enrol(), buy("2026-01-10T10:00", 2_000, id="r"), buy("2026-03-01T10:00", 20_000)
    ran = run(p, *lines, refund("2026-01-20T10:00", "r", 1_000))
    assert ran.entries()[-2:] == [("CLAWBACK", -10), ("AWARD", 5)]
