"""Leaderboards while others are at it: who joins or leaves while rows are folded, and figures made again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from domain.model.club.leaderboards import SCORES
from domain.model.figures.folding import fold_row
from domain.services.club import leaderboards
from domain.services.club.periods import finish_due
from domain.services.figures import projector, rebuilding
from domain.services.figures.projector import FigureRound
from domain.services.ledger.turn import turn
from domain.services.runtime import Runtime
from domain.store.club import leaderboard_players, leaderboard_scores
from domain.store.connect import Database
from domain.store.document_store import Busy, DocumentStore, Stale, Write
from domain.store.figures import lease
from domain.store.figures.lease import LeaseHolder
from tests.folding import project_until
from tests.services.club.small_club import (
    JUDGED,
    LATER,
    assert_ranks_add_up,
    buy,
    finish,
    fold,
    open_club,
    play,
    spendable,
    top,
)
from tests.small_runtime import join


def meanwhile(
    patch: pytest.MonkeyPatch, module: Any, name: str, act: Callable[[], Awaitable[object]]
) -> None:
    """Have somebody act right after a function has read, once."""
    read, acts = getattr(module, name), [act]

    async def read_and_act(*args: Any, **values: Any) -> Any:
        found = await read(*args, **values)
        if acts:
            await acts.pop()()
        return found

    patch.setattr(module, name, read_and_act)


async def leave(runtime: Runtime, member: str) -> object:
    return await leaderboards.leave(runtime, member_id=member, code="best", now=LATER)


@pytest.mark.parametrize("bought_before", [0, 9_000])
async def test_who_leaves_while_rows_are_folded_stands_no_more(
    database: Database, monkeypatch: pytest.MonkeyPatch, bought_before: int
) -> None:
    runtime = await open_club(database)
    board = await play(runtime, "ana")
    if bought_before:
        await buy(runtime, "ana", "r1", bought_before)
        await fold(runtime)
    else:  # she plays since before, and has no score in this period yet
        await runtime.store[SCORES].delete_many({})
    await buy(runtime, "ana", "r2", 5_000)
    with monkeypatch.context() as patch:
        meanwhile(patch, leaderboard_scores, "find_many", lambda: leave(runtime, "ana"))
        await fold(runtime)
    assert await top(runtime, board) == []
    known = await leaderboard_scores.find(runtime.store, board.period.key, "ana")
    assert known is not None
    assert (known.score, known.is_standing) == ((bought_before + 5_000) // 100, False)
    await assert_ranks_add_up(runtime, board.period.key)


@pytest.mark.parametrize("bought_before", [0, 9_000])
async def test_who_joins_while_rows_are_folded_is_ranked_with_all_they_have(
    database: Database, monkeypatch: pytest.MonkeyPatch, bought_before: int
) -> None:
    runtime = await open_club(database)
    await join(runtime, "ivo")
    if bought_before:
        await buy(runtime, "ivo", "r1", bought_before)
        await fold(runtime)
    await buy(runtime, "ivo", "r2", 5_000)
    with monkeypatch.context() as patch:
        meanwhile(patch, leaderboard_players, "find_many", lambda: play_again(runtime, "ivo"))
        await fold(runtime)
    board = leaderboards.open_board(runtime, "best", now=LATER)
    assert await top(runtime, board) == [("Ivo", 1, (bought_before + 5_000) // 100)]
    await assert_ranks_add_up(runtime, board.period.key)


async def play_again(runtime: Runtime, member: str) -> object:
    return await leaderboards.join(runtime, member_id=member, code="best", nickname="Ivo", now=LATER)


async def test_nobody_joins_or_leaves_while_scores_are_made_again(database: Database) -> None:
    runtime = await open_club(database)
    board = await play(runtime, "ana")
    await buy(runtime, "ana", "r1", 9_000)
    await lease.ask_rebuild(runtime.store)
    for act in (play_again(runtime, "ana"), leave(runtime, "ana")):
        with pytest.raises(Busy):
            await act
    await rebuilding.rebuild(runtime, LeaseHolder(lambda: LATER, name="test"))
    await leave(runtime, "ana")
    assert await top(runtime, board) == []


async def test_a_prize_that_another_transaction_was_in_the_way_of_is_paid(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = await open_club(database)
    await play(runtime, "ana")
    await buy(runtime, "ana", "r1", 90_000)
    await fold(runtime)
    transact, in_the_way = DocumentStore.transact, [True]

    async def transact_late(store: DocumentStore, writes: Sequence[Write], **values: Any) -> None:
        if in_the_way and writes[0].collection == "agenda":
            in_the_way.pop()
            raise Stale("another transaction was in the way")
        await transact(store, writes, **values)

    monkeypatch.setattr(DocumentStore, "transact", transact_late)
    assert await finish(runtime, now=JUDGED) == 1
    assert not in_the_way
    await turn(runtime, now=JUDGED + timedelta(hours=1))
    assert await spendable(runtime, "ana") == 900 + 5 + 1_000 + 100


async def test_no_period_is_judged_while_scores_are_made_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = await open_club(database)
    await play(runtime, "ana")
    await buy(runtime, "ana", "r1", 90_000)
    await fold(runtime)
    folding, rebuilder = LeaseHolder(lambda: JUDGED, name="test"), LeaseHolder(lambda: JUDGED)
    assert await folding.holds(runtime.store)

    async def begin() -> None:
        await lease.begin_rebuild(runtime.store, rebuilder)
        await runtime.store[SCORES].delete_many({})

    with monkeypatch.context() as patch:
        meanwhile(patch, lease, "is_rebuilding", begin)
        assert await finish_due(runtime, folding, now=JUDGED) == 0, "another makes them again since just now"
    assert await finish_due(runtime, rebuilder, now=JUDGED) == 0, "and was cut off"
    await projector.run_round(runtime, rebuilder, now=JUDGED)
    assert await finish_due(runtime, rebuilder, now=JUDGED) == 1
    result = await runtime.store["leaderboard_results"].find_one({"_id": "best|2026-03-01"})
    assert result is not None
    assert result["places"] == [["ana", 1, 900]]


async def test_the_lease_is_renewed_while_members_of_many_rows_are_folded_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = await open_club(database)
    await play(runtime, "ana")
    for number in range(5):
        await buy(runtime, "ana", f"r{number}", 9_000)
    now, asked = [LATER], list[datetime]()

    def clock() -> datetime:
        asked.append(now[0])
        return now[0]

    def fold_slowly(*values: Any) -> Any:
        now[0] += timedelta(seconds=3)
        return fold_row(*values)

    monkeypatch.setattr(rebuilding, "fold_row", fold_slowly)
    await rebuilding.rebuild(runtime, LeaseHolder(clock))
    gaps = [after - before for before, after in pairwise(asked)]
    assert max(gaps) < lease.LEASE / 2
    assert sum(gaps, timedelta()) > lease.LEASE


async def test_periods_end_also_where_each_second_brings_rows(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = await open_club(database)
    looked = asyncio.Event()

    async def fold_one(_runtime: Runtime, holder: LeaseHolder, **_: object) -> FigureRound:
        assert await holder.holds(runtime.store)
        return FigureRound(1, 1)

    async def note_look(*_: object, now: datetime) -> int:
        looked.set()
        return 0

    monkeypatch.setattr(projector, "run_round", fold_one)
    monkeypatch.setattr(projector, "finish_due", note_look)
    monkeypatch.setattr(projector, "POLL_SECONDS", 0.01)
    faults = await project_until(runtime, looked, now=LATER)
    assert faults == []
