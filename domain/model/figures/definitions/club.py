"""What leaderboards and challenges came to: prizes and their cost, who takes part, how scores are spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from domain.model.club.leaderboards import BoardSpread
from domain.model.figures.definitions.points import reward_cost, units_cost
from domain.model.figures.period import Sums, add_up, below
from domain.model.programme import BadgeSpec, Programme
from domain.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Gifts:
    """What was given: units by wallet, vouchers by reward, and what both cost in minor units if all vouchers
    are used; None where something of it has no cost.
    """

    awarded: Mapping[str, int]
    rewards: Mapping[str, int]
    cost: float | None


@dataclass(frozen=True, slots=True)
class BoardPeriodResult:
    """What a leaderboard's period came to. `spread` is of those who stand with a score above 0, None where
    nobody wrote it down; `judged_on` the day on which their places were frozen, None before that.
    """

    first_day: date
    judged_on: date | None
    spread: BoardSpread | None
    joined: int
    left: int
    prizes: int
    gifts: Gifts


@dataclass(frozen=True, slots=True)
class BoardResult:
    """What a leaderboard came to in the days that were asked for, and its periods, the newest first."""

    leaderboard: str
    joined: int
    left: int
    prizes: int
    gifts: Gifts
    periods: Sequence[BoardPeriodResult]


@dataclass(frozen=True, slots=True)
class ChallengeResult:
    """What a challenge or goal came to: how often it was taken up, None where everybody takes part without,
    how many levels were reached, and what these gave, less what returns took back.
    """

    badge: str
    started: int | None
    reached: int
    gifts: Gifts


def gifts_of(programme: Programme, sums: Sums, *, deducted: Sums | None = None) -> Gifts:
    """Return what sums of `awarded` and `rewards` say."""
    awarded, rewards = below(sums, "awarded"), below(sums, "rewards")
    cost = units_cost(programme, awarded, less=deducted or {})
    currency = programme.programme.currency
    for code, number in rewards.items():
        spec = next((each for each in programme.rewards if each.code == code), None)
        worth = None if spec is None else reward_cost(spec, number, currency)
        cost = None if cost is None or worth is None else cost + worth
    return Gifts(awarded, rewards, cost)


def prizes_of(programme: Programme, sums: Sums, code: str, first_day: date | None) -> tuple[int, Gifts]:
    """Return how many prizes of a leaderboard were paid and what was given; of one period or of all."""
    of_board = below(sums, f"boards.{code}")
    if first_day is not None:
        of_period = below(of_board, first_day.isoformat())
    else:
        of_period = {}
        for path, amount in of_board.items():
            name = path.partition(".")[2]
            of_period[name] = of_period.get(name, 0) + amount
    return of_period.get("prizes", 0), gifts_of(programme, of_period)


def is_challenge(spec: BadgeSpec) -> bool:
    """Tell whether a badge is a challenge or a goal: it is taken up, has dates, or a count of one's own."""
    return spec.accept or spec.target is not None or spec.during is not None


def challenge_results(programme: Programme, sums: Sums) -> tuple[ChallengeResult, ...]:
    """Return what each challenge came to, in the file's order."""
    return tuple(_challenge(programme, spec, sums) for spec in programme.badges if is_challenge(spec))


def _challenge(programme: Programme, spec: BadgeSpec, sums: Sums) -> ChallengeResult:
    of_rule = below(sums, f"rules.badge:{spec.code}")
    rewards, back = (below(sums, f"challenges.{spec.code}.{name}") for name in ("rewards", "back"))
    units = {f"awarded.{wallet}": amount for wallet, amount in below(of_rule, "awarded").items()}
    vouchers = {f"rewards.{code}": number for code, number in rewards.items()}
    return ChallengeResult(
        badge=spec.code,
        started=sums.get(f"challenges.{spec.code}.started", 0) if spec.accept else None,
        reached=sums.get(f"badges.{spec.code}", 0),
        gifts=gifts_of(programme, {**units, **vouchers}, deducted=add_up([below(of_rule, "deducted"), back])),
    )
