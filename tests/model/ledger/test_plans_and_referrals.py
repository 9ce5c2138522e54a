"""What time alone brings to paid plans and to referrals."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.model.ledger.events import Profile, Purchase
from domain.model.ledger.member import Member, PendingReferral, ReferralState
from domain.model.ledger.state.ledger_restore import restore_member
from domain.model.ledger.state.ledger_state import nest, state_paths
from tests.model.ledger.timed_programmes import PLUS, REFERRAL, tagging
from tests.model.simulation_runs import (
    PER_EURO,
    Line,
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

# ---------------------------------------------------------------- plans


def started(at: str, until: str | None = None, name: str = "plan.started") -> Line:
    return line(at, name, {"plan": "plus", **({"until": until} if until else {})})


def test_a_plan_ends_by_itself_at_its_instant() -> None:
    ended = tagging(
        "plan.ended", "gone", "when: member.plan == 'plus' && event.data.plan == 'plus', "
    )  # the plan as before it
    held = tagging("purchase.completed", "had", "when: member.plan == 'plus', ")
    p = programme(rules(ended, held), PLUS)
    lines = enrol(), started("2026-01-02T10:00", "2026-02-02T10:30:00Z")
    ran = run(p, *lines, buy("2026-02-02T10:29:59.999Z", 100), until="2026-03-01T00:00")
    assert [(row["at"], row["by"]) for row in ran.on("plan.ended")] == [("2026-02-02T10:30:00.000Z", "time")]
    assert ran.ana["tags"] == ["gone", "had"]
    assert run(p, *lines, buy("2026-02-02T10:30", 100)).ana["tags"] == ["gone"]


def test_a_renewal_moves_the_end() -> None:
    renewed = started("2026-02-01T10:00", "2026-03-02T10:00:00Z", "plan.renewed")
    ran = run(
        programme(PLUS),
        enrol(),
        started("2026-01-02T10:00", "2026-02-02T10:00:00Z"),
        renewed,
        until="2026-04-01T00:00",
    )
    assert ran.times("plan.ended") == ["2026-03-02T10:00"]


def test_a_plan_ended_by_billing_ends_once() -> None:
    lines = (
        enrol(),
        started("2026-01-02T10:00", "2026-02-02T10:00:00Z"),
        line("2026-01-20T10:00", "plan.ended"),
    )
    ran = run(programme(PLUS), *lines, until="2026-04-01T00:00")
    assert [(row["at"][:16], row["by"]) for row in ran.on("plan.ended")] == [("2026-01-20T10:00", "input")]


def test_a_plan_reported_after_its_end_ends_at_once() -> None:
    lines = enrol(), adjust("2026-03-01T10:00", 5), started("2026-01-02T10:00", "2026-02-02T10:00:00Z")
    ran = run(programme(PLUS), *lines, until="2026-03-02T00:00")
    assert len(ran.on("plan.ended")) == 1


# ---------------------------------------------------------------- referral


FRIENDS = (enrol(who="bob"), enrol("2026-01-01T10:00", referredBy="bob"))


def test_a_friend_qualifies_once_and_the_referrers_row_is_by_decision() -> None:
    p = programme(rules(PER_EURO), REFERRAL)
    ran = run(
        p,
        *FRIENDS,
        buy("2026-01-02T10:00", 2999),
        buy("2026-01-03T10:00", 1),
        buy("2026-01-04T10:00", 5000),
        until="2026-02-01T00:00",
    )
    [qualified] = [row for row in ran.on("purchase.completed") if row["by"] == "time"]
    assert [(e["kind"], e["amount"], e["rule"]) for e in qualified["entries"]] == [
        ("AWARD", 50, "referral:friend")
    ]
    [referrer] = ran.on("referral.qualified")
    assert (referrer["member"], referrer["by"], referrer["at"]) == (
        "bob",
        "decision",
        "2026-01-17T10:00:00.000Z",
    )
    assert [(e["amount"], e["rule"]) for e in referrer["entries"]] == [(150, "referral:referrer")]


def test_past_the_limit_the_friend_still_gets_theirs_and_the_event_is_raised() -> None:
    p = programme(rules(PER_EURO, tagging("referral.qualified", "thanks")), REFERRAL)
    friends = [enrol("2026-01-01T10:00", who=who, referredBy="bob") for who in ("ana", "eva")]
    ran = run(
        p,
        FRIENDS[0],
        *friends,
        buy("2026-01-02T10:00", 3000),
        buy("2026-01-03T10:00", 3000, who="eva"),
        until="2026-02-01T00:00",
    )
    assert [
        o for row in ran.on("referral.qualified") for o in row["outcomes"] if o["rule"] == "referral:referrer"
    ] == [
        {"rule": "referral:referrer", "applied": True, "amount": 150, "reason": None},
        {"rule": "referral:referrer", "applied": False, "amount": 0, "reason": "limit"},
    ]
    assert figures(ran.members["eva"])["available"] == 30 + 50
    assert len(ran.outcomes("thanks")) == 2


PENDING = "wallets: [{code: points, name: P, pending: {days: 14}}]"


def test_a_friend_is_judged_on_what_was_kept_once_the_awards_are_no_longer_pending() -> None:
    p = programme(PENDING, rules(PER_EURO), REFERRAL)
    bought = *FRIENDS, buy("2026-01-02T10:00", 5000, id="r")
    ran = run(p, *bought, until="2026-02-01T00:00")
    [row] = ran.on("purchase.completed", by="time")
    assert (row["at"], [e["rule"] for e in row["entries"]]) == (
        "2026-01-16T10:00:00.000Z",
        ["referral:friend"],
    )
    assert ran.on("referral.qualified")[0]["at"] == "2026-01-16T10:00:00.000Z"
    back = run(p, *bought, refund("2026-01-10T10:00", "r", 2001), until="2026-02-01T00:00")
    assert (back.on("purchase.completed", by="time"), back.on("referral.qualified")) == ([], [])
    refunded = run(p, *bought, refund("2026-01-10T10:00", "r", 2000), until="2026-02-01T00:00")
    assert len(refunded.on("referral.qualified")) == 1


def test_two_purchases_in_waiting_qualify_once() -> None:
    p = programme(PENDING, rules(PER_EURO), REFERRAL)
    ran = run(
        p, *FRIENDS, buy("2026-01-02T10:00", 6000), buy("2026-01-02T10:00", 6000), until="2026-02-01T00:00"
    )
    assert len(ran.on("referral.qualified")) == 1
    assert ran.entries("AWARD") == [("AWARD", 60), ("AWARD", 60), ("AWARD", 50), ("AWARD", 150)]


def test_a_friend_may_qualify_by_any_event() -> None:
    attended = "events: [{name: event.attended, title: A, data: {}}]"
    p = programme(
        attended,
        REFERRAL.replace(
            "on: purchase.completed, when: member.purchases.total >= 3000", "on: event.attended"
        ),
    )
    ran = run(p, *FRIENDS, line("2026-01-02T10:00", "event.attended"), until="2026-02-01T00:00")
    assert len(ran.on("referral.qualified")) == 1


def test_a_rule_of_the_referrals_name_is_not_fired_by_it() -> None:
    mine = (
        "{code: referral, title: R, on: purchase.completed, limit: {times: 1, per: ever}, do: [{award:"
        " {wallet: points, fixed: 7}}]}"
    )
    ran = run(
        programme(PENDING, rules(mine), REFERRAL),
        *FRIENDS,
        buy("2026-01-02T10:00", 5000),
        until="2026-02-01T00:00",
    )
    assert ran.outcomes("referral") == [(True, 7, None)]


def test_expressions_see_how_many_friends_qualified() -> None:
    p = programme(
        rules(PER_EURO, tagging("purchase.completed", "host", "when: member.referrals == 1, ")), REFERRAL
    )
    ran = run(p, *FRIENDS, buy("2026-01-02T10:00", 5000), buy("2026-02-03T10:00", 100, who="bob"))
    assert ran.members["bob"]["tags"] == ["host"]


def judged_by(on: str, when: str) -> str:
    """A referral that gives the friend 31 and the referrer 33, two days after."""
    return (
        f"referral: {{qualifies: {{on: {on}, when: '{when}'}}, wait: {{days: 2}}, friend: [{{award: {{wallet:"
        " points, fixed: 31}}], referrer: [{award: {wallet: points, fixed: 33}}]}"
    )


@pytest.mark.parametrize("when", ["purchase.first", "purchase.first && purchase.total >= 1000"])
def test_a_friend_qualifies_by_the_first_purchase(when: str) -> None:
    p = programme(judged_by("purchase.completed", when))
    bought = *FRIENDS, buy("2026-01-02T10:00", 5000, id="a"), buy("2026-01-02T11:00", 9000, id="b")
    ran = run(p, *bought, until="2026-02-01T00:00")
    assert ran.entries("AWARD") == [("AWARD", 31), ("AWARD", 33)]
    assert [row["at"][:16] for row in ran.on("referral.qualified")] == ["2026-01-04T10:00"]
    part = run(p, *bought, refund("2026-01-20T10:00", "a", 4000), refund("2026-01-20T10:00", "b"))
    assert part.on("referral.unmade") == []
    back = run(p, *bought, refund("2026-01-20T10:00", "a"), until="2026-02-01T00:00")
    assert len(back.on("referral.unmade")) == 1


def test_a_friends_second_purchase_is_no_first_one_when_it_is_judged() -> None:
    p = programme(judged_by("purchase.completed", "purchase.first"))
    early = buy("2026-01-01T09:00", 5000)  # of before joining
    ran = run(p, *FRIENDS, early, buy("2026-01-02T11:00", 9000), until="2026-02-01T00:00")
    assert ran.on("referral.qualified") == []


@pytest.mark.parametrize("was_first", [True, False])
def test_that_a_purchase_was_the_first_is_stored_with_what_waits(was_first: bool) -> None:
    at = datetime(2026, 1, 2, 10, tzinfo=UTC)
    pending = PendingReferral("purchase:r", at, at, "till", Purchase("r", 5000, "EUR"), was_first=was_first)
    state = ReferralState("bob", waiting=(pending,), qualified_by=pending)
    stored: Any = nest(state_paths(Member("ana", referral=state)))
    assert len(stored["referral"]["waiting"][0]) == 7 + was_first, "nothing more of any other"
    assert restore_member(stored, id="ana", number="1", profile=Profile(), seq=1).referral == state


TEN_DAYS = "plans: [{code: plus, name: P, price: 100, period: {days: 10}}]"


@pytest.mark.parametrize(
    ("on", "when", "lines"),
    [
        # The plan has ended by itself.
        ("plan.started", 'member.plan == "plus"', [started("2026-01-02T09:00")]),
        # A second receipt followed.
        ("purchase.completed", "member.purchases.count == 1", [buy("2026-01-02T09:00", 5000, id="a")]),
    ],
)
def test_a_refund_that_leaves_no_less_than_before_takes_no_referral_back(
    on: str, when: str, lines: list[Line]
) -> None:
    p = programme(TEN_DAYS, judged_by(on, when))
    bought = *FRIENDS, *lines, buy("2026-01-06T10:00", 3000, id="b")
    ran = run(p, *bought, refund("2026-01-20T10:00", "b", 100), until="2026-02-01T00:00")
    assert (len(ran.on("referral.qualified")), ran.on("referral.unmade")) == (1, [])
    assert ran.entries("AWARD", "CLAWBACK") == [("AWARD", 31), ("AWARD", 33)]


def test_each_refund_is_judged_by_what_stood_before_it() -> None:
    p = programme(judged_by("purchase.completed", "member.purchases.total >= 3000"))
    bought = *FRIENDS, buy("2026-01-02T10:00", 3000, id="a"), buy("2026-01-06T10:00", 1000, id="b")
    parts = refund("2026-01-20T10:00", "b"), refund("2026-01-21T10:00", "a", 1)
    kept = run(p, *bought, parts[0], until="2026-02-01T00:00")
    assert kept.on("referral.unmade") == []
    gone = run(p, *bought, *parts, until="2026-02-01T00:00")
    assert [row["at"][:10] for row in gone.on("referral.unmade")] == ["2026-01-21"]


def test_a_friends_purchase_that_comes_back_whole_takes_the_referral_back_in_any_case() -> None:
    p = programme(judged_by("purchase.completed", "member.purchases.count == 1"))
    bought = *FRIENDS, buy("2026-01-02T09:00", 5000, id="a"), buy("2026-01-06T10:00", 3000, id="b")
    ran = run(p, *bought, refund("2026-01-20T10:00", "a"), until="2026-02-01T00:00")
    assert len(ran.on("referral.unmade")) == 1
