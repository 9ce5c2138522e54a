"""Segments of members, referrals, codes that members enter, paid plans, and leaderboards that members choose
to join.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field, model_validator

from domain.model.programme.field_types import (
    REMEDY_SEPARATOR,
    Amount,
    Code,
    Condition,
    Duration,
    EventNames,
    Multiplier,
    NamedPart,
    Period,
    PositiveInt,
    ProgrammePart,
    TextByLocale,
)
from domain.model.programme.rules import Action, ActiveTimes, Limit
from domain.model.programme.tiers import CountSpec


class Segment(NamedPart):
    """The members for whom `when` holds. It is updated on every event and at midnight."""

    code: Code
    name: TextByLocale
    when: Condition


class ReferralCondition(ProgrammePart):
    """What a referred friend must do for the referral to count."""

    on: EventNames
    when: Condition | None = None


class ReferralSpec(ProgrammePart):
    """What the friend and the referrer get, once per friend. Past `limit` only the friend gets something."""

    qualifies: ReferralCondition
    friend: tuple[Action, ...] = ()
    referrer: tuple[Action, ...] = ()
    limit: Limit | None = None
    wait: Duration | None = None


class CodeSpec(NamedPart):
    """A code that members enter once each, or a batch of single-use codes, each of which counts once over all
    members. `limit` bounds how often it counts in all.
    """

    code: Code | None = None
    batch: Code | None = None
    title: TextByLocale
    during: ActiveTimes | None = None
    limit: PositiveInt | None = None

    @model_validator(mode="before")
    @classmethod
    def _default_title(cls, value: object) -> object:
        if isinstance(value, dict) and isinstance(value.get("batch"), str) and "code" not in value:
            return {"title": value["batch"], **value}
        return value

    @model_validator(mode="after")
    def _either(self) -> CodeSpec:
        if (self.code is None) == (self.batch is None):
            raise ValueError(
                f"it is either a code or a batch of single-use codes{REMEDY_SEPARATOR}write code: SUMMER10"
                " for one that everybody may enter, or batch: packs for those that selo codes make makes"
            )
        return self

    @property
    def name(self) -> str:
        """Its code, or the name of its batch: no other of the programme has it."""
        return self.code or self.batch or ""


class PlanSpec(NamedPart):
    """Paid membership: `price` in minor units for each `period`. Its multiplier replaces the tier's where it
    is larger.
    """

    code: Code
    name: TextByLocale
    price: Amount = 0
    period: Duration | None = None
    trial: Duration | None = None
    benefits: tuple[TextByLocale, ...] = ()
    multiplier: Multiplier = Fraction(1)


class Leaderboard(NamedPart):
    """The first `top` of the members who joined it, ranked by their count in the period."""

    code: Code
    name: TextByLocale
    count: CountSpec
    per: Period
    top: Annotated[PositiveInt, Field(le=1000)] = 100
