"""The key figures of the programme as types of the schema."""

from datetime import date, datetime
from enum import Enum

import strawberry

from api.graphql.console.club_figures import ChallengeFigures, LeaderboardFigures
from api.graphql.console.part_titles import TITLE
from api.graphql.console.variant_figures import VariantFigures
from api.graphql.console.wallet_sums import WalletSum
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.scalars import Long, WalletCode
from api.graphql.member.club.recommendations import RecommendationKind
from domain.model.figures.figure import FigureUnit

VARIANTS = "Its variants, in the file's order; empty where it has none."


@enum_of_words(FigureUnit, description="What a figure's value is.")
class FigureKind(Enum):
    COUNT = strawberry.enum_value("COUNT", description="So many.")
    RATE = strawberry.enum_value("RATE", description="A share: 0.3 is 30 %.")
    MONEY = strawberry.enum_value("MONEY", description="Minor units of the programme's currency.")
    UNITS = strawberry.enum_value("UNITS", description="Units of the wallet that `subject` names.")
    AVERAGE = strawberry.enum_value("AVERAGE", description="So many for each.")
    SCORE = strawberry.enum_value("SCORE", description="A score of a survey.")


@strawberry.type(description="A key figure, with what it is divided by and its value in the period before.")
class Figure:
    code: str = strawberry.field(description="Which figure, such as `redemption_points`.")
    subject: str | None = strawberry.field(
        description="The wallet, survey, message or code that it is of; null where it is of the programme."
    )
    subject_title: str | None = strawberry.field(description=TITLE)
    kind: FigureKind = strawberry.field(description="What the value is.")
    value: float | None = strawberry.field(
        description=(
            "Null where it would be divided by zero, cannot be told, or would be no share: more was followed"
            " by something in the period than began in it."
        )
    )
    numerator: float | None = strawberry.field(description="What is divided; null where nothing is.")
    denominator: float | None = strawberry.field(description="What it is divided by; null where nothing is.")
    before: float | None = strawberry.field(description="The value of the period before, of equal length.")
    is_by_store: bool = strawberry.field(
        description=(
            "Whether it can be told of one store, as receipts can; others are of what happens in no store"
            " too, whatever store was asked for."
        )
    )


@strawberry.type(description="What one wallet gave and took on a day.")
class WalletDay:
    wallet: WalletCode = strawberry.field(description="The wallet's code.")
    awarded: Long = strawberry.field(description="Awards and bonuses.")
    spent: Long = strawberry.field(description="Spent on rewards and payments, less what came back.")
    expired: Long = strawberry.field(description="Lapsed.")
    clawed_back: Long = strawberry.field(description="Taken back by refunds.")


@strawberry.type(description="One day of the period. Days on which nothing happened are left out.")
class FigureDay:
    day: date = strawberry.field(description="The programme's day.")
    receipts: int = strawberry.field(description="Receipts recorded.")
    revenue: Long = strawberry.field(description="Minor units, as recorded.")
    returned: Long = strawberry.field(description="Minor units taken back by refunds of this day.")
    enrolments: int = strawberry.field(description="Members who joined.")
    wallets: list[WalletDay] = strawberry.field(description="Wallets that moved, by their codes.")


@strawberry.type(description="What one store sold and took back in the period.")
class StoreFigures:
    store: str = strawberry.field(description="The store's code.")
    receipts: int = strawberry.field(description="Receipts recorded.")
    revenue: Long = strawberry.field(
        description="Minor units, as recorded, with corrections; before what was returned."
    )
    returned: Long = strawberry.field(description="Minor units taken back by refunds of the period.")
    returned_share: float | None = strawberry.field(
        description="Returned over revenue: 0.1 is 10 %; null without revenue."
    )
    last_receipt_on: date | None = strawberry.field(
        description=(
            "The last day with a receipt, of the year through `lastDay` or of the period where that is"
            " longer; null where there is none."
        )
    )


@strawberry.type(
    description=(
        "What a rule brought a member while it ran, between the dates of its `during`, of one without them"
        " since it stands: those who may get it against those held out, with the 95 % interval of the"
        " difference (normal approximation)."
    )
)
class Uplift:
    treated_members: int = strawberry.field(description="Members who may get the rule.")
    held_out_members: int = strawberry.field(description="Members who never do.")
    treated_mean: float = strawberry.field(description="The mean of those who may get it.")
    held_out_mean: float = strawberry.field(description="The mean of those held out.")
    difference: float = strawberry.field(description="The first less the second.")
    low: float = strawberry.field(description="The lower end of the interval.")
    high: float = strawberry.field(description="The upper end of the interval.")
    days_to_tell: int | None = strawberry.field(
        description=(
            "Days more until an effect of 5 % could be told from none; 0 where it can be by now, null where"
            " nobody held out has bought, or the rule is over."
        )
    )
    first_day: date | None = strawberry.field(
        description="The first day that was measured, when a member first bought while the rule ran."
    )
    last_day: date | None = strawberry.field(
        description="The last day that was measured: the rule's own last day, once it is over."
    )


