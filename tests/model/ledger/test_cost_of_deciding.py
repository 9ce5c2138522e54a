"""What a decision costs, counted in calls and not on the clock: it does not grow with what does not concern it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from types import FrameType

from domain.model.event_names import ENROLLED, PURCHASED
from domain.model.ledger.decide import decide
from domain.model.ledger.events import Event, Line, Profile, Purchase
from domain.model.ledger.member import Member
from domain.model.programme import Programme, load

BEGIN = datetime(2026, 1, 1, 10, tzinfo=UTC)
AWARD = "{award: {wallet: points, amount: 1, per: 100, of: purchase.eligible}}"
HEAD = f"""
programme: {{code: one, name: One, currency: EUR, timezone: Europe/Lisbon, locales: [en]}}
wallets: [{{code: points, kind: points, name: Points, expiry: EXPIRY}}]
rules:
  - {{code: buy, title: Buy, on: purchase.completed, do: [{AWARD}]}}
"""
# Of calls, Python's and C's: what each of many may cost where nothing comes of it, and where something does.
A_SILENT_RULE, A_FIRING_RULE = 24, 110


def programme_of(more: str = "", *, expiry: str = "never") -> Programme:
    """Load a programme with one rule that awards, and more."""
    return load(HEAD.replace("EXPIRY", expiry) + more)


def bought(n: int) -> Event:
    """Return the purchase of a day."""
    lines = (Line(1, "a", 3_900, category="coins"), Line(2, "b", 1_250, category="stamps"))
    receipt = Purchase(f"r{n}", 5_150, "EUR", "lisboa", lines)
    return Event(f"e{n}", PURCHASED, BEGIN + timedelta(days=n), "till", purchase=receipt)


def calls_to_decide(programme: Programme, *, purchases: int = 30) -> int:
    """Return how many calls deciding a purchase takes, of a member with purchases before."""
    joined = Event("e0", ENROLLED, BEGIN, profile=Profile(locale="en"))
    member = decide(programme, Member("m", "1"), joined, now=BEGIN).member
    for n in range(1, purchases + 1):
        member = decide(programme, member, bought(n), now=bought(n).at).member
    event, calls = bought(purchases + 1), 0
    decide(programme, member, event, now=event.at)  # what is found once a programme

    def count(_frame: FrameType, what: str, _argument: object) -> None:
        nonlocal calls
        calls += what in ("call", "c_call")

    sys.setprofile(count)
    try:
        decide(programme, member, event, now=event.at)
    finally:
        sys.setprofile(None)
    return calls


def rewards(count: int) -> str:
    return "rewards:\n" + "".join(
        f"  - {{code: r{n}, title: R, kind: product, cost: {{wallet: points, amount: {(n + 1) * 37}}}}}\n"
        for n in range(count)
    )


def rules(count: int, when: str, award: str = AWARD) -> str:
    return "".join(
        f"  - {{code: o{n}, title: O, on: purchase.completed, when: '{when}', do: [{award}]}}\n"
        for n in range(count)
    )


def test_deciding_costs_no_more_with_200_rewards_than_with_20() -> None:
    few, many = (calls_to_decide(programme_of(rewards(count))) for count in (20, 200))
    assert many <= few * 1.3


def test_a_rule_that_does_not_fire_costs_next_to_nothing() -> None:
    few, many = (
        calls_to_decide(programme_of(rules(count, "purchase.total > 100000000"))) for count in (10, 500)
    )
    assert (many - few) / 490 <= A_SILENT_RULE


def test_a_rule_that_fires_costs_what_its_award_does() -> None:
    award = "{award: {wallet: points, fixed: 1}}"
    few, many = (
        calls_to_decide(programme_of(rules(count, "purchase.total > 100", award))) for count in (10, 500)
    )
    assert (many - few) / 490 <= A_FIRING_RULE


def test_deciding_costs_no_more_for_an_old_member_than_for_a_young_one() -> None:
    tiers = (
        "tiers: {count: {wallet: points}, window: {rolling: {months: 12}}, ladder: [{code: a, name: A, from: 0},"
        " {code: b, name: B, from: 100000}]}\n"
    )
    for programme in (
        programme_of(tiers, expiry="{after: {days: 300}}"),
        programme_of(expiry="{after: {days: 300}, renewed_by_activity: true}"),
    ):
        young, old = (calls_to_decide(programme, purchases=count) for count in (40, 280))
        assert old <= young * 1.3
