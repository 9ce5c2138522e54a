"""kill -9 of workers, twenty times, while a thousand messages are due: each arrives, and only those in flight
at a kill arrive twice.
"""

import asyncio
import multiprocessing
import os
import random
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path

from domain.model.ledger.decision import JournalRow, PlannedMessage
from domain.model.ledger.events import Event
from domain.services.runtime import Runtime
from domain.store.connect import connect
from domain.store.document_store import DocumentStore
from domain.store.messages import outbox_writes
from domain.store.people import devices
from domain.store.people.devices import Device
from domain.store.prepare import prepare
from tests.loud_runtime import LOUD
from tests.servers import HANGS_AFTER_SECONDS, embedded_in_thread, quick_folder
from tests.small_runtime import join
from tests.storms import delivery_process

KILLS = 20
MEMBERS = 200
EACH = 5
MESSAGES = MEMBERS * EACH
NAME = "post"


@dataclass(frozen=True)
class LoggedPush:
    """A push as it left: whose, of which row, and its collapse id."""

    worker: str
    row: str
    collapse: str


@dataclass(frozen=True)
class Kill:
    """A worker that was killed: how many pushes had left by then, and which rows were written down as
    done.
    """

    worker: str
    pushes: int
    done: frozenset[str]


async def _begin(uri: str, *, each: int) -> None:
    """Promise each member so many messages."""
    database = connect(uri, NAME, timeout_seconds=30)
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    runtime, now = Runtime.for_store(store), datetime.now(UTC)
    await runtime.programmes.publish(LOUD, now=now)
    first = await join(runtime, "m0", at=now.replace(microsecond=0))
    document = await store["members"].find_one({"_id": first})
    assert document is not None
    await store["members"].insert_many([{**document, "_id": f"m{at}"} for at in range(1, MEMBERS)])
    promised = []
    for at in range(MEMBERS):
        await devices.upsert(
            store, Device(f"d{at}", f"m{at}", "ANDROID", f"{at:016}", now, now, f"token-{at}", "TOKEN")
        )
        for n in range(each):
            event = Event(f"m{at}:{n}", "visited", now, "till", {"place": "Baixa", "people": n})
            row = JournalRow(
                1000 + n, event, "input", 1, messages=(PlannedMessage("thanks", "visited", event.data),)
            )
            promised += [write.document for write in outbox_writes.promise_writes(f"m{at}", row, now=now)]
    await store["outbox"].insert_many([dict(one) for one in promised if one is not None])
    await database.close()


async def _done(uri: str) -> frozenset[str]:
    """Which rows are done."""
    database = connect(uri, NAME, timeout_seconds=30)
    store = DocumentStore.of(database, embedded=True)
    try:
        states = {
            row["_id"]: row["state"]
            async for row in store["outbox"].find({"_id": {"$gt": "m", "$lt": "n"}}, {"state": 1})
        }
    finally:
        await database.close()
    return frozenset(id for id, state in states.items() if state == "done")


async def _letters(uri: str) -> list[list[str]]:
    """Each member's letters, the first first; they are numbered without a gap."""
    database = connect(uri, NAME, timeout_seconds=30)
    store = DocumentStore.of(database, embedded=True)
    try:
        inboxes = [
            [(row["n"], row["_id"]) async for row in store["inbox"].find({"member": f"m{at}"})]
            for at in range(MEMBERS)
        ]
    finally:
        await database.close()
    assert all(sorted(n for n, _ in theirs) == list(range(1, len(theirs) + 1)) for theirs in inboxes)
    return [[id for _, id in sorted(theirs)] for theirs in inboxes]