@strawberry.type(
    description=(
        "What a rule returned on its cost since it stands: (gain x margin - cost) / cost, with the interval"
        " of its uplift. The margin is the programme file's assumption."
    )
)
class RuleReturn:
    margin: int = strawberry.field(description="Percent of revenue that are assumed to stay.")
    gain: float = strawberry.field(
        description="Net revenue that it brought in all, in minor units: the uplift of those who may get it."
    )
    cost: float = strawberry.field(description="What it cost since it stands, in minor units.")
    value: float = strawberry.field(description="0.5 is half of the cost beyond it.")
    low: float = strawberry.field(description="The lower end of the interval.")
    high: float = strawberry.field(description="The upper end of the interval.")


@strawberry.type(description="What a rule came to in the period.")
class RuleFigures:
    rule: str = strawberry.field(description="The rule's code.")
    title: str | None = strawberry.field(description=TITLE)
    fired: int = strawberry.field(description="How often it applied.")
    members: int = strawberry.field(description="Members to whom it applied for the first time.")
    held_out: int = strawberry.field(description="How often it did not apply since the member is held out.")
    awarded: list[WalletSum] = strawberry.field(description="What it awarded, by wallet.")
    deducted: list[WalletSum] = strawberry.field(description="What refunds took of it, or it deducted.")
    cost: float | None = strawberry.field(
        description="Minor units: awarded less deducted, by `unit_cost` of wallets; null where one has none."
    )
    revenue_uplift: Uplift | None = strawberry.field(
        description="Net revenue a member, in minor units; null without a holdout."
    )
    receipts_uplift: Uplift | None = strawberry.field(
        description="Receipts a member; null without a holdout."
    )
    roi: RuleReturn | None = strawberry.field(
        description=(
            "What it returned on its cost since it stands; null without a holdout, a `margin` in the"
            " programme file, or a cost above 0: then it cannot be told."
        )
    )
    variants: list[VariantFigures] = strawberry.field(description=VARIANTS)


@strawberry.type(description="A goal of the programme file, and where it stands.")
class FigureGoal:
    figure: str = strawberry.field(description="The figure's code.")
    subject: str | None = strawberry.field(description="What it is of; null where it is of the programme.")
    subject_title: str | None = strawberry.field(description=TITLE)
    bound: float = strawberry.field(description="What is to be reached.")
    is_upper: bool = strawberry.field(description="Whether it is to be at most so much, not at least.")
    by: date = strawberry.field(description="The day by which it is to be so.")
    value: float | None = strawberry.field(description="The figure's value in the period.")
    is_met: bool | None = strawberry.field(description="Null where there is no value.")


@strawberry.type(description="How many members moved from one tier to another in the period.")
class TierMove:
    previous: str | None = strawberry.field(description="The tier's code; null for none.")
    previous_title: str | None = strawberry.field(description=TITLE)
    next: str | None = strawberry.field(description="The tier's code; null for none.")
    next_title: str | None = strawberry.field(description=TITLE)
    count: int = strawberry.field(description="How often.")


@strawberry.type(description="How many stand somewhere at the period's end: in a tier, a plan, a segment.")
class Standing:
    code: str = strawberry.field(description="The tier's, plan's or segment's code.")
    title: str | None = strawberry.field(description=TITLE)
    members: int = strawberry.field(description="Members.")


@strawberry.type(description="How often a score was given.")
class ScoreCount:
    score: int = strawberry.field(description="The score.")
    count: int = strawberry.field(description="How often.")


@strawberry.type(description="The answers of a survey in the period.")
class SurveyFigures:
    survey: str = strawberry.field(description="The survey's code.")
    title: str | None = strawberry.field(description=TITLE)
    scores: list[ScoreCount] = strawberry.field(description="How often each score was given, by score.")


@strawberry.type(description="What became of a reward's vouchers in the period.")
class RewardFigures:
    reward: str = strawberry.field(description="The reward's code.")
    title: str | None = strawberry.field(description=TITLE)
    issued: int = strawberry.field(description="Vouchers issued, given ones included.")
    redeemed: int = strawberry.field(description="Of these, those with a price.")
    used: int = strawberry.field(description="Vouchers used, less reversed uses.")
    cancelled: int = strawberry.field(description="Vouchers cancelled.")
    expired: int = strawberry.field(description="Vouchers that lapsed.")
    spent: list[WalletSum] = strawberry.field(description="What was paid for them, less what came back.")
    cost: float | None = strawberry.field(
        description=(
            "Minor units: those used, by the reward's `unit_cost`, else by the amount of its discount; null"
            " where the file has neither."
        )
    )
    variants: list[VariantFigures] = strawberry.field(description=VARIANTS)


