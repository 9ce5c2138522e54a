"""Texts with placeholders, read into their parts. A text in which the words follow a number or a code is an
ICU message: `{points.amount, plural, one {# point} other {# points}}`.

Only such a text quotes as ICU does (an apostrophe before a brace or `#`); in all others an apostrophe is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Literal, cast

from pyicumessageformat import Parser

from domain.model.fault_text import FaultText
from domain.model.locales import OTHER
from domain.model.values import dataclass

MAX_NESTING: Final = 3
ChoiceKind = Literal["plural", "selectordinal", "select"]

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
# A comma behind a name, or a choice whose comma was forgotten.
_ARGUMENT: Final = re.compile(r"\{\s*[^{}\s,]+(?:\s*,|\s+(?:plural|selectordinal|select)\b)")
_CHOICES: Final = ("plural", "selectordinal", "select")


class MessageMalformed(ValueError):
    """Raised where a text is no ICU message. It says what is wrong, and `remedy` what would be right."""

    def __init__(self, message: FaultText, remedy: FaultText) -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A name in braces; with `is_count`, the `#` of the choice by that name."""

    name: str
    is_count: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Words by a number or a code. The forms of a number are CLDR's words and exact numbers (`=0`)."""

    name: str
    kind: ChoiceKind
    options: Mapping[str, TextParts]

    def by_number(self, value: Decimal, form: str) -> TextParts:
        """Return the words for a number that has this plural form."""
        for key, parts in self.options.items():
            if (exact := exact_number(key)) is not None and exact == value:
                return parts
        return self.by_code(form)

    def by_code(self, code: str) -> TextParts:
        """Return the words for a form or a code."""
        return self.options[code] if code in self.options else self.options[OTHER]


TextParts = tuple[str | Placeholder | Choice, ...]


def exact_number(key: str) -> int | None:
    """Return the number of an exact form (`=12`); None for another."""
    return int(key[1:]) if re.fullmatch(r"=\d{1,9}", key) else None


def is_icu(text: str) -> bool:
    """Tell whether a text has a placeholder with a comma, or with a word for a choice."""
    return _ARGUMENT.search(text) is not None


@lru_cache(maxsize=2048)
def parse_text(text: str) -> TextParts:
    """Return the parts of a text. Raises MessageMalformed."""
    return _parse_icu(text) if is_icu(text) else tuple(_plain_parts(text))


def placeholders(parts: TextParts) -> Iterator[Placeholder]:
    """Yield the placeholders of a text, those within choices too, in its order."""
    for part in parts:
        if isinstance(part, Placeholder):
            yield part
        elif isinstance(part, Choice):
            for within in part.options.values():
                yield from placeholders(within)


def choices(parts: TextParts) -> Iterator[Choice]:
    """Yield the choices of a text, the outer ones first."""
    for part in parts:
        if isinstance(part, Choice):
            yield part
            for within in part.options.values():
                yield from choices(within)


def literals(parts: TextParts) -> Iterator[str]:
    """Yield what stands between the placeholders."""
    for part in parts:
        if isinstance(part, str):
            yield part
        elif isinstance(part, Choice):
            for within in part.options.values():
                yield from literals(within)


# ---------------------------------------------------------------- reading
def _plain_parts(text: str) -> Iterator[str | Placeholder]:
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        if match.start() > end:
            yield text[end : match.start()]
        yield Placeholder(match[1])
        end = match.end()
    if end < len(text):
        yield text[end:]


def _parse_icu(text: str) -> TextParts:
    parser = Parser({"maximum_depth": MAX_NESTING + 1, "require_other": False})
    tokens: list[dict[str, str]] = []
    try:
        nodes = parser.parse(text, tokens)
    except SyntaxError as error:
        reason = _reason(str(error))
        if reason.startswith("too much recursion"):
            raise MessageMalformed(
                FaultText("more than {most} choices stand within each other", most=MAX_NESTING),
                FaultText("write them one after another"),
            ) from None
        raise MessageMalformed(
            FaultText("it does not parse: {reason}", reason=reason),
            FaultText("write {points.amount, plural, one {# point} other {# points}}"),
        ) from None
    parts = tuple(_read_node(node) for node in nodes)
    keys = sum(len(choice.options) for choice in choices(parts))
    if keys != sum(token["type"] == "selector" for token in tokens):
        raise MessageMalformed(
            FaultText("a form stands twice in one choice"), FaultText("write each form once")
        )
    return parts


def _reason(text: str) -> str:
    for word, plain in (
        ("sub-message selector", "a form"),
        ("sub-messages", "forms"),
        ('"<EOF>"', "the end"),
    ):
        text = text.replace(word, plain)
    return text[:1].lower() + text[1:]


def _read_node(node: str | Mapping[str, Any]) -> str | Placeholder | Choice:
    if isinstance(node, str):
        return node
    name, kind = str(node["name"]), node.get("type")
    if node.get("hash"):
        return Placeholder(name, is_count=True)
    if kind is None:
        return Placeholder(name)
    if kind not in _CHOICES:
        raise MessageMalformed(
            FaultText("{{{name}, {kind}}} is no choice of words", name=name, kind=kind),
            FaultText(
                "write {{{name}}} alone, which is written as the reader's language does, or one of {known}",
                name=name,
                known=", ".join(_CHOICES),
            ),
        )
    if node.get("offset"):
        raise MessageMalformed(
            FaultText("offset:{offset} is not supported", offset=node["offset"]),
            FaultText("remove it, and write the forms of the number itself"),
        )
    options = {key: tuple(_read_node(part) for part in parts) for key, parts in node["options"].items()}
    if OTHER not in options:
        raise MessageMalformed(
            FaultText(
                "{{{name}, {kind}}} lacks the form other, for all that no other form fits",
                name=name,
                kind=kind,
            ),
            FaultText("add other {{...}} to {{{name}, {kind}}}", name=name, kind=kind),
        )
    return Choice(name, cast(ChoiceKind, kind), options)
