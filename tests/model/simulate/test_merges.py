"""A merge in a file of events: one membership is closed, the other holds all."""

import pytest

from domain.model.simulate.inputs import InputMalformed
from tests.model.simulation_runs import PER_EURO, buy, enrol, figures, line, programme, refund, rules, run

CLUB = programme(
    rules(PER_EURO),
    "tiers: {count: {wallet: points}, window: {rolling: {months: 12}}, downgrade: never, ladder: ["
    "{code: basic, name: Basic, from: 0}, {code: gold, name: Gold, from: 150}]}",
)


def merged(at: str = "2026-01-05T09:00", *, closing: str = "eva", into: str = "ana") -> dict[str, object]:
    return line(at, "member.merged", {"from": closing}, who=into, source="cli")


def test_a_member_who_takes_another_over_holds_what_both_held() -> None:
    done = run(
        CLUB,
        enrol(),
        enrol(who="eva"),
        buy("2026-01-02T10:00", 10_000, id="a"),
        buy("2026-01-03T10:00", 8_000, id="e", who="eva"),
        merged(),
    )
    assert figures(done.members["ana"])["available"] == 180
    assert figures(done.members["eva"])["available"] == 0
    assert done.members["ana"]["tier"]["code"] == "gold"
    assert done.members["ana"]["tier"]["qualifying"] == 180


def test_a_refund_of_the_closed_membership_takes_points_and_the_tier_of_the_other() -> None:
    done = run(
        CLUB,
        enrol(),
        enrol(who="eva"),
        buy("2026-01-02T10:00", 10_000, id="a"),
        buy("2026-01-03T10:00", 8_000, id="e", who="eva"),
        merged(),
        refund("2026-01-06T10:00", "e", 5_000, who="eva"),
        buy("2026-01-07T10:00", 1_000, id="later", who="eva"),
    )
    assert figures(done.members["ana"])["available"] == 140
    assert done.members["ana"]["tier"]["code"] == "basic"
    assert done.members["ana"]["tier"]["qualifying"] == 140


def test_a_merge_names_a_member_who_was_enrolled() -> None:
    with pytest.raises(InputMalformed, match=r"line 2: data\.from is 'bob'"):
        run(CLUB, enrol(), merged(closing="bob"))


def test_a_delayed_rule_of_the_closed_membership_still_comes_and_goes_to_the_other() -> None:
    club = programme(
        "rules:\n  - {code: later, title: Later, on: purchase.completed, after: {days: 30},"
        " do: [{award: {wallet: points, fixed: 5}}]}"
    )
    bought = buy("2026-01-03T10:00", 8_000, id="e", who="eva")
    done = run(club, enrol(), enrol(who="eva"), bought, merged(), buy("2026-02-20T10:00", 100, id="a"))
    assert figures(done.members["ana"])["available"] == 5
