"""What live activity costs, with 1,000 sockets on one `selo serve`.

It measures the memory of each socket, the number of change streams, how long a commit takes to reach its
phones, and how long until all phones know again after the database was killed.

Run by `scripts/bench-live`. The commits come from this process, over the database: what is measured is the
change stream, the server and the sockets, as for any other process's commits.
"""

import asyncio
import os
import signal
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.embedded import find_running
from api.keys import read_keys
from api.settings import Settings
from api.tokens import Tokens
from domain.services.ledger import purchases
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.connect import connect as connect_database
from domain.store.document_store import Busy, DatabaseError, DocumentStore
from domain.store.prepare import prepare
from tests.activity_socket import ActivitySocket, open_activity_socket, open_cursors
from tests.servers import serve_selo
from tests.small_runtime import SMALL, TILL, join, new_purchase

MEMBERS, SOCKETS, COMMITS = 200, 5, 100


@dataclass
class Bench:
    """The runtime that commits, and the phones of each member."""

    runtime: Runtime
    database: Database
    phones: dict[str, list[ActivitySocket]] = field(default_factory=dict)

    async def buy(self, member: str, receipt: str) -> None:
        """Record a purchase of a member, and retry while the database is away."""
        while True:
            try:
                purchase_input, now = new_purchase(f"{receipt} {member}", 100), datetime.now(UTC)
                await purchases.record(
                    self.runtime,
                    till=TILL,
                    member_id=member,
                    purchase_input=purchase_input,
                    key=purchase_input.external_id,
                    now=now,
                )
            except (Busy, DatabaseError):
                await asyncio.sleep(0.02)
            else:
                return

    async def hear(self, member: str) -> list[float]:
        """Wait until each phone of a member got the change of the balance; return when."""

        async def hear_phone(phone: ActivitySocket) -> float:
            await phone.wait_for("BalanceChanged", within_seconds=120)
            return time.perf_counter()

        return await asyncio.gather(*map(hear_phone, self.phones[member]))


def memory_kib(pid: int) -> int:
    """Return the resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


async def open_phones(bench: Bench, url: str, tokens: Tokens, stack: AsyncExitStack) -> None:
    """Open every member's sockets with a subscription each."""

    async def open_phone(token: str) -> ActivitySocket:
        phone = await stack.enter_async_context(open_activity_socket(url, token))
        await phone.subscribe()
        return phone

    for at in range(MEMBERS):
        member = await join(
            bench.runtime, f"m{at}", at=datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
        )
        token = tokens.access(subject=member, role="member", session=f"session-{member}").token
        bench.phones[member] = [await open_phone(token) for _ in range(SOCKETS)]


async def deliver(bench: Bench) -> None:
    """Commit a hundred times; print how long each phone took to know."""
    lags: list[float] = []
    for at in range(COMMITS):
        member = f"m{at % MEMBERS}"
        hearing = asyncio.create_task(bench.hear(member))
        await bench.buy(member, f"r{at}")
        committed = time.perf_counter()
        lags += [max(0.0, heard - committed) for heard in await hearing]
    median, worst = statistics.median(lags) * 1000, max(lags) * 1000
    print(f"from the commit to the phone, {len(lags)} times: median {median:.0f} ms, worst {worst:.0f} ms")


async def survive(bench: Bench, data_folder: Path) -> None:
    """Kill the database and let every member buy as soon as it is back; print when the last phone knew."""
    running = find_running(data_folder)
    assert running is not None, "the server runs"
    hearing = [asyncio.create_task(bench.hear(member)) for member in bench.phones]
    os.kill(running.database_pid, signal.SIGKILL)
    begun = time.perf_counter()
    for member in bench.phones:
        await bench.buy(member, "after")
    committed = time.perf_counter()
    heard = [at for each in await asyncio.gather(*hearing) for at in each]
    print(
        f"the database killed under them: {len(bench.phones)} commits took {committed - begun:.1f} s, its"
        f" restart included; the last of {len(heard)} phones knew {max(heard) - committed:.2f} s after the"
        " last commit"
    )


async def measure(url: str, pid: int, data_folder: Path) -> None:
    running = find_running(data_folder)
    assert running is not None, "the server has just said that it is ready"
    database = connect_database(running.uri, Settings(data=data_folder).database)
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    bench = Bench(Runtime.for_store(store), database)
    await bench.runtime.programmes.refresh()
    tokens = Tokens(
        read_keys(Settings(data=data_folder), now=datetime.now(UTC)),
        issuer="selo",
        clock=lambda: datetime.now(UTC),
    )
    many, before = MEMBERS * SOCKETS, memory_kib(pid)
    async with AsyncExitStack() as stack:
        await open_phones(bench, url, tokens, stack)
        await asyncio.sleep(3)
        after = memory_kib(pid)
        each = (after - before) / many
        print(
            f"{many} sockets with a subscription each: {each:.1f} KiB each; {before / 1024:.0f} ->"
            f" {after / 1024:.0f} MiB"
        )
        print(f"change streams open: {await open_cursors(database)}")
        await deliver(bench)
        await survive(bench, data_folder)
        print(f"change streams open: {await open_cursors(database)}")
    await database.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        programme, data_folder = Path(folder) / "small.yaml", Path(folder) / "data"
        programme.write_text(SMALL)
        with serve_selo(data_folder, "--programme", str(programme)) as served:
            asyncio.run(measure(served.url, served.process.pid, data_folder))


if __name__ == "__main__":
    main()
