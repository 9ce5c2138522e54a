"""The header of a programme: name, currency, time zone, terms; and the events that other systems report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from domain.model.programme.field_types import ClockHours, Code, EventName, ProgrammePart, TextByLocale


class TermsSpec(ProgrammePart):
    """The terms that a member accepts at enrolment. A new version must be accepted again."""

    version: str = "1"
    url: str = ""


class ProgrammeHeader(ProgrammePart):
    """The header of the programme. `locales[0]` is the default. `quiet_hours` are in the member's time zone,
    everything else in the programme's `timezone`. Who joins is at least `minimum_age` years old.
    """

    code: Code
    name: TextByLocale
    currency: str
    timezone: str
    locales: Annotated[tuple[str, ...], Field(min_length=1)]
    terms: TermsSpec = TermsSpec()
    ineligible: tuple[str, ...] = ()
    quiet_hours: ClockHours | None = None
    minimum_age: Annotated[int, Field(ge=1, le=99)] | None = None


class EventSpec(ProgrammePart):
    """An event that other systems may report. Expressions can always read its declared fields, which are null
    where missing.
    """

    name: EventName
    title: TextByLocale
    data: Mapping[str, Literal["string", "int", "bool", "date"]] = Field(default_factory=dict)
