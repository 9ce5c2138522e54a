"""Stellar Coffee's story, worked out by hand before it ran. Warsaw is UTC+1 in winter, and UTC+2 from 28 March
2027.

Ana, until Gold:
- R-1, 24.50 in money: 24 stars. Her first receipt: 25 more. 15 January + 6 months = 15 July, to the end of the
  month: 31 July. 49 stars.
- R-2, 100.00 with a gift card of 40.00: 60.00 are eligible, and all of them are paid with the card, which earns:
  60 stars, and 60 for the card. Through 31 August. 169 stars; Coffee or tea is within reach.
- R-3, on Monday, 45.90 with the card: 45 and 45, and both once more: 90. Through 30 September. 349 stars, which
  also counts 24 + 25 + 60 + 60 + 45 + 45 + 90 = 349 >= 300: Gold, a drink, and stars that do not expire. Two
  rewards come within reach, and one message, since it comes once in 7 days. The card: 200.00 - 60.00 - 45.90 = 94.10.
- Coffee or tea for 100: 249 stars. R-4, 19.90 in money: 19 stars; the third iced drink of March: 50 more, which
  count toward no tier. 318 stars, and the meal for 300 is within reach again.

Ana, after it: Gold from 1 March 2027 through 1 March 2028. Since then 19 stars came, of 300: she is Green at the
start of 2 March (23:00 UTC), and her stars count their 6 months from there: 2 September, through 30 September.
The reminder comes on 16 September, the lapse at the start of 1 October. Her birthday is 398 days after her last
purchase in 2028: no drink that year.

Bea:
- R-10, on Monday, 30.00 with the card: 30 and 30, 60 once more, and 25 for the first receipt: 145.
- One of two coffees back: all was paid with the card, so 15.00 go there. Kept are 15.00: 15 + 15 + 30 + 25 = 85,
  so 60 are taken. The rest back: 85 are taken, and 15.00 go to the card, which has its 50.00 again.
- R-11, on Friday, 12.50 in money: 12, and 25 again, since no other receipt stands: 37, through 30 September. They
  lapse at the start of 1 October 2027. R-12, 5.60: 5 stars.
"""

from tests.model.programme.stories.story_rows import StoryRow, answers_of, members_of, outcomes_of, story_rows

ANSWERS = answers_of("coffee-stars")

