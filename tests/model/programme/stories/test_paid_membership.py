"""Aurora's story, worked out by hand before it ran. Lisbon is UTC in winter, and UTC+1 from 28 March 2027.

Rui:
- A-1, 42.50: 42 points, nothing on top, through 29 February 2028 (12 months after 3 February, to the month's end).
- His first plan runs for the trial: 30 days from 5 February, 12:00, so through 7 March, 12:00. A tag, a voucher.
- A-2, 25.99: 25 points. Doubled: 25.99 x 2 = 51.98, so 51, less 25: 26 on top. 93 points.
- Renewed an hour before its end: a month from there, 7 April at 12:00 in Lisbon, which is 11:00 UTC by then.
- He cancels on 20 March: a message, and a question; his answer brings 20 points, through 31 March 2028. 113 points.
  The plan goes on until it ends by itself. He is among those who left Plus; his 10% come 14 days later, on 21 April,
  11:00 UTC.
- A-3, 30.00: 30 points. 143 points, through 30 April 2028.
- The second plan is not his first, so it runs for a month, to 2 June. A-4, 60.00: 60, 60 on top, and 50 for the
  basket, through 31 May 2028: 313 points. discount-5 for 250 is within reach, of which no rule tells.
- Billing ends it on 10 May. There is no second 10% in a year: `limit`.

Marta agreed to no news:
- Her trial runs 30 days from 1 March, 09:05: 31 March, 09:05 in Lisbon, 08:05 UTC.
- B-1, 25.99: 25 and 26. 10.00 back: kept are 15.99: 15 points; 31.98 less 15: 16 on top; 31. Of 51, 20 are taken.
- 14 days after the end she gets the voucher, and no message. It is good for 30 days from 14 April, 08:05 UTC.
- B-2, 10.00: 10 points. 41 points.
"""

from tests.model.programme.stories.story_rows import StoryRow, answers_of, members_of, outcomes_of, story_rows

ANSWERS = answers_of("paid-membership")

FEBRUARY, MARCH, APRIL, MAY = "until 2028-02-29", "until 2028-03-31", "until 2028-04-30", "until 2028-05-31"
ROWS = [
    StoryRow("2027-02-03T15:00", "rui", "purchase.completed", (f"points AWARD 42 by purchase {FEBRUARY}",)),
    StoryRow("2027-02-05T12:00", "rui", "plan.started", (), ("plus-begins",), ("free-shipping",)),
    StoryRow(
        "2027-02-10T18:00", "rui", "purchase.completed",
        (f"points AWARD 25 by purchase {FEBRUARY}", f"points BONUS 26 by purchase {FEBRUARY}"),
    ),
    StoryRow("2027-03-01T09:05", "marta", "plan.started", (), ("plus-begins",), ("free-shipping",)),
    StoryRow(
        "2027-03-02T10:00", "marta", "purchase.completed",
        (f"points AWARD 25 by purchase {MARCH}", f"points BONUS 26 by purchase {MARCH}"),
    ),
    StoryRow("2027-03-05T10:00", "marta", "purchase.refunded", ("points CLAWBACK -20",)),
    StoryRow("2027-03-07T11:00", "rui", "plan.renewed", (), ("plus-goes-on",), ("free-shipping",)),
    StoryRow("2027-03-20T20:00", "rui", "subscription.cancelled", messages=("plus-cancelled",)),
    StoryRow("2027-03-20T20:05", "rui", "survey.answered", (f"points AWARD 20 by answer {MARCH}",)),
    StoryRow("2027-03-31T08:05", "marta", "plan.ended", messages=("plus-ended",)),
    StoryRow("2027-04-07T11:00", "rui", "plan.ended", messages=("plus-ended",)),
    StoryRow("2027-04-14T08:05", "marta", "segment.entered", vouchers=("come-back",)),
    StoryRow("2027-04-21T11:00", "rui", "segment.entered", (), ("win-back",), ("come-back",)),
    StoryRow("2027-04-25T10:00", "rui", "purchase.completed", (f"points AWARD 30 by purchase {APRIL}",)),
    StoryRow("2027-05-02T09:00", "rui", "plan.started", (), ("plus-begins",), ("free-shipping",)),
    StoryRow(
        "2027-05-04T09:00", "rui", "purchase.completed",
        (
            f"points AWARD 60 by purchase {MAY}", f"points BONUS 60 by purchase {MAY}",
            f"points AWARD 50 by big-basket {MAY}",
        ),
    ),
    StoryRow("2027-05-10T09:00", "rui", "plan.ended", messages=("plus-ended",)),
    StoryRow("2027-06-01T10:00", "marta", "purchase.completed", ("points AWARD 10 by purchase until 2028-06-30",)),
]  # fmt: skip


def test_every_row_is_as_worked_out_by_hand() -> None:
    assert story_rows(ANSWERS) == ROWS


def test_the_question_and_the_tag_stand_in_their_rows() -> None:
    rare = [
        (answer["at"][:16], answer["member"], answer.get("surveys"), answer.get("tags"))
        for answer in ANSWERS
        if "event" in answer and answer.keys() & {"surveys", "tags"}
    ]
    first, again = ({"added": tags, "removed": []} for tags in (["had-plus", "plus"], ["plus"]))
    off = {"added": [], "removed": ["plus"]}
    assert rare == [
        ("2027-02-05T12:00", "rui", None, first),
        ("2027-03-01T09:05", "marta", None, first),
        ("2027-03-20T20:00", "rui", ["leaving"], None),
        ("2027-03-31T08:05", "marta", None, off),
        ("2027-04-07T11:00", "rui", None, off),
        ("2027-05-02T09:00", "rui", None, again),
        ("2027-05-10T09:00", "rui", None, off),
    ]


def test_rules_say_what_became_of_them() -> None:
    later = (False, 0, "later:2027-04-21T11:00:00.000Z")
    assert outcomes_of(ANSWERS, "2027-04-07T11:00", "win-back") == [later]
    assert outcomes_of(ANSWERS, "2027-04-14T08:05", "win-back") == [(True, 0, None), (False, 0, "no_consent")]
    assert outcomes_of(ANSWERS, "2027-05-10T09:00", "win-back") == [(False, 0, "limit")]
    assert outcomes_of(ANSWERS, "2027-04-25T10:00", "big-basket") == [(False, 0, "when")]


def test_each_member_ends_as_worked_out_by_hand() -> None:
    rui, marta = members_of(ANSWERS).values()
    assert rui["wallets"]["points"] == {
        "available": 313, "pending": 0, "debt": 0, "earned": 313, "spent": 0, "expired": 0,
        "expiring": [
            {"amount": 93, "on": "2028-02-29"}, {"amount": 20, "on": "2028-03-31"},
            {"amount": 30, "on": "2028-04-30"}, {"amount": 170, "on": "2028-05-31"},
        ],
    }  # fmt: skip
    assert rui["unlocked"] == ["discount-5"]
    assert marta["wallets"]["points"] == {
        "available": 41, "pending": 0, "debt": 0, "earned": 41, "spent": 0, "expired": 0,
        "expiring": [{"amount": 31, "on": "2028-03-31"}, {"amount": 10, "on": "2028-06-30"}],
    }  # fmt: skip
    assert (rui["tags"], marta["tags"], rui["tier"]) == (["had-plus"], ["had-plus"], None)
