"""What work over all members costs: the sweep after a publish, and `selo verify`, by one, two and four workers.

Members with a year of purchases each are written to an embedded database in a folder of its own (or to
MONGODB_URI). Workers are processes, as `selo worker` and `selo verify --processes` are. Beside members a second
stand the CPU seconds of the workers and of the database: on a machine whose cores others use as well, those say
what a member costs, and members a second do not.
"""

import argparse
import asyncio
import multiprocessing
import os
import secrets
import tempfile
import time
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pymongo import InsertOne

from api.commands.proof.sharing import DatabaseAddress, Share, prove_shares
from api.embedded import open_embedded
from domain.model.calendar import milliseconds
from domain.model.event_names import ENROLLED, PURCHASED
from domain.model.id_ranges import id_ranges
from domain.model.ledger.decide import decide
from domain.model.ledger.decision import Decision
from domain.model.ledger.events import Event, Line, Profile, Purchase
from domain.model.ledger.member import Member
from domain.services.ledger.sweeping.sweep import sweep
from domain.services.runtime import Runtime
from domain.store import commit
from domain.store.connect import connect
from domain.store.document_store import DocumentStore
from domain.store.ledger import journal_rows, members
from domain.store.people.details import Details
from domain.store.prepare import prepare

ROOT = Path(__file__).parent.parent
PROGRAMME = ROOT / "scripts/demo/programmes/numiscollect.yaml"
ZONES = ("Europe/Madrid", "Europe/Lisbon")
CHUNK = 500
TWO_MILLION = 2_000_000
WORKERS = (1, 2, 4)
RANGES = 64


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run took: seconds by the clock, CPU seconds of the workers and of the database."""

    members: int
    seconds: float
    worker_cpu: float
    database_cpu: float

    def line(self, name: str, workers: int) -> str:
        per_second = self.members / self.seconds
        worker, database = (1e6 * cpu / self.members for cpu in (self.worker_cpu, self.database_cpu))
        hours = TWO_MILLION / per_second / 3600
        return f"{name:<8}{workers:>8}{per_second:>14,.0f}{worker:>18,.0f}{database:>20,.0f}{hours:>16.2f}"


@dataclass(frozen=True, slots=True)
class Place:
    """The database, and the process that it is; 0 where it is not ours."""

    uri: str
    name: str
    pid: int

    def database_cpu(self) -> float:
        """Return the CPU seconds of the process so far, with those of its threads that have ended."""
        if not self.pid:
            return 0.0
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--members", type=int, default=4_000, help="how many members (default 4,000)")
    words.add_argument("--purchases", type=int, default=12, help="how many each has (default 12)")
    options = words.parse_args()
    asyncio.run(_measure(options.members, options.purchases))


async def _measure(count: int, purchases: int) -> None:
    async with _open_place() as place:
        database = connect(place.uri, place.name, timeout_seconds=60)
        store = DocumentStore.of(database)
        await prepare(store)
        runtime = Runtime.for_store(store)
        now = milliseconds(datetime.now(UTC))
        text = PROGRAMME.read_text(encoding="utf-8")
        await runtime.programmes.publish(text, now=now - timedelta(days=400))
        rows = await _write_members(runtime, count, purchases, now)
        print(f"{count:,} members with {rows} journal rows each; {os.cpu_count()} cores, shared with others")
        header = ("", "workers", "members/s", "worker us/member", "database us/member", "h for 2,000,000")
        print("{:<8}{:>8}{:>14}{:>18}{:>20}{:>16}".format(*header))
        for place_of_zone, workers in enumerate(WORKERS):
            changed = text.replace("Europe/Lisbon", ZONES[place_of_zone % 2])
            await runtime.programmes.publish(
                changed, now=milliseconds(datetime.now(UTC)) - timedelta(hours=1)
            )
            print((await _sweep(place, workers, count)).line("sweep", workers))
        for workers in WORKERS:
            print((await _verify(store, place, workers, count)).line("verify", workers))
        await database.client.drop_database(place.name)
        await database.close()


@asynccontextmanager
async def _open_place() -> AsyncIterator[Place]:
    if uri := os.environ.get("MONGODB_URI"):
        yield Place(uri, f"bench-{secrets.token_hex(4)}", 0)
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        async with open_embedded(Path(folder), is_announced=False) as server:
            yield Place(server.uri, "selo", server.pid)


async def _write_members(runtime: Runtime, count: int, purchases: int, now: datetime) -> int:
    """Write members who are alike but for their ids; return how many journal rows each has."""
    published = runtime.programmes.current()
    at = now - timedelta(days=390)
    born = Member("id", "number")
    decision = decide(
        published.programme, born, Event("e", ENROLLED, at, profile=Profile(locale="pt")), now=at
    )
    rows = [*decision.rows]
    for number in range(purchases):
        at = milliseconds(at + timedelta(days=360) / purchases)
        lines = (Line(1, "a", 3_900, category="silver-coins"), Line(2, "b", 1_250, category="stamps"))
        purchase = Purchase(f"r{number}", 5_150, "EUR", "lisboa", lines)
        decision = decide(
            published.programme,
            decision.member,
            Event(f"p{number}", PURCHASED, at, "till", purchase=purchase),
            now=at,
        )
        rows += decision.rows
    life = Decision(born, decision.member, tuple(rows))
    create = members.create_write(
        life, Details("Ana", locale="pt"), next_due=commit.next_due_after(published, life)
    )
    written = [journal_rows.row_document("id", row) for row in rows]
    for start in range(0, count, CHUNK):
        ids = [secrets.token_hex(16) for _ in range(min(CHUNK, count - start))]
        await runtime.store[members.COLLECTION].bulk_write(
            [InsertOne({**(create.document or {}), "_id": id, "number": id[:10]}) for id in ids],
            ordered=False,
        )
        of_journal: list[InsertOne[Any]] = [
            InsertOne({**row, "_id": f"{id}:{row['seq']}", "member": id}) for id in ids for row in written
        ]
        for place in range(0, len(of_journal), CHUNK):
            await runtime.store["journal"].bulk_write(of_journal[place : place + CHUNK], ordered=False)
    return len(rows)


async def _sweep(place: Place, workers: int, count: int) -> Measured:
    """Have workers share a sweep; each opens its own connection before the clock starts."""
    context = multiprocessing.get_context("spawn")
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        await asyncio.gather(*(loop.run_in_executor(pool, time.sleep, 0.5) for _ in range(workers)))
        database_before, began = place.database_cpu(), time.perf_counter()
        done = await asyncio.gather(
            *(loop.run_in_executor(pool, _sweep_apart, place) for _ in range(workers))
        )
        seconds = time.perf_counter() - began
    looked = sum(each[0] for each in done)
    assert looked == count, f"{looked} of {count} members were looked at"
    return Measured(count, seconds, sum(each[1] for each in done), place.database_cpu() - database_before)


def _sweep_apart(place: Place) -> tuple[int, float]:
    async def run() -> tuple[int, float]:
        database = connect(place.uri, place.name, timeout_seconds=60)
        runtime = Runtime.for_store(DocumentStore.of(database))
        await prepare(runtime.store)
        await runtime.programmes.refresh()
        before = time.process_time()
        report = await sweep(runtime, clock=lambda: datetime.now(UTC))
        cpu = time.process_time() - before
        await database.close()
        return report.looked_count, cpu

    return asyncio.run(run())


async def _verify(store: DocumentStore, place: Place, workers: int, count: int) -> Measured:
    """Have processes prove all members, as the command does."""
    address = DatabaseAddress(place.uri, place.name, 60, archive=None)
    shares = [
        Share(ids.start, ids) for ids in id_ranges(RANGES if os.environ.get("MONGODB_URI") else workers)
    ]
    database_before, began, before = place.database_cpu(), time.perf_counter(), os.times()
    proved, differences = 0, 0
    async for _, proof in prove_shares(store, address, shares, processes=workers):
        proved, differences = proved + proof.members, differences + len(proof.differences)
    seconds, after = time.perf_counter() - began, os.times()
    assert (proved, differences) == (count, 0), f"{proved} members, {differences} differences"
    worker_cpu = sum(after[:4]) - sum(before[:4])
    return Measured(count, seconds, worker_cpu, place.database_cpu() - database_before)


if __name__ == "__main__":
    main()
