"""Migrations go on where they were cut off, run one at a time, and change nothing a second time."""

import asyncio
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.store.connect import Database, Raw, connect
from domain.store.document_store import DocumentStore
from domain.store.migrations.format import StoredFormat, read_format
from domain.store.migrations.runner import LeaseLost, MigrationRunner
from domain.store.migrations.steps import WINDOW, Migration, StepRun, rewrite_documents

ROOT = Path(__file__).parents[3]
ROWS = 3 * WINDOW + 7
LEASE = timedelta(seconds=1)

# Doubles `n` of each document once, and is killed by the kernel in the middle of its third window.
KILLED = """
import asyncio, os, signal, sys
from datetime import UTC, datetime, timedelta
from domain.store.connect import connect
from domain.store.document_store import DocumentStore
from domain.store.migrations.runner import MigrationRunner
from domain.store.migrations.steps import Migration, rewrite_documents

count = 0

def double(row):
    global count
    count += 1
    if count > {at}:
        os.kill(os.getpid(), signal.SIGKILL)
    return None if "doubled" in row else {{"$set": {{"n": row["n"] * 2, "doubled": True}}}}

async def apply(run):
    await rewrite_documents(run, "stock", double)

async def main():
    database = connect({uri!r}, {name!r}, timeout_seconds=30)
    runner = MigrationRunner(lambda: datetime.now(UTC), lease=timedelta(seconds=1), notice_seconds=0)
    await runner.run(DocumentStore.of(database, embedded=True), [Migration(2, "Doubles", apply)])

asyncio.run(main())
"""


def now() -> datetime:
    return datetime.now(UTC)


def quick_runner() -> MigrationRunner:
    return MigrationRunner(now, lease=LEASE, notice_seconds=0)


def doubling(calls: Counter[str]) -> Migration:
    def double(row: Raw) -> Raw | None:
        calls[row["_id"]] += 1
        return None if "doubled" in row else {"$set": {"n": row["n"] * 2, "doubled": True}}

    async def apply(run: StepRun) -> None:
        await rewrite_documents(run, "stock", double)

    return Migration(2, "Doubles", apply)


@pytest.fixture
async def store(database: Database) -> DocumentStore:
    """A database of format 1 with some documents."""
    store = DocumentStore.of(database, embedded=True)
    await store["meta"].insert_one({"_id": "format", "number": 1})
    await store["stock"].insert_many([{"_id": f"{n:05}", "n": n} for n in range(ROWS)])
    return store


async def expect_doubled(store: DocumentStore) -> None:
    figures = {row["_id"]: row["n"] async for row in store["stock"].find({})}
    assert figures == {f"{n:05}": 2 * n for n in range(ROWS)}
    assert await read_format(store) == StoredFormat(2)


async def test_a_run_that_is_killed_goes_on_where_its_position_was_saved(
    store: DocumentStore, database_uri: str
) -> None:
    program = KILLED.format(at=2 * WINDOW + 5, uri=database_uri, name=store.mongo.name)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program], cwd=ROOT, env=environment, timeout=60, check=False
    )
    assert killed.returncode == -9
    assert await read_format(store) == StoredFormat(1, migrating_to=2)
    assert len([row async for row in store["stock"].find({"doubled": True})]) == 2 * WINDOW
    calls = Counter[str]()
    await quick_runner().run(store, [doubling(calls)])
    assert min(calls) == f"{2 * WINDOW:05}"
    assert len(calls) == ROWS - 2 * WINDOW
    await expect_doubled(store)


async def test_a_step_that_fails_is_told_and_leaves_the_lease_free(store: DocumentStore) -> None:
    async def fail(_run: StepRun) -> None:
        raise RuntimeError("a document of no known shape")

    with pytest.raises(RuntimeError, match="no known shape"):
        await MigrationRunner(now, notice_seconds=0).run(store, [Migration(2, "Fails", fail)])
    assert await read_format(store) == StoredFormat(1, migrating_to=2)
    async with asyncio.timeout(20):  # the lease of a minute is not waited for
        await MigrationRunner(now, notice_seconds=0).run(store, [doubling(Counter())])
    await expect_doubled(store)


async def test_a_second_run_finds_nothing_to_do(store: DocumentStore) -> None:
    calls = Counter[str]()
    await quick_runner().run(store, [doubling(calls)])
    await quick_runner().run(store, [doubling(calls)])
    assert set(calls.values()) == {1}
    await expect_doubled(store)


async def test_a_step_run_again_over_its_own_work_changes_nothing(store: DocumentStore) -> None:
    calls = Counter[str]()
    await quick_runner().run(store, [doubling(calls)])
    await store["meta"].update_one({"_id": "format"}, {"$set": {"number": 1}})
    await store["meta"].delete_one({"_id": "migration"})
    await quick_runner().run(store, [doubling(calls)])
    assert set(calls.values()) == {2}
    await expect_doubled(store)


async def test_two_runners_at_once_share_nothing_and_both_end(
    store: DocumentStore, database_uri: str
) -> None:
    other = connect(database_uri, store.mongo.name, timeout_seconds=30)
    calls = Counter[str]()
    try:
        second = DocumentStore.of(other, embedded=True)
        runners = [MigrationRunner(now, notice_seconds=0) for _ in range(2)]
        stores = (store, second)
        await asyncio.gather(
            *(one.run(each, [doubling(calls)]) for one, each in zip(runners, stores, strict=True))
        )
    finally:
        await other.close()
    assert set(calls.values()) == {1}
    await expect_doubled(store)


async def test_a_runner_that_lost_its_lease_waits_and_the_other_ends_the_step(store: DocumentStore) -> None:
    slow = MigrationRunner(now, lease=timedelta(0), notice_seconds=0)
    calls = Counter[str]()

    async def lose(run: StepRun) -> None:
        await quick_runner().run(store, [doubling(calls)])
        await run.save("", 0)

    await slow.run(store, [Migration(2, "Doubles", lose)])
    assert set(calls.values()) == {1}
    await expect_doubled(store)


async def test_a_runner_that_loses_every_lease_gives_up(store: DocumentStore) -> None:
    async def lose(run: StepRun) -> None:
        await store["meta"].update_one(
            {"_id": "migration"}, {"$set": {"lease": "another's", "lease_until": now()}}
        )
        await run.save("", 0)

    with pytest.raises(LeaseLost):
        await MigrationRunner(now, notice_seconds=0).run(store, [Migration(2, "Doubles", lose)])


async def test_several_steps_run_in_order_and_tell_how_far_they_are(store: DocumentStore) -> None:
    progress: list[tuple[int, int]] = []

    async def apply(run: StepRun) -> None:
        await rewrite_documents(run, "stock", lambda row: {"$set": {"seen": True}})

    def tell(migration: Migration, changed: int) -> None:
        progress.append((migration.number, changed))

    steps = [doubling(Counter()), Migration(3, "Marks", apply)]
    await MigrationRunner(now, progress=tell, notice_seconds=0).run(store, steps)
    counts = [0, WINDOW, 2 * WINDOW, 3 * WINDOW, ROWS]
    assert progress == [(number, count) for number in (2, 3) for count in counts]
    assert await read_format(store) == StoredFormat(3)


async def test_servers_get_a_moment_to_see_that_they_must_stop(store: DocumentStore) -> None:
    calls = Counter[str]()
    run = asyncio.create_task(MigrationRunner(now, notice_seconds=1).run(store, [doubling(calls)]))
    while await read_format(store) != StoredFormat(1, migrating_to=2):
        await asyncio.sleep(0.01)
    assert not calls
    await run
    await expect_doubled(store)
