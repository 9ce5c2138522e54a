"""The actions of rules beside awards: deductions, vouchers, badges, tags, messages, tiers; and events for
later.
"""

import pytest

from tests.model.simulation_runs import (
    PER_EURO,
    adjust,
    buy,
    enrol,
    figures,
    line,
    programme,
    redeem,
    rules,
    run,
    use,
)

GAME = "events: [{name: game.played, title: Played, data: {score: int}}]"
MUG = "rewards: [{code: mug, title: Mug, kind: product, voucher: {valid: {days: 30}}}]"
NEWS = (
    "consents: [{purpose: news, title: N, wording: W}]\nmessages: [{code: hello, channels: [inbox], purpose:"
    " news, title: T, body: B}]"
)
LADDER = (
    "ladder: [{code: basic, name: B, from: 0}, {code: silver, name: S, from: 100}, {code: gold, name: G,"
    " from: 1000}]"
)
TIERS = f"tiers: {{count: {{wallet: points}}, window: {{rolling: {{months: 12}}}}, {LADDER}}}"


def played(at: str, score: int = 1) -> dict[str, object]:
    return line(at, "game.played", {"score": score})


def rule_doing(do: str, more: str = "") -> str:
    return f"{{code: one, title: One, on: game.played, {more}do: [{do}]}}"


def test_deduct_never_goes_below_zero() -> None:
    p = programme(rules(rule_doing("{deduct: {wallet: points, fixed: 30}}")), GAME)
    ran = run(p, enrol(), adjust("2026-01-02T10:00", 40), *(played(f"2026-01-0{n}T10:00") for n in (3, 4, 5)))
    assert ran.entries("SPEND") == [("SPEND", -30), ("SPEND", -10)]
    assert ran.outcomes("one") == [(True, 0, None), (True, 0, None), (False, 0, "nothing_to_count")]
    assert figures(ran.ana) == {
        "available": 0,
        "pending": 0,
        "debt": 0,
        "earned": 0,
        "spent": 40,
        "expired": 0,
    }


def test_a_voucher_given_is_free_and_lapses_at_its_instant() -> None:
    p = programme(rules(rule_doing("{voucher: mug}")), GAME, MUG)
    ran = run(p, enrol(), played("2026-01-02T10:00"), until="2026-03-01T00:00")
    assert ran.on("game.played")[0]["vouchers"] == ["mug"]
    assert ran.on("game.played")[0]["entries"] == []
    assert [(row["at"], row["by"]) for row in ran.on("voucher.expired")] == [
        ("2026-02-01T10:00:00.000Z", "time")
    ]
    used = run(
        p,
        enrol(),
        played("2026-01-02T10:00"),
        use("2026-02-01T09:59:59.999Z", "ana-1"),
        until="2026-03-01T00:00",
    )
    assert used.on("voucher.expired") == []


def test_tags_come_and_go() -> None:
    add = (
        "{code: add, title: A, on: game.played, when: event.data.score > 0, do: [{tag: player}, {tag: fan}]}"
    )
    drop = "{code: drop, title: D, on: game.played, when: event.data.score == 0, do: [{untag: fan}]}"
    ran = run(
        programme(rules(add, drop), GAME), enrol(), played("2026-01-02T10:00"), played("2026-01-03T10:00", 0)
    )
    assert ran.ana["tags"] == ["player"]


def test_a_badge_is_given_at_its_first_level_once() -> None:
    badge = (
        "badges: [{code: champ, name: C, on: member.anniversary, levels: [3, 9], do: [{award: {wallet:"
        " points, fixed: 5}}]}]"
    )
    p = programme(rules(rule_doing("{badge: champ}")), GAME, badge)
    ran = run(p, enrol(), played("2026-01-02T10:00"), played("2026-01-03T10:00"))
    assert [row["events"] for row in ran.on("game.played")] == [["badge.earned", "points.awarded"], []]
    assert ran.ana["badges"] == {"champ": {"level": 1, "progress": 3}}
    assert figures(ran.ana)["available"] == 5


def test_a_message_without_its_consent_leaves_the_rest_alone() -> None:
    p = programme(
        rules(rule_doing("{message: hello}, {award: {wallet: points, fixed: 5}}, {tag: x}")), GAME, NEWS
    )
    without = run(p, enrol(), played("2026-01-02T10:00"))
    assert without.outcomes("one") == [(True, 5, None), (False, 0, "no_consent")]
    assert (without.last["messages"], without.ana["tags"]) == ([], ["x"])
    with_it = run(p, enrol(consents=["news"]), played("2026-01-02T10:00"))
    assert with_it.outcomes("one") == [(True, 5, None)]
    assert with_it.last["messages"] == ["hello"]


