"""Wallets: what a member collects, when it can be spent, when it expires, and what it costs the business."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, Strict, ValidationInfo, field_validator, model_validator

from domain.model.calendar import Span
from domain.model.event_names import PURCHASED
from domain.model.fault_text import FaultText
from domain.model.programme.faults import ValueRefused
from domain.model.programme.field_types import (
    Code,
    Duration,
    EventNames,
    Flag,
    NamedPart,
    PositiveInt,
    ProgrammePart,
    TextByLocale,
    UnitCost,
    read_span,
)

_NO_EXPIRY = (
    FaultText("is no expiry"),
    FaultText("write never, or {after: {months: 12}, round: month}"),
)


def _read_validity(value: object) -> object:
    return value if value == "never" else read_span(value)


class Expiry(ProgrammePart):
    """How long spendable amounts stay valid: for good, or `after` a time, rounded up to the end of its day,
    month or year.

    `by_tier` applies to every open lot while the member holds that tier. `renewed_by` names the events that
    renew open lots, where it is not a purchase alone (`renewed_by_activity`).
    """

    never: Flag = False
    after: Duration | None = None
    round: Literal["day", "month", "year"] = "day"
    renewed_by_activity: Flag = False
    renewed_by: EventNames = ()
    by_tier: Mapping[str, Annotated[Literal["never"] | Span, BeforeValidator(_read_validity)]] = Field(
        default_factory=dict
    )

    @model_validator(mode="before")
    @classmethod
    def _read_never(cls, value: object) -> object:
        if isinstance(value, str) and value != "never":
            raise ValueRefused(*_NO_EXPIRY)
        return {"never": True} if value == "never" else value

    @property
    def renewing_events(self) -> tuple[str, ...]:
        """The events that count every open lot's validity anew."""
        return self.renewed_by or ((PURCHASED,) if self.renewed_by_activity else ())

    @model_validator(mode="after")
    def _has_one_validity(self) -> Expiry:
        if self.never == (self.after is not None):
            raise ValueRefused(*_NO_EXPIRY)
        return self


class PayTerms(ProgrammePart):
    """How members pay with a wallet: `units` of it are worth `worth` minor units, in whole steps, from a
    minimum, for at most `share` percent of a purchase. `earns`: what is paid so earns like any other money.
    """

    units: PositiveInt
    worth: PositiveInt
    step: PositiveInt | None = None
    minimum: PositiveInt | None = None
    share: Annotated[int, Strict(), Field(ge=1, le=100)] = 100
    earns: Flag = False

    @property
    def whole_step(self) -> int:
        """What a payment is a multiple of, in units of the wallet: `units` where the file says none."""
        return self.step or self.units

    @property
    def least_units(self) -> int:
        """The smallest payment: a step where the file says none."""
        return self.minimum or self.whole_step

    def worth_of(self, units: int) -> int:
        """Return what units are worth, in minor units."""
        return units * self.worth // self.units

    def most_worth(self, base: int) -> int:
        """Return the most that may be paid of a purchase, in minor units. `base` is its total less ineligible
        lines.
        """
        return base * self.share // 100

    def most_units(self, worth: int, *, available: int) -> int:
        """Return the most units that pay for `worth` minor units; 0 where that is less than the minimum."""
        units = min(worth * self.units // self.worth, available) // self.whole_step * self.whole_step
        return units if units >= self.least_units else 0


_NO_TERMS = (
    FaultText("says not how members pay"),
    FaultText("write {units: 100, worth: 500}, or false"),
)


class WalletSpec(NamedPart):
    """A wallet: points, or money in minor units of the currency. Awards are `pending` first, then spendable
    until they expire. Members pay with a wallet of money 1 for 1, unless `pay` says otherwise. One that is
    `hidden` counts for the programme and is shown to nobody.
    """

    code: Code
    kind: Literal["points", "money"] = "points"
    name: TextByLocale
    pending: Duration | None = None
    expiry: Expiry = Expiry(never=True)
    debt: Literal["allow", "forgive"] = "allow"
    remind: Duration | None = None
    unit_cost: UnitCost | None = None
    hidden: Flag = False
    pay: PayTerms | None = None

    @field_validator("pay", mode="before")
    @classmethod
    def _read_terms(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, dict | PayTerms) and value is not False:
            raise ValueRefused(*_NO_TERMS)
        if value is False:
            return None
        is_money = info.data.get("kind") == "money"
        return {"units": 1, "worth": 1, **value} if is_money and isinstance(value, dict) else value

    @cached_property
    def pay_terms(self) -> PayTerms | None:
        """How members pay with it; None where they do not."""
        if self.hidden:
            return None
        is_said = self.kind == "points" or "pay" in self.model_fields_set
        return self.pay if is_said else PayTerms(units=1, worth=1)
