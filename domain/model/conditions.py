"""Conditions: CEL expressions of a programme file, compiled once, evaluated many times, without side effects and bounded in size.

CEL coerces nothing: int and double may be compared, not added or multiplied. What is missing is null, and null fails every
operation but == and !=. `&&` and `||` are settled by whichever side can: `null || true` is true.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import cel

LONGEST_SOURCE: Final = 500
DEEPEST_NESTING: Final = 20
MOST_LOOPS: Final = 2

_LOOPS: Final = frozenset({"all", "exists", "exists_one", "map", "filter"})
_REFUSALS: Final = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
_WORDS: Final = frozenset({"true", "false", "null", "in"})
_TOKENS: Final = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<string>[bB]?[rR]?(?:\"\"\"(?s:.*?)\"\"\"|'''(?s:.*?)'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<number>0[xX][0-9a-fA-F]+[uU]?|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?[uU]?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    |(?P<sign>&&|\|\||==|!=|<=|>=|.)""",
    re.VERBOSE,
)


class ExpressionMalformed(ValueError):
    """Raised where a text is no expression, or one beyond the limits; its text says what is wrong."""


class ExpressionFailed(Exception):
    """Raised where an expression cannot be answered on the context given, such as arithmetic with null."""


class Context:
    """The values an expression may name. Building one costs tens of microseconds: build it once, ask it often."""

    __slots__ = ("_own", "_variables")

    def __init__(self, variables: Mapping[str, object]) -> None:
        self._variables = cel.Context(variables=dict(variables))
        self._own: tuple[str, object] | None = None

    def with_(self, name: str, value: object) -> Context:
        """Return this context with one more name, sharing the rest; a few microseconds. Not for use by several threads."""
        child = Context.__new__(Context)
        child._variables = self._variables
        child._own = (name, value)
        return child

    def _ready(self) -> cel.Context:
        if self._own is not None:
            self._variables.add_variable(*self._own)
        return self._variables


class Expression:
    """One compiled expression. Equal to another of the same source.

    `names` holds the dotted paths that it reads, such as `member.purchases.total`, `event.data.purpose`, `line.category` and
    `now`; an index by a literal text counts as a step, names bound by `exists` and its like do not count.
    """

    __slots__ = ("_program", "names", "source")

    source: str
    names: frozenset[str]

    def __init__(self, source: str) -> None:
        """Compile the source. Raises ExpressionMalformed."""
        _bounded(source)
        try:
            self._program = cel.compile(source)
        except ValueError as error:
            raise ExpressionMalformed(_syntax(str(error))) from None
        self.source = source
        self.names = frozenset(_paths(source))

    def value(self, context: Context) -> object:
        """Answer the expression: int, float, bool, str, list, dict, datetime or None. Raises ExpressionFailed."""
        try:
            return self._program.execute(context._ready())  # one room: a context is made for expressions alone
        except _REFUSALS as error:
            raise ExpressionFailed(f"{self.source!r}: {error}") from None

    def test(self, context: Context) -> bool:
        """Answer a condition. Raises ExpressionFailed, also where the answer is neither true nor false."""
        answer = self.value(context)
        if answer is True or answer is False:
            return answer
        raise ExpressionFailed(f"{self.source!r}: the answer is {type(answer).__name__}, not true or false")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"


def _bounded(source: str) -> None:
    """Refuse what could take long: length, nesting, and loops within loops, whose cost multiplies."""
    if not source.strip():
        raise ExpressionMalformed("the expression is empty")
    if len(source) > LONGEST_SOURCE:
        raise ExpressionMalformed(f"the expression is {len(source)} characters long, at most {LONGEST_SOURCE} are allowed")
    depth = deepest = loops = 0
    previous = ""
    for kind, text in _tokens(source):
        if text in ("(", "[", "{"):
            depth += 1
            deepest = max(deepest, depth)
            loops += text == "(" and previous in _LOOPS
        elif text in (")", "]", "}"):
            depth -= 1
        previous = text if kind == "name" else ""
    if deepest > DEEPEST_NESTING:
        raise ExpressionMalformed(f"the expression is nested {deepest} deep, at most {DEEPEST_NESTING} is allowed")
    if loops > MOST_LOOPS:
        raise ExpressionMalformed(f"the expression loops {loops} times, at most {MOST_LOOPS} are allowed")


def _syntax(message: str) -> str:
    """Cut the parser's report down to its first sentence and column."""
    found = re.search(r"<input>:(\d+):(\d+): (.*?)(?: expecting .*)?(?:\n|$)", message)
    if found is None:
        return "it does not parse"
    return f"it does not parse at character {found.group(2)}: {found.group(3)[:120]}"


def _tokens(source: str) -> Iterator[tuple[str, str]]:
    for match in _TOKENS.finditer(source):
        if match.lastgroup is not None and match.lastgroup != "space":
            yield match.lastgroup, match.group()


def _paths(source: str) -> Iterator[str]:
    """Yield each path read, without the method called on it and without names that a loop binds."""
    tokens = list(_tokens(source))
    bound = {
        tokens[i + 2][1]
        for i in range(len(tokens) - 2)
        if tokens[i][1] in _LOOPS and tokens[i + 1][1] == "(" and tokens[i + 2][0] == "name"
    }
    at = 0
    while at < len(tokens):
        kind, text = tokens[at]
        at += 1
        if kind != "name" or text in _WORDS:
            continue
        if at < len(tokens) and tokens[at][1] == "(":
            continue
        steps, at = _steps(tokens, at, text)
        if text not in bound:
            yield ".".join(steps)


def _steps(tokens: list[tuple[str, str]], at: int, first: str) -> tuple[list[str], int]:
    """Follow `.name` and `["text"]` from a first name; stop at a method, a dynamic index or anything else."""
    steps = [first]
    while at + 1 < len(tokens):
        sign, (kind, text) = tokens[at][1], tokens[at + 1]
        after = tokens[at + 2][1] if at + 2 < len(tokens) else ""
        if sign == "." and kind == "name":
            if after == "(":
                return steps, at + 2
            steps.append(text)
            at += 2
        elif sign == "[" and kind == "string" and after == "]":
            steps.append(text.strip("rRbB").strip("\"'"))
            at += 3
        else:
            break
    return steps, at
