"""Reading a JSON body that nobody promised the shape of: numbers stay exact, and what is missing is None."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Never, TypeAlias

Body: TypeAlias = Mapping[str, object]
DEEPEST: Final = 64
LONGEST_NUMBER: Final = 60


class BodyMalformed(ValueError):
    """A body that is no JSON in UTF-8, or nests too deep. The message holds nothing of it."""


class BodyIncomplete(ValueError):
    """A body of a known kind lacks what it must say. The message names the field."""


def parse_body(raw: bytes) -> object:
    """Return the JSON in these bytes, with fractions as exact decimals. Raises BodyMalformed."""
    try:
        text = raw.decode("utf-8-sig")
        _expect_shallow(text)
        return json.loads(text, parse_float=_exact, parse_int=_whole, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise BodyMalformed("the body is not JSON in UTF-8") from None


def mapping(value: object) -> Body:
    """Return an object of a body; empty where there is none."""
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> list[Body]:
    """Return the objects of a list of a body; empty where there is none."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text_of(value: object) -> str | None:
    """Return a text, or a whole number as text; None where it is empty or something else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip()[:400] or None


def id_of(body: Body, field: str = "id") -> str:
    """Return the id in a field. Raises BodyIncomplete where there is none; 0 is none."""
    text = text_of(body.get(field))
    if text in (None, "0"):
        raise BodyIncomplete(f"{field} is missing")
    return text


def whole_number(value: object) -> int | None:
    """Return a whole number, also one that is written with a fraction of 0 or as a text; None for others."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and len(value) < LONGEST_NUMBER:
        try:
            value = Decimal(value)
        except ArithmeticError:
            return None
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return int(value)
    return None


def _expect_shallow(text: str) -> None:
    """Raise ValueError where brackets nest too deep; brackets in texts count for nothing."""
    depth, is_text, is_escaped = 0, False, False
    for character in text:
        if is_text:
            if is_escaped:
                is_escaped = False
            elif character == "\\":
                is_escaped = True
            elif character == '"':
                is_text = False
        elif character == '"':
            is_text = True
        elif character in "[{":
            depth += 1
            if depth > DEEPEST:
                raise ValueError("too deep")
        elif character in "]}":
            depth -= 1


def _exact(text: str) -> Decimal:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("too long a number")
    return Decimal(text)


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("too long a number")
    return int(text)


def _refuse(text: str) -> Never:
    raise ValueError(f"{text} is no JSON")
