"""Parts with variants (A/B): each member has one of them for good, by a stable hash of member and part.

A variant says what it does otherwise than its part; whoever carries the part out takes `for_member`, which is
the part itself where it has no variants.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, ClassVar, Self, cast

from pydantic import Field

from domain.model.programme.field_types import Code, PositiveInt, ProgrammePart

MOST_VARIANTS = 8
MOST_WEIGHT = 1_000


class VariantSpec(ProgrammePart):
    """One variant. Of all members, `weight` of the sum of the part's weights have it."""

    code: Code
    weight: Annotated[PositiveInt, Field(le=MOST_WEIGHT)] = 1


class VariedPart(ProgrammePart):
    """A part that may have variants. The first one is what the others are measured against."""

    noun: ClassVar[str]
    code: Code
    variants: tuple[VariantSpec, ...] = ()

    # What each decision reads stands in `__dict__`: pydantic's private attributes take 2 us to find.
    @cached_property
    def variant(self) -> str | None:
        """The code of the variant that this is; None for a part without variants, or before one is chosen."""
        return None

    @cached_property
    def _made(self) -> dict[str, VariedPart]:
        return {}

    @cached_property
    def varied_name(self) -> str:
        """What the part is called among all that have variants: its noun and its code."""
        return f"{self.noun}:{self.code}"

    @cached_property
    def split(self) -> str:
        """The codes and weights as one text: while it stays, each member keeps their variant."""
        return ",".join(f"{each.code}*{each.weight}" for each in self.variants)

    def for_member(self, member: str) -> Self:
        """Return the part as a member has it."""
        if not self.variants:
            return self
        return self.as_variant(variant_of(self.varied_name, self.variants, member))

    @abstractmethod
    def as_variant(self, code: str | None) -> Self:
        """Return the part as one variant has it; the part itself for one that it does not have."""

    def _made_with(self, variant: VariantSpec, **changes: object) -> Self:
        """Return the part as a variant has it, made once: with what is not None in place of its own."""
        made = self._made.get(variant.code)
        if made is None:
            values = {name: getattr(self, name) for name in type(self).model_fields}
            values |= {name: value for name, value in changes.items() if value is not None}
            made = self._made[variant.code] = type(self).model_construct(**{**values, "variants": ()})
            vars(made)["variant"] = variant.code
        return cast("Self", made)


def variant_of(part: str, variants: Sequence[VariantSpec], member: str) -> str:
    """Return the code of the variant that a member has of a part. Another hash than that of holdouts: who is
    held out says nothing of who has which.
    """
    digest = hashlib.sha256(f"{member}\n{part}\nvariant".encode()).digest()
    place = int.from_bytes(digest[:8], "big") % sum([each.weight for each in variants])
    for each in variants:
        place -= each.weight
        if place < 0:
            return each.code
    raise AssertionError("the place lies within the sum of the weights")
