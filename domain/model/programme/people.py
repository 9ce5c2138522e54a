"""Groups of members, friends who bring friends, paid membership, and standings that members choose to appear
in.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from domain.model.programme.rules import Action, Limit
from domain.model.programme.tiers import Count
from domain.model.programme.words import (
    Amount,
    Code,
    Condition,
    Duration,
    EventNames,
    Multiplier,
    Named,
    Part,
    Period,
    Positive,
    Words,
)


class Segment(Named):
    """The members for whom `when` holds, kept current by every event and at midnight."""

    code: Code
    name: Words
    when: Condition


class Qualifies(Part):
    """What makes a referred friend count."""

    on: EventNames
    when: Condition | None = None


class Referral(Part):
    """What a friend and who brought them get, once; past `limit` the friend still gets theirs."""

    qualifies: Qualifies
    friend: tuple[Action, ...] = ()
    referrer: tuple[Action, ...] = ()
    limit: Limit | None = None


class Plan(Named):
    """Paid membership: `price` (minor units) each `period`; its multiplier stands in place of the tier's
    where it is larger.
    """

    code: Code
    name: Words
    price: Amount = 0
    period: Duration | None = None
    trial: Duration | None = None
    benefits: tuple[Words, ...] = ()
    multiplier: Multiplier = Fraction(1)


class Leaderboard(Named):
    """The first `top` of the members who joined it, by what they counted in the period."""

    code: Code
    name: Words
    count: Count
    per: Period
    top: Annotated[Positive, Field(le=1000)] = 100
