"""Hints for syntax errors: plain words in place of the messages of the YAML and CEL parsers."""

from __future__ import annotations

import re
from typing import Final

from ruamel.yaml.error import MarkedYAMLError

from domain.model.conditions import LOOPS, ROOTS, Expression, ExpressionFailed
from domain.model.fault_text import FaultText
from domain.model.programme.faults import ProgrammeFault, nearest
from domain.model.values import dataclass

_QUOTE_HINT: Final = FaultText("a text with a colon, comma, quote, brace or # goes in quotes")
_INDENT_HINT: Final = FaultText(
    "indent it as its neighbours, write items as - and a space, and key: value with a space after the colon"
)


@dataclass(frozen=True, slots=True)
class _Hint:
    """A pattern of the parser's messages, what it means, and what would be right."""

    pattern: str
    message: FaultText
    remedy: FaultText


# In messages {line} is the line on which the part began.
_YAML_HINTS: Final = (
    _Hint(
        r"found character '\\t'", FaultText("a tab stands here"), FaultText("write spaces instead of the tab")
    ),
    _Hint(
        r"found character '(?P<sign>.)' that cannot",
        FaultText("no text begins with {sign} here"),
        FaultText("put the text in quotes"),
    ),
    _Hint(
        r"expected (' '|URI), but found",
        FaultText("no text begins with ! here"),
        FaultText("put the text in quotes"),
    ),
    _Hint(
        r"mapping values",
        FaultText("a colon stands where none fits"),
        FaultText("put a text with a colon in quotes; else indent as its neighbours are"),
    ),
    _Hint(
        r"<block end>, but found '(\?|-|<block)",
        FaultText("this line does not fit under what begins on line {line}"),
        _INDENT_HINT,
    ),
    _Hint(
        r"<block end>, but found '[]},]'",
        FaultText("a bracket or a comma too many stands here"),
        FaultText("remove it; {advice}", advice=_QUOTE_HINT),
    ),
    _Hint(
        r"<block end>, but found '<scalar>'",
        FaultText("something follows the end of a text"),
        FaultText("put all of it in quotes: '\"vip\" in member.tags'"),
    ),
    _Hint(
        r"expected ',' or '[]}]', but got",
        FaultText("the bracket of line {line} is not closed before this"),
        FaultText("add what is missing; {advice}", advice=_QUOTE_HINT),
    ),
    _Hint(r"node content, but found ','", FaultText("a comma too many stands here"), FaultText("remove it")),
    _Hint(
        r"node content, but found",
        FaultText("a value is missing, or a bracket above is not closed"),
        FaultText("add what is missing; {advice}", advice=_QUOTE_HINT),
    ),
    _Hint(
        r"unknown escape character",
        FaultText("a backslash stands in a text"),
        FaultText("write it twice, or put the text in single quotes"),
    ),
)
# The same where the fault is on the line on which the part began.
_YAML_START_HINTS: Final = (
    _Hint(
        r"could not find expected ':'",
        FaultText("this line has no key"),
        FaultText("write key: value, with a space after the colon"),
    ),
    _Hint(
        r"unexpected end of stream",
        FaultText("a quote opens here and is never closed"),
        FaultText("close it"),
    ),
)
# What people and other languages write, and what CEL expects.
_CEL_HINTS: Final = (
    (r"[\u201c-\u201f\u00ab\u00bb\u2018\u2019]", FaultText('write straight quotes: "..."')),
    (r"<>", FaultText("write != for: is not")),
    (r"=>|=<", FaultText("write >= and <=")),
    (r"(?<![=!<>])=(?!=)", FaultText("write == to compare; a single = is none")),
    (r"\band\b|\bor\b|\bnot\b", FaultText("write && for and, || for or, ! for not")),
    (
        r"\d[%€$£]|[€$£]\d|\d\s*[A-Z]{3}\b",
        FaultText("write the bare number; money in minor units, 2500 for 25.00"),
    ),
)
_FUNCTIONS: Final = (
    *("size", "startsWith", "endsWith", "contains", "matches", "int", "double", "string", "timestamp"),
    *("duration", "favourite", *sorted(LOOPS)),
)
_QUOTED_TEXT: Final = re.compile(r"\"[^\"]*\"|'[^']*'")


def yaml_fault(error: MarkedYAMLError) -> ProgrammeFault:
    """Return a YAML error as a fault, in plain words."""
    problem = str(error.problem or error.context)
    start_line = error.context_mark.line + 1 if error.context_mark is not None else 1
    line = error.problem_mark.line + 1 if error.problem_mark is not None else start_line
    for fault_line, hints in ((line, _YAML_HINTS), (start_line, _YAML_START_HINTS)):
        for hint in hints:
            match = re.search(hint.pattern, problem)
            if match is not None:
                message = hint.message.filled(line=start_line, **match.groupdict())
                return ProgrammeFault(fault_line, "file", message, hint.remedy)
    remedy = FaultText("mend the indentation, brackets or quotes here")
    return ProgrammeFault(line, "file", FaultText("this is no YAML: {problem}", problem=problem), remedy)


def expression_hint(source: str) -> FaultText:
    """Return what would be right where an expression does not parse."""
    bare = _QUOTED_TEXT.sub('""', source)
    hint = next(
        (
            remedy
            for pattern, remedy in _CEL_HINTS
            if re.search(pattern, bare, re.IGNORECASE if "and" in pattern else 0)
        ),
        None,
    )
    return hint or FaultText("mend the expression; conditions are CEL, such as purchase.total >= 2500")


def failure_text(expression: Expression, error: ExpressionFailed) -> str:
    """Return in plain words why an expression failed; the engine's own where there are none."""
    text = str(error).removeprefix(f"{expression.source!r}: ")
    first = text.partition(". ")[0].partition(": the operation")[0].rstrip(".")
    undefined = re.match(r"Undefined variable or function: '(\w+)'", first)
    if undefined is not None:
        if undefined[1] in ROOTS:
            return FaultText("this event brings no {root}", root=undefined[1])
        return FaultText("there is no function {name} for such a value", name=undefined[1])
    if first == "No such overload":
        return FaultText("these kinds of value do not go together")
    return first[:160]  # in the engine's own words


def failure_remedy(failure: str) -> FaultText:
    """Return what would be right where an expression failed so."""
    if "go together" in failure or "same" in failure:
        return FaultText(
            "use values of one kind: whole numbers with whole numbers, or double(x) * 1.5; texts in quotes"
        )
    if "not true or false" in failure:
        return FaultText("write a comparison, such as purchase.total >= 2500")
    if "not a number" in failure:
        return FaultText("write a number, such as purchase.total")
    if "brings no" in failure:
        return FaultText(
            'write event.name == "purchase.completed" && ..., or give each event a rule of its own'
        )
    undefined = re.fullmatch(r"there is no function (\w+) for such a value", failure)
    if undefined is not None:
        near = nearest(undefined[1], _FUNCTIONS)
        if near is not None and near != undefined[1]:
            return FaultText("did you mean {near}?", near=near)
        return FaultText(
            'in a list look with "word" in LIST; else write one of {known}', known=", ".join(_FUNCTIONS)
        )
    return FaultText("mend the part that fails")
