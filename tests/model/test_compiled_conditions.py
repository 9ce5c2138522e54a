"""Compiled conditions answer what the CEL engine answers, or leave the answer to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from random import Random

import pytest

from domain.model.compiled_conditions import Undecided
from domain.model.conditions import _REFUSALS, Expression, ExpressionFailed, ExpressionMalformed
from domain.model.expression_engine import Context
from domain.model.programme.loading import load
from tests.laws.law_programmes import SHAPES, law_programme

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
VALUES: tuple[object, ...] = (
    *(None, True, False, 0, 1, 2, 7, -3, 2**40, 2**53, 2**63 - 1, 1.0, 2.5, "", "a", "ab", "coins", "é"),
    *([], ["a", "b"], ["a", 1, None], [1, 2], {"a": 1}, {}, NOW, NOW + timedelta(microseconds=1)),
    NOW.astimezone(timezone(timedelta(hours=2))),
)
PATHS = (
    "member.a",
    "member.b",
    "member.purchases.count",
    'event.data["c"]',
    "line.category",
    "now",
    "member.no",
)
LITERALS = (
    "0",
    "1",
    "7",
    "2.0",
    "9007199254740992",
    '"a"',
    "'ab'",
    "null",
    "true",
    "false",
    "[1, 2]",
    '["a", null]',
)
OPERATORS = ("<", "<=", ">", ">=", "==", "!=", "in", "+", "-", "*", "/", "%", "&&", "||")
MANY = 3_000


def _source(random: Random, depth: int) -> str:
    kind = random.random()
    if depth == 0 or kind < 0.15:
        return random.choice((*PATHS, *LITERALS))
    if kind < 0.2:
        return f"!({_source(random, depth - 1)})"
    if kind < 0.3:
        method = random.choice(("startsWith", "endsWith", "contains", "size"))
        return f'{random.choice(PATHS)}.{method}("a")'
    if kind < 0.38:
        parts = [_source(random, depth - 1) for _ in range(3)]
        return f"({parts[0]}) ? ({parts[1]}) : ({parts[2]})"
    left, right = _source(random, depth - 1), _source(random, depth - 1)
    text = f"{left} {random.choice(OPERATORS)} {right}"
    return f"({text})" if random.random() < 0.4 else text


def _context(random: Random) -> Context:
    def pick() -> object:
        return random.choice(VALUES)

    member = {"a": pick(), "b": pick(), "purchases": {"count": pick()}}
    return Context(
        {"member": member, "event": {"data": {"c": pick()}}, "line": {"category": pick()}, "now": NOW}
    )


def _engine_answer(expression: Expression, context: Context) -> object:
    try:
        return expression._program.execute(context.ready())
    except _REFUSALS:
        return Undecided


def test_a_compiled_condition_answers_as_the_engine_does_or_not_at_all() -> None:
    random, answered = Random(7), 0
    for _ in range(MANY):
        try:
            expression = Expression(_source(random, random.choice((1, 1, 2, 3))))
        except ExpressionMalformed:
            continue
        if expression.function is None:
            continue
        for _ in range(5):
            context = _context(random)
            try:
                answer = expression.function(context.values)
            except Undecided:
                continue
            answered += 1
            judged = _engine_answer(expression, context)
            assert (answer, type(answer)) == (judged, type(judged)), (expression.source, context.values)
    assert answered > MANY // 2


@pytest.mark.parametrize(
    "source",
    [
        "purchase.total >= 1000",
        'line.category == "coins"',
        'line.category.endsWith("coins")',
        "member.balance.points < 300 && member.tier != null",
        'event.data.purpose == "marketing" && event.data.granted',
        'event.data.kind in ["a", "b"] || !(member.purchases.count % 3 == 2)',
        "member.last_purchase_at == null || member.last_purchase_at < event.at",
        "purchase.total / 100 + 1 > 7 ? member.frozen : true",
    ],
)
def test_common_conditions_are_compiled(source: str) -> None:
    assert Expression(source).function is not None


@pytest.mark.parametrize(
    "source",
    [
        "member.tags.exists(t, t == 'b')",
        "member.total > 499.5",
        "double(member.total) * 1.5",
        "member.number.matches('a+')",
        "0x10 > member.total",
        "007 == member.total",
        "-member.total < 3",
        "1 < 2 == true",
        r'member.tier == "a\n"',
    ],
)
def test_what_is_not_known_is_left_to_the_engine(source: str) -> None:
    assert Expression(source).function is None


def test_what_fails_fails_as_it_does_in_the_engine() -> None:
    context = Context({"member": {"tier": None, "total": 1}})
    for source in ("member.tier > 3", "member.nothing == 1", "member.total && true"):
        assert Expression(source).function is not None
        with pytest.raises(ExpressionFailed):
            Expression(source).test(context)


def test_a_sibling_context_is_judged_by_its_own_values() -> None:
    first = Context({"member": {"total": 1.0}, "line": {"amount": 1.5}})
    second = first.replacing("line", {"amount": 2.5})
    condition = Expression("line.amount > 2.0")
    assert [condition.test(one) for one in (first, second, first, second)] == [False, True, False, True]


def test_most_conditions_of_the_laws_are_compiled() -> None:
    programme = law_programme(*SHAPES[0])
    conditions = [rule.when for rule in programme.rules if rule.when is not None]
    conditions += [segment.when for segment in programme.segments]
    compiled = [condition for condition in conditions if condition.function is not None]
    assert len(compiled) > len(conditions) * 3 // 4


def test_a_programme_with_a_condition_that_is_not_compiled_loads() -> None:
    text = (
        "programme: {code: c, name: C, currency: EUR, timezone: UTC, locales: [en]}\n"
        "wallets: [{code: p, kind: points, name: P, expiry: never}]\n"
        "rules: [{code: r, title: R, on: purchase.completed, when: 'double(purchase.total) > 2.0',"
        " do: [{award: {wallet: p, fixed: 1}}]}]\n"
    )
    [rule] = load(text).rules
    assert rule.when is not None
    assert rule.when.function is None
