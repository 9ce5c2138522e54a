"""Conditions as plain Python functions: the commonest of them, on the commonest values.

The CEL engine is the judge of what an expression means. A function here answers only where its answer is
certain to be the engine's: values of the very types that an operator expects, whole numbers of at most 53
bits, nothing missing. For all else it raises Undecided, and the engine is asked. An expression with anything
that is not known here has no function. So nobody needs to know of this who writes a condition, or adds a word
to those of the programme file: what is unknown costs more, and is answered the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Never

Values = Mapping[str, object]
Evaluate = Callable[[Values], object]
Token = tuple[str, str]

_LARGEST: Final = 2**53
_ROOTS: Final = frozenset({"member", "event", "purchase", "line", "now"})
_LITERALS: Final[Mapping[str, object]] = {"true": True, "false": False, "null": None}
_RELATIONS: Final = frozenset({"<", "<=", ">", ">=", "==", "!=", "in"})
_COMPARED: Final = frozenset({int, str, bool, datetime, type(None)})
_MISSING: Final = (KeyError, TypeError, IndexError)


class Undecided(Exception):
    """Raised where the engine has to be asked."""


class _Unknown(Exception):
    """Raised while compiling where an expression holds what is not known here."""


def compiled(tokens: Sequence[Token]) -> Evaluate | None:
    """Return the function of an expression, by its tokens; None where it has none."""
    compiler = _Compiler(tokens)
    try:
        evaluate = compiler.choice()
    except _Unknown:
        return None
    return evaluate if compiler.is_at_end() else None


# ---------------------------------------------------------------- reading


class _Compiler:
    """Compiles tokens by CEL's grammar, from the loosest operator to the tightest."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = [*tokens, ("end", ""), ("end", ""), ("end", "")]
        self._at = 0

    def is_at_end(self) -> bool:
        return self._tokens[self._at][0] == "end"

    def choice(self) -> Evaluate:
        condition = self._or()
        if not self._takes("?"):
            return condition
        yes = self._or()
        self._needs(":")
        return _choice(condition, yes, self.choice())

    def _or(self) -> Evaluate:
        left = self._and()
        while self._takes("||"):
            left = _either(left, self._and())
        return left

    def _and(self) -> Evaluate:
        left = self._relation()
        while self._takes("&&"):
            left = _both(left, self._relation())
        return left

    def _relation(self) -> Evaluate:
        left = self._sum()
        sign = self._text()
        if sign not in _RELATIONS:
            return left
        self._at += 1
        right = self._sum()
        if self._text() in _RELATIONS:
            raise _Unknown
        if sign == "in":
            return _contained(left, right)
        return _same(left, right, sign == "==") if sign in ("==", "!=") else _ordered(sign, left, right)

    def _sum(self) -> Evaluate:
        left = self._product()
        while (sign := self._text()) in ("+", "-"):
            self._at += 1
            left = _calculated(sign, left, self._product())
        return left

    def _product(self) -> Evaluate:
        left = self._unary()
        while (sign := self._text()) in ("*", "/", "%"):
            self._at += 1
            left = _calculated(sign, left, self._unary())
        return left

    def _unary(self) -> Evaluate:
        return _negated(self._unary()) if self._takes("!") else self._operand()

    def _operand(self) -> Evaluate:
        kind, text = self._tokens[self._at]
        if text == "(" and kind == "sign":
            self._at += 1
            inner = self.choice()
            self._needs(")")
            return inner
        if kind == "name" and text in _ROOTS:
            return self._path()
        return _constant(self._literal())

    def _literal(self) -> object:
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "number" and text.isdecimal() and str(int(text)) == text and int(text) < _LARGEST:
            return int(text)
        if kind == "text" and text[0] in "\"'" and text[1:2] != text[0] and "\\" not in text:
            return text[1:-1]
        if kind == "name" and text in _LITERALS:
            return _LITERALS[text]
        if kind == "sign" and text == "[":
            values = [self._literal()]
            while self._takes(","):
                values.append(self._literal())
            self._needs("]")
            return values
        raise _Unknown

    def _path(self) -> Evaluate:
        steps = [self._name()]
        while self._text() in (".", "["):
            if self._takes("["):
                step = self._literal()
                self._needs("]")
            else:
                self._at += 1
                step = self._name()
                if self._takes("("):
                    return self._method(_path(steps), step)
            if not isinstance(step, str):
                raise _Unknown
            steps.append(step)
        if self._text() == "(":
            raise _Unknown
        return _path(steps)

    def _method(self, receiver: Evaluate, name: str) -> Evaluate:
        argument = self._literal()
        self._needs(")")
        if not isinstance(argument, str) or name not in _METHODS or self._text() in (".", "["):
            raise _Unknown
        return _METHODS[name](receiver, argument)

    def _name(self) -> str:
        kind, text = self._tokens[self._at]
        if kind != "name":
            raise _Unknown
        self._at += 1
        return text

    def _text(self) -> str:
        kind, text = self._tokens[self._at]
        return text if kind == "sign" or text == "in" else ""

    def _takes(self, sign: str) -> bool:
        is_next = self._tokens[self._at] == ("sign", sign)
        self._at += is_next
        return is_next

    def _needs(self, sign: str) -> None:
        if not self._takes(sign):
            raise _Unknown


