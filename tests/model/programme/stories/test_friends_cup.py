"""Rota's story, worked out by hand before it ran. What is awarded in March 2027 lapses after 31 March 2028, and so
on: 12 months, to the month's end; the hidden wallet's after 3.

Inês and Hugo are Rui's friends. I-1, 45.90: 45. H-1, 25.00: 25; with H-2, 6.00: 6, Hugo has 31.00, which is 30.00 or
more. Kasia and Tomek are Marta's. K-1, 30.00: 30; a cent comes back on 20 March: 29.99 are kept, so 29 points, and
less than the condition asks for. T-1, 99.99: 99.

30 days later, in Lisbon's summer time, so an hour earlier in UTC: Inês on 3 April, Tomek on the 7th, Hugo on the 9th
get 50 each; Kasia is judged on the 5th and gets nothing. Rui gets 100 twice and Marta once, and as many friends in
the hidden wallet. In April Rui has 2 and Marta 1.

Judged 14 days after 1 May, 0:00 in Lisbon. Rui is first: a guided ride, 300 and 50. Marta is second: 300 and 50. Both
are among the first ten. Rui: 200 + 350 = 550, less a bottle of 150, by what lapses first: 50 of April, 350 of May.
Marta: 100 + 350 = 450.
"""

import json
from datetime import UTC, date, datetime

from domain.model.club.leaderboards import BoardPeriod, judged_at, score_changes
from domain.model.programme import load
from domain.model.simulate import Simulation, read_line
from tests.model.programme.stories.story_rows import (
    PROGRAMMES,
    StoryRow,
    answers_of,
    members_of,
    story_rows,
)

ANSWERS = answers_of("friends-cup")
CUP = load((PROGRAMMES / "friends-cup.yaml").read_text(encoding="utf-8"))
APRIL = BoardPeriod("friends-cup", date(2027, 4, 1))

FRIEND, REFERRER, PRIZE = "referral:friend", "referral:referrer", "leaderboard:friends-cup"
IN_MARCH, IN_APRIL, IN_MAY = "until 2028-03-31", "until 2028-04-30", "until 2028-05-31"


def bought(at: str, member: str, points: int) -> StoryRow:
    return StoryRow(at, member, "purchase.completed", (f"points AWARD {points} by purchase {IN_MARCH}",))


def qualified(at: str, friend: str, referrer: str) -> tuple[StoryRow, StoryRow]:
    counted = "friends AWARD 1 by friend-counts until 2027-07-31"
    award = f"points AWARD 100 by {REFERRER} {IN_APRIL}"
    return (
        StoryRow(
            at, friend, "purchase.completed", (f"points AWARD 50 by {FRIEND} {IN_APRIL}",), ("friend-gift",)
        ),
        StoryRow(at, referrer, "referral.qualified", (award, counted), ("invited",)),
    )


PRIZES = (f"points AWARD 300 by {PRIZE} {IN_MAY}", f"points AWARD 50 by {PRIZE} {IN_MAY}")
ROWS = [
    bought("2027-03-04T12:00", "ines", 45),
    bought("2027-03-05T12:00", "hugo", 25),
    bought("2027-03-06T12:00", "kasia", 30),
    bought("2027-03-08T12:00", "tomek", 99),
    bought("2027-03-10T12:00", "hugo", 6),
    StoryRow("2027-03-20T12:00", "kasia", "purchase.refunded", ("points CLAWBACK -1",)),
    *qualified("2027-04-03T11:00", "ines", "rui"),
    *qualified("2027-04-07T11:00", "tomek", "marta"),
    *qualified("2027-04-09T11:00", "hugo", "rui"),
    StoryRow("2027-05-14T23:00", "rui", "leaderboard.ended", PRIZES, ("podium",), ("guided-ride",)),
    StoryRow("2027-05-14T23:00", "marta", "leaderboard.ended", PRIZES, ("podium",)),
    StoryRow("2027-05-15T10:00", "rui", "reward.redeemed", ("points SPEND -150",), (), ("bottle",)),
]


def test_every_row_is_as_worked_out_by_hand() -> None:
    assert story_rows(ANSWERS) == ROWS


def test_the_ranks_that_the_story_tells_are_those_of_the_contest() -> None:
    simulation = Simulation(CUP)
    for number, text in enumerate((PROGRAMMES / "friends-cup.jsonl").read_text().splitlines(), start=1):
        list(simulation.event(read_line(number, text)))
    scores = {
        member: sum(score_changes(CUP, row).get(APRIL, 0) for row in rows)
        for member, rows in simulation.rows.items()
    }
    assert {member: score for member, score in scores.items() if score} == {"rui": 2, "marta": 1}
    assert judged_at(CUP, CUP.leaderboard("friends-cup"), APRIL) == datetime(2027, 5, 14, 23, tzinfo=UTC)


def test_each_member_ends_as_worked_out_by_hand() -> None:
    members = members_of(ANSWERS)
    assert {
        code: (member["wallets"]["points"]["available"], member["badges"]["ambassador"]["level"])
        for code, member in members.items()
    } == {
        "rui": (400, 1),
        "marta": (450, 1),
        "ines": (95, 0),
        "hugo": (81, 0),
        "kasia": (29, 0),
        "tomek": (149, 0),
    }
    assert members["rui"]["wallets"]["points"]["expiring"] == [
        {"amount": 50, "on": "2028-04-30"},
        {"amount": 350, "on": "2028-05-31"},
    ]


def test_the_answer_beside_the_story_is_this_one() -> None:
    expected = (PROGRAMMES / "friends-cup.expected.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in expected] == ANSWERS
