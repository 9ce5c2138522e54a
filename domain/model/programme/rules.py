"""Rules: on which event and condition a member gets what. Earning, bonuses, campaigns and automation are all
rules.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from domain.model.conditions import Expression
from domain.model.fault_text import FaultText
from domain.model.programme.faults import ValueRefused
from domain.model.programme.field_types import (
    Amount,
    ClockHours,
    Code,
    Condition,
    DayOrTime,
    Duration,
    EventNames,
    Flag,
    Multiplier,
    Period,
    PositiveInt,
    ProgrammePart,
    TextByLocale,
    as_list,
    read_expression,
)
from domain.model.programme.varied.varied_part import MOST_VARIANTS, VariantSpec, VariedPart
from domain.model.values import dataclass

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@dataclass(frozen=True)
class CountBasis:
    """What an amount is counted by. `value` is a number; `lines` and `items` are the amount and the quantity
    of the purchase lines for which a condition holds.
    """

    expression: Expression
    kind: Literal["value", "lines", "items"]


def _read_basis(value: object) -> object:
    if isinstance(value, CountBasis):
        return value
    if not isinstance(value, dict):
        return CountBasis(expression=read_expression(value), kind="value")
    if len(value) == 1 and "lines" in value:
        return CountBasis(expression=read_expression(value["lines"]), kind="lines")
    if len(value) == 1 and "items" in value:
        return CountBasis(expression=read_expression(value["items"]), kind="items")
    raise ValueRefused(
        FaultText("is none of the three ways to count"),
        FaultText("write an expression, {lines: EXPR} or {items: EXPR}"),
    )


Basis = Annotated[CountBasis, BeforeValidator(_read_basis)]


class ActiveTimes(ProgrammePart):
    """When a rule or challenge is active: days or local times (an `until` day included), weekdays, clock
    hours.
    """

    from_: DayOrTime | None = Field(default=None, alias="from")
    until: DayOrTime | None = None
    weekdays: tuple[Weekday, ...] = ()
    hours: ClockHours | None = None


class Limit(ProgrammePart):
    """How often something may happen for one member in a period."""

    times: PositiveInt
    per: Period


class Cap(ProgrammePart):
    """How much may be awarded to one member in a period."""

    amount: PositiveInt
    per: Period


class SharedCap(Cap):
    """How much several rules give together, for one member: those that are `capped_by` its code."""

    code: Code


class Award(ProgrammePart):
    """What goes into a wallet. Either `fixed`, or `amount` for each `per` of what `of` counts, or `times` the
    awards of the rules in `over`.
    """

    wallet: str
    fixed: PositiveInt | None = None
    amount: PositiveInt | None = None
    per: PositiveInt = 1
    of: Basis | None = None
    whole: Flag = False
    tiered: Flag = False
    times: Multiplier | None = None
    over: Annotated[tuple[str, ...], BeforeValidator(as_list)] = ()
    extras: Flag = True

    @model_validator(mode="after")
    def _one_way(self) -> Award:
        ways = {
            "fixed": self.fixed is not None,
            "amount": self.amount is not None,
            "times": self.times is not None,
        }
        if not any(ways.values()):
            raise ValueRefused(
                FaultText("an award has none of fixed, amount and times"),
                FaultText("write fixed: 50, or amount: 1, per: 100, of: purchase.total"),
            )
        if sum(ways.values()) != 1:
            raise ValueRefused(
                FaultText("an award has exactly one of fixed, amount and times"),
                FaultText("keep one of them"),
            )
        if ways["amount"] != (self.of is not None):
            raise ValueRefused(
                FaultText("amount and of go together"),
                FaultText("write amount: 1, per: 100, of: purchase.total"),
            )
        if ways["times"] != bool(self.over):
            raise ValueRefused(
                FaultText("times and over go together"), FaultText("write times: 2, over: [RULE]")
            )
        if not self.extras and not ways["times"]:
            raise ValueRefused(FaultText("extras goes with times and over only"), FaultText("remove extras"))
        return self


class DeductionSpec(ProgrammePart):
    """What is taken from a wallet: `fixed`, or what `of` counts, floored. The balance never falls below
    zero.
    """

    wallet: str
    fixed: PositiveInt | None = None
    of: Basis | None = None

    @model_validator(mode="after")
    def _one_way(self) -> DeductionSpec:
        if (self.fixed is None) == (self.of is None):
            raise ValueRefused(
                FaultText("a deduct has exactly one of fixed and of"),
                FaultText("write fixed: 5, or of: purchase.total / 100"),
            )
        return self


class Action(ProgrammePart):
    """One action: exactly one of its keys is set; `for` goes with `tier`, `per_level` with any action of a
    badge.
    """

    award: Award | None = None
    deduct: DeductionSpec | None = None
    voucher: str | None = None
    badge: str | None = None
    tag: Code | None = None
    untag: Code | None = None
    message: str | None = None
    webhook: Code | None = None
    survey: str | None = None
    tier: str | None = None
    for_: Duration | None = Field(default=None, alias="for")
    per_level: PositiveInt | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Action:
        if len(self.model_fields_set - {"for_", "per_level"}) != 1:
            raise ValueRefused(
                FaultText("an action does exactly one thing"),
                FaultText("give each an item of its own: [{award: ...}, {message: ...}]"),
            )
        if self.for_ is not None and self.tier is None:
            raise ValueRefused(
                FaultText("for says how long a tier is given"), FaultText("write it beside tier only")
            )
        return self


class RuleVariant(VariantSpec):
    """What a rule does for those who have this variant: its own `do`, else the rule's."""

    do: Annotated[tuple[Action, ...] | None, Field(min_length=1)] = None


