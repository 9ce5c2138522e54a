"""Leaderboards, as pure rules: buckets that keep the order of scores, ranks of who is even, periods."""

import random
from datetime import UTC, date, datetime

import pytest

from domain.model.club.leaderboards import BoardPeriod, bucket_end, bucket_of, end_of, judged_at, ranked
from domain.model.programme import load

PROGRAMME = """
programme: {code: c, name: C, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets: [{code: points, name: Points}]
leaderboards:
  - {code: week, name: Week, count: {wallet: points}, per: week, wait: {days: 2}}
  - {code: month, name: Month, count: {wallet: points}, per: month}
  - {code: ever, name: Ever, count: {wallet: points}, per: ever}
"""


def test_a_higher_score_has_the_same_or_a_higher_bucket_that_ends_at_or_above_it() -> None:
    chance = random.Random(7)
    scores = sorted({*range(1, 300), *(chance.randrange(1, 10**9) for _ in range(2_000))})
    buckets = [bucket_of(score) for score in scores]
    assert buckets == sorted(buckets)
    for score in scores:
        assert bucket_of(bucket_end(bucket_of(score))) == bucket_of(score)
        assert score <= bucket_end(bucket_of(score)) < score * 1.04 + 1
        assert bucket_of(bucket_end(bucket_of(score)) + 1) > bucket_of(score)


def test_who_is_even_has_the_same_rank_and_the_next_ones_are_left_out() -> None:
    places = ranked([("d", 5), ("a", 9), ("c", 7), ("b", 7), ("e", 5)])
    assert places == [("a", 1, 9), ("b", 2, 7), ("c", 2, 7), ("d", 4, 5), ("e", 4, 5)]
    assert ranked([]) == []


@pytest.mark.parametrize(
    ("code", "first_day", "end", "judged"),
    [
        ("week", date(2026, 3, 23), "2026-03-29T23:00", "2026-03-31T23:00"),  # summer time begins on the 29th
        ("month", date(2026, 2, 1), "2026-03-01T00:00", "2026-03-15T00:00"),
        ("ever", date.min, None, None),
    ],
)
def test_a_period_ends_at_a_midnight_of_the_programme_and_is_judged_after_the_wait(
    code: str, first_day: date, end: str | None, judged: str | None
) -> None:
    programme = load(PROGRAMME)
    board, period = programme.leaderboard(code), BoardPeriod(code, first_day)
    at = [
        None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (end, judged)
    ]
    assert [end_of(programme, board, period), judged_at(programme, board, period)] == at
    assert BoardPeriod.from_key(period.key) == period
