"""Refunds in parts end where one refund does, and events that change nothing change nothing: in histories with
late receipts, delayed rules, vouchers and referrals, too.
"""

from __future__ import annotations

from random import Random

import pytest

from domain.model.ledger.events import Json
from domain.model.simulate import InputLine
from tests.laws.random_histories import DEEP
from tests.laws.returning_histories import WHO, StoryRun, holdings, lived, random_story, settled

NOISE = "noise.made"


def _again(run: StoryRun, *, parts: int = 1, has_noise: bool = False) -> StoryRun:
    """Live through the same lines, each refund by amount in so many parts, and with events that nothing listens
    to between them.
    """
    twin = StoryRun(run.story)
    twin.declare(NOISE)
    for line, arrived_at in zip(run.lines, run.arrivals, strict=True):
        twin.wait(arrived_at)
        if has_noise and line.name != "member.enrolled":
            twin.send(line.member, NOISE, {})
        for event_data in _split(line, parts):
            twin.send(line.member, line.name, event_data, line.at)
    twin.wait(run.clock)
    return twin


def _split(line: InputLine, parts: int) -> list[dict[str, Json]]:
    amount = line.data.get("amount") if line.name == "purchase.refunded" else None
    if not isinstance(amount, int) or amount < parts:
        return [dict(line.data)]
    shares = [amount // parts] * (parts - 1)
    return [{**line.data, "amount": share} for share in (*shares, amount - sum(shares))]


@pytest.mark.parametrize("first", range(0, 40 * DEEP, 10))
def test_refunds_in_parts_end_where_one_does(first: int) -> None:
    for seed in range(first, first + 10):
        run = settled(lived(random_story(Random(seed), with_others=True)))
        assert [holdings(_again(run, parts=3), who) for who in WHO] == [holdings(run, who) for who in WHO], (
            seed
        )


@pytest.mark.parametrize("first", range(0, 40 * DEEP, 10))
def test_events_that_change_nothing_change_nothing(first: int) -> None:
    for seed in range(first, first + 10):
        run = settled(lived(random_story(Random(seed), with_others=True)))
        assert [holdings(_again(run, has_noise=True), who) for who in WHO] == [
            holdings(run, who) for who in WHO
        ], seed
