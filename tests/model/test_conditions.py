"""Expressions: their results, what they refuse, and which names they read."""

import pytest

from domain.model.conditions import (
    Expression,
    ExpressionFailed,
    ExpressionMalformed,
    compared_numbers,
    conjuncts,
)
from domain.model.expression_engine import Context

CONTEXT = Context(
    {"member": {"tier": None, "total": 500, "tags": ["a", "b"]}, "event": {"data": {"up": True}}}
)


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("member.total >= 500", True),
        ("member.total > 499.5", True),
        ("member.total / 3", 166),
        ('"a" in member.tags && event.data.up', True),
        ("member.tier == null || member.tier > 3", True),
        ("double(member.total) * 1.5", 750.0),
        ("member.tags.exists(t, t == 'b')", True),
        ("member.tags.filter(t, t != 'b').size()", 1),
        ("'ab' in member.tags.filter(t, t < 'b').map(t, t + 'b')", True),
        ("member.tags.filter(t, member.tags.exists(u, u > t)).size()", 1),
    ],
)
def test_an_expression_answers(source: str, answer: object) -> None:
    value = Expression(source).value(CONTEXT)
    assert (value, type(value)) == (answer, type(answer))


@pytest.mark.parametrize(
    ("source", "by_type"),
    [
        ("member.total * 1.5", True),
        ("member.tier > 3", True),
        ("member.total / 0", False),
        ("member.nothing == 1", False),
    ],
)
def test_what_cannot_be_answered_fails(source: str, by_type: bool) -> None:
    with pytest.raises(ExpressionFailed) as raised:
        Expression(source).value(CONTEXT)
    assert raised.value.by_type is by_type


@pytest.mark.parametrize("source", ["member.total", "null", "'true'"])
def test_a_condition_is_true_or_false_and_nothing_else(source: str) -> None:
    with pytest.raises(ExpressionFailed):
        Expression(source).test(CONTEXT)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("member.purchases.total >= 30 && now > event.at", {"member.purchases.total", "now", "event.at"}),
        ('line.category.endsWith("member.tier")', {"line.category"}),
        ('member["purchases"]["total"] > 1', {"member.purchases.total"}),
        ('member.balance["points"] > 1', {"member.balance.points"}),
        ('purchase.lines[0].category == "x"', {"purchase.lines"}),
        ("member.tags.exists(t, t == 'x')", {"member.tags"}),
        ("[member].map(m, m.birthday)", {"member"}),
        ('member["birth" + "day"]', {"member"}),
        ("(member).birthday", {"member"}),
        ('.member.tier == r"a\\"', {"member.tier"}),
        ("1 < 2 // member.tier", set()),
    ],
)
def test_names_are_the_paths_that_are_read(source: str, names: set[str]) -> None:
    assert Expression(source).names == names


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "the expression is empty"),
        ("1 +", "it does not parse at character 4: mismatched input '<EOF>'"),
        ("1 + 1" + " " * 500, "the expression is 505 characters long, at most 500 are allowed"),
        ("(" * 21 + "1" + ")" * 21, "the expression is nested 21 deep, at most 20 is allowed"),
        ("[1].all(a, [1].all(b, [1].all(c, true)))", "the expression loops 3 times, at most 2 are allowed"),
        (
            "purchase.lines.exists(a, purchase.lines.filter(b, b.category == a.category).size() >= 3)",
            "filter stands within another loop, which could take minutes",
        ),
        (
            "[1].all(a, [a].map(b, b) == [a])",
            "map stands within another loop, which could take minutes",
        ),
        (
            "purchase.lines.map(a, purchase.lines).size() > 0",
            "map makes more of an element than its own fields, which could take minutes",
        ),
        (
            "[1].map(a, [a, a]).size() > 0",
            "map makes more of an element than its own fields, which could take minutes",
        ),
        (
            "[1].map(a, {'x': a}).size() > 0",
            "map makes more of an element than its own fields, which could take minutes",
        ),
        (
            "[1].exists(member, member > 0)",
            "a loop calls its own variable member, which has a meaning already",
        ),
    ],
)
def test_what_is_no_expression_is_refused(source: str, message: str) -> None:
    with pytest.raises(ExpressionMalformed) as raised:
        Expression(source)
    assert str(raised.value) == message


def test_a_context_with_one_more_name_leaves_the_first_its_other_names() -> None:
    for amount in (5, 7):
        assert (
            Expression("line.amount + member.total").value(CONTEXT.replacing("line", {"amount": amount}))
            == 500 + amount
        )
    assert Expression("member.total").value(CONTEXT) == 500


def test_parts_that_must_all_hold_are_told_apart() -> None:
    assert conjuncts(Expression('event.up && (a || b) && x == "&&"')) == (
        Expression("event.up "),
        Expression(" (a || b) "),
        Expression(' x == "&&"'),
    )
    assert conjuncts(Expression("a && b || c")) == (Expression("a && b || c"),)


@pytest.mark.parametrize(
    ("source", "numbers"),
    [
        ("member.days >= 90", {90}),
        ("member.days >= 30 && member.days < 60", {30, 60}),
        ("!(member.days != 7) ? member.days <= 9 : member.age == 20", {7, 9, 20}),
        ('member["days"] > 5 || member.tier == "gold"', {5}),
        ("member.days>=5 // member.days + 1", {5}),
        ('member.note == "member.days + 1"', set()),
        ("member.tier == null", set()),
        ("member.days * 2 >= 90", None),
        ("90 + member.days >= 90", None),
        ("member.days >= 90 + 1", None),
        ("90 <= member.days", None),
        ("member.days >= -1", None),
        ("member.days >= 0x10", None),
        ("member.days >= 1.5", None),
        ("member.days in [1, 2]", None),
        ("[member.days >= 5][0]", None),
        (".member.days >= 5", None),
        ("member.days >= member.age", None),
        ("member.days", None),
    ],
)
def test_the_numbers_that_a_path_is_compared_with(source: str, numbers: set[int] | None) -> None:
    compared = compared_numbers(Expression(source), frozenset({"member.days", "member.age"}))
    assert compared == numbers
