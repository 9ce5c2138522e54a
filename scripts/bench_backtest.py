"""What a back-test takes: seconds, processor time and memory, over as many events as an option says.

Two years of 200 members are made as `selo demo history` makes them, and written into a database of its own as
often as it takes under other ids: a member's id is as long as any other, so it is replaced in the bytes of the
documents. Then the database is started anew. The draft doubles the rule on purchases. Memory is the largest sum
of all processes but the database, each by its own (private and shared in proportion, PSS).

Ends with 1 where the report is wrong (what was must be what the journal says, as often as it was written), where
250,000 events take over a minute and a half, or where memory is over 500 MB. Fewer events have as long.
"""

import argparse
import asyncio
import hashlib
import math
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pymongo
from bson import decode
from bson.raw_bson import RawBSONDocument

from api.embedded import open_embedded
from api.settings.demo_folder import PROGRAMME
from domain.model.calendar import milliseconds
from domain.model.figures.backtest.history import is_brought_by_time
from domain.model.figures.backtest.report import BacktestReport
from domain.services.demo_history.filling import fill_history
from domain.services.demo_history.seasons import with_campaigns
from domain.services.figures.backtest.backtesting import BacktestProgress, BacktestRequest, run_backtest
from domain.services.figures.backtest.process_pool import core_count
from domain.services.runtime import Runtime
from domain.store.connect import connect
from domain.store.document_store import DocumentStore
from domain.store.ledger import journal, journal_rows, members, stock
from domain.store.ledger.scans import histories
from domain.store.ledger.scans.histories import RawHistory
from domain.store.prepare import prepare