@contextmanager
def _workers(uri: str, folder: Path) -> Iterator[Callable[[str], BaseProcess]]:
    """Start worker processes, quickly, each under a name; those that live are killed at the end."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.storms.delivery_process"])
    alive = list[BaseProcess]()

    def start(name: str) -> BaseProcess:
        worker = processes.Process(
            target=delivery_process.run, args=(uri, NAME, str(folder), name), daemon=True
        )
        worker.start()
        alive.append(worker)
        return worker

    try:
        yield start
    finally:
        for worker in alive:
            worker.kill()
            worker.join()


def _left(folder: Path) -> list[LoggedPush]:
    lines = (folder / "pushes").read_text().splitlines() if (folder / "pushes").exists() else []
    return [
        LoggedPush(worker, message.partition("/")[0], collapse)
        for worker, message, collapse in map(str.split, lines)
    ]


def _wait_for(uri: str, *, messages: int) -> None:
    give_up_at = time.monotonic() + HANGS_AFTER_SECONDS
    while (done := len(asyncio.run(_done(uri)))) < messages and time.monotonic() < give_up_at:
        time.sleep(0.2)
    assert done == messages


def _beyond_those_in_flight(left: Sequence[LoggedPush], kills: Sequence[Kill]) -> list[LoggedPush]:
    """Pushes that were repeated although no kill interrupted them: of a worker that lived, or of a row that
    was already done.
    """
    killed = {kill.worker for kill in kills}
    times = defaultdict[str, list[LoggedPush]](list)
    for delivery in left:
        times[delivery.row].append(delivery)
    uncalled = [one for each in times.values() for one in each[:-1] if one.worker not in killed]
    return uncalled + [one for kill in kills for one in left[kill.pushes :] if one.row in kill.done]


def test_killed_workers_lose_nothing_and_repeat_only_what_was_in_flight() -> None:
    chance = random.Random(11)
    with quick_folder() as folder, quick_folder() as data_folder, embedded_in_thread(data_folder) as uri:
        asyncio.run(_begin(uri, each=EACH))
        kills = list[Kill]()
        with _workers(uri, folder) as start:
            names = [f"w{number}" for number in range(KILLS + 2)]
            workers = [(name, start(name)) for name in names[:2]]
            for name in names[2:]:
                time.sleep(chance.uniform(0.1, 0.7))
                victim, process = workers.pop(0)
                assert process.pid is not None
                os.kill(process.pid, signal.SIGKILL)
                process.join()
                done = asyncio.run(_done(uri))
                kills.append(Kill(victim, len(_left(folder)), done))
                workers.append((name, start(name)))
            _wait_for(uri, messages=MESSAGES)
        left, letters = _left(folder), asyncio.run(_letters(uri))
    collapses = defaultdict[str, set[str]](set)
    for delivery in left:
        collapses[delivery.row].add(delivery.collapse)
    done_at_kills = [len(kill.done) for kill in kills]
    print(
        f"{MESSAGES} messages, {KILLS} kills, {len(left) - len(collapses)} sent twice; done at each kill:"
        f" {done_at_kills}"
    )
    assert done_at_kills[-1] < MESSAGES  # some were due at every kill
    assert len(collapses) == MESSAGES
    assert {len(each) for each in collapses.values()} == {1}
    assert len(set.union(*collapses.values())) == MESSAGES  # each message has its own
    assert _beyond_those_in_flight(left, kills) == []
    assert {len(theirs) for theirs in letters} == {EACH}


def test_two_workers_share_the_messages_and_none_is_claimed_by_both() -> None:
    with quick_folder() as folder, quick_folder() as data_folder, embedded_in_thread(data_folder) as uri:
        asyncio.run(_begin(uri, each=2))
        with _workers(uri, folder) as start:
            for name in ("w0", "w1"):
                start(name)
            _wait_for(uri, messages=2 * MEMBERS)
        left, letters = _left(folder), asyncio.run(_letters(uri))
    assert len({one.row for one in left}) == len(left) == 2 * MEMBERS
    assert {one.worker for one in left} == {"w0", "w1"}
    assert letters == [[f"m{at}:1000:0", f"m{at}:1001:0"] for at in range(MEMBERS)]
