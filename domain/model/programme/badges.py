"""Badges: what a member collects for doing, by levels; challenges are badges with a time, streaks count
periods in a row.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from domain.model.programme.rules import Action, Counted, During
from domain.model.programme.words import (
    NO_TEXT,
    Code,
    Condition,
    EventNames,
    Flag,
    Named,
    Part,
    Positive,
    Words,
)


class Streak(Part):
    """Periods in a row; a missed one starts again."""

    per: Literal["day", "week", "month", "year"]


class BadgeSpec(Named):
    """One badge. Each event `on` where `when` holds adds what `of` counts (1 without it); `levels` ascend."""

    code: Code
    name: Words
    description: Words = NO_TEXT
    art: str | None = None
    on: EventNames
    when: Condition | None = None
    of: Counted | None = None
    levels: Annotated[tuple[Positive, ...], Field(min_length=1)] = (1,)
    during: During | None = None
    streak: Streak | None = None
    secret: Flag = False
    do: tuple[Action, ...] = ()
