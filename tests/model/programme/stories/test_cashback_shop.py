"""Mercado Azul's story, with its figures worked out by hand: percentages by category under one monthly cap, part
payment, refunds of a paid purchase, a score that nobody sees, and what lapses.
"""

from __future__ import annotations

from tests.model.programme.stories.story_rows import (
    StoryRow,
    answers_of,
    members_of,
    outcomes_of,
    story_rows,
)

ANSWERS = answers_of("cashback-shop")
MARCH, APRIL = "2028-03-31", "2028-04-30"


BOUGHT = "purchase.completed"
STORY = [
    # 5% of 40.00, 3% of 30.00, 2% of 20.00; the gift card gives nothing; 5 euros for the first purchase. Spendable on
    # 16 March, so valid to the end of March a year later. The score is 1 for each euro of 90.
    StoryRow(
        "2027-03-02T18:00",
        "ana",
        BOUGHT,
        (
            f"cashback AWARD 200 by fresh until {MARCH}",
            f"cashback AWARD 90 by household until {MARCH}",
            f"cashback AWARD 40 by electronics until {MARCH}",
            f"cashback AWARD 500 by first until {MARCH}",
            "score AWARD 90 by score",
        ),
    ),
    # She has a dog since: 2% of 500.00, and of the 100.00 for it 9% and 1%. Of March's 30 euros 23.30 are used.
    StoryRow(
        "2027-03-05T18:00",
        "ana",
        BOUGHT,
        (
            f"cashback AWARD 1000 by electronics until {MARCH}",
            f"cashback AWARD 900 by pets until {MARCH}",
            f"cashback AWARD 100 by everything until {MARCH}",
            "score AWARD 600 by score",
        ),
    ),
    # 5% of 200.00 would be 10 euros, 6.70 are left. Spendable on 3 April. With a score of 1,090 she is one of the best.
    StoryRow(
        "2027-03-20T18:00",
        "ana",
        BOUGHT,
        (f"cashback AWARD 670 by fresh until {APRIL}", "score AWARD 400 by score"),
        ("thanks",),
    ),
    # Of 50.00 the gift card of 10.00 is not to be paid so: at most half of 40.00. What is paid earns nothing: 5% of the
    # other 20.00, and 20 of the score.
    StoryRow(
        "2027-04-10T10:00",
        "ana",
        BOUGHT,
        ("cashback SPEND -2000", f"cashback AWARD 100 by fresh until {APRIL}", "score AWARD 20 by score"),
    ),
    # Half goes back: 15.00 of the 30.00 in money, and the other 10.00 as 1,000 of the 2,000. What is kept has 10.00 of
    # fresh food that was paid in money: 5% of it, and 10 of the score.
    StoryRow(
        "2027-04-12T10:00",
        "ana",
        "purchase.refunded",
        ("cashback RETURN 1000", "cashback CLAWBACK -50", "score CLAWBACK -10"),
    ),
    StoryRow(
        "2027-04-13T10:00",
        "ana",
        "purchase.refunded",
        ("cashback RETURN 1000", "cashback CLAWBACK -50", "score CLAWBACK -10"),
    ),
    # Thirty days before the last of March: 8.30 and 20.00.
    StoryRow("2028-03-01T00:00", "ana", "points.expiring", (), ("lapsing",)),
    # No dog, no cat: 1%, and the first purchase.
    StoryRow(
        "2028-03-05T18:00",
        "bruno",
        BOUGHT,
        (
            "cashback AWARD 100 by everything until 2029-03-31",
            "cashback AWARD 500 by first until 2029-03-31",
            "score AWARD 100 by score",
        ),
    ),
]


def test_each_row_is_as_worked_out_by_hand() -> None:
    assert story_rows(ANSWERS) == STORY


def test_the_cap_of_all_percentages_is_taken_in_the_order_of_the_file() -> None:
    third = "2027-03-20T18:00"
    assert outcomes_of(ANSWERS, third, "fresh") == [(True, 670, "cap")]
    assert outcomes_of(ANSWERS, third, "household") == [(False, 0, "cap")]
    assert outcomes_of(ANSWERS, third, "everything") == [(False, 0, "cap")]
    assert outcomes_of(ANSWERS, "2028-03-05T18:00", "pets") == [(False, 0, "when")]


def test_what_does_not_fit_is_refused_whole() -> None:
    refused = {answer["at"][:16]: answer["refused"] for answer in ANSWERS if answer.get("refused")}
    # More than half of 40.00; and 15.01 where 8.30 and 6.70 are left, April's 1.00 still pending.
    assert refused == {
        "2027-04-10T09:00": "PaymentNotAccepted:SHARE",
        "2027-04-11T10:00": "InsufficientBalance",
    }


def test_at_the_end_everything_paid_is_back_where_it_came_from() -> None:
    ana = members_of(ANSWERS)["ana"]
    assert ana["wallets"]["cashback"] == {
        "available": 3_500,
        "pending": 0,
        "debt": 0,
        "earned": 3_500,
        "spent": 0,
        "expired": 0,
        "expiring": [{"amount": 2_830, "on": MARCH}, {"amount": 670, "on": APRIL}],
    }
    assert (ana["wallets"]["score"]["earned"], ana["segments"]) == (1_090, ["best"])
    bruno = members_of(ANSWERS)["bruno"]["wallets"]
    assert (bruno["cashback"]["pending"], bruno["score"]["available"]) == (600, 100)
