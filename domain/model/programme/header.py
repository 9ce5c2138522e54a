"""Who runs the programme and where; what other systems may report to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from domain.model.programme.field_types import ClockHours, Code, EventName, ProgrammePart, TextByLocale


class TermsSpec(ProgrammePart):
    """The terms that a member accepts at enrolment; a new version asks again."""

    version: str = "1"
    url: str = ""


class ProgrammeHeader(ProgrammePart):
    """The programme itself. `locales[0]` is the default; `quiet_hours` mean a member's own zone, all else the
    programme's `timezone`.
    """

    code: Code
    name: TextByLocale
    currency: str
    timezone: str
    locales: Annotated[tuple[str, ...], Field(min_length=1)]
    terms: TermsSpec = TermsSpec()
    ineligible: tuple[str, ...] = ()
    quiet_hours: ClockHours | None = None


class EventSpec(ProgrammePart):
    """An event that other systems may report. Its declared fields are always present in expressions, null
    where missing.
    """

    name: EventName
    title: TextByLocale
    data: Mapping[str, Literal["string", "int", "bool", "date"]] = Field(default_factory=dict)
