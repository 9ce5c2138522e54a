"""Rewards: what points buy or a rule gives, for whom, when, how many, and the voucher that it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

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
    as_list,
)
from domain.model.programme.rules import Limit

RewardKind = Literal["discount_amount", "discount_percent", "product", "event", "access", "service"]


class VoucherValue(ProgrammePart):
    """What a voucher takes off: an amount or a percentage, on purchases of `minimum` or more (minor
    units).
    """

    amount: PositiveInt | None = None
    percent: Annotated[PositiveInt, Field(le=100)] | None = None
    minimum: Amount | None = None


class RewardCost(ProgrammePart):
    """What redeeming takes, from which wallet."""

    wallet: str
    amount: PositiveInt


class Availability(ProgrammePart):
    """From when until when; an `until` day is included."""

    from_: DayOrTime | None = Field(default=None, alias="from")
    until: DayOrTime | None = None


class VoucherSpec(ProgrammePart):
    """How long a voucher can be used, and in which stores; without `stores` in all of them."""

    valid: Duration | None = None
    stores: Annotated[tuple[Code, ...], BeforeValidator(as_list)] = ()


class RewardSpec(NamedPart):
    """One reward. Without `cost` it is only ever given: in no list, never unlocked, not redeemable."""

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
