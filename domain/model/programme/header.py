"""Who runs the programme and where; what other systems may report to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from domain.model.programme.words import ClockHours, Code, EventName, Part, Words


class Terms(Part):
    """The terms that a member accepts at enrolment; a new version asks again."""

    version: str = "1"
    url: str = ""


class Header(Part):
    """The programme itself. `locales[0]` is the default; `quiet_hours` mean a member's own zone, all else the
    programme's `timezone`.
    """

    code: Code
    name: Words
    currency: str
    timezone: str
    locales: Annotated[tuple[str, ...], Field(min_length=1)]
    terms: Terms = Terms()
    ineligible: tuple[str, ...] = ()
    quiet_hours: ClockHours | None = None


class EventSpec(Part):
    """An event that other systems may report. Its declared fields are always present in expressions, null
    where missing.
    """

    name: EventName
    title: Words
    data: Mapping[str, Literal["string", "int", "bool", "date"]] = Field(default_factory=dict)
