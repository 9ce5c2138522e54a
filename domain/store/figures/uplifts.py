"""The arms of rules with a holdout, and of parts with variants, as they were measured last: one document,
replaced once a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from typing import Any

from domain.model.figures.increments import NOW
from domain.model.figures.member_figures import ArmFigures
from domain.model.figures.uplift import Arm, Uplift, measure
from domain.model.figures.variant_arms import MEASURES, PartArms, VariantArms
from domain.model.values import dataclass, evolve
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore

UPLIFT_ID = "uplift"


@dataclass(slots=True)
class RuleArms:
    """The members who may get a rule and those held out, by receipts and by net revenue, from the first day
    on which one of them bought under it, through `until`, today or the rule's last day; and what the rule
    cost since then, in minor units, None where nobody can say. `is_over` once its last day is.
    """

    since: date
    until: date = date.min
    treated_receipts: Arm = field(default_factory=Arm)
    held_receipts: Arm = field(default_factory=Arm)
    treated_revenue: Arm = field(default_factory=Arm)
    held_revenue: Arm = field(default_factory=Arm)
    cost: float | None = field(default=None, init=False)
    is_over: bool = field(default=False, init=False)

    @property
    def days(self) -> int:
        """Return over how many days they were measured."""
        return max((self.until - self.since).days + 1, 1)

    def add_member(self, figures: ArmFigures | None, *, is_held_out: bool) -> None:
        """Add a member with what they bought; nothing where they have not."""
        receipts, revenue = (0, 0) if figures is None else (figures.receipts, figures.revenue)
        if figures is not None:
            self.since = min(self.since, figures.since)
        if is_held_out:
            self.held_receipts = self.held_receipts.with_member(receipts)
            self.held_revenue = self.held_revenue.with_member(revenue)
        else:
            self.treated_receipts = self.treated_receipts.with_member(receipts)
            self.treated_revenue = self.treated_revenue.with_member(revenue)

    def revenue_uplift(self) -> Uplift | None:
        """Return what the rule brought in revenue a member, in minor units."""
        return self._measured(self.treated_revenue, self.held_revenue)

    def receipts_uplift(self) -> Uplift | None:
        """Return what the rule brought in receipts a member."""
        return self._measured(self.treated_receipts, self.held_receipts)

    def _measured(self, treated: Arm, held_out: Arm) -> Uplift | None:
        uplift = measure(treated, held_out, days=self.days)
        if uplift is None:
            return None
        days_to_tell = None if self.is_over else uplift.days_to_tell
        return evolve(uplift, since=self.since, until=self.until, days_to_tell=days_to_tell)


_ARMS = ("treated_receipts", "held_receipts", "treated_revenue", "held_revenue")


# ---------------------------------------------------------------- reads
async def find_measurement(store: DocumentStore) -> tuple[date, int] | None:
    """Return the day on which arms were measured last, and over how many members."""
    document = await store[NOW].find_one({"_id": UPLIFT_ID}, {"day": 1, "members": 1})
    if document is None:
        return None
    return date.fromisoformat(document["day"]), document.get("members", 0)


def read_arms(document: Raw) -> dict[str, RuleArms]:
    """Return the arms by rule."""
    return {rule: _read_rule(values) for rule, values in document.get("rules", {}).items()}


def _read_rule(values: Raw) -> RuleArms:
    since, until = (date.fromisoformat(values[name]) for name in ("since", "until"))
    arms = RuleArms(since, until, *(_read_arm(values[name]) for name in _ARMS))
    arms.cost, arms.is_over = values.get("cost"), values.get("over", False)
    return arms


def read_variants(document: Raw) -> dict[str, PartArms]:
    """Return the arms of parts with variants, by the parts' `varied_name`."""
    return {
        part: PartArms(
            split,
            date.fromisoformat(since),
            date.fromisoformat(until),
            {variant: VariantArms(*map(_read_arm, arms)) for variant, *arms in by_variant},
        )
        for part, split, since, until, by_variant in document.get("variants", ())
    }


def _read_arm(values: list[Any]) -> Arm:
    return Arm(values[0], values[1], int(values[2]))


# ---------------------------------------------------------------- writes
async def store_arms(
    store: DocumentStore,
    arms: Mapping[str, RuleArms],
    variants: Mapping[str, PartArms],
    *,
    day: date,
    members: int,
) -> None:
    """Keep the arms of a day, measured over so many members. Sums of squares are texts, since they may pass
    64 bits.
    """
    rules = {rule: _document(each) for rule, each in arms.items()}
    parts = [[name, *_part_values(part)] for name, part in variants.items()]
    document = {"day": day.isoformat(), "members": members, "rules": rules, "variants": parts}
    await store[NOW].replace_one({"_id": UPLIFT_ID}, document, upsert=True)


def _document(arms: RuleArms) -> dict[str, Any]:
    values: dict[str, Any] = {"since": arms.since.isoformat(), "until": arms.until.isoformat()}
    values["cost"] = arms.cost
    if arms.is_over:
        values["over"] = True
    for name in _ARMS:
        values[name] = _arm_values(getattr(arms, name))
    return values


def _part_values(part: PartArms) -> list[Any]:
    by_variant = [
        [variant, *(_arm_values(getattr(arms, name)) for name in MEASURES)]
        for variant, arms in part.by_variant.items()
    ]
    return [part.split, part.since.isoformat(), part.until.isoformat(), by_variant]


def _arm_values(arm: Arm) -> list[Any]:
    return [arm.members, arm.total, str(arm.squares)]
