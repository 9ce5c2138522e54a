"""Alba Circle's story, worked out by hand before it ran. Lisbon is UTC in winter, and UTC+1 from 28 March 2027.

Ana, who reaches Silver by spend and Gold by both:
- H-1, 620.00 with 40.00 of city tax: 580.00 x 10 = 5800 points, and 500 for the first stay. 4 nights, 580.00.
- H-2, 980.00 with 30.00 of tax: 9500 points, still as Classic. 1,530.00 spent are 1,500.00: Silver, with 7 nights.
  15,800 points; the stay keeps all of them until 15 March 2028.
- A free night for 15,000 leaves 800. Her birthday at midnight (23:00 UTC): 1000, and breakfast.
- H-3, 1,200.00 with 100.00 of tax, as Silver: 11,000, and 11,000 x 1.25 - 11,000 = 2,750 more. 6 nights are 5 or
  more: 300. 15,850 points; 13 nights, 2,630.00.
- 100.00 of H-3 back: of 1,100.00 and 100.00 it takes 91.67 and 8.33, the largest remainder first. Kept are
  1,008.33: 10,083 points; 10,083.3 x 1.25 = 12,604.125, so 2,521 more: 12,604. It takes 13,750 - 12,604 = 1,146.
  14,704 points; 2,538.33 spent.
- H-4, 1,600.00: 16,000 and 4,000. 4,138.33 spent are 4,000.00: Gold, and a better room. 8 nights: 400. 35,104
  points, 21 nights.
- H-5, 500.00 as Gold: 5,000 and 2,500; 5 nights: 250. 42,854 points; 26 nights, 4,638.33.
- All of H-4 back takes 20,000: 22,854 points. 3,038.33 do not reach Gold any more, but 26 nights do: she stays.
- H-6 in 2028, 600.00 as Gold: 6,000 and 3,000, and 4 nights: 31,854 points, all of them until 30 January 2029. Of
  Platinum's 50 nights she has 4 (8 %), of its 9,000.00 she has 600.00 (7 %): nights are the nearest.

Bruno, who comes once:
- H-10, 200.00: 2000, and 500 for the first stay, through 1 February 2028. A dinner does not keep them: H-11, 30.00:
  300 through 1 June 2028. The reminder comes 30 days before, on 2 January; the 2,500 lapse at the start of
  2 February. H-12, 10.00: 100.

Carla, who reaches Silver by nights:
- H-20, 300.00: 3000, 500 for the first stay and 7 x 50 = 350. H-21, 200.00: 2000; 7 + 4 = 11 nights are 10: Silver,
  with 500.00 spent. 5,850 points through 10 March 2028.
- H-22, a dinner of 50.00, 2,000 points of it: worth 10.00. 40.00 earn 400 and a quarter more: 4,350 points. The
  3,850 that are left of the old ones are reminded of on 9 February 2028.
"""

from tests.model.programme.stories.story_rows import StoryRow, answers_of, members_of, outcomes_of, story_rows

ANSWERS = answers_of("hotel-chain")


def points(kind: str, amount: int, rule: str, until: str) -> str:
    return f"points {kind} {amount} by {rule} until {until}"


def earned(base: int, extra: int, until: str) -> tuple[str, ...]:
    """The entries of a bill: the award, and what the level adds to it."""
    award = points("AWARD", base, "spend", until)
    return (award, points("BONUS", extra, "spend", until)) if extra else (award,)


def stayed(at: str, who: str, rule: str, amount: int, until: str, *messages: str) -> StoryRow:
    return StoryRow(at, who, "stay.completed", (points("AWARD", amount, rule, until),), messages)


