"""Two API processes and two workers on one database under load, killed in turn: nothing is lost or doubled, and
their metrics add up to what is stored.

STORM_KILLS is the number of kills; `STORM_KILLS=40 scripts/test tests/storms/test_two_by_two.py -s` takes some minutes
and prints the figures.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import IO

import httpx
import pytest

from domain.services.ledger.verification import verify
from domain.store.connect import connect
from domain.store.document_store import DocumentStore
from tests.senders.fcm import serving_fcm
from tests.servers import (
    HANGS_AFTER_SECONDS,
    READY,
    SHARED_KEYS,
    embedded_in_thread,
    quick_folder,
    run_until_ready,
)
from tests.storms.storm_clients import Client, Tally
from tests.storms.storm_laws import (
    all_of_it_or_nothing,
    delivered,
    each_stands_once,
    messages_neither_lost_nor_doubled,
    nothing_is_left_held,
    read,
)
from tests.storms.storm_shop import LIMITS, MEMBERS, StormShop, prepare_shop

KILLS = int(os.environ.get("STORM_KILLS", "4"))
CLIENTS = 6
ANSWERS_BETWEEN = 15
TOKEN = "a token of the operator, long enough"
PURCHASES = re.compile(r'^selo_decisions_total\{event="purchase\.completed"\} (\S+)$', re.MULTILINE)


class ApiProcess:
    """An API process: in each of its lives it listens on the same port, and has counted what it decided."""

    def __init__(self, data_folder: Path, faults: IO[str], environment: Mapping[str, str]) -> None:
        self._data, self._faults, self._environment = data_folder, faults, environment
        self._port, self.url = 0, ""
        self.counted: list[float] = []
        self._process = self._start()

    async def counts(self) -> float:
        """Return how many purchases this life has decided."""
        async with httpx.AsyncClient(timeout=15) as client:
            answer = await client.get(f"{self.url}/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        found_count = PURCHASES.search(answer.text)
        return float(found_count[1]) if found_count else 0.0

    async def kill(self) -> None:
        """Kill it after a last look at its metrics, and start it again."""
        self.counted.append(await self.counts())
        self.end()
        self._process = await asyncio.to_thread(self._start)

    def end(self) -> None:
        self._process.kill()
        self._process.wait(30)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _start(self) -> subprocess.Popen[str]:
        words = ("serve", "--port", str(self._port), "--data", str(self._data))
        process = run_until_ready(
            *words, faults=self._faults, environment={**self._environment, "SELO_WORKER": "false"}
        )
        assert process.stdout is not None, "stdout is a pipe"
        for line in process.stdout:
            if line.startswith(READY):
                self.url = line.removeprefix(READY).strip()
                self._port = int(self.url.rpartition(":")[2])
                return process
        raise AssertionError(f"selo serve ended with {process.wait(30)}")


class WorkerProcess:
    """A worker, killed and started again."""

    def __init__(self, data_folder: Path, faults: IO[str], environment: Mapping[str, str]) -> None:
        self._data, self._faults, self._environment = data_folder, faults, environment
        self._process = self._start()

    async def kill(self) -> None:
        """Kill it and start it again."""
        self.end()
        self._process = self._start()

    def end(self) -> None:
        self._process.kill()
        self._process.wait(30)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _start(self) -> subprocess.Popen[str]:
        return run_until_ready(
            "worker", "--data", str(self._data), faults=self._faults, environment=self._environment
        )


async def storm(shop: StormShop, apis: list[ApiProcess], workers: list[WorkerProcess], tally: Tally) -> None:
    """Let clients work at both APIs while the four are killed in turn."""
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        clients = []
        for place in range(CLIENTS):
            http = await stack.enter_async_context(
                httpx.AsyncClient(base_url=apis[place % 2].url, timeout=15)
            )
            clients.append(Client(f"c{place}", shop, shop.customers[place % len(MEMBERS)], http, tally))
        working = [asyncio.create_task(client.work(stop)) for client in clients]
        in_turn: list[ApiProcess | WorkerProcess] = [apis[0], workers[0], apis[1], workers[1]]
        for place in range(KILLS):
            await _more(tally, ANSWERS_BETWEEN)
            await in_turn[place % len(in_turn)].kill()
        await _more(tally, ANSWERS_BETWEEN)
        stop.set()
        async with asyncio.timeout(HANGS_AFTER_SECONDS):
            await asyncio.gather(*working)


async def _more(tally: Tally, answers: int) -> None:
    """Wait until so many more answers came."""
    enough = len(tally.answers) + answers
    async with asyncio.timeout(HANGS_AFTER_SECONDS):
        while len(tally.answers) < enough:
            await asyncio.sleep(0.02)


@pytest.mark.timeout(600 + 60 * KILLS)
async def test_two_apis_and_two_workers_killed_in_turn_lose_and_double_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable, key in SHARED_KEYS.items():
        monkeypatch.setenv(variable, key)
    tally, began = Tally(), time.monotonic()
    with (
        quick_folder() as folder,
        serving_fcm() as fcm,
        (folder / "faults").open("w+") as faults,
        embedded_in_thread(folder / "data") as uri,
    ):
        shop = await prepare_shop(folder / "data", uri)
        environment = {
            **LIMITS,
            **SHARED_KEYS,
            **fcm.settings(folder),
            "MONGODB_URI": uri,
            "SELO_METRICS_TOKEN": TOKEN,
        }
        data_folder = folder / "shared"
        apis = [ApiProcess(data_folder, faults, environment) for _ in range(2)]
        workers = [WorkerProcess(data_folder, faults, environment) for _ in range(2)]
        try:
            await storm(shop, apis, workers, tally)
            seconds = time.monotonic() - began
            living = [await api.counts() for api in apis]
            database = connect(uri, "selo", timeout_seconds=30)
            try:
                store = DocumentStore.of(database)
                await delivered(store)
                differences = [str(one) async for one in verify(store)]
                stored = await read(store)
            finally:
                await database.close()
        finally:
            for api in apis:
                api.end()
            for worker in workers:
                worker.end()
            print(Path(faults.name).read_text()[-3000:], dict(tally.met), tally.broken[:3])
    assert tally.broken == []
    assert differences == []
    each_stands_once(tally, stored)
    nothing_is_left_held(tally, stored)
    all_of_it_or_nothing(stored)
    repeated = messages_neither_lost_nor_doubled(stored, fcm, KILLS)
    bought = len(stored.rows("purchase.completed"))
    counted = sum(living) + sum(sum(api.counted) for api in apis)
    killed_lives = sum(len(api.counted) for api in apis)
    print(
        f"{KILLS} kills in {seconds:.0f} s; {sum(map(len, tally.answered.values()))} acts answered, instead"
        f" {dict(tally.met)}; {bought} purchases stored, {counted:.0f} counted; pushes repeated {repeated}"
    )
    # Between the last look at a life and its end, each of its clients may have bought twice or so.
    assert bought - killed_lives * 2 * CLIENTS <= counted <= bought
