"""Simulating a programme: the shape of the answers, refusals, faults with their line, and time up to
`--until`.
"""

import json
from typing import Any

import pytest

from domain.model.simulate import InputMalformed, simulate
from tests.model.simulation_runs import (
    PER_EURO,
    Line,
    adjust,
    buy,
    cancel,
    enrol,
    line,
    programme,
    redeem,
    refund,
    rules,
    run,
    use,
)

CLUB = programme(
    "wallets: [{code: points, name: P, pending: {days: 14}, expiry: {after: {months: 12}, round: month}}]",
    "events: [{name: game.played, title: P, data: {score: int}}]",
    rules(
        PER_EURO,
        "{code: hello, title: H, on: member.enrolled, do: [{message: hello}, {award: {wallet: points, fixed:"
        " 5}}]}",
    ),
    "tiers: {count: {wallet: points}, window: {rolling: {months: 12}}, "
    "ladder: [{code: basic, name: B, from: 0}, {code: top, name: T, from: 9}]}",
    "badges: [{code: first, name: F, on: purchase.completed}]",
    "rewards: [{code: mug, title: M, kind: product, cost: {wallet: points, amount: 5}}]",
    "segments: [{code: buyers, name: B, when: member.purchases.count > 0}]",
    "plans: [{code: plus, name: P, price: 1, period: {months: 1}}]",
    "messages: [{code: hello, channels: [inbox], purpose: service, title: T, body: B}]",
    "surveys: [{code: nps, kind: nps, question: Q}]",
)


def test_an_event_is_answered_in_full() -> None:
    ran = run(CLUB, enrol("2026-01-10T10:00"))
    assert ran.last == {
        "at": "2026-01-10T10:00:00.000Z",
        "member": "ana",
        "event": "member.enrolled",
        "by": "input",
        "refused": None,
        "entries": [
            {
                "wallet": "points",
                "kind": "AWARD",
                "amount": 5,
                "rule": "hello",
                "availableAt": "2026-01-24T10:00:00.000Z",
                "expiresOn": "2027-01-31",
                "lots": [{"amount": 5, "expiresOn": "2027-01-31"}],
            }
        ],
        "outcomes": [{"rule": "hello", "applied": True, "amount": 5, "reason": None}],
        "events": ["points.awarded"],
        "messages": ["hello"],
        "vouchers": [],
    }


def test_a_member_is_answered_in_full() -> None:
    ran = run(CLUB, enrol("2026-01-10T10:00"), buy("2026-01-20T10:00", 1000), until="2026-01-30T10:00")
    assert ran.ana == {
        "member": "ana",
        "wallets": {
            "points": {
                "available": 5,
                "pending": 10,
                "debt": 0,
                "earned": 15,
                "spent": 0,
                "expired": 0,
                "expiring": [{"amount": 5, "on": "2027-01-31"}],
            }
        },
        "tier": {"code": "top", "qualifying": 15, "toNext": None, "toKeep": 9, "until": "2027-01-20"},
        "badges": {"first": {"level": 1, "progress": 1}},
        "tags": [],
        "segments": ["buyers"],
        "unlocked": ["mug"],
    }


def test_a_programme_without_tiers_says_so() -> None:
    assert run(programme(), enrol()).ana["tier"] is None