WRITE_SECONDS = 60
EVERY_SECONDS = 0.25
READ_BY = ("_id_", "member_1_seq_1")
RULED_BEFORE = timedelta(days=800)  # since before the first event
EVENTS = 250_000
MOST_SECONDS = 90  # for so many events, or fewer
MOST_MEGABYTES = 500


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--members", type=int, default=1_000_000, help="try no more members than these")
    faults = asyncio.run(_bench(parser.parse_args()))
    for fault in faults:
        print(f"FAILED: {fault}")
    sys.exit(1 if faults else 0)


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in a folder: members under a programme, each as often as `copies`, by an instant."""

    programme: str
    now: datetime
    originals: Sequence[RawHistory]
    copies: int


async def _bench(options: argparse.Namespace) -> list[str]:
    """Write members, measure, and return what was not as it must be."""
    with tempfile.TemporaryDirectory(prefix="selo-bench-") as folder:
        written = await _write(Path(folder), options.events)
        # Started anew: members of two years are not in the middle of being written.
        return await _measure(Path(folder), written, options.members)


async def _write(folder: Path, events: int) -> Written:
    now = milliseconds(datetime.now().astimezone())
    text = with_campaigns(PROGRAMME.read_text(encoding="utf-8"), until=now)
    async with open_embedded(folder) as server:
        async with _runtime(server.uri, "seed") as seed:
            published = await seed.programmes.publish(text, now=now - RULED_BEFORE)
            await fill_history(seed.store, published=published, batches=1, now=now, progress=lambda *_: None)
            originals = [each async for each in histories.iterate_histories(seed.store, first=1_000) if each]
            counters = [row async for row in seed.store[stock.COLLECTION].find({})]
        copies = math.ceil(events / sum(map(_event_count, originals)))
        async with _runtime(server.uri, "selo") as runtime:
            await runtime.programmes.publish(text, now=now - RULED_BEFORE)
            await runtime.store[stock.COLLECTION].delete_many({})
            await runtime.store[stock.COLLECTION].insert_many(counters)
            await _multiply(runtime.store, originals, copies=copies)
    return Written(text, now, originals, copies)


@asynccontextmanager
async def _runtime(uri: str, name: str) -> AsyncIterator[Runtime]:
    """Open a database of this name, with its collections."""
    database = connect(uri, name, timeout_seconds=WRITE_SECONDS)
    try:
        store = DocumentStore.of(database, embedded=True)
        await prepare(store)
        yield Runtime.for_store(store)
    finally:
        await database.close()


async def _measure(folder: Path, written: Written, most_members: int) -> list[str]:
    async with open_embedded(folder) as server, _runtime(server.uri, "selo") as runtime:
        await runtime.programmes.refresh()
        return await _measure_in(runtime, written, most_members)


async def _measure_in(runtime: Runtime, written: Written, most_members: int) -> list[str]:
    draft = written.programme.replace(
        "amount: 1, per: 100, of: purchase.eligible", "amount: 2, per: 100, of: purchase.eligible"
    )
    request = BacktestRequest(draft, written.now - RULED_BEFORE, most_members)
    began, used = time.monotonic(), _cpu_seconds()
    async with _memory() as peak:
        report = await run_backtest(runtime, request, now=written.now, progress=_print_progress)
    seconds = time.monotonic() - began
    print(
        f"\n{report.event_count} events of {report.member_count} members in {seconds:.1f} s on {core_count()} cores"
        f" ({report.event_count / seconds:.0f} a second);"
        f" {_cpu_seconds() - used:.1f} s of processor time without the database; at most {max(peak):.0f} MB"
    )
    for wallet in report.wallets:
        print(f"{wallet.wallet}: awarded {wallet.was.awarded}, would be {wallet.would_be.awarded}")
    most_seconds = MOST_SECONDS * max(1, report.event_count / EVENTS)
    return [
        *([f"it took more than {most_seconds:.0f} s"] if seconds > most_seconds else []),
        *([f"it took more than {MOST_MEGABYTES} MB"] if max(peak) > MOST_MEGABYTES else []),
        *(_wrong_figures(report, written) if most_members >= report.member_count else []),
    ]


def _print_progress(progress: BacktestProgress) -> None:
    print(f"\r{progress.members_done}/{progress.members} members, {progress.events_done} events", end="")


def _event_count(history: RawHistory) -> int:
    rows = (journal_rows.read_row(decode(row)) for row in history.rows)
    return sum(not is_brought_by_time(row) for row in rows)


def _wrong_figures(report: BacktestReport, written: Written) -> list[str]:
    """Return what of a report is not what the journal says: the originals, so many times."""
    awarded = Counter[str]()
    for history in written.originals:
        for document in history.rows:
            for entry in journal_rows.read_row(decode(document)).entries:
                if entry.kind in ("AWARD", "BONUS"):
                    awarded[entry.wallet] += entry.amount * written.copies
    wrong = [
        f"{each.wallet}: awarded were {awarded[each.wallet]}"
        for each in report.wallets
        if each.was.awarded != awarded[each.wallet]
    ]
    if report.left_out_count or report.member_count != len(written.originals) * written.copies:
        wrong.append(f"{report.member_count} members tried, {report.left_out_count} left out")
    points = next(each for each in report.wallets if each.wallet == "points")
    return wrong if points.would_be.awarded > points.was.awarded else [*wrong, "the draft gave no more"]


async def _multiply(store: DocumentStore, originals: Sequence[RawHistory], *, copies: int) -> None:
    """Write each member so many times under other ids. The indexes that a back-test does not read by are
    dropped while there is nothing in them: they would take most of the time.
    """
    async for index in await store[journal.COLLECTION].list_indexes():
        if index["name"] not in READ_BY:
            await store[journal.COLLECTION].drop_index(index["name"])
    for copy in range(copies):
        documents: dict[str, list[RawBSONDocument]] = {members.COLLECTION: [], journal.COLLECTION: []}
        for history in originals:
            id = RawBSONDocument(history.member)["_id"].encode()
            other = hashlib.md5(b"%d:%s" % (copy, id), usedforsecurity=False).hexdigest().encode()
            documents[members.COLLECTION].append(RawBSONDocument(history.member.replace(id, other)))
            documents[journal.COLLECTION] += [RawBSONDocument(row.replace(id, other)) for row in history.rows]
        for name, rows in documents.items():
            for start in range(0, len(rows), 1_000):
                with pymongo.timeout(WRITE_SECONDS):
                    await store[name].insert_many(rows[start : start + 1_000])
        print(f"\rwritten {copy + 1} of {copies} copies", end="", flush=True)
    print()


def _cpu_seconds() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


@asynccontextmanager
async def _memory() -> AsyncIterator[list[float]]:
    """Note the memory of this process and those that decide, while the block runs: megabytes."""
    noted = [0.0]

    async def watch() -> None:
        while True:
            noted.append(await asyncio.to_thread(_megabytes))
            await asyncio.sleep(EVERY_SECONDS)

    task = asyncio.create_task(watch())
    try:
        yield noted
    finally:
        task.cancel()


def _megabytes() -> float:
    pids = ["self"]
    for path in Path("/proc").iterdir():
        with suppress(OSError):
            if path.name.isdigit() and b"deciding_process" in (path / "cmdline").read_bytes():
                pids.append(path.name)
    total = 0
    for pid in pids:
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


if __name__ == "__main__":
    main()
