"""Ziarno's story, worked out by hand before it ran. What is awarded in February lapses after 29 February 2028, what
is awarded in March after 31 March 2028: 12 months, to the month's end.

Adam, invited by Zosia, joins with Ola's code, typed with a space: 150. A-1, 90 zł: 45, and 100 for the first purchase
with that code. 14 days later, on 20 February at 12:00 UTC, 80 zł are kept: 100 for him, 200 for Zosia. 395 in all.

Bartek types OLA-I5, with an I for the 1: 150. B-1, 80 zł: 40 and 100. Judged on 24 February: 100, and 200 for Zosia,
whose second friend makes her a host. On 10 March 20 zł come back: 60 zł are kept, so 30 points: 10 go; 60 zł are less
than 80, within 60 days: his 100 go, and of Zosia's 200; her ladder counts one friend, so she is a guest again.
150 + 30 + 100 = 280.

Celina comes on 1 March: Ola's code is over, the membership begins all the same. C-1, 200 zł: 100. Judged on 19 March:
100, and 200 for Zosia, a host again. 200 in all.

KINO-2 is for two: Adam and Celina. Zosia is told that it is used up, Adam that he has entered it.

Zosia: 200 - 0 of Adam, 200 - 200 of Bartek, 200 of Celina. Z-1, 100 zł: 50; 50 x 1.25 = 62.5, floored 62, so 12 on
top. Three packs: 60; the fourth is past the rule's limit. February 200, March 200 + 62 + 60 = 322: 522 in all.
A pack that she has entered is nothing for Adam. Two friends count; the third rung takes 5, so 3 more. Adam's counts
through 20 February 2028: the day after only Celina's would, of the 2 that keep the rung, so it misses 1.
"""

import json

from tests.model.programme.stories.story_rows import (
    PROGRAMMES,
    StoryRow,
    answers_of,
    members_of,
    outcomes_of,
    story_rows,
)

ANSWERS = answers_of("referral-club")

FEBRUARY, MARCH = "until 2028-02-29", "until 2028-03-31"
FRIEND, REFERRER = "referral:friend", "referral:referrer"
ROWS = [
    StoryRow("2027-02-03T10:00", "adam", "code.entered", (f"points AWARD 150 by from-ola {FEBRUARY}",)),
    StoryRow("2027-02-04T10:00", "bartek", "code.entered", (f"points AWARD 150 by from-ola {FEBRUARY}",)),
    StoryRow(
        "2027-02-06T12:00", "adam", "purchase.completed",
        (f"points AWARD 45 by purchase {FEBRUARY}", f"points AWARD 100 by ola-first {FEBRUARY}"),
    ),
    StoryRow(
        "2027-02-10T09:00", "bartek", "purchase.completed",
        (f"points AWARD 40 by purchase {FEBRUARY}", f"points AWARD 100 by ola-first {FEBRUARY}"),
    ),
    StoryRow(
        "2027-02-20T12:00", "adam", "purchase.completed",
        (f"points AWARD 100 by {FRIEND} {FEBRUARY}",), ("friend-gift",),
    ),
    StoryRow(
        "2027-02-20T12:00", "zosia", "referral.qualified",
        (f"points AWARD 200 by {REFERRER} {FEBRUARY}",), ("invited",),
    ),
    StoryRow(
        "2027-02-24T09:00", "bartek", "purchase.completed",
        (f"points AWARD 100 by {FRIEND} {FEBRUARY}",), ("friend-gift",),
    ),
    StoryRow(
        "2027-02-24T09:00", "zosia", "referral.qualified",
        (f"points AWARD 200 by {REFERRER} {FEBRUARY}",), ("invited", "tier-up"),
    ),
    StoryRow("2027-03-02T18:00", "adam", "code.entered", vouchers=("cinema",)),
    StoryRow("2027-03-02T18:01", "celina", "code.entered", vouchers=("cinema",)),
    StoryRow("2027-03-05T10:00", "celina", "purchase.completed", (f"points AWARD 100 by purchase {MARCH}",)),
    StoryRow(
        "2027-03-10T10:00", "bartek", "purchase.refunded",
        ("points CLAWBACK -10", f"points CLAWBACK -100 by {FRIEND}"),
    ),
    StoryRow(
        "2027-03-10T10:00", "zosia", "referral.unmade", ("points CLAWBACK -200 by referral:bartek",),
    ),
    StoryRow(
        "2027-03-19T10:00", "celina", "purchase.completed",
        (f"points AWARD 100 by {FRIEND} {MARCH}",), ("friend-gift",),
    ),
    StoryRow(
        "2027-03-19T10:00", "zosia", "referral.qualified",
        (f"points AWARD 200 by {REFERRER} {MARCH}",), ("invited", "tier-up"),
    ),
    StoryRow(
        "2027-03-25T10:00", "zosia", "purchase.completed",
        (f"points AWARD 50 by purchase {MARCH}", f"points BONUS 12 by purchase {MARCH}"),
    ),
    *(
        StoryRow(
            f"2027-03-26T10:0{pack}", "zosia", "code.entered", (f"points AWARD 20 by pack {MARCH}",)
        )
        for pack in range(3)
    ),
]  # fmt: skip


def test_every_row_is_as_worked_out_by_hand() -> None:
    assert story_rows(ANSWERS) == ROWS


def test_codes_that_do_not_count_say_why() -> None:
    refused = [
        (answer["at"][:16], answer["member"], answer["refused"])
        for answer in ANSWERS
        if answer.get("event") == "code.entered" and answer["refused"]
    ]
    assert refused == [
        ("2027-03-01T10:00", "celina", "CodeRefused:OVER"),
        ("2027-03-02T18:02", "zosia", "CodeRefused:USED_UP"),
        ("2027-03-02T18:03", "adam", "CodeRefused:ENTERED_BEFORE"),
        ("2027-03-26T10:04", "adam", "CodeRefused:UNKNOWN"),
    ]
    assert outcomes_of(ANSWERS, "2027-03-26T10:03", "pack") == [(False, 0, "limit")]


def test_each_member_ends_as_worked_out_by_hand() -> None:
    members = members_of(ANSWERS)
    figures = {
        code: (
            member["wallets"]["points"]["available"],
            {lot["on"]: lot["amount"] for lot in member["wallets"]["points"]["expiring"]},
            member["tier"]["code"],
            member["unlocked"],
        )
        for code, member in members.items()
    }
    assert figures == {
        "zosia": (522, {"2028-02-29": 200, "2028-03-31": 322}, "host", ["beans-250", "tasting"]),
        "adam": (395, {"2028-02-29": 395}, "guest", []),
        "bartek": (280, {"2028-02-29": 280}, "guest", []),
        "celina": (200, {"2028-03-31": 200}, "guest", []),
    }
    tier = members["zosia"]["tier"]
    assert (tier["qualifying"], tier["toNext"], tier["toKeep"], tier["until"]) == (2, 3, 1, "2028-02-20")


def test_the_answer_beside_the_story_is_this_one() -> None:
    expected = (PROGRAMMES / "referral-club.expected.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in expected] == ANSWERS