ROWS = [
    StoryRow("2027-01-10T09:00", "ana", "member.enrolled", (), ("welcome",), ("welcome-drink",)),
    StoryRow("2027-01-15T10:00", "bruno", "member.enrolled", (), ("welcome",), ("welcome-drink",)),
    StoryRow("2027-01-20T10:00", "ana", "purchase.completed", earned(5800, 0, "2028-01-20")),
    stayed("2027-01-20T10:05", "ana", "first-stay", 500, "2028-01-20"),
    StoryRow("2027-02-01T10:00", "bruno", "purchase.completed", earned(2000, 0, "2028-02-01")),
    stayed("2027-02-01T10:05", "bruno", "first-stay", 500, "2028-02-01"),
    StoryRow("2027-02-08T10:00", "carla", "member.enrolled", (), ("welcome",), ("welcome-drink",)),
    StoryRow("2027-02-10T10:00", "carla", "purchase.completed", earned(3000, 0, "2028-02-10")),
    StoryRow(
        "2027-02-10T10:05", "carla", "stay.completed",
        (points("AWARD", 500, "first-stay", "2028-02-10"), points("AWARD", 350, "long-stay", "2028-02-10")),
    ),
    StoryRow("2027-03-10T10:00", "carla", "purchase.completed", earned(2000, 0, "2028-03-10")),
    StoryRow("2027-03-10T10:05", "carla", "stay.completed", (), ("risen",)),
    StoryRow("2027-03-15T10:00", "ana", "purchase.completed", earned(9500, 0, "2028-03-15"), ("risen",)),
    StoryRow("2027-04-02T10:00", "ana", "reward.redeemed", ("points SPEND -15000",), (), ("free-night",)),
    StoryRow(
        "2027-05-16T23:00", "ana", "member.birthday",
        (points("AWARD", 1000, "birthday", "2028-05-17"),), ("birthday",), ("breakfast",),
    ),
    StoryRow("2027-06-01T12:00", "bruno", "purchase.completed", earned(300, 0, "2028-06-01")),
    StoryRow("2027-06-10T10:00", "ana", "purchase.completed", earned(11000, 2750, "2028-06-10")),
    stayed("2027-06-10T10:05", "ana", "long-stay", 300, "2028-06-10"),
    StoryRow("2027-08-20T10:00", "ana", "purchase.refunded", ("points CLAWBACK -1146",)),
    StoryRow(
        "2027-09-05T10:00", "ana", "purchase.completed", earned(16000, 4000, "2028-09-05"),
        ("risen",), ("upgrade",),
    ),
    stayed("2027-09-05T10:05", "ana", "long-stay", 400, "2028-09-05"),
    StoryRow("2027-11-12T10:00", "ana", "purchase.completed", earned(5000, 2500, "2028-11-12")),
    stayed("2027-11-12T10:05", "ana", "long-stay", 250, "2028-11-12"),
    StoryRow("2027-12-01T10:00", "ana", "purchase.refunded", ("points CLAWBACK -20000",)),
    StoryRow("2028-01-02T00:00", "bruno", "points.expiring", messages=("expiring",)),
    StoryRow("2028-01-30T10:00", "ana", "purchase.completed", earned(6000, 3000, "2029-01-30")),
    StoryRow("2028-02-02T00:00", "bruno", "points.expired", ("points EXPIRE -2500",)),
    StoryRow(
        "2028-02-05T20:00", "carla", "purchase.completed",
        ("points SPEND -2000", *earned(400, 100, "2029-02-05")),
    ),
    StoryRow("2028-02-09T00:00", "carla", "points.expiring", messages=("expiring",)),
    StoryRow("2028-02-10T20:00", "bruno", "purchase.completed", earned(100, 0, "2029-02-10")),
]  # fmt: skip


def test_every_row_is_as_worked_out_by_hand() -> None:
    assert story_rows(ANSWERS) == ROWS


def test_the_levels_change_when_either_count_reaches_them_and_not_by_the_refund() -> None:
    changes = [
        (answer["at"][:10], answer["member"])
        for answer in ANSWERS
        if "tier.changed" in answer.get("events", ()) or answer.get("event") == "tier.changed"
    ]
    assert changes == [("2027-03-10", "carla"), ("2027-03-15", "ana"), ("2027-09-05", "ana")]


def test_rules_that_do_not_apply_say_why() -> None:
    assert outcomes_of(ANSWERS, "2027-03-15T10:05", "first-stay") == [(False, 0, "limit")]
    assert outcomes_of(ANSWERS, "2027-03-15T10:05", "long-stay") == [(False, 0, "when")]
    assert outcomes_of(ANSWERS, "2027-03-15T10:00", "gold-gift") == [(False, 0, "when")]


def test_each_member_ends_as_worked_out_by_hand() -> None:
    ana, bruno, carla = members_of(ANSWERS).values()
    # Ana: 5800 + 500 + 9500 + 1000 + 13750 + 300 - 1146 + 20000 + 400 + 7500 + 250 - 20000 + 9000 = 46,854 earned.
    assert ana["wallets"]["points"] == {
        "available": 31854, "pending": 0, "debt": 0, "earned": 46854, "spent": 15000, "expired": 0,
        "expiring": [{"amount": 31854, "on": "2029-01-30"}],
    }  # fmt: skip
    assert ana["tier"] == {
        "code": "gold", "qualifying": 4, "toNext": 46, "toKeep": 16, "until": "2028-12-31",
        "counts": {
            "nights": {"qualifying": 4, "toNext": 46, "toKeep": 16},
            "spend": {"qualifying": 60000, "toNext": 840000, "toKeep": 340000},
        },
    }  # fmt: skip
    assert bruno["wallets"]["points"] == {
        "available": 400, "pending": 0, "debt": 0, "earned": 2900, "spent": 0, "expired": 2500,
        "expiring": [{"amount": 300, "on": "2028-06-01"}, {"amount": 100, "on": "2029-02-10"}],
    }  # fmt: skip
    # Bruno's dinner of 10.00 in 2028 is of Silver's 1,500.00; he has slept nowhere.
    assert bruno["tier"] == {
        "code": "classic", "qualifying": 1000, "toNext": 149000, "toKeep": None, "until": None,
        "counts": {
            "nights": {"qualifying": 0, "toNext": 10, "toKeep": None},
            "spend": {"qualifying": 1000, "toNext": 149000, "toKeep": None},
        },
    }  # fmt: skip
    assert carla["wallets"]["points"] == {
        "available": 4350, "pending": 0, "debt": 0, "earned": 6350, "spent": 2000, "expired": 0,
        "expiring": [{"amount": 3850, "on": "2028-03-10"}, {"amount": 500, "on": "2029-02-05"}],
    }  # fmt: skip
    # Silver, reached in 2027, is held through 2028; it is kept by 10 nights or 1,500.00, of which 40.00 are spent.
    assert carla["tier"] == {
        "code": "silver", "qualifying": 4000, "toNext": 396000, "toKeep": 146000, "until": "2028-12-31",
        "counts": {
            "nights": {"qualifying": 0, "toNext": 25, "toKeep": 10},
            "spend": {"qualifying": 4000, "toNext": 396000, "toKeep": 146000},
        },
    }  # fmt: skip
    assert ana["unlocked"] == ["free-night", "late-checkout"]
