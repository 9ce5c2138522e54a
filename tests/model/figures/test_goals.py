"""Goals: faults at their lines, and where they stand."""

from __future__ import annotations

from datetime import date

import pytest

from domain.model.figures.definitions import all_figures
from domain.model.figures.goals import GoalStanding, compare_goals
from domain.model.figures.period import People, PeriodFigures
from domain.model.programme import ProgrammeInvalid, load
from domain.model.programme.membership import GOAL_FIGURES

CLUB = """
programme: {code: club, name: Club, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets: [{code: points, name: Points, unit_cost: "0.01"}]
rules:
  - {code: ask, on: purchase.completed, do: [{survey: like}, {survey: happy}, {message: hello}]}
referral: {qualifies: {on: purchase.completed}}
codes: [{code: sun, title: Sun}]
surveys:
  - {code: like, kind: nps, question: Would you recommend us}
  - {code: happy, kind: csat, question: Are you happy}
messages: [{code: hello, title: Hello, body: Hello}]
"""
PERIOD = PeriodFigures(
    date(2026, 3, 1),
    date(2026, 3, 31),
    sums={
        "wallets.points.awarded": 200,
        "wallets.points.spent": 50,
        "surveys.like.10": 3,
        "surveys.like.0": 1,
    },
    levels={"outstanding.points": 1_000},
    people=People(),
)


def test_a_goal_is_met_missed_or_cannot_be_told() -> None:
    programme = load(
        CLUB
        + """goals:
  - {figure: redemption_points, at_least: 0.3, by: "2027-03-31"}
  - {figure: nps, subject: like, at_least: 50, by: "2027-03-31"}
  - {figure: liability, at_most: 999.5, by: "2027-03-31"}
  - {figure: churn, at_most: 0.1, by: "2027-03-31"}
"""
    )
    day = date(2027, 3, 31)
    assert compare_goals(programme, tuple(all_figures(PERIOD, programme))) == (
        GoalStanding("redemption_points", "points", 0.3, False, day, 0.25, False),
        GoalStanding("nps", "like", 50.0, False, day, 50.0, True),
        GoalStanding("liability", "points", 999.5, True, day, 1_000.0, False),
        GoalStanding("churn", None, 0.1, True, day, None, None),
    )


@pytest.mark.parametrize(
    ("goal", "fault"),
    [
        (
            "figure: redemption_point, at_least: 1",
            "line 13: goals[0].figure: there is no figure redemption_point",
        ),
        ("figure: churn, subject: points, at_most: 1", "churn is of the whole programme -> remove it"),
        ("figure: burn, subject: coins, at_most: 1", "wallets has no coins"),
        ("figure: nps, at_least: 1", "nps is of one of surveys"),
        ("figure: churn, at_least: 1, at_most: 2", "a goal has one bound"),
        ("figure: churn, at_least: much", "'much' is no number"),
    ],
)
def test_a_goal_that_cannot_be_compared_is_a_fault_at_its_line(goal: str, fault: str) -> None:
    with pytest.raises(ProgrammeInvalid) as caught:
        load(f'{CLUB}goals:\n  - {{{goal}, by: "2027-03-31"}}\n')
    assert fault in str(caught.value)


def test_every_figure_that_may_be_a_goal_is_told() -> None:
    programme = load(CLUB)
    told = {figure.code for figure in all_figures(PERIOD, programme)}
    assert GOAL_FIGURES.keys() == told - {"breakage_cohort"}