JULY, AUGUST, SEPTEMBER = "until 2027-07-31", "until 2027-08-31", "until 2027-09-30"
ROWS = [
    StoryRow("2027-01-10T09:00", "ana", "member.enrolled", messages=("welcome",)),
    StoryRow(
        "2027-01-15T08:00", "ana", "purchase.completed",
        (f"stars AWARD 24 by stars {JULY}", f"stars AWARD 25 by first-cup {JULY}"),
    ),
    StoryRow("2027-02-10T07:30", "ana", "card.loaded", ("card AWARD 20000 by load",)),
    StoryRow(
        "2027-02-10T07:35", "ana", "purchase.completed",
        ("card SPEND -6000", f"stars AWARD 60 by stars {AUGUST}", f"stars AWARD 60 by card-stars {AUGUST}"),
        ("within-reach",),
    ),
    StoryRow(
        "2027-03-01T10:00", "ana", "purchase.completed",
        (
            "card SPEND -4590", f"stars AWARD 45 by stars {SEPTEMBER}",
            f"stars AWARD 45 by card-stars {SEPTEMBER}", f"stars BONUS 90 by double-star-mondays {SEPTEMBER}",
        ),
        ("gold-begins", "within-reach"), ("gold-drink",),
    ),
    StoryRow("2027-03-05T12:00", "ana", "reward.redeemed", ("stars SPEND -100",), (), ("coffee-100",)),
    StoryRow("2027-03-08T09:00", "bea", "member.enrolled", messages=("welcome",)),
    StoryRow("2027-03-08T09:30", "bea", "card.loaded", ("card AWARD 5000 by load",)),
    StoryRow(
        "2027-03-08T09:35", "bea", "purchase.completed",
        (
            "card SPEND -3000", f"stars AWARD 30 by stars {SEPTEMBER}",
            f"stars AWARD 30 by card-stars {SEPTEMBER}",
            f"stars BONUS 60 by double-star-mondays {SEPTEMBER}", f"stars AWARD 25 by first-cup {SEPTEMBER}",
        ),
        ("within-reach",),
    ),
    StoryRow("2027-03-11T09:00", "bea", "purchase.refunded", ("card RETURN 1500", "stars CLAWBACK -60")),
    StoryRow("2027-03-11T16:00", "bea", "purchase.refunded", ("card RETURN 1500", "stars CLAWBACK -85")),
    StoryRow(
        "2027-03-12T08:00", "bea", "purchase.completed",
        (f"stars AWARD 12 by stars {SEPTEMBER}", f"stars AWARD 25 by first-cup {SEPTEMBER}"),
    ),
    StoryRow(
        "2027-03-19T15:00", "ana", "purchase.completed",
        ("stars AWARD 19 by stars", "stars AWARD 50 by badge:spring-chill"),
        ("challenge-done", "within-reach"),
    ),
    StoryRow("2027-04-19T22:00", "ana", "member.birthday", (), ("birthday",), ("birthday-drink",)),
    StoryRow("2027-09-15T22:00", "bea", "points.expiring", messages=("expiring",)),
    StoryRow("2027-09-30T22:00", "bea", "points.expired", ("stars EXPIRE -37",)),
    StoryRow("2028-03-01T23:00", "ana", "tier.changed", messages=("gold-ends",)),
    StoryRow("2028-09-15T22:00", "ana", "points.expiring", messages=("expiring",)),
    StoryRow("2028-09-30T22:00", "ana", "points.expired", ("stars EXPIRE -318",)),
    StoryRow("2028-10-02T09:00", "bea", "purchase.completed", ("stars AWARD 5 by stars until 2029-04-30",)),
]  # fmt: skip


def test_every_row_is_as_worked_out_by_hand() -> None:
    assert story_rows(ANSWERS) == ROWS


def test_rules_that_do_not_apply_say_why() -> None:
    assert outcomes_of(ANSWERS, "2027-01-15T08:00", "card-stars") == [(False, 0, "when")]
    assert outcomes_of(ANSWERS, "2027-02-10T07:35", "double-star-mondays") == [(False, 0, "during")]
    assert outcomes_of(ANSWERS, "2028-04-19T22:00", "birthday") == [(False, 0, "when")]


def test_each_member_ends_as_worked_out_by_hand() -> None:
    ana, bea = members_of(ANSWERS).values()
    # Ana: 24 + 25 + 60 + 60 + 45 + 45 + 90 + 19 + 50 = 418 stars earned, 100 spent, 318 lapsed.
    assert ana["wallets"]["stars"] == {
        "available": 0, "pending": 0, "debt": 0, "earned": 418, "spent": 100, "expired": 318, "expiring": [],
    }  # fmt: skip
    # The card: 200.00 loaded, 105.90 spent.
    assert (ana["wallets"]["card"]["available"], ana["wallets"]["card"]["spent"]) == (9410, 10590)
    assert ana["badges"] == {"spring-chill": {"level": 1, "progress": 3}}
    # Bea: 145 - 60 - 85 + 37 + 5 = 42 stars earned, 37 lapsed; the card has all that she loaded.
    assert bea["wallets"]["stars"] == {
        "available": 5, "pending": 0, "debt": 0, "earned": 42, "spent": 0, "expired": 37,
        "expiring": [{"amount": 5, "on": "2029-04-30"}],
    }  # fmt: skip
    assert (bea["wallets"]["card"]["available"], bea["wallets"]["card"]["spent"]) == (5000, 0)
    assert [member["tier"]["code"] for member in (ana, bea)] == ["green", "green"]
    assert bea["tier"]["toNext"] == 295
