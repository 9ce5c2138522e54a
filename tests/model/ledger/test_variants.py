"""Variants of rules, messages and rewards: who has which, what they get, and that the journal says so."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from domain.model.ledger.decide import decide
from domain.model.ledger.deciding.earning import is_held_out
from domain.model.ledger.deciding.returns.journaled import journaled_purchase
from domain.model.ledger.deciding.returns.refund_lines import remaining_purchase
from domain.model.ledger.events import Event, Purchase, Refund
from domain.model.ledger.late_events import HistoricalContext
from domain.model.ledger.member import Member
from domain.model.programme import Programme
from domain.model.values import evolve
from domain.store.ledger.journal_rows import read_row, row_document
from tests.model.simulation_runs import (
    adjust,
    buy,
    cancel,
    enrol,
    figures,
    line,
    programme,
    redeem,
    refund,
    run,
)

RULES = """
rules:
  - code: test
    title: Test
    on: purchase.completed
    do: [{award: {wallet: points, fixed: 10}}]
    variants:
      - {code: ten}
      - code: share
        weight: 3
        do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.total}}, {tag: shared}, {message: hello}]
"""
OFFERS = """
rewards:
  - code: mug
    title: Mug
    cost: {wallet: points, amount: 100}
    variants: [{code: full}, {code: less, title: Cheap mug, cost: {wallet: points, amount: 60}}]
messages: [{code: hello, title: Hello, body: B, variants: [{code: plain}, {code: warm, body: Dear}]}]
"""
CLUB = programme(RULES, OFFERS)


def who_has(club: Programme, part: str, variant: str) -> str:
    """Find a member who has a variant of a part."""
    parts = {each.varied_name: each for each in club.varied_parts}
    members = (f"m{number}" for number in range(200))
    return next(member for member in members if parts[part].for_member(member).variant == variant)


def test_variants_are_shared_by_weight_for_good_and_apart_from_each_other_and_from_holdouts() -> None:
    rule, message, mug = CLUB.varied_parts
    members = [f"m{number}" for number in range(4_000)]
    shares = Counter(rule.for_member(member).variant for member in members)
    assert 900 < (shares["ten"] or 0) < 1_100
    both = Counter((rule.for_member(m).variant, message.for_member(m).variant) for m in members)
    assert 400 < both["ten", "plain"] < 600
    held = evolve_rule(CLUB, holdout=20)
    among = Counter(rule.for_member(m).variant for m in members if is_held_out(m, held.rules[0]))
    assert 0.2 < among["ten"] / among.total() < 0.3
    assert [mug.for_member(m).variant for m in members] == [mug.for_member(m).variant for m in members]
    assert rule.split == "ten*1,share*3"


def evolve_rule(club: Programme, **changes: object) -> Programme:
    return club.model_copy(update={"rules": (club.rules[0].model_copy(update=changes),)})


def test_a_rule_gives_what_its_variant_does_and_says_which() -> None:
    ten, share = who_has(CLUB, "rule:test", "ten"), who_has(CLUB, "rule:test", "share")
    lines = [enrol(who=ten), enrol(who=share), buy("2026-02-01T10:00", 4_200, who=ten)]
    ran = run(CLUB, *lines, buy("2026-02-01T11:00", 4_200, who=share))
    bought = {row["member"]: row for row in ran.on("purchase.completed")}
    assert [(each["amount"], each["rule"]) for each in bought[ten]["entries"]] == [(10, "test")]
    assert bought[ten]["variants"] == {"rule:test": "ten"}
    assert [(each["amount"], each["rule"]) for each in bought[share]["entries"]] == [(42, "test")]
    assert bought[share]["variants"]["rule:test"] == "share"
    assert bought[share]["variants"]["message:hello"] in ("plain", "warm")
    assert bought[share]["messages"] == ["hello"]
    assert (ran.members[ten]["tags"], ran.members[share]["tags"]) == ([], ["shared"])


def test_a_refund_takes_back_by_the_variant_that_was_carried_out() -> None:
    share = who_has(CLUB, "rule:test", "share")
    lines = [enrol(who=share), buy("2026-02-01T10:00", 4_200, id="r", who=share)]
    ran = run(CLUB, *lines, refund("2026-02-02T10:00", "r", 2_000, who=share))
    assert ran.last["variants"] == {"rule:test": "share"}
    assert figures(ran.members[share])["available"] == 22


def test_a_refund_after_a_merge_knows_the_variant_of_the_day() -> None:
    """The purchase was decided for another id: what its row says holds, not what the new id would have."""
    at = datetime(2026, 2, 1, 10, tzinfo=UTC)
    bought = Purchase(external_id="r", store="lisboa", currency="EUR", total=4_200)
    share, ten = who_has(CLUB, "rule:test", "share"), who_has(CLUB, "rule:test", "ten")
    event = Event("p", "purchase.completed", at, "till", purchase=bought)
    decision = decide(CLUB, Member(share), event, now=at)
    [row] = [read_row(row_document(share, row)) for row in decision.rows]
    assert row.event.purchase is not None
    after = remaining_purchase(row.event.purchase, amount=2_000, lines=())
    back = Refund(journaled_purchase(row, claims=()), row.event.purchase, after)
    taken = Event("b", "purchase.refunded", at.replace(day=2), "till", purchase=after, refund=back)
    other = evolve(decision.member, id=ten)
    refunded = decide(CLUB, other, taken, now=taken.at, history=HistoricalContext(CLUB))
    assert refunded.member.wallets["points"].available == 22


def test_a_reward_costs_what_its_variant_does_and_its_voucher_says_which() -> None:
    full, less = who_has(CLUB, "reward:mug", "full"), who_has(CLUB, "reward:mug", "less")
    lines = [
        step
        for who in (full, less)
        for step in (
            enrol(who=who),
            adjust("2026-02-01T10:00", 60, who=who),
            redeem("2026-02-02T10:00", "mug", f"v{who}", who=who),
        )
    ]
    ran = run(CLUB, *lines, cancel("2026-02-03T10:00", f"v{less}", who=less))
    refused, redeemed = ran.on("reward.redeemed")
    assert (refused["member"], refused["refused"]) == (full, "InsufficientBalance")
    assert (redeemed["entries"][0]["amount"], redeemed["variants"]) == (-60, {"reward:mug": "less"})
    assert ran.last["variants"] == {"reward:mug": "less"}
    assert ran.members[full]["unlocked"] == []
    assert ran.members[less]["unlocked"] == ["mug"]
    unlocked = [row["member"] for row in ran.rows if "reward.unlocked" in row["events"]]
    assert set(unlocked) == {less}


def test_a_rule_on_another_event_and_one_with_a_delay_have_variants_too() -> None:
    text = RULES.replace("on: purchase.completed", "on: game.played\n    after: {hours: 1}")
    text = text.replace("of: purchase.total", "of: '5.0'")
    club = programme("events: [{name: game.played, title: G}]", text, OFFERS)
    ten = who_has(club, "rule:test", "ten")
    ran = run(
        club, enrol(who=ten), line("2026-02-01T10:00", "game.played", who=ten), until="2026-02-02T10:00"
    )
    assert [row["variants"] for row in ran.rows if "variants" in row] == [{"rule:test": "ten"}]
    assert figures(ran.members[ten])["available"] == 10
