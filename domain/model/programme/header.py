"""The header of a programme: name, currency, time zone, terms and brand; the events that other systems
report, and the stores that members look for.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from domain.model.calendar import Span
from domain.model.programme.field_types import (
    AppVersion,
    ClockHours,
    Code,
    Colour,
    Duration,
    EventName,
    FieldName,
    Flag,
    PositiveInt,
    ProgrammePart,
    TextByLocale,
    as_list,
)
from domain.model.programme.rules import Weekday

MOST_FLAGS = 50


class TermsSpec(ProgrammePart):
    """The terms that a member accepts at enrolment. A new version must be accepted again."""

    version: str = "1"
    url: str = ""


class SupportSpec(ProgrammePart):
    """Where members get help."""

    url: str | None = None
    phone: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    email: Annotated[str, StringConstraints(min_length=3, max_length=254)] | None = None


class BrandSpec(ProgrammePart):
    """How the company shows itself; `name` is the programme's where it is left out."""

    name: TextByLocale | None = None
    logo: str | None = None
    icon: str | None = None
    colour: Colour | None = None
    accent: Colour | None = None
    card_art: str | None = None
    support: SupportSpec | None = None


class LinksSpec(ProgrammePart):
    """Pages that an app links to; `terms` is the address of the terms where it is left out."""

    privacy: str | None = None
    terms: str | None = None
    support: str | None = None


# What the intake of shops' orders names that is no goods; it earns nothing unless a programme says otherwise.
RESERVED_CATEGORIES = ("gift-card", "shipping", "tax", "tip", "fee", "other")


class ProgrammeHeader(ProgrammePart):
    """The header of the programme. `locales[0]` is the default. `quiet_hours` are in the member's time zone,
    everything else in the programme's `timezone`. Who joins is at least `minimum_age` years old.
    Of revenue, `margin` percent stay: an assumption by which figures tell what a campaign returned.
    """

    code: Code
    name: TextByLocale
    currency: str
    timezone: str
    locales: Annotated[tuple[str, ...], Field(min_length=1)]
    terms: TermsSpec = TermsSpec()
    ineligible: tuple[str, ...] = RESERVED_CATEGORIES
    quiet_hours: ClockHours | None = None
    minimum_age: Annotated[int, Field(ge=1, le=99)] | None = None
    margin: Annotated[PositiveInt, Field(le=100)] | None = None

    brand: BrandSpec | None = None
    links: LinksSpec = LinksSpec()
    minimum_app_version: AppVersion | None = None
    flags: Annotated[Mapping[FieldName, Flag], Field(max_length=MOST_FLAGS)] = Field(default_factory=dict)


class ErasureSpec(ProgrammePart):
    """How long a member who asked for deletion may still change their mind."""

    after: Duration = Span(days=14)


class RetentionSpec(ProgrammePart):
    """After how long without anything of their own members are erased, warned 30 days before."""

    inactive: Duration


class EventSpec(ProgrammePart):
    """An event that other systems may report. Expressions can always read its declared fields, which are null
    where missing.
    """

    name: EventName
    title: TextByLocale
    data: Mapping[str, Literal["string", "int", "bool", "date"]] = Field(default_factory=dict)


class Position(ProgrammePart):
    """A place on a map, in degrees: north and east are positive."""

    latitude: Annotated[Decimal, Field(ge=-90, le=90)]
    longitude: Annotated[Decimal, Field(ge=-180, le=180)]


class StoreSpec(ProgrammePart):
    """What members read of a store. `code` is that of the store's tills; a day without hours is closed."""

    code: Code
    address: TextByLocale | None = None
    phone: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    position: Position | None = None
    hours: Mapping[Weekday, Annotated[tuple[ClockHours, ...], BeforeValidator(as_list)]] = Field(
        default_factory=dict
    )
