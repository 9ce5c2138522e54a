"""Goals of one's own and challenges that are taken up: when a goal is fixed, what counts, and what refunds do."""

from __future__ import annotations

import json
from functools import partial

import pytest

from domain.model.ledger.member import BadgeState
from domain.model.ledger.state import ledger_restore, ledger_state
from domain.model.programme import Programme
from domain.model.simulate import Simulation, read_line
from tests.model.simulation_runs import (
    PER_EURO,
    Line,
    Run,
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

JULY = 'during: {from: "2026-07-01", until: "2026-07-31"}'
PRIZE = "rewards: [{code: prize, title: Prize, kind: product}]"


def goal(keys: str, *more: str) -> Programme:
    return programme(
        f"badges: [{{code: b, name: B, on: purchase.completed, do: [{{voucher: prize}}], {keys}}}]",
        PRIZE,
        *more,
    )


def take_up(at: str, badge: str = "b") -> Line:
    return line(at, "challenge.accepted", {"badge": badge}, source="app")


def buys(month: int, days: int) -> list[Line]:
    return [buy(f"2026-{month:02}-{day:02}T10:00", 500) for day in range(1, days + 1)]


def of_b(ran: Run) -> object:
    return ran.ana["badges"]["b"]


# ---------------------------------------------------------------- goals


def test_a_goal_is_fixed_when_its_challenge_begins_by_what_stood_then() -> None:
    p = goal(f"target: member.purchases.count + 2, {JULY}")
    # Three purchases in June make a goal of five, whatever July brings.
    ran = run(p, enrol(), *buys(6, 3), *buys(7, 4))
    assert of_b(ran) == {"level": 0, "progress": 4, "target": 5}
    ran = run(p, enrol(), *buys(6, 3), *buys(7, 6))
    assert of_b(ran) == {"level": 1, "progress": 6, "target": 5}
    assert [len(row["vouchers"]) for row in ran.on("purchase.completed")] == [0] * 3 + [0, 0, 0, 0, 1, 0]


def test_a_goal_is_read_as_it_will_be_written_also_where_nothing_happened_since() -> None:
    p = goal(f"target: member.purchases.count + 2, {JULY}")
    assert of_b(run(p, enrol(), *buys(6, 3), until="2026-06-30T22:59")) == {
        "level": 0,
        "progress": 0,
        "target": None,
    }
    assert of_b(run(p, enrol(), *buys(6, 3), until="2026-06-30T23:00")) == {
        "level": 0,
        "progress": 0,
        "target": 5,
    }


def test_whoever_joins_after_the_beginning_has_a_goal_from_their_enrolment() -> None:
    p = goal(f"target: '6 - member.purchases.count', {JULY}")
    ran = run(p, enrol("2026-07-10T09:00"), *[buy(f"2026-07-{day}T10:00", 500) for day in range(11, 18)])
    assert of_b(ran) == {"level": 1, "progress": 7, "target": 6}
    late = run(p, enrol("2026-08-01T09:00"), *buys(8, 2))
    assert of_b(late) == {"level": 0, "progress": 0, "target": None}


@pytest.mark.parametrize(
    ("target", "fixed"),
    [
        ("'7'", 7),
        ("'7.2'", 8),  # a fraction is rounded up
        ("'double(member.purchases.count) * 1.5'", 5),
        ("member.purchases.count - 3", None),  # three by the beginning: 0
        ("member.purchases.count - 6", None),
        ("size(member.birthday)", None),  # it is not known, so this fails
        ("member.days_since_purchase - 1000", None),
        ("member.balance.points", None),
    ],
)
def test_a_goal_below_one_is_none(target: str, fixed: int | None) -> None:
    ran = run(goal(f"target: {target}, {JULY}"), enrol(), *buys(6, 3), *buys(7, 3))
    assert of_b(ran) == {"level": 0, "progress": 3 if fixed else 0, "target": fixed}


def test_points_that_come_in_after_the_beginning_make_no_goal() -> None:
    wallets = "wallets: [{code: points, name: Points, pending: {days: 14}}]"
    p = goal(f"target: member.balance.points, {JULY}", wallets, rules(PER_EURO))
    # 40 are in by 15 June; 60 come in on 7 July, before the first row of July, and before anybody looks.
    read = run(
        p, enrol(), buy("2026-06-01T10:00", 4000), buy("2026-06-23T10:00", 6000), until="2026-07-10T10:00"
    )
    assert (figures(read.ana)["available"], of_b(read)) == (100, {"level": 0, "progress": 0, "target": 40})
    ran = run(
        p,
        enrol(),
        buy("2026-06-01T10:00", 4000),
        buy("2026-06-23T10:00", 6000),
        *[buy("2026-07-20T10:00", 100)],
    )
    assert of_b(ran) == {"level": 0, "progress": 1, "target": 40}


def test_a_refund_takes_a_goal_that_is_no_longer_reached_and_leaves_the_goal() -> None:
    p = goal(f"target: member.purchases.count + 1, {JULY}")
    lines = [enrol(), *buys(6, 1), buy("2026-07-01T10:00", 500, id="a"), buy("2026-07-02T10:00", 500, id="b")]
    ran = run(p, *lines, refund("2026-08-01T10:00", "a"))
    assert of_b(ran) == {"level": 0, "progress": 1, "target": 2}
    again = run(p, *lines, refund("2026-07-03T10:00", "a"), buy("2026-07-04T10:00", 500))
    assert of_b(again) == {"level": 1, "progress": 2, "target": 2}
    assert [row["vouchers"] for row in again.on("purchase.completed")] == [[], [], ["prize"], ["prize"]]


def test_a_goal_counts_a_run_of_weeks() -> None:
    p = goal(f"target: 2 + member.purchases.count, streak: {{per: week}}, {JULY}")
    ran = run(p, enrol(), *buys(6, 1), *[buy(f"2026-07-{day:02}T10:00", 500) for day in (1, 7, 15, 22)])
    assert of_b(ran) == {"level": 1, "progress": 4, "target": 3}


def test_a_rule_gives_a_goal_once_it_is_fixed() -> None:
    p = goal(
        f"target: member.purchases.count + 5, {JULY}",
        rules("{code: gift, title: G, on: balance.adjusted, do: [{badge: b}]}"),
    )
    ran = run(p, enrol(), adjust("2026-06-01T10:00", 1), adjust("2026-07-01T10:00", 1))
    assert ran.outcomes("gift") == [(False, 0, "nothing_to_count"), (True, 0, None)]
    assert of_b(ran) == {"level": 1, "progress": 5, "target": 5}


# ---------------------------------------------------------------- challenges that are taken up


def test_only_what_comes_after_it_was_taken_up_counts() -> None:
    p = goal(f"levels: [2], accept: true, {JULY}")
    ran = run(p, enrol(), *buys(7, 3))
    assert of_b(ran) == {"level": 0, "progress": 0, "accepted": False}
    ran = run(p, enrol(), *buys(7, 3), take_up("2026-07-04T10:00"), buy("2026-07-05T10:00", 500))
    assert of_b(ran) == {"level": 0, "progress": 1, "accepted": True}
    ran = run(p, enrol(), take_up("2026-06-15T10:00"), *buys(6, 20), *buys(7, 2))
    assert of_b(ran) == {"level": 1, "progress": 2, "accepted": True}


def test_a_late_purchase_counts_where_it_was_made_after_the_challenge_was_taken_up() -> None:
    p = goal(f"levels: [9], accept: true, {JULY}")
    late = [buy(f"2026-07-0{day}T10:00", 500) for day in (3, 5, 6)]
    ran = run(p, enrol(), take_up("2026-07-04T10:00"), buy("2026-07-08T10:00", 500), *late)
    assert of_b(ran) == {"level": 0, "progress": 3, "accepted": True}


@pytest.mark.parametrize(
    ("at", "target"),
    [("2026-06-15T10:00", 8), ("2026-07-03T10:30", 11)],  # 6 by July, 9 by the third of July
)
def test_the_goal_of_a_challenge_is_fixed_when_it_begins_or_is_taken_up_later(at: str, target: int) -> None:
    p = goal(f"target: member.purchases.count + 2, accept: true, {JULY}")
    lines = sorted([*buys(6, 6), *buys(7, 5), take_up(at)], key=lambda each: str(each["at"]))
    ran = run(p, enrol(), *lines)
    assert of_b(ran) == {
        "level": 0,
        "progress": 5 if target == 8 else 2,
        "target": target,
        "accepted": True,
    }


def test_a_challenge_is_taken_up_once_and_rules_hear_of_it() -> None:
    p = goal(
        f"target: member.purchases.count + 2, accept: true, {JULY}",
        rules(
            "{code: brave, title: Brave, on: challenge.accepted, when: event.data.target == 3, do: [{award: {wallet: points, fixed: 5}}]}"
        ),
    )
    ran = run(p, enrol(), *buys(7, 1), take_up("2026-07-04T10:00"), take_up("2026-07-05T10:00"))
    assert [(row["refused"], len(row["entries"])) for row in ran.on("challenge.accepted")] == [
        (None, 1),
        (None, 0),
    ]
    assert figures(ran.ana)["available"] == 5


@pytest.mark.parametrize(
    ("keys", "at"),
    [
        (f"levels: [2], accept: true, {JULY}", "2026-08-01T00:00"),  # it is over
        ("target: member.purchases.count, accept: true", "2026-07-01T10:00"),  # 0 so far: no goal can be made
    ],
)
def test_what_cannot_be_taken_up_is_refused(keys: str, at: str) -> None:
    ran = run(goal(keys), enrol(), take_up(at), buy("2026-08-02T10:00", 500))
    assert [row["refused"] for row in ran.on("challenge.accepted")] == ["ChallengeNotOpen"]
    assert ran.ana["badges"]["b"]["accepted"] is False


def test_a_stamp_card_may_have_to_be_taken_up() -> None:
    p = goal("levels: {every: 2}, accept: true")
    ran = run(p, enrol(), *buys(6, 3), take_up("2026-06-20T10:00"), *buys(7, 5))
    assert of_b(ran) == {"level": 2, "progress": 5, "accepted": True}
    assert sum(len(row["vouchers"]) for row in ran) == 2


def test_who_was_given_the_first_level_can_take_up_what_has_further_ones() -> None:
    gift = rules("{code: gift, title: G, on: balance.adjusted, do: [{badge: b}]}")
    lines = enrol(), adjust("2026-07-01T10:00", 1), take_up("2026-07-02T10:00"), *buys(7, 4)[2:]
    ran = run(goal(f"levels: [2, 4], accept: true, {JULY}", gift), *lines)
    assert of_b(ran) == {"level": 2, "progress": 4, "accepted": True}
    ran = run(goal("levels: {every: 2}, accept: true", gift), *lines)
    assert of_b(ran) == {"level": 2, "progress": 4, "accepted": True}
    ran = run(goal(f"levels: [2], accept: true, {JULY}", gift), *lines)
    assert of_b(ran) == {"level": 1, "progress": 2, "accepted": False}
    assert [row["refused"] for row in ran.on("challenge.accepted")] == ["ChallengeNotOpen"]


def test_what_was_taken_up_and_fixed_is_stored_and_read_back() -> None:
    simulation = Simulation(goal(f"target: member.purchases.count + 2, accept: true, {JULY}"))
    for number, each in enumerate([enrol(), *buys(6, 2), take_up("2026-06-20T10:00"), *buys(7, 1)], start=1):
        assert [answer["refused"] for answer in simulation.event(read_line(number, json.dumps(each)))] == [
            None
        ]
    member = simulation.members["ana"]
    assert (member.badges["b"].target, str(member.badges["b"].accepted_at)) == (
        4,
        "2026-06-20 10:00:00+00:00",
    )
    state = ledger_state.nest(ledger_state.state_paths(member))
    read = partial(ledger_restore.restore_member, id="ana", number="", profile=member.profile, seq=member.seq)
    assert read(state).badges == member.badges
    # A badge of an earlier version has neither.
    state["badges"] = {"b": [3, 1, None, None]}
    assert read(state).badges == {"b": BadgeState(3, 1)}


def test_a_refund_takes_what_a_challenge_counted() -> None:
    p = goal(f"levels: [2], accept: true, {JULY}")
    ran = run(
        p,
        enrol(),
        buy("2026-07-01T10:00", 500, id="before"),
        take_up("2026-07-02T10:00"),
        buy("2026-07-03T10:00", 500, id="a"),
        buy("2026-07-04T10:00", 500, id="b"),
        refund("2026-07-05T10:00", "before"),
        refund("2026-07-06T10:00", "a"),
    )
    assert of_b(ran) == {"level": 0, "progress": 1, "accepted": True}
