"""Conditions: CEL expressions of a programme file, compiled once and evaluated many times, without side
effects and bounded in size.

CEL does not coerce: int and double can be compared, but not added or multiplied. A missing value is null, and
null fails every operation except == and !=. `&&` and `||` are decided by either side where possible: `null ||
true` is true.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

from domain.model.compiled_conditions import Evaluate, Undecided, compiled
from domain.model.expression_engine import Context, cel
from domain.model.fault_text import FaultText
from domain.model.favourites import FavouriteMalformed, expand_favourites
from domain.model.values import dataclass

LONGEST_SOURCE: Final = 500
DEEPEST_NESTING: Final = 20
MOST_LOOPS: Final = 2
LOOPS: Final = frozenset({"all", "exists", "exists_one", "map", "filter"})
ROOTS: Final = frozenset({"member", "event", "purchase", "line", "now"})

# These build a list, and the engine copies it for each element: n elements cost n squared, and n cubed within
# another loop.
MAKERS: Final = frozenset({"map", "filter"})
_COSTLY_CALLS: Final = LOOPS | {"matches"}
_REFUSALS: Final = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
_WORDS: Final = frozenset({"true", "false", "null", "in"})
_COMPARISONS: Final = frozenset({"<", "<=", ">", ">=", "==", "!="})
_TOKENS: Final = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<text>[bB]?[rR](?:\"\"\"(?s:.*?)\"\"\"|'''(?s:.*?)'''|"[^"\n]*"|'[^'\n]*')
        |[bB]?(?:\"\"\"(?s:(?:\\.|[^\\])*?)\"\"\"|'''(?s:(?:\\.|[^\\])*?)'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<number>0[xX][0-9a-fA-F]+[uU]?|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?[uU]?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    |(?P<sign>&&|\|\||==|!=|<=|>=|.)""",
    re.VERBOSE,
)


class ExpressionMalformed(ValueError):
    """Raised where a text is not an expression, or exceeds the limits. Its text says what is wrong; `remedy`
    says what would be right, where that is known.
    """

    def __init__(self, message: FaultText, remedy: FaultText | None = None) -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


@dataclass(frozen=True, slots=True)
class ExpressionFailure:
    """The failure of an expression, on the types of its values, null among them, on a value, or because the
    decision has no steps left for what it costs. The values themselves are not kept.
    """

    source: str
    kind: Literal["type", "value", "cost"]


class ExpressionFailed(Exception):
    """Raised where an expression cannot be evaluated on a context, such as arithmetic with null.

    `by_type` tells that no value of these types would do, as opposed to a value that only this context lacks.
    """

    def __init__(self, message: str, *, source: str, by_type: bool) -> None:
        super().__init__(f"{source!r}: {message}")
        self.source, self.by_type = source, by_type

    @property
    def failure(self) -> ExpressionFailure:
        """Return what a log may say about it."""
        return ExpressionFailure(self.source, "type" if self.by_type else "value")


@dataclass(frozen=True, slots=True)
class Term:
    """A piece of an expression: a whole path such as `member.purchases.total`, a text, a number or a sign.

    `bound` is a path that a loop's own variable begins, `call` the name of a function or method.
    """

    kind: Literal["path", "bound", "call", "text", "number", "sign"]
    value: str


# What may be on either side of a comparison that is a condition by itself, not a part of a sum.
_EDGE: Final = Term("sign", "")
_BEFORE_COMPARISON: Final = frozenset({_EDGE, *(Term("sign", sign) for sign in ("(", "&&", "||", "?", ":"))})
_AFTER_COMPARISON: Final = frozenset({_EDGE, *(Term("sign", sign) for sign in (")", "&&", "||", "?", ":"))})


