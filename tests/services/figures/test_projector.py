"""The projector: each row counts once, in any order of members, whatever is killed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from pymongo.errors import NetworkTimeout

from domain.services.figures import projector
from domain.services.figures.rebuilding import ask_rebuild, rebuild
from domain.services.ledger import purchases
from domain.services.ledger.verification import verify
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.counters import FIGURE_ROWS_MISSING
from domain.store.figures import due, lease, sums
from domain.store.figures.lease import LeaseHolder
from tests.folding import fold_waiting, project_until
from tests.services.figures.figure_sums import all_figures, day_sums
from tests.services.figures.random_journals import Projector, commit_in_pieces, random_rows
from tests.small_runtime import NOW, TILL, join, new_purchase, open_runtime

LATER = NOW + timedelta(minutes=5)


async def buy(runtime: Runtime, member: str, receipt: str, total: int = 10_000) -> None:
    await purchases.record(
        runtime,
        till=TILL,
        member_id=member,
        purchase_input=new_purchase(receipt, total),
        key=receipt,
        now=LATER,
    )


async def test_a_purchase_is_counted_on_its_day_for_its_store_and_for_all(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await buy(runtime, "ana", "r1")
    await fold_waiting(runtime, LeaseHolder(lambda: LATER), now=LATER)
    for store in ("lisboa", "*"):
        counted = await day_sums(runtime, "2026-03-02", store=store)
        assert (counted["receipts"], counted["revenue"], counted["wallets.points.awarded"]) == (
            1,
            10_000,
            100,
        )
    assert (await sums.find_now(runtime.store, ["levels"]))["levels"]["outstanding"] == {"points": 100}
    assert await due.find_due(runtime.store, first=10) == []


async def test_random_histories_and_kills_give_what_a_rebuild_gives(database: Database) -> None:
    runtime = await open_runtime(database)
    random = Random(18)
    rows = {member: of_member for seed in range(40) for member, of_member in random_rows(seed).items()}
    killed = Projector(runtime, random, kills=20)
    await commit_in_pieces(runtime, rows, killed, random)
    await killed.run_to_the_end()
    assert killed.kills_left == 0
    assert await due.find_due(runtime.store, first=1) == []
    folded = await all_figures(runtime)
    assert sum(1 for id in folded if id.startswith("figures_members:")) == len(rows)
    row_count = await rebuild(runtime, LeaseHolder(lambda: datetime(2027, 2, 1, tzinfo=UTC)))
    assert row_count == sum(map(len, rows.values()))
    assert await all_figures(runtime) == folded


async def test_what_waits_is_dated_by_the_rows_that_wait_and_not_by_folded_ones(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    [waiting] = await due.find_due(runtime.store, first=1)
    assert (waiting.seq, waiting.since) == (1, NOW)
    await buy(runtime, "ana", "r1")  # committed after the mark was read
    await due.delete_folded(runtime.store, {"ana": 1}, read_at=LATER)
    [left] = await due.find_due(runtime.store, first=1)
    assert (left.seq, left.since) == (2, LATER)


async def test_figures_of_older_folds_are_made_again_by_themselves(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await buy(runtime, "ana", "r1")
    await fold_waiting(runtime, LeaseHolder(lambda: LATER), now=LATER)
    before = await all_figures(runtime)
    assert not await lease.is_rebuilding(runtime.store)
    # As a version left them whose folds knew less.
    await runtime.store["meta"].update_one({"_id": "figures"}, {"$unset": {"folds": ""}})
    await runtime.store["figures_members"].update_many({}, {"$set": {"receipts": 7}})
    other = LeaseHolder(lambda: LATER + timedelta(minutes=1))
    await projector.run_round(runtime, other, now=LATER)
    assert await all_figures(runtime) == before
    assert not await lease.is_rebuilding(runtime.store)


async def test_figures_that_are_to_be_made_again_are_made_by_whoever_folds(database: Database) -> None:
    runtime = await open_runtime(database)
    holder = LeaseHolder(lambda: LATER)
    await join(runtime, "ana")
    await fold_waiting(runtime, holder, now=LATER)
    before = await all_figures(runtime)
    await runtime.store["figures_members"].delete_many({})
    await ask_rebuild(runtime)
    other = LeaseHolder(lambda: LATER + timedelta(minutes=1))
    assert (await projector.run_round(runtime, other, now=LATER)).is_idle
    assert not await lease.is_rebuilding(runtime.store)
    assert await all_figures(runtime) == before


async def test_a_row_that_the_journal_has_no_more_is_counted_as_missing_and_verify_names_it(
    database: Database,
) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    for receipt in ("r1", "r2"):
        await buy(runtime, "ana", receipt)
    await runtime.store["journal"].delete_one({"_id": "ana:2"})
    before = FIGURE_ROWS_MISSING._value.get()
    await fold_waiting(runtime, LeaseHolder(lambda: LATER), now=LATER)
    assert FIGURE_ROWS_MISSING._value.get() == before + 1
    assert (await day_sums(runtime, "2026-03-02"))["receipts"] == 1
    assert "ana" in {difference.member async for difference in verify(runtime.store)}


async def test_a_database_that_times_out_is_asked_for_fewer_rows_until_it_answers(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await buy(runtime, "ana", "r1")
    asked_rows, folded, run_round = [0], asyncio.Event(), projector.run_round

    async def run_slowly(*words: Any, most_rows: int, **named: Any) -> projector.FigureRound:
        asked_rows.append(most_rows)
        if most_rows > 50:
            raise NetworkTimeout("timed out")
        done = await run_round(*words, most_rows=most_rows, **named)
        folded.set()
        return done

    monkeypatch.setattr(projector, "run_round", run_slowly)
    monkeypatch.setattr(projector, "POLL_SECONDS", 0.01)
    faults = await project_until(runtime, folded, now=LATER)
    assert asked_rows[1:4] == [200, 100, 50]
    assert [type(fault) for fault in faults] == [NetworkTimeout] * 2
    assert (await day_sums(runtime, "2026-03-02", store="*"))["receipts"] == 1
