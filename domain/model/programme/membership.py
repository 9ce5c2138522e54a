"""Segments of members, referrals, codes that members enter, paid plans, leaderboards that members choose to
join, and goals that the programme's figures are compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from domain.model.fault_text import FaultText
from domain.model.programme.faults import ValueRefused
from domain.model.programme.field_types import (
    Amount,
    Code,
    Condition,
    DayOrTime,
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

MOST_PLACES: Final = 1_000
MOST_PRIZES: Final = 20


def _read_rank(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


# Keys of a YAML file are text.
PrizeRank = Annotated[PositiveInt, Field(le=MOST_PLACES), BeforeValidator(_read_rank)]


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
            raise ValueRefused(
                FaultText("it is either a code or a batch of single-use codes"),
                FaultText(
                    "write code: SUMMER10 for one that everybody may enter, or batch: packs for those"
                    " that selo codes make makes"
                ),
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
    """The first `top` of the members who joined it, ranked by their count in the period. `do` is what who
    ends a period at a rank or better gets, judged `wait` after its end, on what was kept.
    """

    code: Code
    name: TextByLocale
    count: CountSpec
    per: Period
    top: Annotated[PositiveInt, Field(le=MOST_PLACES)] = 100
    do: dict[PrizeRank, tuple[Action, ...]] = Field(default_factory=dict, max_length=MOST_PRIZES)
    wait: Duration | None = None

    @model_validator(mode="after")
    def _can_be_ranked(self) -> Leaderboard:
        if self.count.wallet is None:
            raise ValueRefused(
                FaultText("a leaderboard counts a wallet"),
                FaultText(
                    "write count: {wallet: points}; for anything else let a rule award a wallet with"
                    " hidden: true"
                ),
            )
        if self.per == "ever" and self.do:
            raise ValueRefused(
                FaultText("a leaderboard that never ends gives no prizes"),
                FaultText("write per: month, or leave do out"),
            )
        return self

    def prizes_at(self, rank: int) -> tuple[Action, ...]:
        """Return what who ends a period at a rank gets: what stands at that rank, and at those behind it."""
        return tuple(
            action for place, actions in sorted(self.do.items()) if rank <= place for action in actions
        )


SubjectSection = Literal["wallets", "surveys", "messages", "codes"]
# What may be a goal, and of which section its subject is; None where it is of the whole programme.
GOAL_FIGURES: Final[Mapping[str, SubjectSection | None]] = {
    **dict.fromkeys(("enrolled", "enrolments", "participation", "active_30", "active_90", "active_365")),
    **dict.fromkeys(("retention", "churn", "receipts", "revenue", "average_ticket", "repeat_rate")),
    **dict.fromkeys(("frequency", "clv", "redemption_members", "referral_conversion")),
    **dict.fromkeys(("redemption_points", "burn", "breakage", "outstanding", "liability"), "wallets"),
    **dict.fromkeys(("nps", "csat"), "surveys"),
    "code_conversion": "codes",
    "open_rate": "messages",
    "click_rate": "messages",
}
# Goals that are shares: of these never more than 1, and of these it may be for a while.
SHARES: Final = frozenset(
    (
        *("participation", "active_30", "active_90", "active_365", "retention", "churn", "repeat_rate"),
        *("redemption_members", "referral_conversion", "csat", "code_conversion", "open_rate", "click_rate"),
    )
)
LOOSE_SHARES: Final = frozenset(("redemption_points", "burn", "breakage"))


def _read_goal_value(value: object) -> object:
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return Decimal(value)
    raise ValueRefused(
        FaultText("{value} is no number", value=repr(value)),
        FaultText("write one such as 0.3, a share, or 25000"),
    )


class GoalSpec(ProgrammePart):
    """A figure that is to be reached by a day: at least, or at most, so much. A share is written as 0.3. A
    figure of wallets that names none is of the first.
    """

    figure: str
    subject: str | None = None
    at_least: Annotated[Decimal | None, BeforeValidator(_read_goal_value)] = None
    at_most: Annotated[Decimal | None, BeforeValidator(_read_goal_value)] = None
    by: DayOrTime

    @model_validator(mode="after")
    def _has_one_bound(self) -> GoalSpec:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueRefused(
                FaultText("a goal has one bound"), FaultText("write at_least: 0.3, or at_most: 0.1")
            )
        return self
