"""Hints for syntax errors: plain words in place of the messages of the YAML and CEL parsers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ruamel.yaml.error import MarkedYAMLError

from domain.model.programme.faults import ProgrammeFault

_QUOTE_HINT: Final = "a text with a colon, comma, quote, brace or # goes in quotes"
_INDENT_HINT: Final = (
    "indent it as its neighbours, write items as - and a space, and key: value with a space after the colon"
)


@dataclass(frozen=True, slots=True)
class _Hint:
    """A pattern of the parser's messages, what it means, and what would be right."""

    pattern: str
    message: str
    remedy: str


# In messages {0} is the line on which the part began.
_YAML_HINTS: Final = (
    _Hint(r"found character '\\t'", "a tab stands here", "write spaces instead of the tab"),
    _Hint(
        r"found character '(?P<sign>.)' that cannot",
        "no text begins with {sign} here",
        "put the text in quotes",
    ),
    _Hint(r"expected (' '|URI), but found", "no text begins with ! here", "put the text in quotes"),
    _Hint(
        r"mapping values",
        "a colon stands where none fits",
        "put a text with a colon in quotes; else indent as its neighbours are",
    ),
    _Hint(
        r"<block end>, but found '(\?|-|<block)",
        "this line does not fit under what begins on line {0}",
        _INDENT_HINT,
    ),
    _Hint(
        r"<block end>, but found '[]},]'",
        "a bracket or a comma too many stands here",
        f"remove it; {_QUOTE_HINT}",
    ),
    _Hint(
        r"<block end>, but found '<scalar>'",
        "something follows the end of a text",
        "put all of it in quotes: '\"vip\" in member.tags'",
    ),
    _Hint(
        r"expected ',' or '[]}]', but got",
        "the bracket of line {0} is not closed before this",
        f"add what is missing; {_QUOTE_HINT}",
    ),
    _Hint(r"node content, but found ','", "a comma too many stands here", "remove it"),
    _Hint(
        r"node content, but found",
        "a value is missing, or a bracket above is not closed",
        f"add what is missing; {_QUOTE_HINT}",
    ),
    _Hint(
        r"unknown escape character",
        "a backslash stands in a text",
        "write it twice, or put the text in single quotes",
    ),
)
# The same where the fault is on the line on which the part began.
_YAML_START_HINTS: Final = (
    _Hint(
        r"could not find expected ':'",
        "this line has no key",
        "write key: value, with a space after the colon",
    ),
    _Hint(r"unexpected end of stream", "a quote opens here and is never closed", "close it"),
)
# What people and other languages write, and what CEL expects.
_CEL_HINTS: Final = (
    (r"[\u201c-\u201f\u00ab\u00bb\u2018\u2019]", 'write straight quotes: "..."'),
    (r"<>", "write != for: is not"),
    (r"=>|=<", "write >= and <="),
    (r"(?<![=!<>])=(?!=)", "write == to compare; a single = is none"),
    (r"\band\b|\bor\b|\bnot\b", "write && for and, || for or, ! for not"),
    (r"\d[%€$£]|[€$£]\d|\d\s*[A-Z]{3}\b", "write the bare number; money in minor units, 2500 for 25.00"),
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
                message = hint.message.format(start_line, **match.groupdict())
                return ProgrammeFault(fault_line, "file", message, hint.remedy)
    remedy = "mend the indentation, brackets or quotes here"
    return ProgrammeFault(line, "file", f"this is no YAML: {problem}", remedy)


def expression_hint(source: str) -> str:
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
    return hint or "mend the expression; conditions are CEL, such as purchase.total >= 2500"