@pytest.mark.parametrize(
    ("last", "refused"),
    [
        (redeem("2026-01-11T10:00", "mug"), "InsufficientBalance"),
        (adjust("2026-01-11T10:00", -6), "InsufficientBalance"),
        (use("2026-01-11T10:00", "v"), "VoucherNotUsable"),
        (cancel("2026-01-11T10:00", "v"), "VoucherNotUsable"),
        (buy("2026-01-11T10:00", 100, id="r"), "PurchaseClaimed"),
        (refund("2026-01-11T10:00", "other"), "UnknownPurchase"),
        (refund("2026-01-11T10:00", "r", 1001), "RefundTooLarge"),
        (refund("2026-01-11T10:00", "r", lines=[(2, 1)]), "RefundTooLarge"),
        (buy("2026-01-11T10:00", 100, id="r", who="bob"), "PurchaseClaimed"),
        (refund("2026-01-11T10:00", "r", who="bob"), "UnknownPurchase"),
    ],
)
def test_a_refused_event_changes_nothing(last: Line, refused: str) -> None:
    lines = (
        enrol("2026-01-10T10:00"),
        enrol("2026-01-10T10:00", who="bob"),
        buy("2026-01-10T11:00", 1000, ("coins", 2, 900), id="r"),
    )
    ran = run(CLUB, *lines, last)
    before = run(CLUB, *lines, until="2026-01-11T10:00")
    assert (ran.last["refused"], ran.members) == (refused, before.members)
    assert all(ran.last[part] == [] for part in ("entries", "outcomes", "events", "messages", "vouchers"))


def test_a_refund_with_an_identity_counts_once() -> None:
    lines = (
        enrol("2026-01-10T10:00"),
        buy("2026-01-10T11:00", 1000, id="r"),
        buy("2026-01-10T11:00", 900, id="s"),
    )
    first = refund("2026-01-11T10:00", "r", 300, identity="n1")
    ran = run(CLUB, *lines, first, refund("2026-01-11T11:00", "r", 300, identity="n1"))
    assert [row["refused"] for row in ran.on("purchase.refunded")] == [None, None]
    assert [len(row["entries"]) for row in ran.on("purchase.refunded")] == [1, 0]
    assert ran.members == run(CLUB, *lines, first, until="2026-01-11T11:00").members
    other = run(CLUB, *lines, first, refund("2026-01-11T11:00", "r", 301, identity="n1"))
    assert other.last["refused"] == "RefundClaimed"
    assert other.members == ran.members
    elsewhere = run(CLUB, *lines, first, refund("2026-01-11T11:00", "s", 300, identity="n1"))
    assert len(elsewhere.last["entries"]) == 1


def test_a_refund_line_names_quantity_and_amount() -> None:
    lines = enrol("2026-01-10T10:00"), buy("2026-01-10T11:00", 1000, ("coins", 4, 900), id="r")
    event_data = {"externalId": "r", "lines": [{"line": 1, "quantity": 1, "amount": 400}]}
    ran = run(CLUB, *lines, line("2026-01-11T10:00", "purchase.refunded", event_data))
    assert [entry["amount"] for entry in ran.last["entries"]] == [-4]


def test_the_same_number_from_another_store_or_source_is_another_purchase() -> None:
    other = buy("2026-01-12T10:00", 100, id="r")
    other["data"]["store"] = "porto"
    ran = run(
        CLUB,
        enrol(),
        buy("2026-01-11T10:00", 100, id="r"),
        buy("2026-01-11T11:00", 100, id="r", source="web"),
        other,
    )
    assert [row["refused"] for row in ran.on("purchase.completed", by="input")] == [None, None, None]


# ---------------------------------------------------------------- faults


def broken(name: str, **event_data: Any) -> Line:
    return line("2026-01-11T10:00", name, event_data)


