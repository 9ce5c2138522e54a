"""Goals: faults at their lines, and where they stand."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from domain.model.figures.definitions import all_figures
from domain.model.figures.goals import GoalStanding, compare_goals
from domain.model.figures.period import People, PeriodFigures
from domain.model.programme import ProgrammeInvalid, load, load_with_warnings
from domain.model.programme.loading import load_published
from domain.model.programme.membership import GOAL_FIGURES, LOOSE_SHARES, SHARES

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
        (
            "figure: churn, at_most: 30",
            "goals[0].at_most: churn is a share: 30 is 3000 % -> write a part of 1, such as 0.3 for 30 %",
        ),
        ("figure: active_30, at_least: -0.5", "goals[0].at_least: active_30 is a share: -0.5 is -50 %"),
        (
            "figure: nps, subject: like, at_least: 150",
            "goals[0].at_least: an NPS is from -100 to 100, and 150 is not -> write one of these, such as 50",
        ),
    ],
)
def test_a_goal_that_cannot_be_compared_is_a_fault_at_its_line(goal: str, fault: str) -> None:
    with pytest.raises(ProgrammeInvalid) as caught:
        load(f'{CLUB}goals:\n  - {{{goal}, by: "2027-03-31"}}\n')
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("goal", "warning"),
    [
        ("figure: redemption_points, at_least: 0.3", []),
        ("figure: burn, at_least: 1.4", []),
        ("figure: retention, at_least: 1", []),
        ("figure: nps, subject: like, at_least: -100", []),
        ("figure: revenue, at_least: 25000", []),
        ("figure: redemption_points, at_least: 30", ["redemption_points is a share: 30 is 3000 %"]),
    ],
)
def test_more_than_all_points_of_a_period_is_only_improbable(goal: str, warning: list[str]) -> None:
    loaded = load_with_warnings(f'{CLUB}goals:\n  - {{{goal}, by: "2027-03-31"}}\n')
    assert [each.message for each in loaded.warnings if each.path.startswith("goals")] == warning


def test_every_rate_has_its_bounds() -> None:
    rates = {figure.code for figure in all_figures(PERIOD, load(CLUB)) if figure.unit == "RATE"}
    assert rates & GOAL_FIGURES.keys() == SHARES | LOOSE_SHARES


def test_a_goal_whose_day_has_passed_is_doubted_and_loads() -> None:
    text = f'{CLUB}goals:\n  - {{figure: churn, at_most: 0.1, by: "2027-03-31"}}\n'
    for day, warnings in ((31, []), (1, ["its day, 2027-03-31, has passed"])):
        now = datetime(2027, 3 if day == 31 else 4, day, 12, tzinfo=UTC)
        loaded = load_with_warnings(text, now=now)
        assert [each.message for each in loaded.warnings if each.path == "goals[0].by"] == warnings


def test_a_published_goal_that_cannot_be_met_still_loads() -> None:
    text = f'{CLUB}goals:\n  - {{figure: churn, at_most: 30, by: "2027-03-31"}}\n'
    assert load_published(text).goals[0].at_most == 30


def test_every_figure_that_may_be_a_goal_is_told() -> None:
    programme = load(CLUB)
    told = {figure.code for figure in all_figures(PERIOD, programme)}
    assert GOAL_FIGURES.keys() == told - {"breakage_cohort"}
