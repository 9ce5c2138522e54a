"""Figures at length, in three parts, each in a database of its own:

    histories   random ones with refunds, late events, merges and erasures, folded by a projector that is killed
                20 times, must give the documents that making them again makes, all or since a day
    rows        so many rows that wait are folded, and none is missing: how long that takes
    lag         purchases at 15 and at 50 a second beside a projector: at 15 it is at most 5 s behind, at 50 it
                catches up within a minute

Prints CPU beside wall time, since the machine may do other things. Ends with 1 where something of this is not so.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import structlog

from api.embedded import open_embedded
from domain.model.figures.increments import DAYS
from domain.model.ledger.decision import JournalRow
from domain.services.figures import projector
from domain.services.figures.rebuilding import rebuild
from domain.services.ledger import purchases
from domain.services.runtime import Runtime
from domain.store.connect import connect
from domain.store.document_store import DocumentStore, Operation
from domain.store.figures import due, member_figures
from domain.store.figures.lease import LeaseHolder
from domain.store.ledger import journal, journal_rows
from domain.store.prepare import prepare
from tests.services.figures.figure_sums import all_figures
from tests.services.figures.random_journals import Projector, commit_in_pieces, random_rows
from tests.small_runtime import SMALL, TILL, join, new_purchase

KILLS = 20
BATCH = 50  # histories committed and folded together
MEMBERS = 40
PATTERNS = 40  # histories that are written again and again, to make many rows
CHECKED_RATE, OVERLOAD_RATE = 15, 50
MOST_BEHIND, MOST_CATCHING_UP = timedelta(seconds=5), timedelta(seconds=60)
Figures = dict[str, dict[str, Any]]  # documents by their paths
LEAST_SHARE = 0.9  # of a rate that was wanted, for its lag to say anything


def utc_now() -> datetime:
    """Return the world's time."""
    return datetime.now(UTC)


