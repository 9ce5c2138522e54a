"""A small club with a leaderboard, for tests of leaderboards."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.model.club.leaderboards import RANKS, SCORES, bucket_of
from domain.services.club import leaderboards
from domain.services.club.leaderboards import OpenBoard
from domain.services.club.periods import finish_due
from domain.services.ledger import purchases
from domain.services.ledger.returns import refunds
from domain.services.ledger.returns.refunds import RefundRequest
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.figures.lease import LeaseHolder
from domain.store.ledger import members
from tests.folding import fold_waiting
from tests.small_runtime import NOW, SMALL, TILL, join, new_purchase, open_runtime

BOARDS = """
leaderboards:
  - code: best
    name: Best of the month
    count: {wallet: points}
    per: month
    top: 50
    do: {1: [{award: {wallet: points, fixed: 1000}}], 2: [{award: {wallet: points, fixed: 100}}]}
"""
LATER = NOW + timedelta(minutes=5)
JUDGED = NOW.replace(month=4, day=16)


async def open_club(database: Database) -> Runtime:
    return await open_runtime(database, SMALL.replace("rewards:\n", BOARDS + "rewards:\n", 1))


async def buy(runtime: Runtime, member: str, receipt: str, total: int, *, now: datetime = LATER) -> None:
    purchase = new_purchase(receipt, total)
    await purchases.record(
        runtime, till=TILL, member_id=member, purchase_input=purchase, key=receipt, now=now
    )


async def take_back(runtime: Runtime, receipt: str, amount: int, *, now: datetime = LATER) -> None:
    request = RefundRequest(receipt, amount=amount)
    await refunds.refund(
        runtime, till=TILL, refund_request=request, reason="It broke", key=f"back {receipt}", now=now
    )


async def fold(runtime: Runtime, *, now: datetime = LATER) -> None:
    await fold_waiting(runtime, LeaseHolder(lambda: now, name="test"), now=now)


async def finish(runtime: Runtime, *, now: datetime) -> int:
    holder = LeaseHolder(lambda: now, name="test")
    assert await holder.holds(runtime.store)
    return await finish_due(runtime, holder, now=now)


async def play(runtime: Runtime, member: str, *, now: datetime = LATER) -> OpenBoard:
    await join(runtime, member)
    return await leaderboards.join(runtime, member_id=member, code="best", nickname=f"Nick {member}", now=now)


async def top(runtime: Runtime, board: OpenBoard) -> list[tuple[str, int, int]]:
    places = await leaderboards.load_top(runtime, board, first=50)
    return [(place.nickname, place.rank, place.score) for place in places]


async def spendable(runtime: Runtime, member: str) -> int:
    stored = await members.find(runtime.store, member)
    assert stored is not None
    return stored.member.wallets["points"].available


async def assert_ranks_add_up(runtime: Runtime, board: str) -> None:
    """The counts of buckets are those of the scores that stand."""
    rows = [row async for row in runtime.store[SCORES].find({"standing": board, "score": {"$gt": 0}})]
    ranks = await runtime.store[RANKS].find_one({"_id": board}) or {"buckets": {}, "total": 0}
    counts: dict[str, int] = {}
    for row in rows:
        bucket = str(bucket_of(row["score"]))
        counts[bucket] = counts.get(bucket, 0) + 1
    assert {bucket: count for bucket, count in ranks["buckets"].items() if count} == counts
    assert ranks["total"] == len(rows)
