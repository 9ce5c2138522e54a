"""Badges: what a member collects by levels. A challenge is a badge with a time, a streak counts periods in a
row.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from domain.model.programme.field_types import (
    NO_TEXT,
    Code,
    Condition,
    EventNames,
    Flag,
    NamedPart,
    PositiveInt,
    ProgrammePart,
    TextByLocale,
)
from domain.model.programme.rules import Action, ActiveTimes, Basis


class Streak(ProgrammePart):
    """Periods in a row; a missed period starts the count again."""

    per: Literal["day", "week", "month", "year"]


class BadgeSpec(NamedPart):
    """One badge. Each event `on` where `when` holds adds what `of` counts (1 without it); `levels` ascend."""

    code: Code
    name: TextByLocale
    description: TextByLocale = NO_TEXT
    art: str | None = None
    on: EventNames
    when: Condition | None = None
    of: Basis | None = None
    levels: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (1,)
    during: ActiveTimes | None = None
    streak: Streak | None = None
    secret: Flag = False
    do: tuple[Action, ...] = ()
