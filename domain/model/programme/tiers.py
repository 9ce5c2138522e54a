"""Tiers: the ladder a member climbs, what counts toward it, and when it is judged again."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from domain.model.calendar import Span
from domain.model.programme.rules import Counted
from domain.model.programme.words import (
    REMEDY,
    Amount,
    Code,
    Colour,
    Condition,
    Duration,
    EventName,
    Multiplier,
    Named,
    Part,
    Words,
    read_span,
    words,
)


@dataclass(frozen=True)
class Window:
    """The time whose count decides. `span` is that of rolling and from_reaching; a calendar year has none."""

    kind: Literal["rolling", "calendar_year", "from_reaching"]
    span: Span | None = None


def _window(value: object) -> object:
    if isinstance(value, Window):
        return value
    if value == "calendar_year":
        return Window(kind="calendar_year")
    if isinstance(value, dict) and len(value) == 1:
        if "rolling" in value:
            return Window(kind="rolling", span=read_span(value["rolling"]))
        if "from_reaching" in value:
            return Window(kind="from_reaching", span=read_span(value["from_reaching"]))
    raise ValueError(
        f"is no window{REMEDY}write {{rolling: {{months: 12}}}}, calendar_year or {{from_reaching: {{months:"
        " 12}}"
    )


class Count(Part):
    """What counts: what qualifying rules awarded into `wallet`, or what `of` says (1 without it) of each
    event `on` where `when` holds.
    """

    wallet: str | None = None
    on: Annotated[tuple[EventName, ...], BeforeValidator(words)] = ()
    when: Condition | None = None
    of: Counted | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Count:
        if (self.wallet is None) != bool(self.on) or (
            self.wallet is not None and (self.when is not None or self.of is not None)
        ):
            raise ValueError(
                f"a count is of a wallet or of events{REMEDY}write {{wallet: CODE}} or {{on: EVENT, of:"
                " EXPR}"
            )
        return self


class Rung(Named):
    """One tier: reached at `from`, kept at `keep`; its multiplier stands on awards marked `tiered`."""

    code: Code
    name: Words
    from_: Amount = Field(alias="from")
    keep: Amount
    multiplier: Multiplier = Fraction(1)
    benefits: tuple[Words, ...] = ()
    colour: Colour | None = None

    @model_validator(mode="before")
    @classmethod
    def _kept_as_reached(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        reached = data.get("from")
        return {"keep": reached if isinstance(reached, int) and reached >= 0 else 0, **data}


class Tiers(Part):
    """The ladder, lowest first, from 0; up at once, down only at a review."""

    count: Count
    window: Annotated[Window, BeforeValidator(_window)]
    grace: Duration | None = None
    downgrade: Literal["one_step", "requalify", "never"] = "one_step"
    ladder: Annotated[tuple[Rung, ...], Field(min_length=1)]
