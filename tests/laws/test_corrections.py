"""Laws of corrections: a receipt that is put right ends where one that was right at first ends, there and back is
nothing, and what was corrected is returned whole.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from tests.laws.correcting_histories import RECEIPT, begun, differences, plain_story, receipt, two_totals
from tests.laws.returning_histories import WHO, left_by, lived, random_story, settled
from tests.laws.test_returning import seeds

WAITS = (0, 0.1, 1, 30, 100)


@pytest.mark.parametrize("first", seeds(60))
def test_corrected_purchases_that_are_all_returned_leave_nothing(first: int) -> None:
    for seed in range(first, first + 10):
        run = lived(random_story(Random(seed), with_corrections=True))
        assert left_by(run) == [], f"seed {seed}: at once"
        assert left_by(settled(run)) == [], f"seed {seed}: after some time"


@pytest.mark.parametrize("first", seeds(60))
def test_a_corrected_receipt_ends_where_one_that_was_right_at_first_does(first: int) -> None:
    for seed in range(first, first + 10):
        random = Random(seed)
        story, who, (wrong, right) = plain_story(random), random.choice(WHO), two_totals(random)
        number, wait = random.randrange(10), random.choice(WAITS)
        run, twin = begun(story), begun(story)
        run.send(who, "purchase.completed", receipt(wrong, number))
        twin.send(who, "purchase.completed", receipt(right, number))
        for each in (run, twin):
            each.wait(each.clock + timedelta(hours=wait))
        run.send(who, "purchase.corrected", receipt(right, number))
        assert differences(settled(run), settled(twin)) == [], f"seed {seed}"


@pytest.mark.parametrize("first", seeds(60))
def test_there_and_back_is_nothing(first: int) -> None:
    for seed in range(first, first + 10):
        random = Random(seed)
        story, who, (total, other) = plain_story(random), random.choice(WHO), two_totals(random)
        number, wait = random.randrange(10), random.choice(WAITS)
        run, twin = begun(story), begun(story)
        for each in (run, twin):
            each.send(who, "purchase.completed", receipt(total, number))
            each.wait(each.clock + timedelta(hours=wait))
        run.correct(who, RECEIPT, other)
        run.correct(who, RECEIPT, total)
        assert differences(settled(run), settled(twin)) == [], f"seed {seed}"
