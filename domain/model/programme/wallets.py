"""Wallets: what a member collects, when it can be spent, when it expires, and what it costs the business."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from domain.model.calendar import Span
from domain.model.event_names import PURCHASED
from domain.model.programme.field_types import (
    REMEDY_SEPARATOR,
    Code,
    Duration,
    EventNames,
    Flag,
    NamedPart,
    ProgrammePart,
    TextByLocale,
    UnitCost,
    read_span,
)

_NO_EXPIRY = f"is no expiry{REMEDY_SEPARATOR}write never, or {{after: {{months: 12}}, round: month}}"


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
            raise ValueError(_NO_EXPIRY)
        return {"never": True} if value == "never" else value

    @property
    def renewing_events(self) -> tuple[str, ...]:
        """The events that count every open lot's validity anew."""
        return self.renewed_by or ((PURCHASED,) if self.renewed_by_activity else ())

    @model_validator(mode="after")
    def _has_one_validity(self) -> Expiry:
        if self.never == (self.after is not None):
            raise ValueError(_NO_EXPIRY)
        return self


class WalletSpec(NamedPart):
    """A wallet: points, or money in minor units of the currency. Awards are `pending` first, then spendable
    until they expire. One that is `hidden` counts for the programme and is shown to nobody.
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