def bought(**event_data: Any) -> Line:
    return broken("purchase.completed", **{"externalId": "x", "total": 100, **event_data})


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (broken("game.lost"), "unknown event 'game.lost'"),
        (broken("member.birthday", years=3), "unknown event"),
        (line("2026-01-11T10:00", "game.played", who="eva"), "'eva' was never enrolled"),
        (enrol("2026-01-11T10:00"), "'ana' is enrolled already"),
        (enrol("2026-01-11T10:00", who="eva", referredBy="zoe"), "'zoe' was never enrolled"),
        (
            enrol("2026-01-11T10:00", who="eva", birthday="1990-13-01"),
            "data.birthday is '1990-13-01'; write YYYY-MM-DD",
        ),
        (enrol("2026-01-11T10:00", who="eva", consents=[1]), "data.consents holds 1; write texts"),
        (enrol("2026-01-11T10:00", who="eva", name=7), "data.name is 7; write a text"),
        (broken("member.consented", purpose="news"), "data.granted is missing"),
        (bought(total=None), "data.total is missing; purchase.completed needs it: a whole number"),
        (bought(total=-1), "data.total is -1; write a whole number from 0 to 1000000000"),
        (bought(total=10**9 + 1), "data.total is 1000000001"),
        (bought(total=1.5), "data.total is 1.5; write a whole number"),
        (bought(total=True), "data.total is True; write a whole number"),
        (bought(externalId=""), "data.externalId is empty"),
        (bought(externalId=None), "data.externalId is missing"),
        (bought(lines=[{"amount": 101}]), "the lines sum to more than data.total"),
        (bought(lines=[{"amount": -1}]), "data.amount is -1"),
        (bought(lines=[{"amount": 1, "quantity": 0}]), "data.quantity is 0; write a whole number from 1"),
        (bought(lines=[{}]), "data.amount is missing"),
        (bought(lines=[7]), "data.lines holds what is no map"),
        (bought(lines={}), "data.lines is {}; write a list"),
        (
            broken("purchase.refunded", externalId="r", amount=0),
            "data.amount is 0; write a whole number from 1",
        ),
        (broken("purchase.refunded", externalId="r", amount=-5), "data.amount is -5"),
        (
            broken("purchase.refunded", externalId="r", amount=5, lines=[{"line": 1, "quantity": 1}]),
            "both amount and lines",
        ),
        (broken("purchase.refunded", externalId="r", lines=[]), "data.lines is empty"),
        (
            broken("purchase.refunded", externalId="r", lines=[{"line": 1, "quantity": 0}]),
            "data.quantity is 0",
        ),
        (broken("purchase.refunded", externalId="r", lines=[{"line": 0, "quantity": 1}]), "data.line is 0"),
        (
            broken("purchase.refunded", externalId="r", lines=[{"line": 1}]),
            "needs a quantity, an amount, or both",
        ),
        (
            broken("purchase.refunded", externalId="r", lines=[{"line": 1, "quantity": 1}] * 2),
            "names a line twice",
        ),
        (broken("reward.redeemed", reward="car"), "data.reward is 'car'; the programme has mug"),
        (broken("reward.redeemed"), "data.reward is missing"),
        (broken("reward.redeemed", reward="mug", voucher="ana-1"), "data.voucher 'ana-1' is taken"),
        (broken("voucher.used"), "data.voucher is missing"),
        (
            broken("balance.adjusted", wallet="gold", amount=1),
            "data.wallet is 'gold'; the programme has points",
        ),
        (broken("balance.adjusted", wallet="points"), "data.amount is missing"),
        (broken("balance.adjusted", wallet="points", amount=0), "data.amount is 0"),
        (broken("plan.started", plan="gold"), "data.plan is 'gold'; the programme has plus"),
        (broken("plan.started", plan="plus", until="soon"), "'soon' is no instant"),
        (broken("survey.answered", survey="x", score=1), "data.survey is 'x'; the programme has nps"),
    ],
)
def test_a_line_that_cannot_be_run_is_a_fault_with_its_number(last: Line, words: str) -> None:
    with pytest.raises(InputMalformed) as fault:
        run(CLUB, enrol("2026-01-10T10:00"), last)
    assert str(fault.value).startswith("line 2: ")
    assert words in str(fault.value)


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (
            enrol("2026-01-11T10:00", who="eva", Birthday="1990-12-01"),
            "data has no field Birthday; did you mean birthday?",
        ),
        (bought(totl=5), "data has no field totl; did you mean total?"),
        (
            bought(lines=[{"amount": 1, "categry": "coins"}]),
            "data.lines has no field categry; did you mean category?",
        ),
        (broken("game.played", level=3), "data has no field level; write one of score"),
        (broken("game.played", score="3"), "data.score is declared as int; write a whole number"),
        (
            broken("balance.adjusted", wallet="points", amount=1, why="x"),
            "data has no field why; write one of amount, reason, wallet",
        ),
    ],
)
def test_a_field_that_nothing_reads_is_told_once_and_the_line_runs(odd: Line, words: str) -> None:
    doubts: list[str] = []
    again = {
        **odd,
        "at": "2026-01-12T10:00:00Z",
        "member": "joe" if odd["name"] == "member.enrolled" else "ana",
    }
    lines = [json.dumps(one) for one in (enrol("2026-01-10T10:00"), odd, again)]
    ran = [one["event"] for one in simulate(CLUB, lines, warn=doubts.append) if one.get("by") == "input"]
    assert ran == ["member.enrolled", odd["name"], odd["name"]]
    assert doubts == [f"line 2: {words}"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON"),
        ("[]", "is no object"),
        ("7", "is no object"),
        ('{"member": "ana", "name": "x"}', "at is missing"),
        ('{"at": "2026-01-01T00:00:00Z", "name": "x"}', "member is missing"),
        ('{"at": "2026-01-01T00:00:00Z", "member": "", "name": "x"}', "member is missing"),
        ('{"at": "2026-01-01T00:00:00Z", "member": "ana", "name": 3}', "name is missing or no text"),
        ('{"at": "yesterday", "member": "ana", "name": "x"}', "'yesterday' is no instant"),
        ('{"at": "2026-01-01T00:00:00", "member": "ana", "name": "x"}', "has no zone"),
        ('{"at": "0001-01-01T00:00:00+14:00", "member": "ana", "name": "x"}', "is out of range"),
        ('{"at": "2026-01-01T00:00:00Z", "member": "ana", "name": "x", "data": []}', "data is no object"),
        ('{"at": "2026-01-01T00:00:00Z", "member": "ana", "name": "x", "source": 5}', "source is 5"),
        ('{"at": "2026-01-01T00:00:00Z", "member": "ana", "name": "x", "data": NaN}', "no JSON"),
    ],
)
def test_a_text_that_is_no_line_is_a_fault(text: str, words: str) -> None:
    with pytest.raises(InputMalformed) as fault:
        list(simulate(CLUB, ["", text]))
    assert str(fault.value).startswith("line 2: ")
    assert words in str(fault.value)


