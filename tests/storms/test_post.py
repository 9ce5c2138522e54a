"""kill -9 of workers, twenty times, while messages are due: each arrives, and none twice but what was in flight."""

import asyncio
import multiprocessing
import os
import random
import signal
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.model.decision import Message, Row
from domain.model.events import Event
from domain.services.house import House
from domain.store import devices, outbox
from domain.store.base import Store
from domain.store.connect import connect
from domain.store.devices import Device
from domain.store.prepare import prepare
from tests.houses import join
from tests.servers import embedded_in_thread, quick_folder
from tests.services.post import LOUD
from tests.storms import post

KILLS = 20
MEMBERS = 10
MESSAGES = 400
NAME = "post"


async def _begin(uri: str) -> None:
    database = connect(uri, NAME)
    store = Store.of(database, embedded=True)
    await prepare(store)
    house, now = House.of(store), datetime.now(UTC)
    await house.programmes.publish(LOUD, now=now)
    documents = []
    for at in range(MEMBERS):
        member = await join(house, f"m{at}", at=now.replace(microsecond=0))
        await devices.put(store, Device(f"d{at}", member, "ANDROID", f"{at:016}", now, now, f"token-{at}", "TOKEN"))
        for n in range(MESSAGES // MEMBERS):
            event = Event(f"{member}:{n}", "visited", now, "till", {"place": "Baixa", "people": n})
            row = Row(1000 + n, event, "input", 1, messages=(Message("thanks", "visited", event.data),))
            documents += [write.document for write in outbox.promised(member, row, now=now)]
    await store["outbox"].insert_many([dict(one) for one in documents if one is not None])
    await database.close()


async def _left(uri: str) -> tuple[int, list[tuple[int, int]]]:
    """How many rows are not done, and each member's letters: how many there are and the highest number."""
    database = connect(uri, NAME)
    store = Store.of(database, embedded=True)
    try:
        states = [row["state"] async for row in store["outbox"].find({"_id": {"$gt": "m", "$lt": "n"}}, {"state": 1})]
        numbers = [[row["n"] async for row in store["inbox"].find({"member": f"m{at}"}, {"n": 1})] for at in range(MEMBERS)]
    finally:
        await database.close()
    assert len(states) == MESSAGES
    return sum(state != "done" for state in states), [(len(each), max(each, default=0)) for each in numbers]


def _twice_without_a_kill(lines: list[tuple[str, int, str]]) -> list[str]:
    """The messages that left again although the batch they had left in was not their worker's last: it had been written down."""
    last = {worker: max(batch for other, batch, _ in lines if other == worker) for worker, _, _ in lines}
    left = defaultdict[str, list[tuple[str, int]]](list)
    for worker, batch, message in lines:
        left[message].append((worker, batch))
    return [message for message, times in left.items() if any(batch != last[worker] for worker, batch in times[:-1])]


@pytest.mark.timeout(170)
def test_killed_workers_lose_nothing_and_repeat_only_what_was_in_flight() -> None:
    chance = random.Random(11)
    with quick_folder() as folder, quick_folder() as data, embedded_in_thread(data) as uri:
        asyncio.run(_begin(uri))
        processes = multiprocessing.get_context("forkserver")
        processes.set_forkserver_preload(["tests.storms.post"])

        def start(number: int) -> multiprocessing.process.BaseProcess:
            worker = processes.Process(target=post.run, args=(uri, NAME, str(folder), f"w{number}"), daemon=True)
            worker.start()
            return worker

        workers = [start(0), start(1)]
        for kill in range(KILLS):
            time.sleep(chance.uniform(0.3, 1.2))
            victim = workers.pop(0)
            assert victim.pid is not None
            os.kill(victim.pid, signal.SIGKILL)
            victim.join()
            workers.append(start(2 + kill))
        give_up = time.monotonic() + 60
        while (left := asyncio.run(_left(uri)))[0] and time.monotonic() < give_up:
            time.sleep(0.5)
        for worker in workers:
            worker.kill()
            worker.join()
        lines = [(a, int(b), c) for a, b, c in (line.split() for line in Path(folder / "pushes").read_text().splitlines())]
    messages = [message for _, _, message in lines]
    print(f"{MESSAGES} messages, {KILLS} kills, {len(messages) - len(set(messages))} sent twice")
    assert left[0] == 0
    assert left[1] == [(MESSAGES // MEMBERS, MESSAGES // MEMBERS)] * MEMBERS
    assert len(set(messages)) == MESSAGES
    assert _twice_without_a_kill(lines) == []
