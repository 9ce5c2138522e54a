"""What a back-test takes: seconds, processor time and memory, over as many events as an option says.

Two years of 200 members are made as `selo demo history` makes them, and written as often as it takes under
other ids: a member's id is as long as any other, so it is replaced in the bytes of the documents. The draft
doubles the rule on purchases. Memory is the largest sum of all processes but the database, each by its own
(private and shared in proportion, PSS).
"""

import argparse
import asyncio
import hashlib
import resource
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pymongo
from bson.raw_bson import RawBSONDocument

from api.embedded import open_embedded
from api.settings.demo_folder import PROGRAMME
from domain.model.calendar import milliseconds
from domain.services.demo_history.filling import fill_history
from domain.services.demo_history.seasons import with_campaigns
from domain.services.figures.backtest.backtesting import BacktestProgress, BacktestRequest, run_backtest
from domain.services.figures.backtest.process_pool import core_count
from domain.services.runtime import Runtime
from domain.store.connect import connect
from domain.store.document_store import DocumentStore
from domain.store.ledger import histories, journal, members
from domain.store.prepare import prepare

WRITE_SECONDS = 60
EVERY_SECONDS = 0.25


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=250_000)
    parser.add_argument("--members", type=int, default=1_000_000, help="try no more members than these")
    asyncio.run(_measure(parser.parse_args()))


async def _measure(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="selo-bench-") as folder:
        async with open_embedded(Path(folder)) as server:
            database = connect(server.uri, "selo", timeout_seconds=WRITE_SECONDS)
            try:
                await _measure_in(DocumentStore.of(database, embedded=True), options)
            finally:
                await database.close()


async def _measure_in(store: DocumentStore, options: argparse.Namespace) -> None:
    now = milliseconds(datetime.now().astimezone())
    text = with_campaigns(PROGRAMME.read_text(encoding="utf-8"), until=now)
    await prepare(store)
    runtime = Runtime.for_store(store)
    published = await runtime.programmes.publish(text, now=now - timedelta(days=800))
    filled = await fill_history(store, published=published, batches=1, now=now, progress=lambda *_: None)
    await _multiply(store, copies=max(0, round(options.events / filled.events) - 1))
    draft = text.replace(
        "amount: 1, per: 100, of: purchase.eligible", "amount: 2, per: 100, of: purchase.eligible"
    )
    request = BacktestRequest(draft, now - timedelta(days=800), options.members)
    began, used = time.monotonic(), _cpu_seconds()
    latest = BacktestProgress(0, 0, 0)

    def note(progress: BacktestProgress) -> None:
        nonlocal latest
        latest = progress
        print(f"\r{progress.members_done}/{progress.members} members, {progress.events_done} events", end="")

    async with _memory() as peak:
        report = await run_backtest(runtime, request, now=now, progress=note)
    seconds = time.monotonic() - began
    print(
        f"\n{report.event_count} events of {report.member_count} members in {seconds:.1f} s on {core_count()} cores"
        f" ({report.event_count / seconds:.0f} a second);"
        f" {_cpu_seconds() - used:.1f} s of processor time without the database; at most {max(peak):.0f} MB"
    )
    for wallet in report.wallets:
        print(f"{wallet.wallet}: awarded {wallet.was.awarded}, would be {wallet.would_be.awarded}")


async def _multiply(store: DocumentStore, *, copies: int) -> None:
    """Write each member again under other ids."""
    originals = [history async for history in histories.iterate_histories(store, first=1_000) if history]
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
