"""What figures are made of, as the schema shows it: views of a report, without a question to the database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date

from api.graphql.console.club_figures import challenge_figures, leaderboard_figures
from api.graphql.console.figure_types import (
    Figure,
    FigureDay,
    FigureGoal,
    FigureKind,
    Figures,
    HeldKind,
    HeldUnits,
    MessageFigures,
    RecommendationFigures,
    RewardFigures,
    RuleFigures,
    RuleReturn,
    ScoreCount,
    Standing,
    StoreFigures,
    SurveyFigures,
    TierMove,
    Uplift,
    WalletDay,
)
from api.graphql.console.part_titles import PartTitles
from api.graphql.console.variant_figures import VariantFigures, variant_figures
from api.graphql.console.wallet_sums import wallet_sums
from api.graphql.engine.scalars import Long, WalletCode
from api.graphql.member.club.recommendations import RecommendationKind
from domain.model.figures import uplift
from domain.model.figures.definitions import BY_STORE
from domain.model.figures.definitions.asking import histogram
from domain.model.figures.definitions.points import reward_cost
from domain.model.figures.figure import Figure as FigureValue
from domain.model.figures.folds.people import NO_TIER_CODE
from domain.model.figures.goals import GoalStanding
from domain.model.figures.period import Sums, below
from domain.model.programme import MessageSpec, Programme, RewardSpec
from domain.services.figures import lapses
from domain.services.figures.reading import FiguresReport
from domain.services.figures.results import RuleResult
from domain.store.figures.lapses import KINDS
from domain.store.figures.store_sums import StoreSums


def figures_of(report: FiguresReport, programme: Programme, titles: PartTitles) -> Figures:
    """Return a report as the schema shows it."""
    before = {(figure.code, figure.subject): figure for figure in report.before}
    period = report.whole
    return Figures(
        first_day=report.period.start,
        last_day=report.period.end,
        store=report.period.store,
        tier=report.period.tier,
        waiting_since=report.waiting_since,
        values=[_figure_of(figure, before, titles) for figure in report.figures],
        goals=[_goal_of(standing, titles) for standing in report.goals],
        days=[_day_of(day, sums) for day, sums in report.days],
        stores=[_store_of(each) for each in report.stores],
        rules=[
            _rule_of(result, titles, _variants_of(report, "rule", result.rule)) for result in report.rules
        ],
        rewards=[
            _reward_of(programme, spec, period.sums, titles, _variants_of(report, "reward", spec.code))
            for spec in programme.rewards
        ],
        messages=[
            _message_of(spec, period.sums, titles, _variants_of(report, "message", spec.code))
            for spec in programme.messages
        ],
        surveys=[
            SurveyFigures(
                survey=spec.code,
                title=titles.message(spec.code),
                scores=[
                    ScoreCount(score=score, count=number)
                    for score, number in sorted(histogram(period, spec.code).items())
                ],
            )
            for spec in programme.surveys
        ],
        recommendations=[
            RecommendationFigures(
                kind=kind,
                opened=period.sums.get(f"recommended.opened.{kind.name.lower()}", 0),
                taken=period.sums.get(f"recommended.taken.{kind.name.lower()}", 0),
            )
            for kind in RecommendationKind
        ],
        leaderboards=[leaderboard_figures(each, titles) for each in report.boards],
        challenges=[challenge_figures(each, titles) for each in report.challenges],
        tiers=_standings(below(period.levels, "tiers"), [*programme.tier_order], titles.tier),
        segments=_standings(
            below(period.levels, "segments"), [spec.code for spec in programme.segments], titles.segment
        ),
        plans=_standings(below(period.levels, "plans"), [spec.code for spec in programme.plans], titles.plan),
        held=[_held_of(each) for each in report.held],
        held_on=report.held_on,
        tier_moves=_moves(period.sums, programme, titles),
    )


def _variants_of(report: FiguresReport, noun: str, code: str) -> list[VariantFigures]:
    return variant_figures(report.variants.get(f"{noun}:{code}", ()))


def _goal_of(standing: GoalStanding, titles: PartTitles) -> FigureGoal:
    return FigureGoal(
        figure=standing.figure,
        subject=standing.subject,
        subject_title=titles.subject(standing.subject),
        bound=standing.bound,
        is_upper=standing.is_upper,
        by=standing.by,
        value=standing.value,
        is_met=standing.is_met,
    )


def _held_of(held: lapses.HeldUnits) -> HeldUnits:
    is_month = held.lapses not in KINDS
    return HeldUnits(
        wallet=WalletCode(held.wallet),
        kind=HeldKind.LAPSES if is_month else HeldKind[held.lapses.upper()],
        month=date.fromisoformat(f"{held.lapses}-01") if is_month else None,
        amount=Long(held.amount),
        cost=held.cost,
    )


def _standings(counts: Sums, order: Sequence[str], title: Callable[[str], str | None]) -> list[Standing]:
    return [
        Standing(code=code, title=title(code), members=counts[code])
        for code in sorted(counts, key=_place_in(order))
        if counts[code]
    ]


def _place_in(order: Sequence[str]) -> Callable[[str], tuple[int, str]]:
    """Return the key by which codes stand in the order of the file, and those that left it last."""
    places = {code: place for place, code in enumerate(order)}
    return lambda code: (places.get(code, len(places)), code)


def _moves(sums: Sums, programme: Programme, titles: PartTitles) -> list[TierMove]:
    place = _place_in([NO_TIER_CODE, *programme.tier_order])
    moves = [(*path.partition(".")[::2], number) for path, number in below(sums, "moves").items()]
    return [
        TierMove(
            previous=None if origin == NO_TIER_CODE else origin,
            previous_title=None if origin == NO_TIER_CODE else titles.tier(origin),
            next=None if to == NO_TIER_CODE else to,
            next_title=None if to == NO_TIER_CODE else titles.tier(to),
            count=number,
        )
        for origin, to, number in sorted(moves, key=lambda move: (place(move[0]), place(move[1])))
    ]


def _rule_of(result: RuleResult, titles: PartTitles, variants: list[VariantFigures]) -> RuleFigures:
    return RuleFigures(
        rule=result.rule,
        title=titles.rule(result.rule),
        fired=result.fired,
        members=result.members,
        held_out=result.held_out,
        awarded=wallet_sums(result.awarded),
        deducted=wallet_sums(result.deducted),
        cost=result.cost,
        revenue_uplift=_uplift_of(result.revenue),
        receipts_uplift=_uplift_of(result.receipts),
        roi=None if result.roi is None else RuleReturn(**asdict(result.roi)),
        variants=variants,
    )


def _uplift_of(measured: uplift.Uplift | None) -> Uplift | None:
    if measured is None:
        return None
    return Uplift(
        treated_members=measured.treated.members,
        held_out_members=measured.held_out.members,
        treated_mean=measured.treated.mean,
        held_out_mean=measured.held_out.mean,
        difference=measured.difference,
        low=measured.low,
        high=measured.high,
        days_to_tell=measured.days_to_tell,
        first_day=measured.since,
        last_day=measured.until,
    )


def _reward_of(
    programme: Programme, spec: RewardSpec, sums: Sums, titles: PartTitles, variants: list[VariantFigures]
) -> RewardFigures:
    counts = below(sums, f"vouchers.{spec.code}")
    used = counts.get("used", 0) - counts.get("reversed", 0)
    return RewardFigures(
        reward=spec.code,
        title=titles.reward(spec.code),
        issued=counts.get("issued", 0),
        redeemed=counts.get("redeemed", 0),
        used=used,
        cancelled=counts.get("cancelled", 0),
        expired=counts.get("expired", 0),
        spent=wallet_sums(below(counts, "spent")),
        cost=reward_cost(spec, used, programme.programme.currency),
        variants=variants,
    )


def _message_of(
    spec: MessageSpec, sums: Sums, titles: PartTitles, variants: list[VariantFigures]
) -> MessageFigures:
    counts = below(sums, f"messages.{spec.code}")
    return MessageFigures(
        message=spec.code,
        title=titles.message(spec.code),
        promised=counts.get("promised", 0),
        sent=counts.get("sent", 0),
        opened=counts.get("opened", 0),
        clicked=counts.get("clicked", 0),
        tells_reading=spec.tells_reading,
        tells_taps=spec.tells_taps,
        failed=counts.get("failed", 0),
        no_consent=counts.get("no_consent", 0),
        variants=variants,
    )


def _figure_of(
    figure: FigureValue, before: Mapping[tuple[str, str | None], FigureValue], titles: PartTitles
) -> Figure:
    earlier = before.get((figure.code, figure.subject))
    return Figure(
        code=figure.code,
        subject=figure.subject,
        subject_title=titles.subject(figure.subject),
        kind=FigureKind(figure.unit),
        value=figure.value,
        numerator=figure.numerator,
        denominator=figure.denominator,
        before=None if earlier is None else earlier.value,
        is_by_store=figure.code in BY_STORE,
    )


def _store_of(sums: StoreSums) -> StoreFigures:
    return StoreFigures(
        store=sums.store,
        receipts=sums.receipts,
        revenue=Long(sums.revenue),
        returned=Long(sums.returned),
        returned_share=sums.returned / sums.revenue if sums.revenue > 0 else None,
        last_receipt_on=sums.last_receipt_on,
    )


def _day_of(day: date, sums: Sums) -> FigureDay:
    by_wallet: dict[str, dict[str, int]] = {}
    for path, amount in below(sums, "wallets").items():
        wallet, _, name = path.partition(".")
        by_wallet.setdefault(wallet, {})[name] = amount
    return FigureDay(
        day=day,
        receipts=sums.get("receipts", 0),
        revenue=Long(sums.get("revenue", 0)),
        returned=Long(sums.get("returned", 0)),
        enrolments=sums.get("enrolments", 0),
        wallets=[_wallet_day(wallet, of_wallet) for wallet, of_wallet in sorted(by_wallet.items())],
    )


def _wallet_day(wallet: str, sums: Sums) -> WalletDay:
    spent = sums.get("spent", 0) + sums.get("paid", 0) - sums.get("spent_back", 0) - sums.get("paid_back", 0)
    return WalletDay(
        wallet=WalletCode(wallet),
        awarded=Long(sums.get("awarded", 0)),
        spent=Long(spent),
        expired=Long(sums.get("expired", 0)),
        clawed_back=Long(sums.get("clawed_back", 0)),
    )
