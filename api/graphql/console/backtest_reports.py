"""What a back-test came to: each figure of what was beside that of what would have been."""

from collections.abc import Callable, Mapping

import strawberry

from api.graphql.console.part_titles import TITLE, PartTitles
from api.graphql.engine.ids import encode_id
from api.graphql.engine.scalars import Long
from domain.model.figures.backtest import report as figures
from domain.model.figures.backtest.comparison import MemberChange


@strawberry.type(description="What happened to a wallet of all members tried, in its units.")
class BacktestWalletFigures:
    awarded: Long = strawberry.field(description="Awards and bonuses.")
    clawed_back: Long = strawberry.field(description="Taken back by refunds.")
    spent: Long = strawberry.field(description="Spent on rewards and payments.")
    returned: Long = strawberry.field(description="Given back of what was spent.")
    expired: Long = strawberry.field(description="Lapsed.")
    adjusted: Long = strawberry.field(description="Corrections, signed.")
    outstanding: Long = strawberry.field(description="Held at the end, less what is owed.")
    liability: Long | None = strawberry.field(
        description="What is outstanding at `unit_cost`, in minor units; null where the file names none."
    )
    cost: Long | None = strawberry.field(
        description="What was awarded and not clawed back at `unit_cost`, in minor units; else null."
    )


@strawberry.type(description="A wallet: what was, and what would have been.")
class BacktestWallet:
    wallet: str = strawberry.field(description="Its code.")
    was: BacktestWalletFigures = strawberry.field(description="As it is stored.")
    would_be: BacktestWalletFigures = strawberry.field(description="By the draft.")


@strawberry.type(description="What came of a rule for one wallet.")
class BacktestRuleFigures:
    fired: int = strawberry.field(description="How often it applied, whatever the wallet.")
    members: int = strawberry.field(description="To how many members.")
    awarded: Long = strawberry.field(description="Awards and bonuses, in units of the wallet.")
    clawed_back: Long = strawberry.field(description="Taken back by refunds.")
    deducted: Long = strawberry.field(description="Deducted by it.")
    cost: Long | None = strawberry.field(
        description="What was awarded and not clawed back at `unit_cost`, in minor units; else null."
    )


@strawberry.type(description="A rule: what was, and what would have been.")
class BacktestRule:
    rule: str = strawberry.field(description="Its code, or what gave it else: `badge:...`, `referral:...`.")
    title: str | None = strawberry.field(description=TITLE)
    wallet: str | None = strawberry.field(description="The wallet's code; null for a rule without points.")
    was: BacktestRuleFigures = strawberry.field(description="As it is stored.")
    would_be: BacktestRuleFigures = strawberry.field(description="By the draft.")


@strawberry.type(description="How many there were of something, and would have been.")
class BacktestCount:
    code: str = strawberry.field(description="The code of the reward, the tier or the message.")
    title: str | None = strawberry.field(description=TITLE)
    was: int = strawberry.field(description="As it is stored.")
    would_be: int = strawberry.field(description="By the draft.")


@strawberry.type(description="Events that happened, and that the draft would refuse.")
class BacktestRefusal:
    event: str = strawberry.field(description="The event's name.")
    title: str | None = strawberry.field(description=TITLE)
    refusal: str = strawberry.field(description="As `selo simulate` names it: `InsufficientBalance`.")
    count: int = strawberry.field(description="How many.")


@strawberry.type(description="What the programme gave a member, and would have given.")
class BacktestMember:
    customer: strawberry.ID | None = strawberry.field(
        description="The customer's id, for operators; null for analysts, and of a member who is gone."
    )
    number: str | None = strawberry.field(
        description="The membership number, for operators; null for analysts, and of a member who is gone."
    )
    was: Long = strawberry.field(
        description="Units of all wallets, less what lapsed or was clawed back; what was spent is in it."
    )
    would_be: Long = strawberry.field(description="By the draft.")


