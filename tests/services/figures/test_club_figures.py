"""Figures of leaderboards and challenges without a name: who takes part and left, spread, prizes and their cost; made
again from the journal they are the same.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from fractions import Fraction

from domain.model.club.leaderboards import BoardSpread, bucket_of, spread_of
from domain.model.figures.definitions.club import BoardResult, ChallengeResult
from domain.services.club import leaderboards
from domain.services.figures import reading, rebuilding
from domain.services.figures.reading import Period
from domain.services.ledger import challenges
from domain.services.ledger.turn import turn
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.figures.lease import LeaseHolder
from tests.services.club.small_club import BOARDS, JUDGED, LATER, buy, finish, fold, play, take_back
from tests.small_runtime import NOW, SMALL, join, open_runtime

BADGES = """
badges:
  - {code: spring, name: Spring, accept: true, on: purchase.completed, levels: [2], do: [{award: {wallet: points, fixed: 40}}, {voucher: mug}]}
  - {code: dated, name: Dated, during: {from: 2026-01-01}, on: purchase.completed, levels: [3], do: [{award: {wallet: points, fixed: 7}}]}
  - {code: plain, name: Plain, on: purchase.completed, levels: [1]}
"""
PROGRAMME = (
    SMALL.replace("rewards:\n", BOARDS + BADGES + "rewards:\n", 1)
    .replace("debt: allow}", 'debt: allow, unit_cost: "0.01"}')
    .replace(
        "{code: mug, title: A mug, kind: product,",
        '{code: mug, title: A mug, kind: product, unit_cost: "2.50",',
    )
    .replace(
        "2: [{award: {wallet: points, fixed: 100}}]",
        "2: [{award: {wallet: points, fixed: 100}}, {voucher: mug}]",
    )
)
SINCE, UNTIL = date(2026, 3, 1), date(2026, 4, 30)


async def read(runtime: Runtime) -> tuple[dict[str, BoardResult], dict[str, ChallengeResult]]:
    report = await reading.read_report(runtime, Period(SINCE, UNTIL), with_boards=True)
    return (
        {board.leaderboard: board for board in report.boards},
        {challenge.badge: challenge for challenge in report.challenges},
    )


async def test_a_leaderboard_tells_how_many_take_part_and_left_and_what_its_prizes_cost(
    database: Database,
) -> None:
    runtime = await open_runtime(database, PROGRAMME)
    scores = {"ana": 900, "bea": 300, "eva": 60, "ivo": 20, "rui": 10, "lia": 5}
    for member, score in scores.items():
        await play(runtime, member)
        await buy(runtime, member, f"r-{member}", score * 100)
    # Another nickname is no second time, and neither is leaving twice.
    await leaderboards.join(runtime, member_id="ana", code="best", nickname="Another", now=LATER)
    for _ in range(2):
        await leaderboards.leave(runtime, member_id="lia", code="best", now=LATER)
    await fold(runtime)
    best = (await read(runtime))[0]["best"]
    assert (best.joined, best.left, best.prizes) == (6, 1, 0)
    (march,) = best.periods
    assert (march.first_day, march.judged_on, march.joined, march.left) == (SINCE, None, 6, 1)
    assert march.spread is not None
    assert march.spread.players == 5
    assert march.spread.quartiles is not None
    assert march.spread.quartiles[:2] == (20, 60)
    assert abs(march.spread.quartiles[2] - 300) <= 6, "to within 2 %"

    assert await finish(runtime, now=JUDGED) >= 1
    await turn(runtime, now=JUDGED + timedelta(hours=1))
    await fold(runtime, now=JUDGED + timedelta(hours=1))
    await leaderboards.leave(runtime, member_id="bea", code="best", now=JUDGED)
    before = await read(runtime)
    best = before[0]["best"]
    paid = next(period for period in best.periods if period.first_day == SINCE)
    assert (paid.judged_on, paid.spread) == (JUDGED.date(), march.spread)
    # The first gets what the second gets, too: 1,000 and twice 100 points at a cent, two mugs at 2.50.
    for result in (best, paid):
        assert (result.prizes, result.gifts.awarded, result.gifts.rewards) == (
            2,
            {"points": 1_200},
            {"mug": 2},
        )
        assert result.gifts.cost == 1_200 + 2 * 250
    assert (best.left, paid.left) == (2, 1), "April is another period"
    await rebuilding.rebuild(runtime, LeaseHolder(lambda: JUDGED, name="test"))
    assert await read(runtime) == before


async def test_a_challenge_tells_who_took_it_up_what_was_reached_and_what_that_cost(
    database: Database,
) -> None:
    runtime = await open_runtime(database, PROGRAMME)
    for member in ("ana", "bea"):
        await join(runtime, member)
        await challenges.accept(runtime, member_id=member, badge="spring", key=member, now=NOW)
    await challenges.accept(runtime, member_id="ana", badge="spring", key="again", now=NOW)
    for number in range(3):
        await buy(runtime, "ana", f"a{number}", 1_000)
    await buy(runtime, "bea", "b0", 1_000)
    await fold(runtime)
    before = await read(runtime)
    found_challenges = before[1]
    assert list(found_challenges) == ["spring", "dated"], "plain is no challenge"
    spring, dated = found_challenges["spring"], found_challenges["dated"]
    assert (spring.started, spring.reached, spring.gifts.awarded, spring.gifts.rewards) == (
        2,
        1,
        {"points": 40},
        {"mug": 1},
    )
    assert spring.gifts.cost == 40 + 250
    assert (dated.started, dated.reached, dated.gifts.cost) == (None, 1, 7)
    await rebuilding.rebuild(runtime, LeaseHolder(lambda: LATER, name="test"))
    assert await read(runtime) == before
    await take_back(runtime, "a2", 1_000)
    await fold(runtime)
    assert (await read(runtime))[1]["dated"].gifts.cost == 0, "what a return took back costs nothing"


def test_quartiles_are_those_of_the_scores_to_within_two_in_a_hundred() -> None:
    for seed in range(200):
        chance = random.Random(seed)
        scores = sorted(
            chance.randrange(1, 10 ** chance.randrange(1, 7)) for _ in range(chance.randrange(4, 200))
        )
        buckets: dict[int, int] = {}
        for score in scores:
            buckets[bucket_of(score)] = buckets.get(bucket_of(score), 0) + 1
        spread = spread_of(buckets)
        assert (spread.players, spread.quartiles is None) == (len(scores), False)
        for quarter, value in enumerate(spread.quartiles or (), start=1):
            exact = scores[-(-len(scores) * quarter // 4) - 1]
            assert abs(value - exact) <= Fraction(2, 100) * exact, (seed, quarter)


def test_of_fewer_than_four_nothing_is_told_but_how_many() -> None:
    for players in range(4):
        assert spread_of({bucket_of(7 + player): 1 for player in range(players)}) == BoardSpread(
            players, None
        )
    assert spread_of({bucket_of(7): 4, bucket_of(9): 0}) == BoardSpread(4, (7, 7, 7))
