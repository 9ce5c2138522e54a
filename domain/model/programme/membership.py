"""Segments of members, referrals, paid plans, and leaderboards that members choose to join."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from domain.model.programme.field_types import (
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
from domain.model.programme.rules import Action, Limit
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
