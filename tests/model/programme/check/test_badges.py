"""What the check says of badges: levels, actions at some levels only, stamp cards that fill themselves."""

from __future__ import annotations

import pytest

from domain.model.programme.loading import load_with_warnings
from tests.model.programme.mistakes import faults_of

HEAD = """programme: {code: test, name: Test, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets: [{code: points, name: Points}]
"""
AWARD = "{award: {wallet: points, fixed: 1}}"


def badge(keys: str) -> str:
    return f"{HEAD}badges: [{{code: card, name: Card, {keys}}}]\n"


@pytest.mark.parametrize(
    ("levels", "path", "message"),
    [
        ("{every: 0}", "levels.every", "0 is too small"),
        ("{every: ten}", "levels.every", '"ten" is no whole number'),
        ("{every: 1.5}", "levels.every", "1.5 is no whole number"),
        ("{}", "levels.every", "every is missing"),
        ("10", "levels", "10 is no list"),
        ("[1, two]", "levels[1]", '"two" is no whole number'),
        ("[5, 1]", "levels", "the levels do not ascend"),
    ],
)
def test_a_fault_of_the_levels_is_told_at_its_place(levels: str, path: str, message: str) -> None:
    [fault] = faults_of(badge(f"on: purchase.completed, levels: {levels}"))
    assert (fault.path, fault.message) == (f"badges[0].{path}", message)
    assert fault.remedy


def test_a_misspelt_every_is_told_once_with_the_right_key() -> None:
    faults = faults_of(badge("on: purchase.completed, levels: {evry: 10}"))
    assert [(fault.message, fault.remedy) for fault in faults] == [
        ("evry is no key here", "did you mean every?")
    ]


@pytest.mark.parametrize("levels", ["{every: 0}", "{every: three}", "{evry: 3}", "every 3", "[1, two]", "[]"])
def test_faulty_levels_are_told_once_and_not_again_by_what_stands_on_them(levels: str) -> None:
    action = "{award: {wallet: points, fixed: 1}, per_level: 4}"
    [fault] = faults_of(badge(f"on: purchase.completed, levels: {levels}, do: [{action}]"))
    assert fault.path.startswith("badges[0].levels")


@pytest.mark.parametrize(
    ("keys", "ways"),
    [
        (
            f"on: points.awarded, of: event.data.amount, levels: {{every: 10}}, do: [{AWARD}]",
            "points.awarded",
        ),
        ("on: badge.earned, levels: {every: 10}", "badge.earned"),
        (f"on: badge.earned, levels: {{every: 10}}, do: [{AWARD}]", "badge.earned"),
        (
            f"on: [badge.earned, points.awarded], levels: {{every: 3}}, do: [{AWARD}]",
            "badge.earned, points.awarded",
        ),
    ],
)
def test_a_stamp_card_that_fills_itself_is_refused(keys: str, ways: str) -> None:
    [fault] = faults_of(badge(keys))
    assert fault.path == "badges[0].on"
    assert fault.message == f"the stamp card can fill itself by way of {ways}"
    assert "event.data" in fault.remedy


def test_a_stamp_card_that_a_rule_fills_by_way_of_its_own_level_is_refused() -> None:
    text = badge("on: points.awarded, of: event.data.amount, levels: {every: 10}")
    text += f"rules: [{{code: r, title: R, on: badge.earned, do: [{AWARD}]}}]\n"
    assert {fault.path for fault in faults_of(text)} == {"badges[0].on", "rules[0].on"}


@pytest.mark.parametrize(
    "keys",
    [
        f"on: points.awarded, of: event.data.amount, levels: [10, 100], do: [{AWARD}]",
        "on: badge.earned, when: 'event.data.badge != \"card\"', levels: {every: 10}",
        f"on: purchase.completed, levels: {{every: 10}}, do: [{AWARD}]",
    ],
)
def test_what_does_not_fill_itself_is_sound(keys: str) -> None:
    assert load_with_warnings(badge(keys)).warnings == ()


@pytest.mark.parametrize("at", ["rule", "friend"])
def test_an_action_at_some_levels_only_wants_a_badge(at: str) -> None:
    action = "{award: {wallet: points, fixed: 1}, per_level: 5}"
    text = {
        "rule": f"rules: [{{code: r, title: R, on: purchase.completed, do: [{action}]}}]",
        "friend": f"referral: {{qualifies: {{on: purchase.completed}}, friend: [{action}]}}",
    }[at]
    [fault] = faults_of(f"{HEAD}{text}\n")
    assert fault.path.endswith("per_level")
    assert fault.message in ("a rule has no levels", "a referral has no levels")
    assert fault.remedy == "remove it, or write the action under the do of a badge"


