"""A draft tried on stored histories, in processes of its own: what was worked out by hand, and what is stored."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from domain.model.calendar import start_of
from domain.model.figures.backtest.comparison import MemberChange
from domain.model.figures.backtest.history import MemberHistory, RulingVersions, brought_until
from domain.model.figures.backtest.replay import replay_as_ruled
from domain.model.figures.backtest.report import BacktestReport, CountComparison, RefusedEvents
from domain.model.values import evolve
from domain.services import demo, demo_people
from domain.services.figures.backtest import process_pool
from domain.services.figures.backtest.backtesting import BacktestProgress, BacktestRequest, run_backtest
from domain.services.figures.backtest.process_pool import ProcessFailed
from domain.services.ledger import purchases, redemption
from domain.services.ledger.returns import refunds
from domain.services.ledger.turn import turn
from domain.services.runtime import Runtime
from domain.store.connect import Database, connect
from domain.store.ledger import journal, members
from tests.small_runtime import NOW, NUMISCOLLECT, SMALL, TILL, join, new_purchase, open_runtime

PRICED = SMALL.replace("name: Points,", 'name: Points, unit_cost: "0.01",')
DOUBLED = PRICED.replace("amount: 1, per: 100", "amount: 2, per: 100")
END = NOW + timedelta(days=3)


async def try_draft(runtime: Runtime, draft: str, *, days_ago: int = 30, sample: int = 100) -> BacktestReport:
    zone = runtime.programme.zone
    since = start_of((END - timedelta(days=days_ago)).date(), zone)
    request = BacktestRequest(draft, since, sample)
    return await run_backtest(runtime, request, now=END, progress=lambda _: None)


@pytest.fixture
async def lived(database: Database) -> Runtime:
    """Ana buys for 100 and 50 euros, takes a mug and returns the first; Bob buys for 20. A day later each receipt
    that is kept brings 5 points.
    """
    runtime = await open_runtime(database, PRICED)
    for member, receipt, total in (("ana", "r1", 10_000), ("ana", "r2", 5_000), ("bob", "r3", 2_000)):
        if receipt != "r2":
            await join(runtime, member)
        purchase_input = new_purchase(receipt, total)
        await purchases.record(
            runtime, till=TILL, member_id=member, purchase_input=purchase_input, key=receipt, now=NOW
        )
    await redemption.redeem(runtime, member_id="ana", reward="mug", key="mug", now=NOW)
    asked = refunds.RefundRequest("r1")
    await refunds.refund(runtime, till=TILL, refund_request=asked, reason="worn", key="back", now=NOW)
    await turn(runtime, now=NOW + timedelta(days=2))
    return runtime


async def test_a_rule_doubled_gives_what_was_worked_out_by_hand(lived: Runtime) -> None:
    report = await try_draft(lived, DOUBLED)
    assert report.left_out_count == 0
    [points] = report.wallets
    assert (points.was.awarded, points.would_be.awarded) == (170 + 10, 340 + 10)
    assert (points.was.clawed_back, points.would_be.clawed_back) == (100, 200)
    assert (points.was.spent, points.would_be.spent) == (50, 50)
    assert (points.was.outstanding, points.would_be.outstanding) == (5 + 25, 55 + 45)
    assert (points.was.liability_minor, points.would_be.liability_minor) == (30, 100)
    assert (points.was.cost_minor, points.would_be.cost_minor) == (180 - 100, 350 - 200)
    rules = {each.rule: each for each in report.rules}
    assert (rules["purchase"].was.fired, rules["purchase"].was.members) == (3, 2)
    assert (rules["purchase"].was.awarded, rules["purchase"].would_be.awarded) == (170, 340)
    assert (rules["later"].was.awarded, rules["later"].would_be.awarded) == (10, 10)
    assert report.rewards[0] == CountComparison("mug", 1, 1)
    assert report.gaining == (MemberChange("ana", 55, 105), MemberChange("bob", 25, 45))
    assert (report.gaining_count, report.losing_count, report.losing) == (2, 0, ())
    assert (report.member_count, report.is_sample, report.refused) == (2, False, ())


async def test_what_the_draft_refuses_is_counted_and_gives_nothing(lived: Runtime) -> None:
    report = await try_draft(lived, PRICED.replace("amount: 50}, voucher", "amount: 160}, voucher"))
    assert report.refused == (RefusedEvents("reward.redeemed", "BalanceTooLow", 1),)
    assert (report.wallets[0].was.spent, report.wallets[0].would_be.spent) == (50, 0)
    assert (report.wallets[0].was.outstanding, report.wallets[0].would_be.outstanding) == (30, 80)
    assert report.rewards[0] == CountComparison("mug", 1, 0)


async def test_what_lies_before_the_first_day_stays_as_it_is(lived: Runtime) -> None:
    report = await try_draft(lived, DOUBLED, days_ago=2)
    assert (report.wallets[0].was.awarded, report.wallets[0].would_be.awarded) == (10, 10)
    assert report.wallets[0].was.outstanding == report.wallets[0].would_be.outstanding == 30


async def test_a_sample_is_of_the_same_members_each_time_and_tells_its_progress(lived: Runtime) -> None:
    steps = list[BacktestProgress]()
    request = BacktestRequest(DOUBLED, NOW - timedelta(days=1), 1)
    for _ in range(2):
        report = await run_backtest(lived, request, now=END, progress=steps.append)
        assert (report.member_count, report.is_sample) == (1, True)
        assert report.gaining == (MemberChange("ana", 55, 105),)
    assert steps[-1] == BacktestProgress(1, 1, report.event_count)


async def test_processes_end_with_a_back_test_that_is_cancelled_or_breaks_off(
    lived: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = list[asyncio.subprocess.Process]()
    create = asyncio.create_subprocess_exec

    async def noted(*words: str, **options: object) -> asyncio.subprocess.Process:
        process = await create(*words, **options)  # type: ignore[arg-type]
        started.append(process)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    work = asyncio.create_task(try_draft(lived, DOUBLED))
    while len(started) < process_pool.core_count():
        await asyncio.sleep(0.01)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    monkeypatch.setattr(process_pool, "PROGRAM", "raise SystemExit(3)")
    with pytest.raises(ExceptionGroup) as broken:
        await try_draft(lived, DOUBLED)
    assert broken.group_contains(ProcessFailed)
    for process in started:
        with pytest.raises(ProcessLookupError):
            os.kill(process.pid, 0)


async def test_a_reward_that_was_sold_out_stays_so_under_a_draft(lived: Runtime) -> None:
    for number in range(3):
        await join(lived, f"f{number}")
        buying = new_purchase(f"f{number}", 2_000)
        await purchases.record(
            lived, till=TILL, member_id=f"f{number}", purchase_input=buying, key=f"f{number}", now=NOW
        )
        await redemption.redeem(lived, member_id=f"f{number}", reward="rare", key=f"r{number}", now=NOW)
    await join(lived, "zoe")
    buying = new_purchase("z", 2_000)
    await purchases.record(lived, till=TILL, member_id="zoe", purchase_input=buying, key="z", now=NOW)
    stored = await members.find(lived.store, "zoe")
    assert stored is not None
    assert "rare" not in stored.member.unlocked
    rows = list((await journal.find_many(lived.store, "zoe", range(1, stored.member.seq + 1))).values())
    history = MemberHistory(stored.member, rows, NOW)
    versions = RulingVersions({1: lived.programme}, {1: NOW})
    ruled = replay_as_ruled(history, versions)
    assert [row.changes for row in ruled.rows] == [row.changes for row in rows]
    report = await try_draft(lived, PRICED)
    assert report.taken_as_stored.sold_out > 0
    assert [each for each in report.wallets if each.was != each.would_be] == []


async def test_what_a_draft_reads_that_the_journal_does_not_keep_is_counted(lived: Runtime) -> None:
    born = "    on: purchase.completed\n    when: member.birthday == null\n    do: [{award: {wallet: points, amount: 1,"
    reading = PRICED.replace(
        "    on: purchase.completed\n    do: [{award: {wallet: points, amount: 1,", born, 1
    )
    report = await try_draft(lived, reading)
    assert report.taken_as_stored.private == 6  # three receipts, and what each left for a day later
    assert report.wallets[0].was == report.wallets[0].would_be


@pytest.fixture
async def unheard(database_uri: str) -> AsyncIterator[Database]:
    """A database without a command log: the demo empties whole collections, as no request does."""
    fresh = connect(database_uri, f"test-{secrets.token_hex(8)}", timeout_seconds=30)
    try:
        yield fresh
    finally:
        await fresh.client.drop_database(fresh.mongo.name)
        await fresh.close()


async def test_the_demo_decided_again_is_the_demo_as_it_is_stored(
    unheard: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_people, "MEMBERS", 16)
    text = NUMISCOLLECT.read_text(encoding="utf-8")
    runtime = await open_runtime(unheard, text, now=NOW)
    await demo.fill_demo(
        runtime.store, published=runtime.programmes.current(), now=NOW, progress=lambda *_: None
    )
    versions = RulingVersions({1: runtime.programme}, {1: NOW})
    row_count = 0
    async for id in members.iterate_ids(runtime.store):
        stored = await members.find(runtime.store, id)
        assert stored is not None
        rows = await journal.find_many(runtime.store, id, range(1, stored.member.seq + 1))
        in_order = [rows[seq] for seq in sorted(rows)]
        until = brought_until(runtime.programme, stored.member, now=NOW)
        replay = replay_as_ruled(MemberHistory(stored.member, in_order, until), versions)
        assert [row.changes for row in replay.rows] == [row.changes for row in in_order]
        assert evolve(replay.member, turned_at=None) == evolve(stored.member, turned_at=None)
        row_count += len(in_order)
    assert row_count > 400
    request = BacktestRequest(text, NOW - timedelta(days=500), 100)
    report = await run_backtest(runtime, request, now=NOW, progress=lambda _: None)
    for compared in (report.wallets, report.rules, report.rewards, report.tiers, report.messages):
        assert [each for each in compared if each.was != each.would_be] == []
    assert report.left_out_count == 0
    assert (report.member_count, report.refused, report.gaining_count, report.losing_count) == (16, (), 0, 0)
