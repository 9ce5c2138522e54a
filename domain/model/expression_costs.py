"""What an expression costs at most, in steps: a step is about a microsecond of the engine.

The figures are measured on the engine. It copies a list for each element that a loop goes through: so
`filter` and `map` take the square of the list, a loop within a loop takes the square of the inner list for
each element of the outer, and a list that is read within a loop takes its length each time. `matches`
compiles its pattern at each call.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from domain.model.conditions import LOOPS, MAKERS, Expression, Term, terms

# What one event may cost. The whole of a decision takes less than 100 ms then.
MOST_STEPS: Final = 100_000
MOST_LINES: Final = 500
# The longest list of a member that an expression may loop over, such as tags.
LONGEST_LIST: Final = 200

_LINES_PATH: Final = "purchase.lines"
_LISTS: Final = frozenset(
    {
        "member.tags",
        "member.segments",
        "member.consents",
        "member.badges",
        "member.balance",
        "member.earned",
        "member.purchases.categories",
        "member.purchases.quantities",
    }
)
# What a maker, and a loop within a loop, cost beside their elements: the square of the list over this. A line
# is five values.
_MADE_OVER: Final = 8
_LINES_MADE_OVER: Final = 1
_NESTED_OVER: Final = 25
# Reading a list takes its length over this, and a loop copies it for each element, over the other.
_READ_OVER: Final = 10
_COPIED_OVER: Final = 2
_CONTEXT_STEPS: Final = 20  # of one line, or of an event whose purchase has one
_PATTERN_STEPS: Final = 100
# A class of Unicode is large, and a class that is written out is small.
_PATTERN_CLASSES: Final = (
    (re.compile(r"\\[pPwWdDsSbB]|\(\?[a-z]*i"), 400),
    (re.compile(r"\[|\."), 60),
)
_PATTERN_TIMES: Final = re.compile(r"\{\s*(\d+)?\s*,?\s*(\d+)?\s*\}")
_UNKNOWN_PATTERN_STEPS: Final = MOST_STEPS


@lru_cache(maxsize=4096)
def steps(expression: Expression, lines: int = MOST_LINES) -> int:
    """Return what evaluating an expression costs at most, on a purchase of so many lines."""
    pieces = terms(expression.source)
    total = 0
    times = [1]  # how often each open bracket's content is evaluated
    for index, term in enumerate(pieces):
        now = times[-1]
        total += now if term.kind != "sign" else 0
        if term.kind == "path" and not _is_looped_over(pieces, index):
            total += _reading(term.value, lines, now)
        elif term.kind == "call" and term.value == "matches":
            total += now * _pattern_steps(_pattern(pieces, index))
        elif term.value in ("(", "[", "{") and term.kind == "sign":
            call = pieces[index - 1] if index else term
            if call.kind == "call" and call.value in LOOPS:
                size = _loop_size(pieces, index - 2, lines)
                total += now * _making(pieces, index, size) if call.value in MAKERS else 0
                total += now * size * size // _NESTED_OVER if now > 1 else 0
                times.append(now * size)
            else:
                times.append(now)
        elif term.value in (")", "]", "}") and term.kind == "sign":
            times.pop()
    return total


@lru_cache(maxsize=4096)
def steps_by_line(expression: Expression, lines: int = MOST_LINES) -> int:
    """Return what evaluating an expression on each of so many lines costs at most."""
    if expression.is_costly:
        return lines * steps(expression, lines)
    pieces = terms(expression.source)
    count = sum(term.kind != "sign" for term in pieces)
    reading = sum(_reading(term.value, lines, 1) for term in pieces if term.kind == "path")
    return lines * (5 + count + 4 * reading) // 4


def context_steps(lines: int, beside: Iterable[Expression] = ()) -> int:
    """Return what it costs to make values of lines: for each again what is read `beside` it."""
    names = {name for expression in beside for name in expression.names}
    lists = sum(name in _LISTS or name in ("member", "member.purchases") for name in names)
    every = lines if names & {"purchase", _LINES_PATH} else 0
    return lines * (_CONTEXT_STEPS + lists * LONGEST_LIST // _COPIED_OVER + every)


def loops(expression: Expression) -> bool:
    """Tell whether an expression goes through a list by a loop."""
    return any(term.kind == "call" and term.value in LOOPS for term in terms(expression.source))


def patterns(expression: Expression) -> tuple[str | None, ...]:
    """Return the pattern of each `matches`; None where it is not written out."""
    pieces = terms(expression.source)
    return tuple(
        _pattern(pieces, index)
        for index, term in enumerate(pieces)
        if term.kind == "call" and term.value == "matches"
    )


@lru_cache(maxsize=4096)
def reads_line_alone(expression: Expression) -> bool:
    """Tell whether an expression reads nothing but the line."""
    return all(name.partition(".")[0] == "line" for name in expression.names)


def reads_lines(expression: Expression) -> bool:
    """Tell whether an expression reads the lines of the purchase, alone or in the purchase as a whole."""
    return bool({_LINES_PATH, "purchase"} & expression.names)


def _is_looped_over(pieces: Sequence[Term], index: int) -> bool:
    call = pieces[index + 2] if index + 2 < len(pieces) else None
    return call is not None and call.kind == "call" and call.value in LOOPS


def _reading(path: str, lines: int, times: int) -> int:
    """What reading a path costs beside its term: its length, for each time within a loop."""
    if path in ("purchase", _LINES_PATH):
        return lines if times == 1 else times * lines * lines // _NESTED_OVER
    return times * LONGEST_LIST // (_COPIED_OVER if times > 1 else _READ_OVER) if path in _LISTS else 0


def _making(pieces: Sequence[Term], bracket: int, size: int) -> int:
    """What `filter` or `map`, whose bracket is open here, costs beside its loop."""
    makes_lines = pieces[bracket - 1].value == "filter" and pieces[bracket - 3].value in (_LINES_PATH, ")")
    return size * size // (_LINES_MADE_OVER if makes_lines else _MADE_OVER)


def _loop_size(pieces: Sequence[Term], dot: int, lines: int) -> int:
    """Return how many elements a loop goes through at most; `dot` is the place of the dot before its call."""
    over = pieces[dot - 1]
    if over.kind == "path":
        return lines if over.value == _LINES_PATH else LONGEST_LIST
    if over.value not in ("]", "}"):
        return max(lines, LONGEST_LIST)  # of another loop's answer
    depth, commas, at = 0, 0, dot - 1
    while at >= 0:
        value, is_sign = pieces[at].value, pieces[at].kind == "sign"
        depth += is_sign * ((value in ("]", "}", ")")) - (value in ("[", "{", "(")))
        if depth == 0:
            break
        commas += is_sign and value == "," and depth == 1
        at -= 1
    before = pieces[at - 1] if at > 0 else None
    is_index = before is not None and (before.kind in ("path", "bound", "text") or before.value in (")", "]"))
    return LONGEST_LIST if is_index else commas + 1


def _pattern(pieces: Sequence[Term], call: int) -> str | None:
    """Return the pattern that a `matches` names: the one text between its brackets, after the comma if there
    is one.
    """
    depth, last = 0, list[Term]()
    for term in pieces[call + 1 :]:
        is_sign = term.kind == "sign"
        depth += is_sign * ((term.value in ("(", "[", "{")) - (term.value in (")", "]", "}")))
        if depth == 0:
            break
        if is_sign and term.value == "," and depth == 1:
            last = []
        elif not (is_sign and term.value == "(" and depth == 1):
            last.append(term)
    return last[0].value if len(last) == 1 and last[0].kind == "text" else None


def _pattern_steps(pattern: str | None) -> int:
    if pattern is None:
        return _UNKNOWN_PATTERN_STEPS
    cost = _PATTERN_STEPS + len(pattern)
    cost += sum(each * len(classes.findall(pattern)) for classes, each in _PATTERN_CLASSES)
    for lowest, highest in _PATTERN_TIMES.findall(pattern):
        cost *= max(1, *(int(number[:6]) for number in (lowest, highest) if number), 1)
        if cost > MOST_STEPS:
            return MOST_STEPS + 1
    return cost