def test_a_message_alone_without_consent_is_not_applied_and_does_not_fire() -> None:
    p = programme(rules(rule_doing("{message: hello}", "limit: {times: 1, per: ever}, ")), GAME, NEWS)
    agree = line("2026-01-03T09:00", "member.consented", {"purpose": "news", "granted": True})
    ran = run(
        p, enrol(), played("2026-01-02T10:00"), agree, played("2026-01-03T10:00"), played("2026-01-04T10:00")
    )
    assert ran.outcomes("one") == [(False, 0, "no_consent"), (True, 0, None), (False, 0, "limit")]


def test_a_rule_whose_award_is_zero_still_does_the_rest() -> None:
    award = "{award: {wallet: points, amount: 1, per: 10, of: event.data.score}}"
    ran = run(programme(rules(rule_doing(f"{award}, {{tag: x}}")), GAME), enrol(), played("2026-01-02T10:00"))
    assert ran.outcomes("one") == [(True, 0, "rounded_to_zero")]
    assert ran.ana["tags"] == ["x"]


def test_awards_into_two_wallets_are_two_entries_and_two_outcomes() -> None:
    wallets = "wallets: [{code: points, name: P}, {code: credit, name: C, kind: money}]"
    do = "{award: {wallet: points, fixed: 5}}, {award: {wallet: credit, fixed: 7}}"
    ran = run(programme(wallets, rules(rule_doing(do)), GAME), enrol(), played("2026-01-02T10:00"))
    assert [(e["wallet"], e["amount"]) for e in ran.last["entries"]] == [("points", 5), ("credit", 7)]
    assert ran.last["events"] == ["points.awarded", "points.awarded"]
    assert ran.outcomes("one") == [(True, 5, None), (True, 7, None)]


# ---------------------------------------------------------------- a tier given


def test_a_tier_given_is_a_floor_for_its_time() -> None:
    p = programme(rules(PER_EURO, rule_doing("{tier: silver, for: {days: 10}}")), GAME, TIERS)
    ran = run(p, enrol(), played("2026-01-02T10:00"))
    assert ran.last["events"] == ["tier.changed"]
    assert ran.ana["tier"] == {
        "code": "silver",
        "qualifying": 0,
        "toNext": 1000,
        "toKeep": None,
        "until": "2026-01-12",
    }
    over = run(p, enrol(), played("2026-01-02T10:00"), until="2026-01-13T00:00")
    assert [(row["at"], row["by"]) for row in over.on("tier.changed")] == [
        ("2026-01-12T10:00:00.000Z", "time")
    ]
    assert over.ana["tier"]["code"] == "basic"


def test_a_floor_is_passed_by_what_is_earned_and_holds_where_that_is_lost() -> None:
    p = programme(rules(PER_EURO, rule_doing("{tier: silver}")), GAME, TIERS)
    ran = run(
        p, enrol(), played("2026-01-02T10:00"), buy("2026-01-03T10:00", 100_000), until="2027-02-01T00:00"
    )
    assert ran.times("tier.changed") == [
        "2027-01-04T00:00"
    ]  # one step down to silver, which is earned no more and given for good
    assert ran.ana["tier"]["code"] == "silver"
    assert ran.ana["tier"]["until"] is None


def test_a_lower_floor_shows_again_where_a_higher_one_ends() -> None:
    high = (
        "{code: high, title: H, on: game.played, when: event.data.score > 5, do: [{tier: gold, for: {days:"
        " 3}}]}"
    )
    low = (
        "{code: low, title: L, on: game.played, when: event.data.score <= 5, do: [{tier: silver, for: {days:"
        " 30}}]}"
    )
    p = programme(rules(high, low), GAME, TIERS)
    ran = run(p, enrol(), played("2026-01-02T10:00"), played("2026-01-03T10:00", 9), until="2026-01-10T00:00")
    assert (ran.ana["tier"]["code"], ran.ana["tier"]["until"]) == ("silver", "2026-02-01")