class Expression:
    """One compiled expression. Two expressions are equal where their sources are.

    `names` has the dotted paths that it reads, such as `member.purchases.total`, `event.data.purpose`,
    `line.category` and `now`. An index by a literal text counts as a step; the variables of `exists` and
    other loops do not count. A `favourite([...])` counts as `member.favourite` and its categories, which
    `favourites` has by that last step. `is_costly` tells that it holds a loop or a pattern, so that its cost
    has to be counted. `function` is what it is compiled to, where it is (`compiled_conditions.py`).
    """

    __slots__ = ("_program", "favourites", "function", "is_costly", "names", "source")

    source: str
    favourites: Mapping[str, tuple[str, ...]]
    function: Evaluate | None
    names: frozenset[str]
    is_costly: bool

    def __init__(self, source: str) -> None:
        """Compile the source. Raises ExpressionMalformed."""
        _bounded(source)
        try:
            self._program = cel.compile(source)
        except ValueError as error:
            raise ExpressionMalformed(_syntax(str(error))) from None
        try:
            evaluated, self.favourites = expand_favourites(source, _TOKENS)
        except FavouriteMalformed as error:
            raise ExpressionMalformed(error.message, error.remedy) from None
        if self.favourites:
            self._program = cel.compile(evaluated)
        pieces = terms(source)
        _makers_bounded(pieces)
        self.is_costly = any(term.kind == "call" and term.value in _COSTLY_CALLS for term in pieces)
        self.source = source
        self.names = _names(evaluated, self._program.variables())
        self.function = None if self.is_costly else compiled(list(_tokens(evaluated)))

    def value(self, context: Context) -> object:
        """Evaluate the expression to int, float, bool, str, list, dict, datetime or None. Raises
        ExpressionFailed.
        """
        if self.function is not None:
            try:
                return self.function(context.values)
            except Undecided:
                pass
        try:
            return self._program.execute(context.ready())
        except _REFUSALS as error:
            by_type = isinstance(error, TypeError) or str(error).startswith("Undefined")
            raise ExpressionFailed(str(error), source=self.source, by_type=by_type) from None

    def test(self, context: Context) -> bool:
        """Evaluate a condition. Raises ExpressionFailed, also where the result is neither true nor false."""
        try:
            answer = self.function(context.values) if self.function is not None else self.value(context)
        except Undecided:
            answer = self.value(context)
        if answer is True or answer is False:
            return answer
        raise ExpressionFailed(
            f"the answer is {answer!r}, not true or false", source=self.source, by_type=answer is not None
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"


def terms(source: str) -> tuple[Term, ...]:
    """Split a source that compiles into its terms."""
    tokens = list(_tokens(source))
    bound = set(_bound(tokens))
    pieces: list[Term] = []
    at = 0
    while at < len(tokens):
        kind, text = tokens[at]
        at += 1
        if kind == "text":
            pieces.append(Term("text", _unquoted(text)))
        elif kind != "name" or text in _WORDS:
            pieces.append(Term("number" if kind == "number" else "sign", text))
        elif at < len(tokens) and tokens[at][1] == "(":
            pieces.append(Term("call", text))
        else:
            steps, at = _steps(tokens, at, text)
            member_of = (
                at > 1
                and pieces
                and pieces[-1].value == "."
                and len(pieces) > 1
                and _ends_a_value(pieces[-2])
            )
            pieces.append(Term("bound" if member_of or text in bound else "path", ".".join(steps)))
    return tuple(pieces)


def conjuncts(expression: Expression) -> tuple[Expression, ...]:
    """Return the parts joined by && that must all hold. Where || or a choice stands above them, return the
    expression itself.
    """
    source, cuts, depth = expression.source, [0], 0
    for match in _TOKENS.finditer(source):
        text = match.group()
        depth += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
        if depth == 0 and text in ("||", "?"):
            return (expression,)
        if depth == 0 and text == "&&":
            cuts += (match.start(), match.end())
    cuts.append(len(source))
    return tuple(Expression(source[start:end]) for start, end in zip(cuts[::2], cuts[1::2], strict=True))


def compared_numbers(expression: Expression, paths: frozenset[str]) -> frozenset[int] | None:
    """Return the whole numbers that an expression compares these paths with, such as `path >= 30`.

    None where it reads one of them in another way, such as in a sum: it may then change at any number.
    """
    numbers: set[int] = set()
    pieces = terms(expression.source)
    padded = (_EDGE, *pieces, _EDGE, _EDGE, _EDGE)
    for before, path, sign, number, after in zip(*(padded[n:] for n in range(5)), strict=False):
        if path.kind != "path" or path.value not in paths:
            continue
        is_alone = before in _BEFORE_COMPARISON and after in _AFTER_COMPARISON
        if not (
            is_alone and sign.value in _COMPARISONS and number.kind == "number" and number.value.isdigit()
        ):
            return None
        numbers.add(int(number.value))
    return frozenset(numbers)


def _names(source: str, variables: Iterable[str]) -> frozenset[str]:
    """Return the paths that are read. A variable that only the compiler sees is named as a whole, so that
    nothing is missed.
    """
    paths = {term.value for term in terms(source) if term.kind == "path"}
    known = {path.partition(".")[0] for path in paths} | set(_bound(list(_tokens(source))))
    return frozenset(paths | ({name.lstrip(".") for name in variables} - known))


def _bounded(source: str) -> None:
    """Refuse what could take long: length, nesting, and loops within loops, whose costs multiply."""
    if not source.strip():
        raise ExpressionMalformed(
            FaultText("the expression is empty"), FaultText("write a condition, or remove the key")
        )
    if len(source) > LONGEST_SOURCE:
        raise ExpressionMalformed(
            FaultText(
                "the expression is {count} characters long, at most {most} are allowed",
                count=len(source),
                most=LONGEST_SOURCE,
            ),
            FaultText(
                "write at most {most} characters, or make two rules of it",
                most=LONGEST_SOURCE,
            ),
        )
    tokens = list(_tokens(source))
    depth = deepest = 0
    for _, text in tokens:
        depth += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
        deepest = max(deepest, depth)
    if deepest > DEEPEST_NESTING:
        raise ExpressionMalformed(
            FaultText(
                "the expression is nested {deepest} deep, at most {most} is allowed",
                deepest=deepest,
                most=DEEPEST_NESTING,
            ),
            FaultText("remove brackets that are not needed, or make two rules of it"),
        )
    bound = list(_bound(tokens))
    if len(bound) > MOST_LOOPS:
        raise ExpressionMalformed(
            FaultText(
                "the expression loops {count} times, at most {most} are allowed",
                count=len(bound),
                most=MOST_LOOPS,
            ),
            FaultText("ask for all of it in one loop, or make two rules of it"),
        )
    for name in ROOTS & set(bound):
        raise ExpressionMalformed(
            FaultText("a loop calls its own variable {name}, which has a meaning already", name=name),
            FaultText("call it by another letter"),
        )


def _makers_bounded(pieces: tuple[Term, ...]) -> None:
    """Refuse a list that is built once for each element of another, or of more than its own elements."""
    inside: list[str] = []  # the loop that each open bracket belongs to, or nothing
    for before, term in zip((None, *pieces), pieces, strict=False):
        if term.kind == "call" and term.value in MAKERS and LOOPS & set(inside):
            raise ExpressionMalformed(
                FaultText("{call} stands within another loop, which could take minutes", call=term.value),
                FaultText("ask with exists or in there"),
            )
        if "map" in inside and (term.kind == "path" or term.value in ("[", "{")):
            raise ExpressionMalformed(
                FaultText("map makes more of an element than its own fields, which could take minutes"),
                FaultText("make one field of it, such as purchase.lines.map(l, l.amount)"),
            )
        if term.kind == "sign" and term.value in ("(", "[", "{"):
            inside.append(before.value if before is not None and before.kind == "call" else "")
        elif term.kind == "sign" and term.value in (")", "]", "}"):
            inside.pop()


def _syntax(message: str) -> FaultText:
    """Reduce the parser's report to its first sentence and column."""
    report = re.search(r"<input>:(\d+):(\d+): (?:Syntax error: )?(.*?)(?: expecting .*)?(?:\n|$)", message)
    if report is None:
        return FaultText("it does not parse")
    return FaultText(
        "it does not parse at character {at}: {problem}", at=report.group(2), problem=report.group(3)[:120]
    )


def _tokens(source: str) -> Iterator[tuple[str, str]]:
    for match in _TOKENS.finditer(source):
        if match.lastgroup is not None and match.lastgroup != "space":
            yield match.lastgroup, match.group()


def _bound(tokens: list[tuple[str, str]]) -> Iterator[str]:
    """Yield the variable of each loop."""
    for at in range(len(tokens) - 2):
        if tokens[at][1] in LOOPS and tokens[at + 1][1] == "(":
            yield tokens[at + 2][1]


def _ends_a_value(term: Term) -> bool:
    return term.kind in ("path", "bound", "text", "number") or term.value in (")", "]", "}")


def _unquoted(text: str) -> str:
    body = text.lstrip("rRbB")
    quote = body[:3] if body[:3] in ('"""', "'''") else body[:1]
    return body[len(quote) : -len(quote)]


def _steps(tokens: list[tuple[str, str]], at: int, first: str) -> tuple[list[str], int]:
    """Follow `.name` and `["text"]` from a first name, and stop before a method or a dynamic index."""
    steps = [first]
    while at + 1 < len(tokens):
        sign, (kind, text) = tokens[at][1], tokens[at + 1]
        after = tokens[at + 2][1] if at + 2 < len(tokens) else ""
        if sign == "." and kind == "name" and after != "(":
            steps.append(text)
            at += 2
        elif sign == "[" and kind == "text" and after == "]":
            steps.append(_unquoted(text))
            at += 3
        else:
            break
    return steps, at
