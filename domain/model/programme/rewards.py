"""Rewards: what points buy or a rule gives, for whom, when, how many, and the voucher that it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from domain.model.programme.rules import Limit
from domain.model.programme.words import (
    NO_TEXT,
    Amount,
    Code,
    Condition,
    Duration,
    Flag,
    Moment,
    Named,
    Part,
    Positive,
    Words,
    words,
)

RewardKind = Literal["discount_amount", "discount_percent", "product", "event", "access", "service"]


class Value(Part):
    """What a voucher takes off: an amount or a percentage, on purchases of `minimum` or more (minor
    units).
    """

    amount: Positive | None = None
    percent: Annotated[Positive, Field(le=100)] | None = None
    minimum: Amount | None = None


class Cost(Part):
    """What redeeming takes, from which wallet."""

    wallet: str
    amount: Positive


class Available(Part):
    """From when until when; an `until` day is included."""

    from_: Moment | None = Field(default=None, alias="from")
    until: Moment | None = None


class VoucherSpec(Part):
    """How long a voucher can be used, and in which stores; without `stores` in all of them."""

    valid: Duration | None = None
    stores: Annotated[tuple[Code, ...], BeforeValidator(words)] = ()


class RewardSpec(Named):
    """One reward. Without `cost` it is only ever given: in no list, never unlocked, not redeemable."""

    code: Code
    title: Words
    description: Words = NO_TEXT
    image: str | None = None
    terms: Words | None = None
    lock: Words | None = None
    kind: RewardKind = "product"
    value: Value | None = None
    cost: Cost | None = None
    tiers: Annotated[tuple[str, ...], BeforeValidator(words)] = ()
    when: Condition | None = None
    available: Available = Available()
    early_access: Mapping[str, Duration] = Field(default_factory=dict)
    stock: Amount | None = None
    limit: Limit | None = None
    voucher: VoucherSpec = VoucherSpec()
    announce: Flag = True
    return_grace: Duration | None = None
