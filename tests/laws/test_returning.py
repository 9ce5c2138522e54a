"""Nothing is gained by buying and returning: whatever a programme gives, purchases that are all returned leave
nothing but what other events gave.

Programmes and histories are made of a seed, the same ones in every run; `scripts/storms/returns` tries many
more, and shrinks one that fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from tests.laws.random_histories import DEEP
from tests.laws.returning_histories import (
    amiss_with_others,
    different_from_others,
    left_by,
    lived,
    random_story,
    settled,
)


def seeds(count: int) -> Sequence[int]:
    """Return the first of each ten seeds: one test each."""
    return range(0, count * DEEP, 10)


@pytest.mark.parametrize("first", seeds(160))
def test_purchases_that_are_all_returned_leave_nothing(first: int) -> None:
    for seed in range(first, first + 10):
        run = lived(random_story(Random(seed)))
        assert left_by(run) == [], f"seed {seed}: at once"
        assert left_by(settled(run)) == [], f"seed {seed}: after some time"


@pytest.mark.parametrize("seed", [168, 5292, 41424])
def test_histories_that_storms_found_leave_nothing(seed: int) -> None:
    run = lived(random_story(Random(seed)))
    assert [left_by(run), left_by(settled(run))] == [[], []]


@pytest.mark.parametrize("first", seeds(80))
def test_what_other_events_gave_stays_less_what_was_spent(first: int) -> None:
    for seed in range(first, first + 10):
        run = settled(lived(random_story(Random(seed), with_others=True)))
        assert amiss_with_others(run) == [], f"seed {seed}"


@pytest.mark.parametrize("first", seeds(80))
def test_who_spends_nothing_ends_like_one_who_bought_nothing(first: int) -> None:
    for seed in range(first, first + 10):
        run = settled(lived(random_story(Random(seed), with_others=True, with_spending=False)))
        assert different_from_others(run) == [], f"seed {seed}"
