"""Members who are brought along in a file of events: what they had there, and nothing that follows from it."""

import pytest

from domain.model.simulate.inputs import InputMalformed
from tests.model.simulation_runs import PER_EURO, buy, figures, line, programme, refund, rules, run

CLUB = programme(
    rules(
        PER_EURO,
        "{code: hello, title: Hello, on: member.enrolled, do: [{award: {wallet: points, fixed: 50}}]}",
        "{code: first, title: First, on: purchase.completed, when: 'purchase.first',"
        " do: [{award: {wallet: points, fixed: 7}}]}",
        "{code: up, title: Up, on: tier.changed, do: [{award: {wallet: points, fixed: 9}}]}",
        "{code: in, title: In, on: segment.entered, do: [{award: {wallet: points, fixed: 11}}]}",
        "{code: off, title: Off, on: reward.unlocked, do: [{award: {wallet: points, fixed: 13}}]}",
    ),
    "tiers: {count: {wallet: points}, window: {rolling: {months: 12}}, downgrade: one_step, ladder: ["
    "{code: basic, name: Basic, from: 0}, {code: gold, name: Gold, from: 150}]}",
    "segments: [{code: rich, name: Rich, when: 'member.balance.points >= 100'}]",
    "rewards: [{code: mug, title: Mug, kind: product, cost: {wallet: points, amount: 40}}]",
)


def imported(at: str = "2026-01-05T09:00", **fields: object) -> dict[str, object]:
    balances = [
        {"wallet": "points", "amount": 120, "expires": "2026-06-30"},
        {"wallet": "points", "amount": 30},
    ]
    held = {"joined": "2019-05-01T00:00:00Z", "balances": balances, "tier": "gold", **fields}
    return line(at, "member.imported", held, source="smile")


def history(at: str, cents: int, id: str) -> dict[str, object]:
    bought = buy(at, cents, id=id)
    assert isinstance(bought["data"], dict)
    return {**bought, "data": {**bought["data"], "history": True}}


def test_what_was_held_elsewhere_is_held_and_nothing_follows_from_it() -> None:
    done = run(CLUB, history("2018-03-01T10:00", 90_000, "old"), imported(tierUntil="2026-03-01T00:00:00Z"))
    assert [
        (entry["kind"], entry["amount"], entry["expiresOn"])
        for answer in done.rows
        for entry in answer["entries"]
    ] == [("OPENING", 120, "2026-06-30"), ("OPENING", 30, None)]
    assert [answer["events"] or answer["messages"] for answer in done.rows] == [[], []]
    ana = done.members["ana"]
    assert (figures(ana)["available"], ana["tier"]["code"]) == (150, "gold")
    assert (ana["segments"], ana["unlocked"]) == (["rich"], ["mug"])


def test_a_tier_that_was_brought_ends_with_its_term_and_balances_with_their_days() -> None:
    done = run(CLUB, imported(tierUntil="2026-03-01T00:00:00Z"), buy("2026-07-02T10:00", 100, id="a"))
    assert done.members["ana"]["tier"]["code"] == "basic"
    # 120 lapsed; the fall to basic gave 9, the first purchase here 7 and 1, and then the mug came within reach.
    assert figures(done.members["ana"])["available"] == 30 + 9 + 7 + 1 + 13
    for_good = run(CLUB, imported(), buy("2027-07-02T10:00", 100, id="a"))
    assert for_good.members["ana"]["tier"]["code"] == "gold"


def test_a_purchase_of_before_counts_once_gives_nothing_and_is_given_back_for_nothing() -> None:
    old = history("2018-03-01T10:00", 90_000, "old")
    done = run(
        CLUB, old, history("2019-03-01T10:00", 500, "older"), imported(), buy("2026-01-06T10:00", 100, id="a")
    )
    assert figures(done.members["ana"])["available"] == 151  # no first purchase
    again = run(CLUB, old, imported(), buy("2026-01-06T10:00", 90_000, id="old"))
    assert again.rows[-1]["refused"] == "PurchaseClaimed"
    for amount in (10_000, None):
        taken = run(CLUB, old, imported(), refund("2026-01-07T10:00", id="old", amount=amount))
        assert (taken.rows[-1]["event"], taken.rows[-1]["refused"]) == ("purchase.refunded", None)
        assert (taken.rows[-1]["entries"], figures(taken.members["ana"])["available"]) == ([], 150)


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ([imported(), imported()], "enrolled already"),
        ([imported(), history("2018-03-01T10:00", 100, "old")], "write this line ahead of it"),
        ([history("2018-03-01T10:00", 100, "old"), buy("2026-01-06T10:00", 1, id="a")], "never enrolled"),
        ([imported(tier="silver")], "'silver'; the programme has basic, gold"),
        ([imported(balances=[{"wallet": "stars", "amount": 1}])], "'stars'; the programme has points"),
        ([imported(balances=[{"wallet": "points", "amount": 0}])], "data.amount is 0"),
    ],
)
def test_a_line_that_cannot_be_is_refused(lines: list[dict[str, object]], fault: str) -> None:
    with pytest.raises(InputMalformed, match=fault):
        run(CLUB, *lines)
