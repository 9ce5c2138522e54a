"""What the variants of rules, messages and rewards came to, as types of the schema."""

from collections.abc import Iterable

import strawberry

from api.graphql.console.wallet_sums import WalletSum, wallet_sums
from domain.services.figures.variant_results import Measured, VariantResult


@strawberry.type(
    description=(
        "A variant by one measure. Its members differ from those of the first variant by a hash alone; the"
        " difference has a 95 % interval (normal approximation)."
    )
)
class VariantMeasure:
    members: int = strawberry.field(description="Over how many: members, or messages that were sent.")
    mean: float = strawberry.field(description="Their mean.")
    difference: float | None = strawberry.field(
        description="The mean less that of the first variant; null for the first, or where too few are known."
    )
    low: float | None = strawberry.field(description="The lower end of the interval.")
    high: float | None = strawberry.field(description="The upper end of the interval.")
    days_to_tell: int | None = strawberry.field(
        description=(
            "Days more until an effect of 5 % could be told from none; 0 where it can be by now, null where"
            " the first variant's mean is 0."
        )
    )


@strawberry.type(description="What one variant of a rule, message or reward came to in the period.")
class VariantFigures:
    variant: str = strawberry.field(description="The variant's code.")
    share: float = strawberry.field(description="The share of members who have it.")
    count: int = strawberry.field(
        description="How often its rule applied, its message was sent, or its reward was redeemed."
    )
    opened: int = strawberry.field(description="How often its message was read in the inbox.")
    clicked: int = strawberry.field(description="How often its message was tapped, to go where it leads.")
    awarded: list[WalletSum] = strawberry.field(description="What its rule awarded, by wallet.")
    deducted: list[WalletSum] = strawberry.field(description="What refunds took of it, or it deducted.")
    spent: list[WalletSum] = strawberry.field(
        description="What was paid for its vouchers, less what came back."
    )
    cost: float | None = strawberry.field(
        description=(
            "Of a rule, in minor units: awarded less deducted, by `unit_cost` of wallets; null where one has"
            " none."
        )
    )
    conversion: VariantMeasure | None = strawberry.field(
        description=(
            "The share of its members to whom the rule applied, or who redeemed the reward, since the"
            " variants stand; of a message the share of those sent that were read. Null before it was"
            " measured."
        )
    )
    clicks: VariantMeasure | None = strawberry.field(
        description="Of a message, the share of those sent that were tapped; null of rules and rewards."
    )
    revenue: VariantMeasure | None = strawberry.field(
        description=(
            "Net revenue a member since the variants stand, in minor units; null before it was measured."
        )
    )
    receipts: VariantMeasure | None = strawberry.field(
        description="Receipts a member since the variants stand; null before it was measured."
    )


def variant_figures(results: Iterable[VariantResult]) -> list[VariantFigures]:
    """Return the variants of a part as the schema shows them, in the file's order."""
    return [
        VariantFigures(
            variant=result.variant,
            share=result.share,
            count=result.count,
            opened=result.opened,
            clicked=result.clicked,
            awarded=wallet_sums(result.awarded),
            deducted=wallet_sums(result.deducted),
            spent=wallet_sums(result.spent),
            cost=result.cost,
            conversion=_measure_of(result.conversion),
            clicks=_measure_of(result.clicks),
            revenue=_measure_of(result.revenue),
            receipts=_measure_of(result.receipts),
        )
        for result in results
    ]


def _measure_of(measured: Measured | None) -> VariantMeasure | None:
    if measured is None:
        return None
    difference = measured.difference
    return VariantMeasure(
        members=measured.members,
        mean=measured.mean,
        difference=difference.difference if difference is not None else None,
        low=difference.low if difference is not None else None,
        high=difference.high if difference is not None else None,
        days_to_tell=difference.days_to_tell if difference is not None else None,
    )
