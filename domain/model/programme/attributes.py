"""Attributes: what a programme knows of a member beyond the profile, such as a size or a favourite shop."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, model_validator

from domain.model.fault_text import FaultText
from domain.model.programme.faults import ValueRefused
from domain.model.programme.field_types import (
    Code,
    FieldName,
    NamedPart,
    ProgrammePart,
    TextByLocale,
)

AttributeKind = Literal["string", "int", "bool", "date", "choice"]
AttributeSetter = Literal["member", "staff", "system"]
AttributeValue = str | int | bool
MOST_CHARACTERS = 200
LARGEST_NUMBER = 1_000_000_000


class AttributeMalformed(ValueError):
    """Raised where a value is none of an attribute's. Its text says what to write."""


class ChoiceSpec(NamedPart):
    """One of the values of an attribute of kind `choice`."""

    code: Code
    title: TextByLocale


def _read_choices(value: object) -> object:
    if not isinstance(value, list | tuple):
        return value
    return [{"code": choice} if isinstance(choice, str) else choice for choice in value]


class AttributeSpec(ProgrammePart):
    """One attribute: its kind of value, and who sets it. Expressions read it as `member.attributes.NAME`."""

    name: FieldName
    title: TextByLocale
    kind: AttributeKind
    choices: Annotated[tuple[ChoiceSpec, ...], BeforeValidator(_read_choices)] = ()
    by: AttributeSetter = "member"

    @model_validator(mode="after")
    def _has_its_choices(self) -> AttributeSpec:
        if (self.kind == "choice") != bool(self.choices):
            raise ValueRefused(
                FaultText("choices go with kind: choice"),
                FaultText("write kind: choice, choices: [small, large]"),
            )
        return self

    def check(self, value: object) -> AttributeValue:
        """Return a value that the attribute may have. Raises AttributeMalformed."""
        if not isinstance(value, str | int) or not self.allows(value):
            raise AttributeMalformed(f"Write {self._wanted()}.")
        return value

    def read(self, text: str) -> AttributeValue:
        """Return the value that a text writes. Raises AttributeMalformed."""
        value: object = text.strip()
        if self.kind == "bool":
            value = {"true": True, "false": False}.get(str(value))
        elif self.kind == "int":
            value = int(str(value)) if _is_whole(str(value)) else None
        return self.check(value)

    def allows(self, value: object) -> bool:
        """Tell whether a value is of the attribute's kind, and one of its choices."""
        if self.kind == "bool":
            return isinstance(value, bool)
        if self.kind == "int":
            return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER
        if not isinstance(value, str):
            return False
        if self.kind == "choice":
            return any(choice.code == value for choice in self.choices)
        return _is_day(value) if self.kind == "date" else 0 < len(value) <= MOST_CHARACTERS

    def known(self, value: AttributeValue | None) -> AttributeValue | None:
        """Return a value as this version of the programme knows it; None for one that it no longer has."""
        return value if value is not None and self.allows(value) else None

    def _wanted(self) -> str:
        match self.kind:
            case "string":
                return f"a text of 1 to {MOST_CHARACTERS} characters"
            case "int":
                return "a whole number of at most 10 digits"
            case "bool":
                return "true or false"
            case "date":
                return "a day, such as 2026-05-17"
            case "choice":
                return f"one of {', '.join(choice.code for choice in self.choices)}"


def write_value(value: AttributeValue) -> str:
    """Return a value as a text, as `read` takes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_whole(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= 10


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
