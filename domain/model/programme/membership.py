"""Groups of members, friends who bring friends, paid membership, and standings that members choose to appear
in.
"""

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
    """The members for whom `when` holds, kept current by every event and at midnight."""

    code: Code
    name: TextByLocale
    when: Condition


class ReferralCondition(ProgrammePart):
    """What makes a referred friend count."""

    on: EventNames
    when: Condition | None = None


class ReferralSpec(ProgrammePart):
    """What a friend and who brought them get, once; past `limit` the friend still gets theirs."""

    qualifies: ReferralCondition
    friend: tuple[Action, ...] = ()
    referrer: tuple[Action, ...] = ()
    limit: Limit | None = None
    wait: Duration | None = None


class PlanSpec(NamedPart):
    """Paid membership: `price` (minor units) each `period`; its multiplier stands in place of the tier's
    where it is larger.
    """

    code: Code
    name: TextByLocale
    price: Amount = 0
    period: Duration | None = None
    trial: Duration | None = None
    benefits: tuple[TextByLocale, ...] = ()
    multiplier: Multiplier = Fraction(1)


class Leaderboard(NamedPart):
    """The first `top` of the members who joined it, by what they counted in the period."""

    code: Code
    name: TextByLocale
    count: CountSpec
    per: Period
    top: Annotated[PositiveInt, Field(le=1000)] = 100
