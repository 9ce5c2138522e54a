"""Tiers: the ladder, what counts toward it, and when a member's tier is reviewed."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from domain.model.calendar import Span
from domain.model.fault_text import FaultText
from domain.model.programme.faults import ValueRefused
from domain.model.programme.field_types import (
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
from domain.model.values import dataclass

MAX_COUNTS: Final = 4
SINGLE_COUNT: Final = ""  # the name that a single `count` goes by among counts
OF_ONE_COUNT: Final = "[one count]"  # steps of a fault's path that stand for no key
BY_COUNT: Final = "[by count]"


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
    raise ValueRefused(
        FaultText("is no window"),
        FaultText("write {rolling: {months: 12}}, calendar_year or {from_reaching: {months: 12}}"),
    )


def _is_by_count(value: object) -> str:
    return BY_COUNT if isinstance(value, dict) else OF_ONE_COUNT


def _by_count(amount: int | dict[str, int]) -> Mapping[str, int]:
    return amount if isinstance(amount, dict) else {SINGLE_COUNT: amount}


AmountByCount = Annotated[
    Annotated[Amount, Tag(OF_ONE_COUNT)] | Annotated[dict[Code, Amount], Tag(BY_COUNT)],
    Discriminator(_is_by_count),
]


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
            raise ValueRefused(
                FaultText("a count is of a wallet or of events"),
                FaultText("write {wallet: CODE} or {on: EVENT, of: EXPR}"),
            )
        return self


class NamedCount(CountSpec):
    """One of several counts: `title` is what members read beside its amount, which is `money` in minor units
    or a plain `number`; left out, it is that of its wallet.
    """

    title: TextByLocale
    kind: Literal["number", "money"] | None = None


class TierSpec(NamedPart):
    """One tier: reached at `from`, kept at `keep`, amounts of the single count or of several by name. Its
    multiplier applies to awards marked `tiered`.
    """

    code: Code
    name: TextByLocale
    from_: AmountByCount = Field(alias="from")
    keep: AmountByCount
    multiplier: Multiplier = Fraction(1)
    benefits: tuple[TextByLocale, ...] = ()
    colour: Colour | None = None
    card_art: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _default_keep(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        reached = value.get("from")
        if isinstance(reached, dict):
            return {"keep": {}, **value}  # each count that it leaves out keeps by what reaches
        return {"keep": reached if isinstance(reached, int) and reached >= 0 else 0, **value}

    @cached_property
    def reaching(self) -> Mapping[str, int]:
        """What reaches it, by the name of each count that does."""
        return _by_count(self.from_)

    @cached_property
    def keeping(self) -> Mapping[str, int]:
        """What keeps it at a review, by the name of each count that does: what reaches it, where `keep` names
        no other amount.
        """
        return {**self.reaching, **_by_count(self.keep)}


class Tiers(ProgrammePart):
    """The ladder, lowest tier first, from 0. Members move up at once, and down only at a review. There is a
    single `count`, or several `counts` by name: any one reaches and keeps a tier.
    """

    count: CountSpec | None
    counts: dict[Code, NamedCount] = Field(default_factory=dict, max_length=MAX_COUNTS)
    window: Annotated[QualifyingWindow, BeforeValidator(_read_window)]
    grace: Duration | None = None
    downgrade: Literal["one_step", "requalify", "never"] = "one_step"
    ladder: Annotated[tuple[TierSpec, ...], Field(min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def _read_counts(cls, value: object) -> object:
        """With several counts 0 means 0 of each, and `count` need not stand there."""
        if not isinstance(value, dict) or "counts" not in value:
            return value
        if not isinstance(value["counts"], dict):
            return {"count": None, **value}
        ladder, none_of_each = value.get("ladder"), dict.fromkeys(value["counts"], 0)
        if isinstance(ladder, list):
            ladder = [_with_zeros(rung, none_of_each) for rung in ladder]
        return {"count": None, **value, "ladder": ladder} if "ladder" in value else {"count": None, **value}

    @field_validator("count", mode="before")
    @classmethod
    def _is_single(cls, value: object) -> object:
        if isinstance(value, dict) and value and all(isinstance(part, dict) for part in value.values()):
            raise ValueRefused(FaultText("names several counts"), FaultText("write counts in place of count"))
        return value

    @field_validator("counts", mode="before")
    @classmethod
    def _are_named(cls, value: object) -> object:
        if isinstance(value, dict) and _of_one_count(value):
            raise ValueRefused(FaultText("is a single count"), FaultText("write count in place of counts"))
        return value

    @model_validator(mode="after")
    def _one_way_to_count(self) -> Tiers:
        if self.count is not None and self.counts:
            raise ValueRefused(FaultText("has count and counts"), FaultText("keep one of them"))
        if self.count is None and not self.counts:
            raise ValueRefused(
                FaultText("counts nothing"),
                FaultText(
                    "write count: {wallet: CODE}, or counts: {NAME: {on: EVENT, of: EXPR, title: TEXT}}"
                ),
            )
        return self

    @cached_property
    def all_counts(self) -> Mapping[str, CountSpec]:
        """What counts, by name, in the order of the file; a single count has the name SINGLE_COUNT."""
        return self.counts or ({SINGLE_COUNT: self.count} if self.count is not None else {})

    @cached_property
    def first_count(self) -> str:
        """The name of the first of several counts, or SINGLE_COUNT."""
        return next(iter(self.all_counts))


def _of_one_count(value: Mapping[str, object]) -> bool:
    """Tell whether a map has keys of one count, as opposed to counts by name."""
    return any(key in CountSpec.model_fields and not isinstance(part, dict) for key, part in value.items())


def _with_zeros(rung: object, none_of_each: Mapping[str, int]) -> object:
    if not isinstance(rung, dict):
        return rung
    zeros = {
        key: none_of_each for key in ("from", "keep") if rung.get(key) == 0 and rung.get(key) is not False
    }
    return {**rung, **zeros}