class Rule(VariedPart):
    """One rule. It is checked in the order frozen, during, when, limit, holdout, cap, best_of; the first
    check that fails is the reason. `do` is what it does where a member's variant does nothing else.
    """

    noun: ClassVar[str] = "rule"

    code: Code
    title: TextByLocale | None = None
    description: TextByLocale | None = None
    listed: Flag = True
    on: EventNames
    at: str | None = None
    for_: str | None = Field(default=None, alias="for")
    when: Condition | None = None
    during: ActiveTimes | None = None
    after: Duration | None = None
    limit: Limit | None = None
    cap: Cap | None = None
    capped_by: str | None = None
    best_of: Code | None = None
    holdout: Annotated[Amount, Field(le=100)] = 0
    qualifying: Flag = True
    do: Annotated[tuple[Action, ...], Field(min_length=1)]
    variants: Annotated[tuple[RuleVariant, ...], Field(min_length=2, max_length=MOST_VARIANTS)] = ()

    def as_variant(self, code: str | None) -> Rule:
        """Return the rule as one variant has it; the rule itself for one that it does not have."""
        variant = next((each for each in self.variants if each.code == code), None)
        return self if variant is None else self._made_with(variant, do=variant.do)

    @cached_property
    def all_actions(self) -> tuple[Action, ...]:
        """What the rule does for some member or other: its own actions, then those of its variants."""
        return (*self.do, *(action for variant in self.variants for action in variant.do or ()))

    @cached_property
    def multiplied(self) -> frozenset[str]:
        """The rules whose awards this one multiplies."""
        return frozenset(
            code for action in self.all_actions if action.award is not None for code in action.award.over
        )

    @cached_property
    def gives(self) -> bool:
        """Whether it moves value or gives something: it does not only send, ask, call or mark."""
        return any(
            action.award or action.deduct or action.voucher or action.badge or action.tier
            for action in self.all_actions
        )

    @cached_property
    def awards(self) -> tuple[Award, ...]:
        """What the rule awards, in its order; of one with variants those of its own `do`."""
        return tuple(action.award for action in self.do if action.award is not None)

    @cached_property
    def deductions(self) -> tuple[DeductionSpec, ...]:
        """What the rule takes, in its order; of one with variants those of its own `do`."""
        return tuple(action.deduct for action in self.do if action.deduct is not None)
