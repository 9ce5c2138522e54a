"""Uplift: the interval covers what was planted, as often as it says."""

from __future__ import annotations

from random import Random

import pytest

from domain.model.figures.uplift import Arm, measure, return_on
from domain.model.ledger.deciding.earning import is_held_out
from domain.model.programme import Programme
from domain.model.programme.loading import load

PLANTED = 3_00
PROGRAMME = """
programme: {code: club, name: Club, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets: [{code: points, name: Points}]
rules:
  - code: double
    title: Double
    on: purchase.completed
    holdout: 20
    do: [{award: {wallet: points, fixed: 10}}]
"""


def seeded_arms(programme: Programme, seed: int) -> tuple[Arm, Arm]:
    """Members of a seed who spend about 60.00 a year in few, uneven receipts; who may get the rule spends
    3.00 more each.
    """
    random, rule = Random(seed), programme.rule("double")
    treated, held_out = Arm(), Arm()
    for number in range(2_000):
        spent = sum(int(random.lognormvariate(7.2, 0.8)) for _ in range(random.randrange(7)))
        if is_held_out(f"{seed}:{number}", rule):
            held_out = held_out.with_member(spent)
        else:
            treated = treated.with_member(spent + PLANTED)
    return treated, held_out


def test_the_interval_covers_a_planted_effect_in_95_of_100_seeded_demos() -> None:
    programme = load(PROGRAMME)
    covered = 0
    for seed in range(100):
        measured = measure(*seeded_arms(programme, seed), days=365)
        assert measured is not None
        covered += measured.low <= PLANTED <= measured.high
    assert covered >= 95


def test_the_days_to_tell_are_those_after_which_the_interval_is_narrow_enough() -> None:
    # Means 100, variances of the means 4 and 5: half of the interval is 1.96 * 3 = 5.88 % of the mean, 1.176 times what
    # may be: so it takes 1.383 times as long.
    treated, held_out = Arm(26, 2_600, 262_600), Arm(21, 2_100, 212_100)
    assert (treated.variance_of_mean, held_out.variance_of_mean) == (4, 5)
    measured = measure(treated, held_out, days=100)
    assert measured is not None
    assert (measured.difference, measured.days_to_tell) == (0.0, 39)
    assert measure(Arm(1, 5, 25), held_out, days=1) is None


def test_nobody_can_say_when_where_nobody_held_out_has_bought() -> None:
    measured = measure(Arm(10, 100, 2_000), Arm(10, 0, 0), days=30)
    assert measured is not None
    assert measured.days_to_tell is None


def test_what_a_rule_returned_is_its_gain_at_the_margin_less_its_cost_over_its_cost() -> None:
    # 26 members, 2.00 more each, 0.0588 more or less: a gain of 52.00, 15.60 of it margin, for a cost of 10.40.
    measured = measure(Arm(26, 7_800, 2_340_000 + 2_600), Arm(21, 2_100, 212_100), days=100)
    assert measured is not None
    returned = return_on(measured, margin=30, cost=1_040)
    assert returned is not None
    assert (returned.gain, returned.value) == (5_200, 0.5)
    assert (returned.low, returned.high) == pytest.approx((0.4559, 0.5441), abs=0.0001)
    assert return_on(measured, margin=30, cost=0) is None
