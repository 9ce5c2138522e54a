"""Tiers: the ladder, what counts toward it, and when a member's tier is reviewed."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from domain.model.calendar import Span
from domain.model.programme.field_types import (
    REMEDY_SEPARATOR,
    Amount,
    Code,
    Colour,
    Condition,
    Duration,
    EventName,
    Multiplier,
    NamedPart,
    ProgrammePart,
    TextByLocale,
    as_list,
    read_span,
)
from domain.model.programme.rules import Basis


@dataclass(frozen=True)
class QualifyingWindow:
    """The time in which qualifying amounts count. `span` belongs to rolling and from_reaching; a calendar
    year has none.
    """

    kind: Literal["rolling", "calendar_year", "from_reaching"]
    span: Span | None = None


def _read_window(value: object) -> object:
    if isinstance(value, QualifyingWindow):
        return value
    if value == "calendar_year":
        return QualifyingWindow(kind="calendar_year")
    if isinstance(value, dict) and len(value) == 1:
        if "rolling" in value:
            return QualifyingWindow(kind="rolling", span=read_span(value["rolling"]))
        if "from_reaching" in value:
            return QualifyingWindow(kind="from_reaching", span=read_span(value["from_reaching"]))
    raise ValueError(
        f"is no window{REMEDY_SEPARATOR}write {{rolling: {{months: 12}}}}, calendar_year or"
        " {from_reaching: {months: 12}}"
    )


class CountSpec(ProgrammePart):
    """What counts: qualifying awards to `wallet`, or `of` (else 1) of each event `on` where `when` holds."""

    wallet: str | None = None
    on: Annotated[tuple[EventName, ...], BeforeValidator(as_list)] = ()
    when: Condition | None = None
    of: Basis | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> CountSpec:
        if (self.wallet is None) != bool(self.on) or (
            self.wallet is not None and (self.when is not None or self.of is not None)
        ):
            raise ValueError(
                f"a count is of a wallet or of events{REMEDY_SEPARATOR}write {{wallet: CODE}} or {{on:"
                " EVENT, of: EXPR}"
            )
        return self


class TierSpec(NamedPart):
    """One tier: reached at `from`, kept at `keep`. Its multiplier applies to awards marked `tiered`."""

    code: Code
    name: TextByLocale
    from_: Amount = Field(alias="from")
    keep: Amount
    multiplier: Multiplier = Fraction(1)
    benefits: tuple[TextByLocale, ...] = ()
    colour: Colour | None = None

    @model_validator(mode="before")
    @classmethod
    def _default_keep(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        reached = value.get("from")
        return {"keep": reached if isinstance(reached, int) and reached >= 0 else 0, **value}


class Tiers(ProgrammePart):
    """The ladder, lowest tier first, from 0. Members move up at once, and down only at a review."""

    count: CountSpec
    window: Annotated[QualifyingWindow, BeforeValidator(_read_window)]
    grace: Duration | None = None
    downgrade: Literal["one_step", "requalify", "never"] = "one_step"
    ladder: Annotated[tuple[TierSpec, ...], Field(min_length=1)]
