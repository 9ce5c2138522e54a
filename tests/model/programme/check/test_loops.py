"""Rules that trigger themselves are faults where nothing ends the loop, and warnings where tiers or badges
end it.
"""

import pytest

from domain.model.programme import ProgrammeFault, load_with_warnings
from tests.model.programme.mistakes import faults_of

HEAD = """
programme: {code: c, name: C, currency: EUR, timezone: UTC, locales: [en]}
wallets:
  - {code: points, name: Points}
  - {code: credit, name: Credit}
tiers:
  count: {wallet: points}
  window: {rolling: {months: 12}}
  ladder: [{code: low, name: Low, from: 0}, {code: high, name: High, from: 10}]
"""
BADGE = "badges: [{code: b, name: B, description: B, on: points.awarded, levels: [1, 5]}]\n"


def rule(on: str, do: str, *, code: str = "r", more: str = "") -> str:
    return f"  - {{code: {code}, title: T, on: {on}, {more} do: [{do}]}}\n"


AWARD = "{award: {wallet: points, fixed: 5}}"
CREDIT = "{award: {wallet: credit, fixed: 5}}"

ENDLESS = {
    "awards on awards": rule("points.awarded", AWARD),
    "awards on awards, the other wallet": rule("points.awarded", CREDIT),
    "awards on awards by a delay": rule("points.awarded", AWARD, more="after: {hours: 1},"),
    "two rules in turn": rule(
        "points.awarded", CREDIT, code="a", more="when: 'event.data.wallet == \"points\"',"
    )
    + rule("points.awarded", AWARD, code="z", more="when: 'event.data.wallet == \"credit\"',"),
}
ENDING = {
    "a limit": rule("points.awarded", AWARD, more="limit: {times: 1, per: day},"),
    "a cap": rule("points.awarded", AWARD, more="cap: {amount: 50, per: day},"),
    "another wallet": rule("points.awarded", CREDIT, more="when: 'event.data.wallet == \"points\"',"),
    "no award": rule("points.awarded", "{tag: earner}"),
    "a climb that does not qualify": rule("tier.changed", AWARD, more="qualifying: false,"),
    "a climb paid in the other wallet": rule("tier.changed", CREDIT),
    "a fall": rule("tier.changed", AWARD, more="when: '!event.data.up',"),
}


@pytest.mark.parametrize("rules", ENDLESS.values(), ids=ENDLESS)
def test_awards_that_bring_awards_are_a_fault(rules: str) -> None:
    faults = faults_of(HEAD + "rules:\n" + rules)
    assert {fault.path for fault in faults} == {f"rules[{at}].on" for at in range(rules.count("code:"))}
    assert all(fault.message.startswith("the rule can feed itself") for fault in faults)


@pytest.mark.parametrize("rules", ENDING.values(), ids=ENDING)
def test_what_ends_by_itself_is_sound(rules: str) -> None:
    assert [
        warning for warning in warnings_of(HEAD + "rules:\n" + rules) if warning.path.endswith(".on")
    ] == []


def test_a_badge_between_two_awards_does_not_end_the_circle() -> None:
    faults = faults_of(HEAD + BADGE + "rules:\n" + rule("badge.earned", AWARD))
    assert [(fault.path, fault.message) for fault in faults] == [
        ("rules[0].on", "the rule can feed itself by way of badge.earned, points.awarded")
    ]


def test_another_badge_than_the_one_that_counts_awards_is_sound() -> None:
    assert (
        warnings_of(
            HEAD + BADGE + "rules:\n" + rule("badge.earned", AWARD, more="when: 'event.data.badge != \"b\"',")
        )
        == []
    )


def test_awards_for_a_climb_are_a_warning_since_the_ladder_ends() -> None:
    warnings = warnings_of(HEAD + "rules:\n" + rule("tier.changed", AWARD))
    assert [(warning.path, warning.message) for warning in warnings] == [
        ("rules[0].on", "the rule can feed itself by way of tier.changed"),
        ("rules[0].limit", "it gives at every change of tier, and again when a member comes back to one"),
    ]


def test_a_segment_that_a_rule_enters_and_another_leaves_again_is_a_fault() -> None:
    segments = "segments: [{code: s, name: S, when: '!(\"x\" in member.tags)'}]\n"
    rules = rule("segment.entered", "{tag: x}", code="a") + rule("segment.left", "{untag: x}", code="z")
    assert {fault.path for fault in faults_of(HEAD + segments + "rules:\n" + rules)} == {
        "rules[0].on",
        "rules[1].on",
    }


def warnings_of(text: str) -> list[ProgrammeFault]:
    return list(load_with_warnings(text).warnings)
