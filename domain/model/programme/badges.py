"""Badges: what a member collects by levels. A stamp card has levels without end, a challenge is a badge with
a time, a streak counts periods in a row, and a goal of one's own takes another count of each member.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

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


class StampCard(ProgrammePart):
    """Levels without end: a new one for every so many that count."""

    every: PositiveInt


def _levels_tag(value: object) -> str:
    return "[card]" if isinstance(value, dict | StampCard) else "[list]"


# The tags are no keys of the file: `validation` takes them out of the paths of faults.
Levels = Annotated[
    Annotated[Annotated[tuple[PositiveInt, ...], Field(min_length=1)], Tag("[list]")]
    | Annotated[StampCard, Tag("[card]")],
    Discriminator(_levels_tag),
]


class BadgeSpec(NamedPart):
    """One badge. Each event `on` where `when` holds adds what `of` counts (1 without it); `levels` ascend.

    `target` is the count that a member has to reach, in place of levels; with `accept` only who took the
    challenge up takes part.
    """

    code: Code
    name: TextByLocale
    description: TextByLocale = NO_TEXT
    art: str | None = None
    on: EventNames
    when: Condition | None = None
    of: Basis | None = None
    levels: Levels = (1,)
    target: Condition | None = None
    during: ActiveTimes | None = None
    accept: Flag = False
    streak: Streak | None = None
    secret: Flag = False
    do: tuple[Action, ...] = ()

    def actions_at(self, level: int) -> tuple[Action, ...]:
        """Return what is done on reaching a level: an action with `per_level: 5` only at every fifth."""
        if not self._has_rare_actions:
            return self.do
        return tuple(action for action in self.do if level % (action.per_level or 1) == 0)

    @cached_property
    def _has_rare_actions(self) -> bool:
        return any(action.per_level is not None for action in self.do)
