"""kill -9 of the API's process and of the database, in turn and together, under load: what was acknowledged is there, once."""

import asyncio
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.services.house import House
from domain.services.verify import verify
from domain.store.base import Store
from domain.store.connect import Unreachable, connect
from domain.store.prepare import prepare
from tests.houses import SMALL, join
from tests.servers import quick_folder
from tests.storms import till

KILLS = 20
NAME = "storm"


class DatabaseProcess:
    """The embedded server on a port of its own, as `selo serve` starts it."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.folder = folder
        (folder / "secantusd.toml").write_text("# nothing\n")
        self.process = self._start()

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/"

    def _start(self) -> subprocess.Popen[bytes]:
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--storage-path", str(self.folder / "database")]
        how = ["--sync-on-commit", "--log-level", "ERROR", "--config", str(self.folder / "secantusd.toml")]
        return subprocess.Popen([sys.executable, "-m", "secantus", *where, *how], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        self.process = self._start()


async def _ready(uri: str) -> None:
    """Wait until the database answers."""
    give_up = time.monotonic() + 20
    while True:
        database = connect(uri, NAME, timeout_seconds=0.5)
        try:
            await database.ping()
        except Unreachable:
            if time.monotonic() > give_up:
                raise
            await asyncio.sleep(0.05)
        else:
            return
        finally:
            await database.close()


async def _begin(uri: str) -> None:
    await _ready(uri)
    database = connect(uri, NAME)
    store = Store.of(database, embedded=True)
    await prepare(store)
    house = House.of(store)
    now = datetime.now(UTC)
    await house.programmes.publish(SMALL, now=now)
    for member in till.MEMBERS:
        await join(house, member, at=now.replace(microsecond=0))
    await database.close()


async def _check(uri: str, folder: Path) -> int:
    """Prove that all is there, once, and nothing that nobody sent; return how many purchases."""
    await _ready(uri)
    answered, sent = ((folder / each).read_text().split() for each in ("answered", "sent"))
    database = connect(uri, NAME, timeout_seconds=20)
    store = Store.of(database, embedded=True)
    try:
        differences = [str(one) async for one in verify(store)]
        rows = store["journal"].find({"event.name": "purchase.completed"}, {"event.purchase.external_id": 1})
        found = Counter([row["event"]["purchase"]["external_id"] async for row in rows])
    finally:
        await database.close()
    assert differences == []
    assert [receipt for receipt, times in found.items() if times != 1] == []
    assert set(answered) - set(found) == set()
    assert set(found) - set(sent) == set()
    return len(found)


@pytest.mark.timeout(170)
def test_what_was_acknowledged_survives_and_counts_once() -> None:
    kinds = ["api", "database", "both"]
    chance = random.Random(7)
    with quick_folder() as folder:
        processes = multiprocessing.get_context("forkserver")
        processes.set_forkserver_preload(["tests.storms.till"])
        database = DatabaseProcess(folder)
        try:
            asyncio.run(_begin(database.uri))
            counts = []
            for kill in range(KILLS):
                api = processes.Process(target=till.run, args=(database.uri, NAME, str(folder), kill), daemon=True)
                api.start()
                time.sleep(chance.uniform(0.4, 1.2))
                kind = kinds[kill % 3]
                if kind == "database":
                    database.kill()
                    database.restart()
                    asyncio.run(_ready(database.uri))
                    time.sleep(0.3)
                assert api.pid is not None
                os.kill(api.pid, signal.SIGKILL)
                api.join()
                if kind == "both":
                    database.kill()
                    database.restart()
                counts.append(asyncio.run(_check(database.uri, folder)))
        finally:
            database.kill()
    assert counts == sorted(counts)
    assert counts[-1] > KILLS