def test_a_floor_given_again_stays_for_the_longer_of_both() -> None:
    long = (
        "{code: long, title: L, on: game.played, when: event.data.score > 5, do: [{tier: silver, for: {days:"
        " 30}}]}"
    )
    short = (
        "{code: short, title: S, on: game.played, when: event.data.score <= 5, do: [{tier: silver, for:"
        " {days: 3}}]}"
    )
    ran = run(
        programme(rules(long, short), GAME, TIERS),
        enrol(),
        played("2026-01-02T10:00", 9),
        played("2026-01-03T10:00"),
    )
    assert ran.ana["tier"]["until"] == "2026-02-01"


# ---------------------------------------------------------------- later


def test_a_delayed_rule_fires_as_a_row_of_its_event_later() -> None:
    p = programme(rules(rule_doing("{award: {wallet: points, fixed: 5}}", "after: {hours: 2}, ")), GAME)
    ran = run(p, enrol(), played("2026-01-02T10:00"), until="2026-01-03T00:00")
    assert ran.outcomes("one") == [(False, 0, "later:2026-01-02T12:00:00.000Z"), (True, 5, None)]
    first, second = ran.on("game.played")
    assert (first["by"], second["by"], second["at"]) == ("input", "time", "2026-01-02T12:00:00.000Z")


def test_a_delay_in_days_keeps_the_local_clock_time() -> None:
    p = programme(rules(rule_doing("{award: {wallet: points, fixed: 5}}", "after: {days: 1}, ")), GAME)
    ran = run(p, enrol(), played("2026-03-28T10:00"), until="2026-04-01T00:00")
    assert ran.outcomes("one")[0] == (False, 0, "later:2026-03-29T09:00:00.000Z")


def test_when_is_judged_again_when_a_delayed_rule_fires() -> None:
    reminder = rule_doing(
        "{tag: reminded}",
        "after: {hours: 2}, when: member.last_purchase_at == null || member.last_purchase_at < event.at, ",
    )
    p = programme(rules(reminder, PER_EURO), GAME)
    ran = run(p, enrol(), buy("2026-01-02T09:00", 100), played("2026-01-02T10:00"), until="2026-01-03T00:00")
    assert ran.ana["tags"] == ["reminded"]
    bought = run(
        p, enrol(), played("2026-01-02T10:00"), buy("2026-01-02T11:00", 100), until="2026-01-03T00:00"
    )
    assert bought.outcomes("one")[-1] == (False, 0, "when")
    assert bought.ana["tags"] == []


def test_a_delayed_rule_does_what_only_it_asks_for() -> None:
    badge = "badges: [{code: b, name: B, on: purchase.completed, levels: [5]}]"
    late = (
        "{code: late, title: L, on: purchase.completed, after: {days: 1}, when: purchase.first, do: [{award:"
        " {wallet: points, fixed: 9}}]}"
    )
    p = programme(rules(PER_EURO, late), badge, TIERS.replace("{wallet: points}", "{on: purchase.completed}"))
    ran = run(p, enrol(), buy("2026-01-02T10:00", 100), until="2026-01-05T00:00")
    assert ran.entries() == [("AWARD", 1), ("AWARD", 9)]
    assert ran.ana["badges"]["b"]["progress"] == 1
    assert ran.ana["tier"]["qualifying"] == 1


def test_what_a_delayed_rule_awards_may_reach_a_tier() -> None:
    p = programme(
        rules(rule_doing("{award: {wallet: points, fixed: 100}}", "after: {hours: 2}, ")), GAME, TIERS
    )
    ran = run(p, enrol(), played("2026-01-02T10:00"), until="2026-01-03T00:00")
    assert ran.last["events"] == ["points.awarded", "tier.changed"]
    assert ran.ana["tier"]["code"] == "silver"


def test_a_delayed_rule_on_enrolment_begins_no_second_membership() -> None:
    welcome = (
        "{code: welcome, title: W, on: member.enrolled, after: {days: 3}, do: [{award: {wallet: points,"
        " fixed: 5}}]}"
    )
    agreed = "{code: agreed, title: A, on: member.consented, after: {days: 1}, do: [{tag: asked}]}"
    p = programme(rules(welcome, agreed, PER_EURO), TIERS, NEWS)
    agree = line("2026-01-01T10:00", "member.consented", {"purpose": "news", "granted": True})
    withdraw = line("2026-01-01T11:00", "member.consented", {"purpose": "news", "granted": False})
    probe = "2027-01-01T12:00"
    ran = run(p, enrol("2026-01-01T09:00"), agree, withdraw, buy("2026-01-02T10:00", 100_000), until=probe)
    assert ran.ana["tier"]["code"] == "gold"
    assert ran.times("member.anniversary") == ["2027-01-01T00:00"]
    assert ran.entries() == [("AWARD", 1000), ("AWARD", 5)]