@strawberry.type(description="What a back-test came to.")
class BacktestReport:
    is_sample: bool = strawberry.field(description="Whether there are members who were not tried.")
    member_count: int = strawberry.field(description="How many were tried.")
    left_out_count: int = strawberry.field(
        description="Those who were not: erased, with too many events, or beyond the draft."
    )
    event_count: Long = strawberry.field(description="How many events were decided again.")
    wallets: list[BacktestWallet] = strawberry.field(description="By wallet.")
    rules: list[BacktestRule] = strawberry.field(description="By rule and wallet.")
    rewards: list[BacktestCount] = strawberry.field(description="Vouchers issued, by reward.")
    tiers: list[BacktestCount] = strawberry.field(description="Members by tier, at the end.")
    messages: list[BacktestCount] = strawberry.field(description="Messages that would be sent, by code.")
    refused: list[BacktestRefusal] = strawberry.field(description="Events that would be refused.")
    gaining_count: int = strawberry.field(description="How many members would be given more.")
    losing_count: int = strawberry.field(description="How many would be given less.")
    gaining: list[BacktestMember] = strawberry.field(description="The ten who gain most.")
    losing: list[BacktestMember] = strawberry.field(description="The ten who lose most.")
    sold_out_count: int = strawberry.field(
        description="Decisions taken while a reward was sold out, as it was then."
    )
    from_others_count: int = strawberry.field(
        description="Effects of other members (a friend's qualifying, a merge), taken as they were."
    )
    private_count: int = strawberry.field(
        description="Decisions that looked at a birthday, a number or attributes, taken as they are today."
    )


def report_of(
    report: figures.BacktestReport, numbers: Mapping[str, str], titles: PartTitles
) -> BacktestReport:
    """Return a report as the console shows it."""
    taken = report.taken_as_stored
    return BacktestReport(
        is_sample=report.is_sample,
        member_count=report.member_count,
        left_out_count=report.left_out_count,
        event_count=Long(report.event_count),
        wallets=[
            BacktestWallet(
                wallet=each.wallet,
                was=_wallet_figures_of(each.was),
                would_be=_wallet_figures_of(each.would_be),
            )
            for each in report.wallets
        ],
        rules=[
            BacktestRule(
                rule=each.rule,
                title=titles.rule(each.rule),
                wallet=each.wallet,
                was=_rule_figures_of(each.was),
                would_be=_rule_figures_of(each.would_be),
            )
            for each in report.rules
        ],
        rewards=[_count_of(each, titles.reward) for each in report.rewards],
        tiers=[_count_of(each, titles.tier) for each in report.tiers],
        messages=[_count_of(each, titles.message) for each in report.messages],
        refused=[
            BacktestRefusal(
                event=each.event, title=titles.event(each.event), refusal=each.refusal, count=each.count
            )
            for each in report.refused
        ],
        gaining_count=report.gaining_count,
        losing_count=report.losing_count,
        gaining=[_member_of(each, numbers) for each in report.gaining],
        losing=[_member_of(each, numbers) for each in report.losing],
        sold_out_count=taken.sold_out,
        from_others_count=taken.from_others,
        private_count=taken.private,
    )


def _wallet_figures_of(values: figures.WalletFigures) -> BacktestWalletFigures:
    return BacktestWalletFigures(
        awarded=Long(values.awarded),
        clawed_back=Long(values.clawed_back),
        spent=Long(values.spent),
        returned=Long(values.returned),
        expired=Long(values.expired),
        adjusted=Long(values.adjusted),
        outstanding=Long(values.outstanding),
        liability=_long(values.liability_minor),
        cost=_long(values.cost_minor),
    )


def _rule_figures_of(values: figures.RuleFigures) -> BacktestRuleFigures:
    return BacktestRuleFigures(
        fired=values.fired,
        members=values.members,
        awarded=Long(values.awarded),
        clawed_back=Long(values.clawed_back),
        deducted=Long(values.deducted),
        cost=_long(values.cost_minor),
    )


def _count_of(counts: figures.CountComparison, title: Callable[[str], str | None]) -> BacktestCount:
    return BacktestCount(code=counts.code, title=title(counts.code), was=counts.was, would_be=counts.would_be)


def _member_of(change: MemberChange, numbers: Mapping[str, str]) -> BacktestMember:
    is_known = change.member in numbers
    return BacktestMember(
        customer=strawberry.ID(encode_id("Customer", change.member)) if is_known else None,
        number=numbers.get(change.member),
        was=Long(change.was),
        would_be=Long(change.would_be),
    )


def _long(value: int | None) -> Long | None:
    return None if value is None else Long(value)
