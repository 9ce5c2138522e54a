"""Hints for syntax errors: plain words in place of the messages of the YAML and CEL parsers."""

from __future__ import annotations

import re
from typing import Final

from ruamel.yaml.error import MarkedYAMLError

_QUOTE_HINT: Final = "a text with a colon, comma, quote, brace or # goes in quotes"
_INDENT_HINT: Final = (
    "indent it as its neighbours, write items as - and a space, and key: value with a space after the colon"
)
# The YAML parser's message, what it means ({0} is the line where the part began), and what would be right.
_YAML_HINTS: Final = (
    (r"found character '\\t'", "a tab stands here", "write spaces instead of the tab"),
    (
        r"found character '(?P<sign>.)' that cannot",
        "no text begins with {sign} here",
        "put the text in quotes",
    ),
    (r"expected (' '|URI), but found", "no text begins with ! here", "put the text in quotes"),
    (
        r"mapping values",
        "a colon stands where none fits",
        "put a text with a colon in quotes; else indent as its neighbours are",
    ),
    (
        r"<block end>, but found '(\?|-|<block)",
        "this line does not fit under what begins on line {0}",
        _INDENT_HINT,
    ),
    (
        r"<block end>, but found '[]},]'",
        "a bracket or a comma too many stands here",
        f"remove it; {_QUOTE_HINT}",
    ),
    (
        r"<block end>, but found '<scalar>'",
        "something follows the end of a text",
        "put all of it in quotes: '\"vip\" in member.tags'",
    ),
    (
        r"expected ',' or '[]}]', but got",
        "the bracket of line {0} is not closed before this",
        f"add what is missing; {_QUOTE_HINT}",
    ),
    (r"node content, but found ','", "a comma too many stands here", "remove it"),
    (
        r"node content, but found",
        "a value is missing, or a bracket above is not closed",
        f"add what is missing; {_QUOTE_HINT}",
    ),
    (
        r"unknown escape character",
        "a backslash stands in a text",
        "write it twice, or put the text in single quotes",
    ),
)
# The same where the fault is on the line on which the part began.
_YAML_START_HINTS: Final = (
    (
        r"could not find expected ':'",
        "this line has no key",
        "write key: value, with a space after the colon",
    ),
    (r"unexpected end of stream", "a quote opens here and is never closed", "close it"),
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


def yaml_hint(error: MarkedYAMLError) -> tuple[int, str, str]:
    """Return the line of a YAML error, what is wrong there, and what would be right."""
    problem = str(error.problem or error.context)
    start_line = error.context_mark.line + 1 if error.context_mark is not None else 1
    line = error.problem_mark.line + 1 if error.problem_mark is not None else start_line
    for at, hints in ((line, _YAML_HINTS), (start_line, _YAML_START_HINTS)):
        for pattern, message, remedy in hints:
            match = re.search(pattern, problem)
            if match is not None:
                return at, message.format(start_line, **match.groupdict()), remedy
    return line, f"this is no YAML: {problem}", "mend the indentation, brackets or quotes here"


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