def cpu_seconds(pid: int) -> float:
    """Return what a process has computed so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Storm:
    """The server, and what was not as it must be."""

    uri: str
    pid: int
    is_right: bool = True

    def expect(self, is_so: bool, what: str) -> None:
        """Note and print what is not as it must be."""
        if not is_so:
            self.is_right = False
            print(f"FAILED: {what}")

    @contextmanager
    def measured(self, what: str) -> Iterator[None]:
        """Print what a block took: wall time, and CPU of this process and of the database."""
        begun, own, database = time.perf_counter(), cpu_seconds(os.getpid()), cpu_seconds(self.pid)
        yield
        print(
            f"{what}: {time.perf_counter() - begun:.1f} s, CPU {cpu_seconds(os.getpid()) - own:.1f} s here and"
            f" {cpu_seconds(self.pid) - database:.1f} s in the database",
            flush=True,
        )

    @asynccontextmanager
    async def shop(self, name: str) -> AsyncIterator[Runtime]:
        """Open a database of its own."""
        database = connect(self.uri, f"selo_{name}", timeout_seconds=60)
        try:
            store = DocumentStore.of(database, embedded=True)
            await prepare(store)
            runtime = Runtime.for_store(store)
            await runtime.programmes.publish(SMALL, now=utc_now())
            yield runtime
        finally:
            await database.close()


# ---------------------------------------------------------------- histories
async def check_histories(storm: Storm, runtime: Runtime, count: int) -> None:
    """Fold histories under kills, spread over all of them, and compare with figures that are made again."""
    random, row_count, member_count = Random(count), 0, 0
    killed, starts = Projector(runtime, random, kills=0), range(0, count, BATCH)
    kills = min(KILLS, count // 2)  # a few histories are folded before there could be so many
    with storm.measured(f"{count} histories committed and folded, {kills} kills"):
        for number, start in enumerate(starts):
            killed.kills_left += kills * (number + 1) // len(starts) - kills * number // len(starts)
            rows = rows_of(range(start, min(start + BATCH, count)))
            row_count, member_count = row_count + sum(map(len, rows.values())), member_count + len(rows)
            await commit_in_pieces(runtime, rows, killed, random)
        await killed.run_to_the_end()
    storm.expect(not killed.kills_left, f"{killed.kills_left} kills are left")
    folded = await all_figures(runtime)
    with storm.measured(f"{row_count} rows of {member_count} members made again"):
        await rebuild(runtime, LeaseHolder(utc_now))
    _compare(storm, folded, await all_figures(runtime))
    days = sorted(id.partition(":")[2][:10] for id in folded if id.startswith(DAYS))
    since = date.fromisoformat(days[len(days) // 2])
    with storm.measured(f"made again since {since}"):
        await rebuild(runtime, LeaseHolder(utc_now), since=since)
    _compare(storm, folded, await all_figures(runtime))


def _compare(storm: Storm, folded: Figures, again: Figures) -> None:
    """Expect that figures that were made again are those that were folded."""
    different = sorted(id for id in folded.keys() | again.keys() if folded.get(id) != again.get(id))
    print(f"documents {len(again)}, different {len(different)}")
    storm.expect(bool(again), "there are no documents")
    for id in different[:10]:
        storm.expect(False, f"{id}: {folded.get(id)}, made again {again.get(id)}")


def rows_of(seeds: range) -> dict[str, list[JournalRow]]:
    """Return the rows of random histories, by member."""
    return {member: rows for seed in seeds for member, rows in random_rows(seed).items()}


# ---------------------------------------------------------------- many rows
async def measure_rows(storm: Storm, runtime: Runtime, wanted: int) -> None:
    """Fold so many rows that wait."""
    patterns, row_count, copy = rows_of(range(PATTERNS)), 0, 0
    with storm.measured(f"{wanted} rows written"):
        while row_count < wanted:
            rows = {f"{copy}-{member}": of_member for member, of_member in patterns.items()}
            row_count += await _write_waiting(runtime, rows, most=wanted - row_count)
            copy += 1
    holder, begun = LeaseHolder(utc_now), time.perf_counter()
    with storm.measured(f"{row_count} rows folded"):
        while not (await projector.run_round(runtime, holder, now=utc_now())).is_idle:
            pass
    print(f"{row_count / (time.perf_counter() - begun):.0f} rows a second")
    # Not what rounds say: one that was committed and whose answer was lost is run again, and finds nothing to do.
    held = sum([figures.seq async for _, figures in member_figures.iterate(runtime.store)])
    storm.expect(held == row_count, f"figures hold {held} rows of {row_count}")


async def _write_waiting(runtime: Runtime, rows: dict[str, list[JournalRow]], *, most: int) -> int:
    """Write rows and their marks, at most so many; return how many."""
    documents, marks = list[dict[str, object]](), list[Operation]()
    for member, of_member in rows.items():
        written = of_member[: most - len(documents)]
        documents += [journal_rows.row_document(member, row) for row in written]
        if written:
            marks.append(due.mark_write(member, written[-1].seq, now=utc_now()).operation)
    await runtime.store[journal.COLLECTION].insert_many(documents)
    await runtime.store[due.COLLECTION].bulk_write(marks)
    return len(documents)


# ---------------------------------------------------------------- lag
async def measure_lag(storm: Storm, runtime: Runtime, rate: int, seconds: int) -> None:
    """Record purchases at a rate beside a projector; print the worst lag, and how long it took to catch up."""
    faults = list[Exception]()
    folding = asyncio.create_task(
        projector.keep_projecting(runtime, clock=utc_now, programme_clock=utc_now, on_error=faults.append)
    )
    begun, worst, tasks = time.perf_counter(), 0.0, list[asyncio.Task[object]]()
    while time.perf_counter() - begun < seconds:
        tasks.append(asyncio.create_task(_buy(runtime, rate, len(tasks))))
        await asyncio.sleep(max(begun + len(tasks) / rate - time.perf_counter(), 0))
        if len(tasks) % rate == 0:
            worst = max(worst, await _lag(runtime))
    await asyncio.gather(*tasks)
    took = time.perf_counter() - begun
    worst = max(worst, await _lag(runtime))
    try:
        async with asyncio.timeout(MOST_CATCHING_UP.total_seconds()):
            while await _lag(runtime):  # noqa: ASYNC110 - the database tells, no event
                await asyncio.sleep(0.2)
    except TimeoutError:
        storm.expect(False, f"it has not caught up within {MOST_CATCHING_UP.total_seconds():.0f} s")
    caught_up = time.perf_counter() - begun - took
    print(
        f"{len(tasks)} purchases in {took:.1f} s ({len(tasks) / took:.0f} a second, {rate} wanted): lag at most"
        f" {worst:.1f} s, none {caught_up:.1f} s after the last",
        flush=True,
    )
    folding.cancel()
    await asyncio.gather(folding, return_exceptions=True)
    storm.expect(not faults, f"the projector failed: {faults[:3]!r}")
    if rate == CHECKED_RATE:
        storm.expect(len(tasks) / took >= LEAST_SHARE * rate, "this machine is too slow for the rate")
        storm.expect(worst <= MOST_BEHIND.total_seconds(), f"it is {worst:.1f} s behind")


async def _buy(runtime: Runtime, rate: int, number: int) -> object:
    receipt = f"{rate}-{number}"
    return await purchases.record(
        runtime,
        till=TILL,
        member_id=f"m{number % MEMBERS}",
        purchase_input=new_purchase(receipt),
        key=receipt,
        now=utc_now(),
    )


async def _lag(runtime: Runtime) -> float:
    waiting = await due.find_due(runtime.store, first=1)
    return (utc_now() - waiting[0].since).total_seconds() if waiting else 0.0


# ---------------------------------------------------------------- all of it
async def run_storm(count: int, row_count: int, seconds: int) -> bool:
    """Run all of it over an embedded database; tell whether all was as it must be."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_embedded(Path(folder), is_announced=False) as server:
            storm = Storm(server.uri, server.pid)
            if count:
                async with storm.shop("histories") as runtime:
                    await check_histories(storm, runtime, count)
            if row_count:
                async with storm.shop("rows") as runtime:
                    await measure_rows(storm, runtime, row_count)
            if seconds:
                async with storm.shop("lag") as runtime:
                    for number in range(MEMBERS):
                        await join(runtime, f"m{number}", at=utc_now())
                    for rate in (CHECKED_RATE, OVERLOAD_RATE):
                        await measure_lag(storm, runtime, rate, seconds)
    return storm.is_right


def main() -> None:
    """Read the line and run."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("count", nargs="?", type=int, default=2_000, help="histories (default 2,000)")
    words.add_argument("--rows", type=int, default=100_000, help="rows that are folded (default 100,000)")
    words.add_argument("--seconds", type=int, default=30, help="of purchases at each rate (default 30)")
    options = words.parse_args()
    is_right = asyncio.run(run_storm(options.count, options.rows, options.seconds))
    print("All is as it must be." if is_right else "Not all is as it must be.")
    sys.exit(0 if is_right else 1)


if __name__ == "__main__":
    main()