@strawberry.type(description="What became of a message in the period.")
class MessageFigures:
    message: str = strawberry.field(description="The message's code.")
    title: str | None = strawberry.field(description=TITLE)
    promised: int = strawberry.field(description="Decided to be sent.")
    sent: int = strawberry.field(description="Delivered to a channel or the inbox.")
    opened: int = strawberry.field(
        description="Read in the inbox; it says nothing where `tellsReading` is false."
    )
    clicked: int = strawberry.field(
        description=(
            "Tapped, in the inbox or as a push, to go where they lead; it says nothing where `tellsTaps` is"
            " false. Links of e-mails are not counted."
        )
    )
    tells_reading: bool = strawberry.field(
        description="Whether anybody learns that it is read: with the inbox among its channels."
    )
    tells_taps: bool = strawberry.field(
        description="Whether anybody learns that it is tapped: with inbox or push among its channels."
    )
    failed: int = strawberry.field(description="Not delivered: a channel failed, or it came too late.")
    no_consent: int = strawberry.field(description="Not sent, since the member did not agree.")
    variants: list[VariantFigures] = strawberry.field(description=VARIANTS)


@strawberry.enum(description="When what members hold of a wallet lapses.")
class HeldKind(Enum):
    LAPSES = strawberry.enum_value("LAPSES", description="In the month that `month` names.")
    NEVER = strawberry.enum_value("NEVER", description="Never, as things stand.")
    PENDING = strawberry.enum_value("PENDING", description="It is not spendable yet, so that nobody knows.")
    OWED = strawberry.enum_value("OWED", description="It is owed, and below zero: the next awards repay it.")


@strawberry.type(
    description=(
        "What members hold of a wallet by when it lapses; all of a wallet is what is outstanding of it."
    )
)
class HeldUnits:
    wallet: WalletCode = strawberry.field(description="The wallet's code.")
    kind: HeldKind = strawberry.field(description="When it lapses.")
    month: date | None = strawberry.field(description="The month's first day; null unless `kind` is LAPSES.")
    amount: Long = strawberry.field(description="Units of the wallet.")
    cost: float | None = strawberry.field(
        description="Minor units, by the wallet's `unit_cost`; null where it has none."
    )


@strawberry.type(
    description=(
        "What became of recommendations of one kind, of members who agreed to them: each counts once a member"
        " in 30 days."
    )
)
class RecommendationFigures:
    kind: RecommendationKind = strawberry.field(description="Products or rewards.")
    opened: int = strawberry.field(description="Opened on a phone.")
    taken: int = strawberry.field(
        description="Bought or redeemed within 30 days after that; counted once a day."
    )


@strawberry.type(description="What the programme came to in a period, counted from its journal.")
class Figures:
    first_day: date = strawberry.field(description="The first day.")
    last_day: date = strawberry.field(description="The last day, included.")
    store: str | None = strawberry.field(description="The store that was asked for; null for all.")
    tier: str | None = strawberry.field(description="The tier that was asked for; null for all.")
    waiting_since: datetime | None = strawberry.field(
        description="When the oldest act was committed that is not counted yet; null where all are."
    )
    values: list[Figure] = strawberry.field(description="The key figures, in the order to show them in.")
    goals: list[FigureGoal] = strawberry.field(description="The programme's goals, in the file's order.")
    days: list[FigureDay] = strawberry.field(description="Day by day.")
    stores: list[StoreFigures] = strawberry.field(
        description=(
            "By code, at most 2,000: stores with a receipt or a return of the year through `lastDay`, or of"
            " the period where that is longer; only the one that was asked for."
        )
    )
    rules: list[RuleFigures] = strawberry.field(description="The programme's rules, in the file's order.")
    rewards: list[RewardFigures] = strawberry.field(description="The programme's rewards, likewise.")
    messages: list[MessageFigures] = strawberry.field(description="The programme's messages, likewise.")
    surveys: list[SurveyFigures] = strawberry.field(description="The programme's surveys, likewise.")
    recommendations: list[RecommendationFigures] = strawberry.field(
        description="What was recommended, products first."
    )
    leaderboards: list[LeaderboardFigures] = strawberry.field(
        description="The programme's leaderboards, in the file's order; whatever the store and the tier."
    )
    challenges: list[ChallengeFigures] = strawberry.field(
        description=(
            "Its badges that are taken up, have dates or a count of one's own, likewise; whatever the store"
            " and the tier."
        )
    )
    tiers: list[Standing] = strawberry.field(
        description="Members by tier at the end, in the file's order; what left the file stands last."
    )
    segments: list[Standing] = strawberry.field(description="Members by segment at the end, likewise.")
    plans: list[Standing] = strawberry.field(description="Members by paid plan at the end, likewise.")
    held: list[HeldUnits] = strawberry.field(
        description="What members hold by the month in which it lapses, whatever the period: as of `heldOn`."
    )
    held_on: date | None = strawberry.field(
        description="The day on which members were asked what they hold; null before that."
    )
    tier_moves: list[TierMove] = strawberry.field(description="Moves between tiers, in the file's order.")
