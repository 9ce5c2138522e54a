"""What each variant of a rule, message or reward came to, and how it differs from the first one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from domain.model.figures.definitions.points import units_cost
from domain.model.figures.period import PeriodFigures, below
from domain.model.figures.uplift import Arm, Uplift, measure
from domain.model.figures.variant_arms import PartArms
from domain.model.programme import MessageSpec, Programme
from domain.model.programme.rules import Rule
from domain.model.programme.varied.varied_part import VariantSpec, VariedPart
from domain.model.values import dataclass

SUM_OF: Mapping[str, str] = {"rule": "rules", "message": "messages", "reward": "vouchers"}
COUNT_OF: Mapping[str, str] = {"rule": "fired", "message": "sent", "reward": "redeemed"}


@dataclass(frozen=True, slots=True)
class Measured:
    """A variant by one measure: over how many, their mean, and the difference to the first variant; None for
    the first itself, or where too few are known.
    """

    members: int
    mean: float
    difference: Uplift | None


@dataclass(frozen=True, slots=True)
class VariantResult:
    """What a variant came to in a period. `count` is how often its rule applied, its message was sent, its
    reward was redeemed; `awarded`, `deducted` and `spent` by wallet; `cost` in minor units, of rules alone.

    `conversion` is the share of its members to whom it applied or who redeemed it since the variants stand;
    of a message the share of those sent that were opened in the period, as `clicks` that of those whose link
    was followed. `revenue` in minor units, and `receipts`, are a member's since the variants stand. None
    where nothing was measured yet, or the message's channels tell nobody.
    """

    variant: str
    share: float
    count: int
    opened: int = 0
    clicked: int = 0
    awarded: Mapping[str, int] = field(default_factory=dict)
    deducted: Mapping[str, int] = field(default_factory=dict)
    spent: Mapping[str, int] = field(default_factory=dict)
    cost: float | None = None
    conversion: Measured | None = None
    clicks: Measured | None = None
    revenue: Measured | None = None
    receipts: Measured | None = None


def variant_results(
    period: PeriodFigures, programme: Programme, measured: Mapping[str, PartArms]
) -> dict[str, tuple[VariantResult, ...]]:
    """Return the results of each part with variants, by its `varied_name`, in the file's order. Arms of
    another split than the part's tell nothing of it.
    """
    results: dict[str, tuple[VariantResult, ...]] = {}
    for part in programme.varied_parts:
        arms = measured.get(part.varied_name)
        if arms is not None and arms.split != part.split:
            arms = None
        results[part.varied_name] = tuple(
            _result(period, programme, part, each, arms) for each in part.variants
        )
    return results


def _result(
    period: PeriodFigures, programme: Programme, part: VariedPart, variant: VariantSpec, arms: PartArms | None
) -> VariantResult:
    sums = _sums_of(period, part, variant)
    awarded, deducted = below(sums, "awarded"), below(sums, "deducted")
    return VariantResult(
        variant=variant.code,
        share=variant.weight / sum(each.weight for each in part.variants),
        count=sums.get(COUNT_OF[part.noun], 0),
        opened=sums.get("opened", 0),
        clicked=sums.get("clicked", 0),
        awarded=awarded,
        deducted=deducted,
        spent=below(sums, "spent"),
        cost=units_cost(programme, awarded, less=deducted) if isinstance(part, Rule) else None,
        conversion=(
            _rate(period, part, variant, "opened", is_told=part.tells_reading)
            if isinstance(part, MessageSpec)
            else _measured(part, variant, arms, "conversions")
        ),
        clicks=(
            _rate(period, part, variant, "clicked", is_told=part.tells_taps)
            if isinstance(part, MessageSpec)
            else None
        ),
        revenue=_measured(part, variant, arms, "revenue"),
        receipts=_measured(part, variant, arms, "receipts"),
    )


def _sums_of(period: PeriodFigures, part: VariedPart, variant: VariantSpec) -> Mapping[str, int]:
    name = part.varied_name.partition(":")[2]
    return below(period.sums, f"{SUM_OF[part.noun]}.{name}.variants.{variant.code}")


def _measured(part: VariedPart, variant: VariantSpec, arms: PartArms | None, name: str) -> Measured | None:
    if arms is None:
        return None
    arm, difference = arms.measured(variant.code, name, part.variants[0].code)
    return Measured(arm.members, arm.mean, difference)


def _rate(
    period: PeriodFigures, part: VariedPart, variant: VariantSpec, name: str, *, is_told: bool
) -> Measured | None:
    """Return the share of messages of a variant that were opened, against that of the first one; None where
    nobody is told.
    """
    if not is_told:
        return None

    def arm_of(each: VariantSpec) -> Arm:
        sums = _sums_of(period, part, each)
        sent = sums.get("sent", 0)
        done = min(sums.get(name, 0), sent)  # what was sent before the period may be opened in it
        return Arm(sent, done, done)

    arm, first = arm_of(variant), part.variants[0]
    days = (period.end - period.start).days + 1
    difference = None if variant is first else measure(arm, arm_of(first), days=days)
    return Measured(arm.members, arm.mean, difference)
