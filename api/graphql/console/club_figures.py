"""What leaderboards and challenges came to, as analysts read it: sums and spreads, nobody's name or score."""

from datetime import date

import strawberry

from api.graphql.console.part_titles import TITLE, PartTitles
from api.graphql.console.wallet_sums import WalletSum, wallet_sums
from api.graphql.engine.scalars import Long
from domain.model.figures.definitions.club import BoardPeriodResult, BoardResult, ChallengeResult, Gifts

COST = "Minor units, as if all vouchers are used; null where a wallet or a reward has no cost."


@strawberry.type(description="How often a reward was given.")
class GivenReward:
    reward: str = strawberry.field(description="The reward's code.")
    title: str | None = strawberry.field(description=TITLE)
    count: int = strawberry.field(description="How many vouchers of it.")


@strawberry.type(
    description="How scores are spread, to within 2 %: a quarter of the players lies in between."
)
class ScoreQuartiles:
    lower: Long = strawberry.field(description="A quarter has this or less.")
    median: Long = strawberry.field(description="Half has this or less.")
    upper: Long = strawberry.field(description="Three quarters have this or less.")


@strawberry.type(description="What a leaderboard's period came to.")
class LeaderboardPeriodFigures:
    first_day: date = strawberry.field(description="Its first day; 0001-01-01 where all time counts.")
    judged_on: date | None = strawberry.field(
        description="On which day its places were frozen; null before that."
    )
    players: int | None = strawberry.field(
        description=(
            "How many stood with a score above 0 when it was judged, or stand now; null where nobody wrote"
            " it down."
        )
    )
    joined: int = strawberry.field(description="How often somebody joined on its days.")
    left: int = strawberry.field(description="How often somebody left on its days.")
    quartiles: ScoreQuartiles | None = strawberry.field(
        description="Of the players' scores; null of fewer than four."
    )
    prizes: int = strawberry.field(description="How many prizes of it were paid by now.")
    awarded: list[WalletSum] = strawberry.field(description="What they gave, by wallet.")
    rewards: list[GivenReward] = strawberry.field(description="And by reward.")
    cost: float | None = strawberry.field(description=COST)


@strawberry.type(description="What a leaderboard came to. Prizes count on the day on which they are paid.")
class LeaderboardFigures:
    leaderboard: str = strawberry.field(description="Its code in the programme file.")
    title: str | None = strawberry.field(description=TITLE)
    joined: int = strawberry.field(description="How often somebody joined in the days that were asked for.")
    left: int = strawberry.field(description="How often somebody left in them.")
    prizes: int = strawberry.field(description="How many prizes were paid in them.")
    awarded: list[WalletSum] = strawberry.field(description="What they gave, by wallet.")
    rewards: list[GivenReward] = strawberry.field(description="And by reward.")
    cost: float | None = strawberry.field(description=COST)
    periods: list[LeaderboardPeriodFigures] = strawberry.field(
        description="Those of these days in which somebody stood, the newest first; at most 60."
    )


@strawberry.type(description="What a challenge or goal came to in a period.")
class ChallengeFigures:
    badge: str = strawberry.field(description="The badge's code in the programme file.")
    title: str | None = strawberry.field(description=TITLE)
    started: int | None = strawberry.field(
        description="How often it was taken up; null where all take part without."
    )
    reached: int = strawberry.field(description="How many of its levels were reached.")
    awarded: list[WalletSum] = strawberry.field(description="What these gave, by wallet.")
    rewards: list[GivenReward] = strawberry.field(description="And by reward.")
    cost: float | None = strawberry.field(description=f"{COST} Less what returns took back.")


def leaderboard_figures(result: BoardResult, titles: PartTitles) -> LeaderboardFigures:
    """Return what a leaderboard came to as the schema shows it."""
    return LeaderboardFigures(
        leaderboard=result.leaderboard,
        title=titles.leaderboard(result.leaderboard),
        joined=result.joined,
        left=result.left,
        prizes=result.prizes,
        awarded=wallet_sums(result.gifts.awarded),
        rewards=_rewards(result.gifts, titles),
        cost=result.gifts.cost,
        periods=[_period(each, titles) for each in result.periods],
    )


def challenge_figures(result: ChallengeResult, titles: PartTitles) -> ChallengeFigures:
    """Return what a challenge came to as the schema shows it."""
    return ChallengeFigures(
        badge=result.badge,
        title=titles.badge(result.badge),
        started=result.started,
        reached=result.reached,
        awarded=wallet_sums(result.gifts.awarded),
        rewards=_rewards(result.gifts, titles),
        cost=result.gifts.cost,
    )


def _period(result: BoardPeriodResult, titles: PartTitles) -> LeaderboardPeriodFigures:
    spread = result.spread
    quartiles = None if spread is None or spread.quartiles is None else spread.quartiles
    return LeaderboardPeriodFigures(
        first_day=result.first_day,
        judged_on=result.judged_on,
        players=None if spread is None else spread.players,
        joined=result.joined,
        left=result.left,
        quartiles=None
        if quartiles is None
        else ScoreQuartiles(lower=Long(quartiles[0]), median=Long(quartiles[1]), upper=Long(quartiles[2])),
        prizes=result.prizes,
        awarded=wallet_sums(result.gifts.awarded),
        rewards=_rewards(result.gifts, titles),
        cost=result.gifts.cost,
    )


def _rewards(gifts: Gifts, titles: PartTitles) -> list[GivenReward]:
    return [
        GivenReward(reward=code, title=titles.reward(code), count=number)
        for code, number in sorted(gifts.rewards.items())
    ]