def test_an_action_at_a_level_that_there_is_not_is_told() -> None:
    action = "{award: {wallet: points, fixed: 1}, per_level: 4}"
    [fault] = faults_of(badge(f"on: purchase.completed, levels: [1, 2, 3], do: [{action}]"))
    assert fault.path == "badges[0].do[0].per_level"
    assert fault.message == "the badge has 3 levels: this is never done"


@pytest.mark.parametrize(
    ("of", "is_told"),
    [
        ("purchase.total", True),
        ("{lines: 'line.category == \"drinks\"'}", True),
        ("{items: 'line.category == \"drinks\"'}", False),
        ("purchase.total / 100", False),
    ],
)
def test_a_stamp_for_a_few_cents_is_worth_a_second_look(of: str, is_told: bool) -> None:
    warnings = load_with_warnings(badge(f"on: purchase.completed, of: {of}, levels: {{every: 10}}")).warnings
    assert [(warning.path, warning.message) for warning in warnings] == (
        [("badges[0].levels.every", "the card is full at 0.10 EUR that is paid")] if is_told else []
    )


# ---------------------------------------------------------------- challenges and goals

JULY = 'during: {from: "2026-07-01", until: "2026-07-31"}'


def test_a_goal_beside_levels_is_refused() -> None:
    [fault] = faults_of(badge("on: purchase.completed, levels: [5], target: member.purchases.count"))
    assert (fault.path, fault.message, fault.remedy) == (
        "badges[0].target",
        "levels say already what reaches it",
        "keep one of target and levels",
    )


def test_a_challenge_that_nobody_sees_is_refused() -> None:
    [fault] = faults_of(badge(f"on: purchase.completed, accept: true, secret: true, {JULY}"))
    assert (fault.path, fault.message) == ("badges[0].accept", "nobody can take up what is secret")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("purchase.total", "purchase is not seen here: this is judged over the member alone"),
        ("event.data.score", "event is not seen here: this is judged over the member alone"),
        ("member.visits", "there is no member.visits"),
        ("member.tier", "it fails on sample data: it answers a text, not a number"),
        ("-3", "it is always -3: nothing is ever counted or reached by it"),
        ("0", "it is always 0: nothing is ever counted or reached by it"),
        ("'2 - 2'", "it is always 0: nothing is ever counted or reached by it"),
        ("-0.5", "it is always -0.5: nothing is ever counted or reached by it"),
        ("'member.tier == \"gold\"'", "member.tier is compared with gold: there is no such tier"),
    ],
)
def test_a_goal_reads_the_member_and_answers_a_number(target: str, message: str) -> None:
    faults = faults_of(badge(f"on: purchase.completed, target: {target}, {JULY}"))
    assert message in [fault.message for fault in faults]
    if "member alone" in message:
        assert faults[0].remedy == "name what the member is, such as member.purchases.total"
    assert {fault.path for fault in faults} == {"badges[0].target"}


def test_an_action_at_every_second_level_of_a_goal_is_told() -> None:
    action = "{award: {wallet: points, fixed: 1}, per_level: 2}"
    [fault] = faults_of(badge(f"on: purchase.completed, target: '5', do: [{action}]"))
    assert fault.message == "the badge has 1 level: this is never done"


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("accept: true", "nothing says until when it can be taken up: it never ends"),
        (
            "target: member.purchases.count + 2",
            "the goal is fixed at enrolment, when member.purchases.count is 0",
        ),
        ("target: '5'", None),
        ("target: 0.5", None),  # rounded up
        (f"target: member.purchases.count + 2, {JULY}", None),
        (f"target: member.purchases.count + 2, accept: true, {JULY}", None),
    ],
)
def test_what_probably_is_not_meant_is_worth_a_second_look(keys: str, told: str | None) -> None:
    warnings = load_with_warnings(badge(f"on: purchase.completed, {keys}")).warnings
    assert [warning.message for warning in warnings] == ([] if told is None else [told])
    assert all(warning.remedy for warning in warnings)