# ---------------------------------------------------------------- values


def _undecided() -> Never:
    raise Undecided


def _constant(value: object) -> Evaluate:
    return lambda _: value


def _path(steps: Sequence[str]) -> Evaluate:
    root, *inner = steps

    def deep(values: Values) -> object:
        try:
            value = values[root]
            for step in inner:
                value = value[step]  # type: ignore[index]  # what cannot be indexed raises, and the engine is asked
        except _MISSING:
            raise Undecided from None
        return value

    if len(inner) != 1:
        return deep
    [field] = inner

    def shallow(values: Values) -> object:
        try:
            return values[root][field]  # type: ignore[index]  # as above
        except _MISSING:
            raise Undecided from None

    return shallow


# ---------------------------------------------------------------- operators


def _both(left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(values: Values) -> object:
        first = left(values)
        if first is False:
            return False
        second = right(values) if first is True else None
        return second if second is True or second is False else _undecided()

    return evaluate


def _either(left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(values: Values) -> object:
        first = left(values)
        if first is True:
            return True
        second = right(values) if first is False else None
        return second if second is True or second is False else _undecided()

    return evaluate


def _choice(condition: Evaluate, yes: Evaluate, no: Evaluate) -> Evaluate:
    def evaluate(values: Values) -> object:
        answer = condition(values)
        if answer is not True and answer is not False:
            raise Undecided
        return yes(values) if answer else no(values)

    return evaluate


def _negated(inner: Evaluate) -> Evaluate:
    def evaluate(values: Values) -> object:
        answer = inner(values)
        if answer is not True and answer is not False:
            raise Undecided
        return not answer

    return evaluate


def _same(left: Evaluate, right: Evaluate, is_equal: bool) -> Evaluate:
    """Equality of two values of one type; and of null with anything, which is false."""

    def evaluate(values: Values) -> object:
        first, second = left(values), right(values)
        if type(first) not in _COMPARED or type(second) not in _COMPARED:
            raise Undecided
        if type(first) is not type(second):
            return not is_equal if first is None or second is None else _undecided()
        if type(first) is int and not _are_small(first, second):
            raise Undecided
        return (first == second) is is_equal

    return evaluate


def _ordered(sign: str, left: Evaluate, right: Evaluate) -> Evaluate:
    """The order of two whole numbers, or of two instants."""
    compare = _ORDERS[sign]

    def evaluate(values: Values) -> object:
        first, second = left(values), right(values)
        if type(first) is int and type(second) is int:
            return compare(first, second) if _are_small(first, second) else _undecided()
        if type(first) is datetime and type(second) is datetime and first.tzinfo and second.tzinfo:
            return compare(first, second)
        raise Undecided

    return evaluate


def _contained(left: Evaluate, right: Evaluate) -> Evaluate:
    """Whether a text, or null, is in a list; whether a text is a key of a map."""

    def evaluate(values: Values) -> object:
        first, second = left(values), right(values)
        if type(second) is list and (type(first) is str or first is None):
            return first in second
        if type(second) is dict and type(first) is str:
            return first in second
        raise Undecided

    return evaluate


def _calculated(sign: str, left: Evaluate, right: Evaluate) -> Evaluate:
    """Arithmetic of whole numbers, dividing none below zero and none by zero."""

    def evaluate(values: Values) -> object:
        first, second = left(values), right(values)
        if type(first) is not int or type(second) is not int or not _are_small(first, second):
            raise Undecided
        if sign in ("/", "%"):
            if first < 0 or second <= 0:
                raise Undecided
            return first // second if sign == "/" else first % second
        out = first + second if sign == "+" else first - second if sign == "-" else first * second
        return out if -_LARGEST < out < _LARGEST else _undecided()

    return evaluate


def _are_small(first: object, second: object) -> bool:
    return -_LARGEST < first < _LARGEST and -_LARGEST < second < _LARGEST  # type: ignore[operator]  # whole numbers


_ORDERS: Final[Mapping[str, Callable[[object, object], bool]]] = {
    "<": lambda first, second: first < second,  # type: ignore[operator]  # both of one type, as above
    "<=": lambda first, second: first <= second,  # type: ignore[operator]
    ">": lambda first, second: first > second,  # type: ignore[operator]
    ">=": lambda first, second: first >= second,  # type: ignore[operator]
}


def _text_method(call: Callable[[str, str], bool]) -> Callable[[Evaluate, str], Evaluate]:
    def method(receiver: Evaluate, argument: str) -> Evaluate:
        def evaluate(values: Values) -> object:
            text = receiver(values)
            return call(text, argument) if type(text) is str else _undecided()

        return evaluate

    return method


_METHODS: Final[Mapping[str, Callable[[Evaluate, str], Evaluate]]] = {
    "startsWith": _text_method(str.startswith),
    "endsWith": _text_method(str.endswith),
    "contains": _text_method(str.__contains__),
}
