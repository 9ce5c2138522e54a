"""Goals of the programme file, compared with the figures of a period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from domain.model.figures.figure import Figure
from domain.model.programme import Programme
from domain.model.programme.membership import GOAL_FIGURES, GoalSpec
from domain.model.values import dataclass


@dataclass(frozen=True, slots=True)
class GoalStanding:
    """A goal and where it stands: `value` is the figure's in the period, None where it cannot be told, and
    `is_met` then None too. `subject` is what the figure is of, `bound` what is to be reached by `by`.
    """

    figure: str
    subject: str | None
    bound: float
    is_upper: bool
    by: date
    value: float | None
    is_met: bool | None


def compare_goals(programme: Programme, figures: Sequence[Figure]) -> tuple[GoalStanding, ...]:
    """Return where each goal stands, in the file's order."""
    values = {(figure.code, figure.subject): figure.value for figure in figures}
    return tuple(_standing(programme, goal, values) for goal in programme.goals)


def _standing(
    programme: Programme, goal: GoalSpec, values: Mapping[tuple[str, str | None], float | None]
) -> GoalStanding:
    subject = goal.subject
    if subject is None and GOAL_FIGURES.get(goal.figure) == "wallets":
        subject = programme.wallets[0].code
    value = values.get((goal.figure, subject))
    is_upper = goal.at_most is not None
    bound = float((goal.at_most if is_upper else goal.at_least) or 0)
    is_met = None if value is None else value <= bound if is_upper else value >= bound
    by = goal.by.date() if isinstance(goal.by, datetime) else goal.by
    return GoalStanding(goal.figure, subject, bound, is_upper, by, value, is_met)
