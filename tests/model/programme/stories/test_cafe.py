"""Café Aurora's story, with its figures worked out by hand: a stamp card by quantity, happy hour, a weekly streak,
a challenge with goals of one's own, and the favourite drink for the birthday.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from domain.model.programme import load
from domain.model.simulate import simulate

FOLDER = Path(__file__).parents[4] / "scripts" / "demo" / "programmes"
Answer = dict[str, Any]


@lru_cache
def answers() -> tuple[Answer, ...]:
    programme = load((FOLDER / "cafe.yaml").read_text(encoding="utf-8"))
    return tuple(simulate(programme, (FOLDER / "cafe.jsonl").read_text(encoding="utf-8").splitlines()))


def rows(member: str, event: str | None = None) -> list[Answer]:
    return [
        row
        for row in answers()
        if row["member"] == member and "event" in row and event in (None, row["event"])
    ]


def at_end(member: str) -> Answer:
    return next(row for row in answers() if row["member"] == member and "wallets" in row)


def amounts(row: Answer) -> list[int]:
    return [entry["amount"] for entry in row["entries"]]


def outcomes(row: Answer) -> list[tuple[str, bool, int, str | None]]:
    return [(one["rule"], one["applied"], one["amount"], one["reason"]) for one in row["outcomes"]]


def test_the_story_is_answered_as_it_was() -> None:
    expected = (FOLDER / "cafe.expected.jsonl").read_text(encoding="utf-8").splitlines()
    assert list(answers()) == [json.loads(line) for line in expected]


def test_each_purchase_gives_what_its_euros_its_hour_and_its_week_give() -> None:
    assert [amounts(row) for row in rows("ana", "purchase.completed")] == [
        [8],  # 8.50 on a Tuesday morning
        [10, 10],  # 10.50 on a Wednesday at half past three: happy hour doubles it
        [10],  # 10.00
        [13, 13],  # 13.00 on a Tuesday at four
        [3, 20],  # 3.50, and the fourth week in a row
        [7],  # 7.00; the fifth week begins the next four
        [3],  # 3.50, after December was missed: a first week again
        [2],  # 2.50
        [3],  # 3.50
        [7, 7, 20],  # 7.00 at three sharp, and the fourth week of the new run
        [3, 30],  # 3.50 on a Saturday, and the fifth visit of the challenge
    ]
    early, late = rows("bruno", "purchase.completed")[:2]
    # 0.90 is no whole bean, and at five sharp the happy hour is over. 10.80 at ten past three is twice 10.
    assert outcomes(early) == [
        ("beans", False, 0, "rounded_to_zero"),
        ("happy-hour", False, 0, "during"),
    ]
    assert amounts(late) == [10, 10]


def test_the_tenth_drink_brings_a_free_one_and_a_used_one_is_not_given_again() -> None:
    # Drinks so far: 2, 5, 9, 13 (full), 14; refunds leave 11, then 9 (no longer full); 11 (full again), ...
    assert [row["vouchers"] for row in rows("ana", "purchase.completed")] == [
        *[[], [], [], ["free-drink"], [], [], [], [], [], []],
        ["cake"],
    ]
    again = rows("ana", "purchase.completed")[5]
    assert ("badge:drinks", False, 0, "limit") in outcomes(again)  # the first was drunk already
    # Of 26 beans for 13.00, 2 and 2 stay for the 2.50 that is kept; of 10 for 10.00, 5.
    assert [amounts(row) for row in rows("ana", "purchase.refunded")][:2] == [[-22], [-5]]
    assert [row["vouchers"] for row in rows("bruno", "purchase.completed")] == [[], ["free-drink"], []]


def test_each_has_a_goal_of_their_own_and_a_return_takes_the_prize() -> None:
    # Ana has been here 6 times by January: 6 / 2 + 2 = 5 visits. Bruno, who takes it up on the sixth with 2, has 3.
    [ana] = rows("ana", "challenge.accepted")
    assert ana["messages"] == ["challenge-soon"]
    assert [row["messages"] for row in rows("bruno", "challenge.accepted")] == [["challenge-goal"], []]
    assert [row["refused"] for row in rows("eva", "challenge.accepted")] == [
        "ChallengeNotOpen"
    ]  # in February
    # The first visit of January is returned: 3 beans of its own, and the 30 and the cake of the fifth.
    assert amounts(rows("ana", "purchase.refunded")[2]) == [-3, -30]
    badges = {member: at_end(member)["badges"]["january"] for member in ("ana", "bruno", "eva")}
    assert badges == {
        "ana": {"level": 0, "progress": 4, "target": 5, "accepted": True},
        "bruno": {"level": 0, "progress": 1, "target": 3, "accepted": True},
        "eva": {"level": 0, "progress": 0, "target": None, "accepted": False},
    }


def test_the_birthday_gift_is_the_favourite_drink() -> None:
    # Ana: 12 lattes (2 + 3 + 0 kept of 3 + 1 + 2 + 0 kept of 1 + 1 + 2 + 1) and 4 teas. Eva has had none yet.
    [ana], [eva] = rows("ana", "member.birthday"), rows("eva", "member.birthday")
    assert (ana["at"], ana["vouchers"], ana["messages"]) == (
        "2027-02-10T00:00:00.000Z",
        ["birthday-latte"],
        ["birthday"],
    )
    assert eva["vouchers"] == ["birthday-choice"]


def test_the_balances_at_the_end() -> None:
    # 142 earned until the cake for 60; then 33 are taken back. 60 of November are spent, 7 of December and 42 of
    # January are left, good to the end of the sixth month after.
    beans = at_end("ana")["wallets"]["beans"]
    assert beans == {
        "available": 49,
        "pending": 0,
        "debt": 0,
        "earned": 109,
        "spent": 60,
        "expired": 0,
        "expiring": [{"amount": 7, "on": "2027-06-30"}, {"amount": 42, "on": "2027-07-31"}],
    }
    assert at_end("ana")["badges"]["drinks"] == {"level": 1, "progress": 16}
    assert at_end("ana")["badges"]["weekly"] == {"level": 2, "progress": 0}
    assert at_end("bruno")["wallets"]["beans"]["available"] == 20
    assert at_end("bruno")["badges"]["drinks"] == {"level": 1, "progress": 14}
    assert at_end("eva")["wallets"]["beans"]["expiring"] == [{"amount": 6, "on": "2027-08-31"}]
    assert at_end("eva")["badges"]["weekly"] == {"level": 0, "progress": 1}