def test_what_was_answered_before_a_fault_stands() -> None:
    answers = simulate(CLUB, [json.dumps(enrol()), "{"])
    assert next(answers)["event"] == "member.enrolled"
    with pytest.raises(InputMalformed):
        next(answers)


# ---------------------------------------------------------------- time


def test_until_leaves_out_what_is_after_it_and_lets_time_run_to_it() -> None:
    lines = enrol("2026-01-10T10:00"), buy("2026-01-20T10:00", 1000), buy("2026-02-20T10:00", 1000)
    at = run(CLUB, *lines, until="2026-02-20T10:00")
    assert len(at.on("purchase.completed")) == 2
    before = run(CLUB, *lines, until="2026-02-20T09:59")
    assert len(before.on("purchase.completed")) == 1
    assert run(CLUB, *lines, until="2027-01-10T00:00").times("member.anniversary") == ["2027-01-10T00:00"]


def test_without_until_time_runs_to_the_last_event_of_all() -> None:
    lines = (
        enrol("2026-01-10T10:00"),
        enrol("2026-01-10T10:00", who="bob"),
        buy("2027-02-01T10:00", 100, who="bob"),
    )
    ran = run(CLUB, *lines, buy("2026-03-01T10:00", 1000))
    assert [row["member"] for row in ran.on("member.anniversary")] == ["ana", "bob"]
    assert ran.ana["wallets"]["points"]["available"] == 10


def test_offsets_are_understood_and_answers_are_utc() -> None:
    ran = run(CLUB, enrol("2026-01-10T12:00:00.123456+02:00"))
    assert ran.last["at"] == "2026-01-10T10:00:00.123Z"


def test_nothing_comes_of_an_empty_file() -> None:
    assert list(simulate(CLUB, ["", "  ", "\n"])) == []
