"""Rewards: what points buy or rules give, for whom and when, how many there are, and their vouchers; and the
categories of what is bought, by the names that members read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

from pydantic import BeforeValidator, Field

from domain.model.programme.field_types import (
    NO_TEXT,
    Amount,
    Code,
    Condition,
    DayOrTime,
    Duration,
    Flag,
    NamedPart,
    PositiveInt,
    ProgrammePart,
    TextByLocale,
    UnitCost,
    as_list,
)
from domain.model.programme.rules import Limit
from domain.model.programme.varied.varied_part import MOST_VARIANTS, VariantSpec, VariedPart

MOST_OF_A_REWARD: Final = 10

RewardKind = Literal["discount_amount", "discount_percent", "product", "event", "access", "service"]


class VoucherValue(ProgrammePart):
    """The discount of a voucher: an amount or a percentage, on purchases of `minimum` minor units or more."""

    amount: PositiveInt | None = None
    percent: Annotated[PositiveInt, Field(le=100)] | None = None
    minimum: Amount | None = None


class RewardCost(ProgrammePart):
    """The amount that a redemption takes, and from which wallet."""

    wallet: str
    amount: PositiveInt


class Availability(ProgrammePart):
    """The time in which a reward is offered. An `until` day is included."""

    from_: DayOrTime | None = Field(default=None, alias="from")
    until: DayOrTime | None = None


class VoucherSpec(ProgrammePart):
    """How long a voucher can be used, and in which stores; in all stores without `stores`."""

    valid: Duration | None = None
    stores: Annotated[tuple[Code, ...], BeforeValidator(as_list)] = ()


class RewardVariant(VariantSpec):
    """How a reward is offered to those who have this variant: what is not said is the reward's own."""

    title: TextByLocale | None = None
    description: TextByLocale | None = None
    image: str | None = None
    cost: RewardCost | None = None


class CategorySpec(NamedPart):
    """A category of what is bought, as lines of receipts and products name it, with its name for members."""

    code: Code
    name: TextByLocale


class RewardSpec(VariedPart, NamedPart):
    """One reward. Without `cost` it is only given by rules: it is not listed, never unlocked and cannot be
    redeemed. `categories` tell which purchases it goes with, for recommendations.
    `unit_cost` is what one that is used costs the business, in units of the currency.
    """

    noun: ClassVar[str] = "reward"

    code: Code
    title: TextByLocale
    description: TextByLocale = NO_TEXT
    image: str | None = None
    terms: TextByLocale | None = None
    lock: TextByLocale | None = None
    kind: RewardKind = "product"
    value: VoucherValue | None = None
    cost: RewardCost | None = None
    tiers: Annotated[tuple[str, ...], BeforeValidator(as_list)] = ()
    when: Condition | None = None
    available: Availability = Availability()
    early_access: Mapping[str, Duration] = Field(default_factory=dict)
    stock: Amount | None = None
    limit: Limit | None = None
    voucher: VoucherSpec = VoucherSpec()
    announce: Flag = True
    return_grace: Duration | None = None
    unit_cost: UnitCost | None = None
    categories: Annotated[tuple[Code, ...], BeforeValidator(as_list), Field(max_length=MOST_OF_A_REWARD)] = ()
    variants: Annotated[tuple[RewardVariant, ...], Field(min_length=2, max_length=MOST_VARIANTS)] = ()

    def as_variant(self, code: str | None) -> RewardSpec:
        """Return the reward as one variant has it; the reward itself for one that it does not have."""
        variant = next((each for each in self.variants if each.code == code), None)
        if variant is None:
            return self
        texts = {"title": variant.title, "description": variant.description}
        return self._made_with(variant, image=variant.image, cost=variant.cost, **texts)
