"""NumisCollect's story, with its figures worked out by hand: points and a tier's extra, store credit that lapses,
gifts of the calendar, and what two years leave.
"""

from tests.model.programme.stories.story_rows import (
    StoryRow,
    answers_of,
    members_of,
    outcomes_of,
    story_rows,
)

ANSWERS = answers_of("numiscollect")
ROWS = story_rows(ANSWERS)


def between(first: str, last: str) -> list[StoryRow]:
    return [row for row in ROWS if first <= row.at < last]


def ana(
    at: str,
    event: str,
    *entries: str,
    messages: tuple[str, ...] = (),
    vouchers: tuple[str, ...] = (),
) -> StoryRow:
    return StoryRow(at, "ana", event, entries, messages, vouchers)


def test_points_come_after_two_weeks_and_are_good_to_the_end_of_the_twelfth_month() -> None:
    # 120.50 less 5.50 for shipping are 115 points; 5 percent of 25.00 of stamps are 1.25, good for six months from
    # 25 January. 960.00 are more than 250.00: 200 more, and with 115 + 960 + 200 the tier of 1000.
    assert between("2026-01-10", "2026-02-16") == [
        ana("2026-01-10T10:00", "member.enrolled", "points AWARD 100 by welcome until 2027-01-31", messages=("welcome",)),
        ana("2026-01-10T10:00", "member.consented", "points AWARD 20 by marketing-consent until 2027-01-31"),
        ana(
            "2026-01-11T10:30", "purchase.completed",
            "points AWARD 115 by purchase until 2027-01-31", "cashback AWARD 125 by stamps-cashback until 2026-07-25",
            messages=("badge-earned",),
        ),
        ana("2026-01-25T10:30", "reward.unlocked", messages=("reward-unlocked",)),  # 235 of 150 for the capsules
        ana(
            "2026-02-02T17:45", "purchase.completed",
            "points AWARD 960 by purchase until 2027-02-28", "points AWARD 200 by big-basket until 2027-02-28",
            messages=("tier-up",),
        ),
    ]  # fmt: skip


def test_silver_gives_a_quarter_more_floored_once() -> None:
    # 39.99 x 1.25 = 49.98: 49, of which 39 are the rule's and 10 the tier's. 520.00: 650, of which 130. Gold coins
    # count twice in December, 520 more; that is better than 200 for a large basket.
    assert between("2026-02-20", "2026-02-21") == [
        ana(
            "2026-02-20T09:00", "purchase.completed",
            "points AWARD 39 by purchase until 2027-03-31", "points BONUS 10 by purchase until 2027-03-31",
        )
    ]  # fmt: skip
    assert between("2026-12-01", "2026-12-02") == [
        ana(
            "2026-12-01T11:00", "purchase.completed",
            "points AWARD 520 by purchase until 2027-12-31", "points BONUS 130 by purchase until 2027-12-31",
            "points AWARD 520 by gold-coins-double until 2027-12-31",
        )
    ]  # fmt: skip
    assert outcomes_of(ANSWERS, "2026-12-01T11:00", "big-basket") == [(False, 0, "best_of:gold-coins-double")]


def test_what_is_redeemed_used_twice_or_locked() -> None:
    # By 20 March 1444 are spendable. 500 take the 235 to January and 265 of the 1160 to February.
    [redeemed] = [
        answer for answer in ANSWERS if answer.get("event") == "reward.redeemed" and answer["entries"]
    ]
    assert redeemed["entries"][0]["lots"] == [
        {"amount": 235, "expiresOn": "2027-01-31"}, {"amount": 265, "expiresOn": "2027-02-28"},
    ]  # fmt: skip
    refusals = [(answer["at"][:10], answer["refused"]) for answer in ANSWERS if answer.get("refused")]
    # A voucher is used once; the limited edition is there from 1 December, and costs 2000 of 944.
    assert refusals == [("2026-03-22", "VoucherNotUsable"), ("2026-03-25", "RewardLocked")]
    # Two events a month give 50 points each.
    assert outcomes_of(ANSWERS, "2026-04-15T19:00", "attended") == [(False, 0, "limit")]


def test_the_calendar_brings_a_coin_a_voucher_and_reminders() -> None:
    # Born on 29 February, so the coin comes on the 28th. Ninety days after 20 February are 21 May, midnight in
    # Lisbon in summer; after 1 December they are 1 March. Of 1160 points 895 are left to lapse in February.
    coin = {"messages": ("birthday",), "vouchers": ("birthday-coin",)}
    back = {"messages": ("win-back",), "vouchers": ("welcome-back",)}
    soon = {"messages": ("points-expiring",)}
    assert [row for row in ROWS if row.event == "member.birthday"] == [
        ana("2026-02-28T00:00", "member.birthday", **coin), ana("2027-02-28T00:00", "member.birthday", **coin),
    ]  # fmt: skip
    assert between("2026-05-01", "2026-12-01") == [
        ana("2026-05-20T23:00", "segment.entered", **back),
        ana("2026-07-25T23:00", "points.expired", "cashback EXPIRE -125"),
    ]
    assert between("2027-01-01", "2027-02-01") == [ana("2027-01-29T00:00", "points.expiring", **soon)]
    assert between("2027-03-01", "2027-05-01") == [
        ana("2027-03-01T00:00", "points.expired", "points EXPIRE -895"),
        ana("2027-03-01T00:00", "points.expiring", **soon),
        ana("2027-03-01T00:00", "segment.entered", **back),
        ana("2027-03-30T23:00", "points.expiring", **soon),
        ana("2027-03-31T23:00", "points.expired", "points EXPIRE -49"),
        ana("2027-04-30T23:00", "points.expired", "points EXPIRE -100"),
    ]


def test_what_two_years_leave() -> None:
    # Earned 1444 until March, 100 by events, 1170 in December, 5 by sharing; 500 are spent; 895 + 49 + 100 lapsed.
    last = members_of(ANSWERS)["ana"]
    assert last["wallets"]["points"] == {
        "available": 1170, "pending": 5, "debt": 0, "earned": 2719, "spent": 500, "expired": 1044,
        "expiring": [{"amount": 1170, "on": "2027-12-31"}],
    }  # fmt: skip
    # Sharing counts for no tier. The 1170 leave the twelve months after 1 December, and then come 30 days of grace.
    assert last["tier"] == {
        "code": "prata", "qualifying": 1170, "toNext": 5000 - 1170, "toKeep": 800, "until": "2028-01-01",
    }  # fmt: skip
    assert {code: (badge["level"], badge["progress"]) for code, badge in last["badges"].items()} == {
        "collector": (1, 5), "regular": (0, 0), "winter-hunt": (0, 0), "first-night": (1, 3),
    }  # fmt: skip
    assert last["unlocked"] == ["auction-night", "coin-capsules", "discount-5"]