def test_a_delayed_rule_checks_its_limit_when_it_fires() -> None:
    p = programme(
        rules(
            rule_doing(
                "{award: {wallet: points, fixed: 5}}", "after: {hours: 2}, limit: {times: 1, per: ever}, "
            )
        ),
        GAME,
    )
    ran = run(p, enrol(), played("2026-01-02T10:00"), played("2026-01-02T11:00"), until="2026-01-03T00:00")
    assert [reason for _, _, reason in ran.outcomes("one")][-2:] == [None, "limit"]


def test_a_rule_that_does_not_get_to_its_awards_is_not_postponed() -> None:
    p = programme(
        rules(
            rule_doing(
                "{award: {wallet: points, fixed: 5}}", "after: {hours: 2}, when: event.data.score > 5, "
            )
        ),
        GAME,
    )
    ran = run(p, enrol(), played("2026-01-02T10:00"), until="2026-01-03T00:00")
    assert ran.outcomes("one") == [(False, 0, "when")]
    assert len(ran.on("game.played")) == 1


# ---------------------------------------------------------------- what follows within a decision


def test_what_a_decision_gives_rise_to_is_decided_in_the_same_row() -> None:
    cheer = (
        "{code: cheer, title: C, on: badge.earned, when: event.data.badge == 'first', do: [{award: {wallet:"
        " points, fixed: 7}}]}"
    )
    echo = (
        "{code: echo, title: E, on: points.awarded, when: event.data.amount == 7 && event.data.wallet =="
        " 'points', do: [{tag: echo}]}"
    )
    badge = "badges: [{code: first, name: F, on: purchase.completed}]"
    ran = run(programme(rules(PER_EURO, cheer, echo), badge), enrol(), buy("2026-01-02T10:00", 100))
    assert ran.last["events"] == ["points.awarded", "badge.earned", "points.awarded"]
    assert ran.entries() == [("AWARD", 1), ("AWARD", 7)]
    assert ran.ana["tags"] == ["echo"]


@pytest.mark.parametrize(
    ("label", "event", "when"),
    [
        ("used", "voucher.used", "event.data.reward == 'mug' && event.data.voucher == 'v'"),
        ("cancelled", "voucher.cancelled", "event.data.reward == 'mug' && event.data.voucher == 'v'"),
        ("redeemed", "reward.redeemed", "event.data.reward == 'mug' && event.data.voucher == 'v'"),
    ],
)
def test_voucher_events_say_reward_and_voucher(label: str, event: str, when: str) -> None:
    mug = MUG.replace("kind: product,", "kind: product, cost: {wallet: points, amount: 10},")
    p = programme(rules(f'{{code: one, title: O, on: {event}, when: "{when}", do: [{{tag: {label}}}]}}'), mug)
    end = line("2026-01-04T10:00", event, {"voucher": "v"})
    last = [] if event == "reward.redeemed" else [end]
    ran = run(p, enrol(), adjust("2026-01-02T10:00", 40), redeem("2026-01-03T10:00", "mug", "v"), *last)
    assert ran.ana["tags"] == [label]


def test_a_message_said_once_has_no_second_of_its_kind_within_its_time() -> None:
    p = programme(
        "events: [{name: shop.visited, title: V, data: {}}]",
        rules("{code: hello, on: shop.visited, do: [{message: nudge}, {message: news}, {message: nudge}]}"),
        "messages: [{code: nudge, channels: [inbox], purpose: service, once: {days: 7}, title: T, body: B}, "
        "{code: news, channels: [inbox], purpose: service, title: T, body: B}]",
    )
    visits = [
        line(at, "shop.visited")
        for at in ("2026-03-23T10:00", "2026-03-30T08:59:59", "2026-03-30T09:00", "2026-03-31T09:00")
    ]
    ran = run(p, enrol(), enrol(who="bob"), *visits, line("2026-03-31T09:00", "shop.visited", who="bob"))
    assert [row["messages"] for row in ran.on("shop.visited")] == [
        ["nudge", "news"],
        ["news"],
        ["nudge", "news"],  # seven days by the local clock, which went an hour forward meanwhile
        ["news"],
        ["nudge", "news"],
    ]
