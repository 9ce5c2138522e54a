"""kill -9 of the API, the worker and the database, together and one by one, under load over HTTP: what was
acknowledged stands exactly once.

STORM_KILLS is the number of kills; `STORM_KILLS=20 scripts/test tests/storms/test_crashes.py -s` prints the figures
of twenty.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import time
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from domain.services.ledger.verification import verify
from domain.store.connect import Database, connect
from domain.store.document_store import DocumentStore
from tests.senders.fcm import serving_fcm
from tests.servers import embedded_in_thread, quick_folder
from tests.storms.selo_processes import Processes, Strike
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

KILLS = int(os.environ.get("STORM_KILLS", "8"))
STRIKES: tuple[Strike, ...] = (
    "everything",
    "database",
    "everything",
    "api",
    "everything",
    "worker",
    "everything",
    "stop",
)
CLIENTS = 6
EARLY = 0.2
PATIENCE_SECONDS = 60


# ---------------------------------------------------------------- the storm
async def storm(shop: StormShop, processes: Processes, tally: Tally) -> list[float]:
    """Let clients work while processes are killed, some during their start; return the seconds of each
    outage.
    """
    chance, stop, kills = random.Random(7), asyncio.Event(), []
    await processes.ready()
    async with AsyncExitStack() as stack:
        clients = []
        for at in range(CLIENTS):
            http = await stack.enter_async_context(httpx.AsyncClient(base_url=processes.url, timeout=15))
            clients.append(Client(f"c{at}", shop, shop.customers[at % len(MEMBERS)], http, tally))
        working = [asyncio.create_task(client.work(stop)) for client in clients]
        for at in range(KILLS):
            if chance.random() < EARLY:
                await asyncio.sleep(chance.uniform(0.2, 2.0))  # while they start
            else:
                await _more(tally, chance.randint(5, 60))
            kills.append(time.monotonic())
            await processes.strike(STRIKES[at % len(STRIKES)])
        await _more(tally, 30)
        stop.set()
        async with asyncio.timeout(60):
            await asyncio.gather(*working)
    return [min((answer - kill for answer in tally.answers if answer > kill), default=0.0) for kill in kills]


async def _more(tally: Tally, answers: int) -> None:
    """Wait until so many more answers came."""
    enough = len(tally.answers) + answers
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(tally.answers) < enough:
            await asyncio.sleep(0.005)


# ---------------------------------------------------------------- the test
def figures(tally: Tally, felt: list[float], repeated: int) -> str:
    acts = ", ".join(f"{len(tally.answered[act])} of {len(tally.sent[act])} {act}" for act in tally.sent)
    return (
        f"{KILLS} kills; answered {acts}; asked again {tally.asked_again}; instead of an answer"
        f" {dict(tally.met)}; next answer after a kill: median {statistics.median(felt):.1f} s, worst"
        f" {max(felt):.1f} s; pushes repeated {repeated}"
    )


@pytest.mark.timeout(120 + 30 * KILLS)
async def test_what_was_acknowledged_stands_once_whatever_is_killed() -> None:
    tally = Tally()
    with quick_folder() as folder, serving_fcm() as fcm, (folder / "faults").open("w+") as faults:
        data_folder = folder / "data"
        with embedded_in_thread(data_folder) as uri:
            shop = await prepare_shop(data_folder, uri)
        processes = Processes(data_folder, faults, {**LIMITS, **fcm.settings(folder)})
        try:
            felt = await storm(shop, processes, tally)
            store, database = _store(processes)
            try:
                await delivered(store)
                differences = [str(one) async for one in verify(store)]
                stored = await read(store)
            finally:
                await database.close()
            await processes.stop()
        finally:
            processes.end()
            said = Path(faults.name).read_text()
    print(said[-3000:])
    assert tally.broken == []
    assert differences == []
    each_stands_once(tally, stored)
    nothing_is_left_held(tally, stored)
    all_of_it_or_nothing(stored)
    repeated = messages_neither_lost_nor_doubled(stored, fcm, KILLS)
    print(figures(tally, felt, repeated))
    assert all(len(tally.answered[act]) > KILLS for act in tally.sent)


def _store(processes: Processes) -> tuple[DocumentStore, Database]:
    database = connect(processes.note().uri, "selo", timeout_seconds=20)
    return DocumentStore.of(database, embedded=True), database
