"""What members did since a rule, message or reward has its variants, by member and by variant.

Everybody counts who has a variant, whether they met the part or not: the arms differ by a hash alone. Who is
held out of a rule has none of its variants.
"""

from __future__ import annotations

from datetime import date

from domain.model.figures.member_figures import ArmFigures, MemberFigures
from domain.model.figures.uplift import Arm, Uplift, measure
from domain.model.ledger.deciding.earning import is_held_out
from domain.model.ledger.decision import JournalRow
from domain.model.programme import Programme
from domain.model.programme.rules import Rule
from domain.model.programme.varied.varied_part import VariedPart, variant_of
from domain.model.values import dataclass, evolve

MEASURES = ("receipts", "revenue", "conversions")


@dataclass(frozen=True, slots=True)
class VariantArms:
    """The members who have a variant: receipts and net revenue in minor units, and as `conversions` 1 for
    each to whom it applied, or who redeemed it.
    """

    receipts: Arm = Arm()
    revenue: Arm = Arm()
    conversions: Arm = Arm()

    def with_member(self, figures: ArmFigures | None) -> VariantArms:
        """Return the arms with one more member, and what they did; nothing where they did nothing."""
        known = figures or ArmFigures(date.min)
        return VariantArms(
            self.receipts.with_member(known.receipts),
            self.revenue.with_member(known.revenue),
            self.conversions.with_member(min(known.conversions, 1)),
        )


@dataclass(frozen=True, slots=True)
class PartArms:
    """The arms of a part by variant, from the first day on which somebody did something under its split,
    through `until`.
    """

    split: str
    since: date
    until: date
    by_variant: dict[str, VariantArms]

    @property
    def days(self) -> int:
        """Return over how many days they were measured."""
        return max((self.until - self.since).days + 1, 1)

    def measured(self, variant: str, measure_name: str, first: str) -> tuple[Arm, Uplift | None]:
        """Return a variant's arm by one of MEASURES, and how it differs from that of the first variant; None
        for the first itself, or where an arm has too few members.
        """
        arm: Arm = getattr(self.by_variant.get(variant, VariantArms()), measure_name)
        other: Arm = getattr(self.by_variant.get(first, VariantArms()), measure_name)
        return arm, None if variant == first else measure(arm, other, days=self.days)


def in_variants(
    figures: MemberFigures,
    programme: Programme,
    row: JournalRow,
    day: date,
    *,
    receipts: int = 0,
    amount: int = 0,
) -> MemberFigures:
    """Return the figures after a row, by the parts that have variants: so many receipts, so much revenue, and
    what applied or was redeemed. A split that is new begins anew, but not for what comes late.
    """
    if not programme.varied_parts:
        return figures
    arms, is_in_time = dict(figures.arms), "decided_at" in row.changes
    converted = _converted(row)
    for part in programme.varied_parts:
        known = arms.get(part.varied_name)
        if known is not None and known.split != part.split:
            if not is_in_time:
                continue
            known = None
        has_converted = part.varied_name in converted
        if known is None and not receipts and not has_converted:
            continue
        known = known or ArmFigures(day, split=part.split)
        arms[part.varied_name] = evolve(
            known,
            since=min(known.since, day),
            receipts=known.receipts + receipts,
            revenue=known.revenue + amount,
            conversions=known.conversions + has_converted,
        )
    return evolve(figures, arms=arms) if arms != figures.arms else figures


def _converted(row: JournalRow) -> set[str]:
    rules = {
        f"{Rule.noun}:{one.rule}" for one in row.outcomes if one.variant and one.applied and one.amount >= 0
    }
    redeemed = (one for one in row.vouchers if one.change == "issued" and not one.is_free)
    return rules | {f"reward:{one.reward}" for one in redeemed if one.variant}


def add_member(arms: PartArms, part: VariedPart, member: str, figures: MemberFigures) -> PartArms:
    """Return the arms of a part with one more member."""
    if isinstance(part, Rule) and part.holdout and is_held_out(member, part):
        return arms
    known = figures.arms.get(part.varied_name)
    if known is not None and known.split != part.split:
        known = None
    variant = variant_of(part.varied_name, part.variants, member)
    before = arms.by_variant.get(variant, VariantArms())
    since = arms.since if known is None else min(arms.since, known.since)
    return evolve(arms, since=since, by_variant={**arms.by_variant, variant: before.with_member(known)})
