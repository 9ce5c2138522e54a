"""Figures at length: random histories with refunds, late events, merges and erasures, folded by a projector that
is killed 20 times, must give the documents that a rebuild makes. Then the lag: purchases at a steady rate beside
a projector, and how long it takes to catch up.

Prints CPU beside wall time, since the machine may do other things.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from api.embedded import open_embedded
from domain.services.figures import projector
from domain.services.figures.rebuilding import rebuild
from domain.services.ledger import purchases
from domain.services.runtime import Runtime
from domain.store.connect import connect
from domain.store.document_store import DocumentStore
from domain.store.figures import due
from domain.store.figures.lease import LeaseHolder
from domain.store.prepare import prepare
from tests.services.figures.figure_sums import all_figures
from tests.services.figures.random_journals import Projector, commit_in_pieces, random_rows
from tests.small_runtime import SMALL, TILL, join, new_purchase

KILLS = 20
BATCH = 50  # histories committed and folded together
MEMBERS = 40
RATES = (15, 50)


def utc_now() -> datetime:
    """Return the world's time."""
    return datetime.now(UTC)


def cpu_seconds(pid: int) -> float:
    """Return what a process has computed so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def measured(what: str, database_pid: int) -> Iterator[None]:
    """Print what a block took: wall time, and CPU of this process and of the database."""
    begun, own, database = time.perf_counter(), cpu_seconds(os.getpid()), cpu_seconds(database_pid)
    yield
    print(
        f"{what}: {time.perf_counter() - begun:.1f} s, CPU {cpu_seconds(os.getpid()) - own:.1f} s here and"
        f" {cpu_seconds(database_pid) - database:.1f} s in the database"
    )


async def check_histories(runtime: Runtime, count: int, database_pid: int) -> bool:
    """Fold histories under kills and compare with a rebuild; tell whether all is equal."""
    random, row_count, member_count = Random(count), 0, 0
    killed = Projector(runtime, random, kills=KILLS)
    with measured(f"{count} histories committed and folded", database_pid):
        for start in range(0, count, BATCH):
            seeds = range(start, min(start + BATCH, count))
            rows = {member: of_member for seed in seeds for member, of_member in random_rows(seed).items()}
            row_count, member_count = row_count + sum(map(len, rows.values())), member_count + len(rows)
            await commit_in_pieces(runtime, rows, killed, random)
        await killed.run_to_the_end()
    folded = await all_figures(runtime)
    with measured(f"{row_count} rows of {member_count} members made again", database_pid):
        await rebuild(runtime, LeaseHolder(utc_now))
    again = await all_figures(runtime)
    different = [id for id in folded.keys() | again.keys() if folded.get(id) != again.get(id)]
    print(f"kills left {killed.kills_left}, documents {len(again)}, different {len(different)}")
    for id in different[:10]:
        print(id, folded.get(id), again.get(id))
    return not different and not killed.kills_left


async def measure_lag(runtime: Runtime, rate: int, seconds: int) -> None:
    """Record purchases at a rate beside a projector; print the worst lag, and how long it took to catch up."""
    folding = asyncio.create_task(
        projector.keep_projecting(runtime, clock=utc_now, programme_clock=utc_now, on_error=print)
    )
    begun, worst, recorded = time.perf_counter(), 0.0, 0
    tasks = set[asyncio.Task[object]]()
    while time.perf_counter() - begun < seconds:
        number = f"{rate}-{recorded}"
        buy = purchases.record(
            runtime,
            till=TILL,
            member_id=f"m{recorded % MEMBERS}",
            purchase_input=new_purchase(number),
            key=number,
            now=utc_now(),
        )
        tasks.add(asyncio.create_task(buy))
        recorded += 1
        await asyncio.sleep(max(begun + recorded / rate - time.perf_counter(), 0))
        if recorded % rate == 0:
            worst = max(worst, await _lag(runtime))
    await asyncio.gather(*tasks)
    took, behind = time.perf_counter() - begun, await _lag(runtime)
    while await _lag(runtime):  # noqa: ASYNC110 - the database tells, no event
        await asyncio.sleep(0.2)
    caught_up = time.perf_counter() - begun - took
    print(
        f"{recorded} purchases in {took:.1f} s ({recorded / took:.0f} a second, {rate} wanted): lag at most"
        f" {max(worst, behind):.1f} s, none {caught_up:.1f} s after the last"
    )
    folding.cancel()
    await asyncio.gather(folding, return_exceptions=True)


async def _lag(runtime: Runtime) -> float:
    waiting = await due.find_due(runtime.store, first=1)
    return (utc_now() - waiting[0].since).total_seconds() if waiting else 0.0


async def storm(count: int, seconds: int) -> bool:
    """Run all of it over an embedded database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_embedded(Path(folder), is_announced=False) as server:
            database = connect(server.uri, "selo", timeout_seconds=60)
            store = DocumentStore.of(database, embedded=True)
            await prepare(store)
            runtime = Runtime.for_store(store)
            await runtime.programmes.publish(SMALL, now=utc_now())
            is_equal = await check_histories(runtime, count, server.pid) if count else True
            unkilled = DocumentStore.of(database, embedded=True)
            await prepare(unkilled)
            runtime = Runtime.for_store(unkilled)
            await runtime.programmes.refresh()
            for number in range(MEMBERS if seconds else 0):
                await join(runtime, f"m{number}", at=utc_now())
            for rate in RATES if seconds else ():
                await measure_lag(runtime, rate, seconds)
            await database.close()
    return is_equal


def main() -> None:
    """Read the line and run."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("count", nargs="?", type=int, default=2_000, help="histories (default 2,000)")
    words.add_argument("--seconds", type=int, default=30, help="of purchases at each rate (default 30)")
    given_words = words.parse_args()
    sys.exit(0 if asyncio.run(storm(given_words.count, given_words.seconds)) else 1)


if __name__ == "__main__":
    main()
