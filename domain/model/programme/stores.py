"""Stores as members look for them: where they are, when they are open, and how to call them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from domain.model.programme.field_types import ClockHours, Code, ProgrammePart, TextByLocale, as_list
from domain.model.programme.rules import Weekday


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
