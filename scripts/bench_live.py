"""What live activity costs: 1,000 sockets on one `selo serve`, the memory of each, and how long a commit takes to reach its phones.

Run by `scripts/bench-live`. The commits come from this process, over the database: what is measured is the change stream, the server
and the sockets, as they are for any other process's commits.
"""

import asyncio
import json
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

from api.embedded import find_running
from api.keys import read_keys
from api.settings import Settings
from api.tokens import Tokens
from domain.services.house import House
from domain.store.base import Store
from domain.store.connect import connect as connect_database
from domain.store.prepare import prepare
from tests.houses import SMALL, join
from tests.servers import serving
from tests.services.post import happens

MEMBERS, SOCKETS, COMMITS = 200, 5, 100
QUERY = "subscription { memberActivity { cursor activity { __typename ... on BalanceChanged { wallets { available } } } } }"


@dataclass
class Phones:
    """The sockets of one member, and when each heard of the commit under way."""

    sockets: list[ClientConnection] = field(default_factory=list)

    async def hear(self) -> list[float]:
        """Wait until each was told that the balance changed; return when."""

        async def one(socket: ClientConnection) -> float:
            while "BalanceChanged" not in str(await socket.recv()):
                pass
            return time.perf_counter()

        return await asyncio.gather(*map(one, self.sockets))


def memory_kib(pid: int) -> int:
    """Return what a process holds in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


async def subscribed(url: str, token: str) -> ClientConnection:
    """Open a socket with one subscription."""
    socket = await connect(url, subprotocols=["graphql-transport-ws"], open_timeout=60)  # type: ignore[list-item]
    await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
    await socket.recv()
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": QUERY}}))
    return socket


async def measure(url: str, pid: int, data: Path) -> None:
    running = find_running(data)
    assert running is not None, "the server has just said that it is ready"
    database = connect_database(running.uri, Settings(data=data).database)
    store = Store.of(database, embedded=True)
    await prepare(store)
    house = House.of(store)
    await house.programmes.refresh()
    tokens = Tokens(read_keys(Settings(data=data), now=datetime.now(UTC)), issuer="selo", clock=lambda: datetime.now(UTC))
    members = [await join(house, f"m{at}", at=datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)) for at in range(MEMBERS)]
    before = memory_kib(pid)
    phones = {member: Phones() for member in members}
    for member in members:
        token = tokens.access(subject=member, role="member", session=f"session-{member}").token
        phones[member].sockets = await asyncio.gather(*(subscribed(f"ws{url[4:]}/graphql", token) for _ in range(SOCKETS)))
    await asyncio.sleep(3)
    after = memory_kib(pid)
    many = MEMBERS * SOCKETS
    print(f"{many} sockets with a subscription each: {(after - before) / many:.1f} KiB each; {before / 1024:.0f} -> {after / 1024:.0f} MiB")
    lags: list[float] = []
    for at in range(COMMITS):
        member = members[at % MEMBERS]
        hearing = asyncio.create_task(phones[member].hear())
        await happens(house, "visited", member, at=datetime.now(UTC).replace(microsecond=0), place="Baixa", people=2)
        committed = time.perf_counter()
        lags += [max(0.0, heard - committed) for heard in await asyncio.wait_for(hearing, 30)]
    median, worst = statistics.median(lags) * 1000, max(lags) * 1000
    print(f"from the commit to the phone, {len(lags)} times: median {median:.0f} ms, worst {worst:.0f} ms")
    await asyncio.gather(*(socket.close() for each in phones.values() for socket in each.sockets))
    await database.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        programme, data = Path(folder) / "small.yaml", Path(folder) / "data"
        programme.write_text(SMALL)
        with serving(data, "--programme", str(programme)) as served:
            asyncio.run(measure(served.url, served.process.pid, data))


if __name__ == "__main__":
    main()
