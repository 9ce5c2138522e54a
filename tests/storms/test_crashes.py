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
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.graphql.member.messages import message_id
from domain.services.ledger.verification import verify
from domain.store.connect import Database, connect
from domain.store.document_store import DocumentStore
from domain.store.ledger import code_counts
from domain.store.messages import outbox
from tests.senders.fcm import FcmStandIn, serving_fcm
from tests.servers import embedded_in_thread, quick_folder
from tests.storms.selo_processes import Processes, Strike
from tests.storms.storm_clients import BACK, TOTAL, Client, Tally
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
COST = 50
PACK = 7
A_BATCH = 50

Rows = dict[str, dict[str, Any]]


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


# ---------------------------------------------------------------- what is stored
@dataclass(frozen=True)
class Stored:
    """What the database holds, read when all clients had gone."""

    journal: list[dict[str, Any]]
    members: Rows
    vouchers: Rows
    outbox: Rows
    agenda: Rows
    requests: int
    audit: Counter[str]
    issued: int
    codes_used: dict[str, str]
    codes_counted: int
    inbox: Mapping[str, list[int]]

    def rows(self, event: str) -> list[dict[str, Any]]:
        """The journal's rows of one event."""
        return [row for row in self.journal if row["event"]["name"] == event]


async def read(store: DocumentStore) -> Stored:
    async def everything(collection: str) -> Rows:
        return {row["_id"]: dict(row) async for row in store[collection].find({})}

    letters = (await everything("inbox")).values()
    stock = await store["stock"].find_one({"_id": "mug"})
    assert stock is not None
    return Stored(
        journal=[dict(row) async for row in store["journal"].find({})],
        members=await everything("members"),
        vouchers=await everything("vouchers"),
        outbox=await everything("outbox"),
        agenda=await everything("agenda"),
        requests=len(await everything("requests")),
        audit=Counter(row["action"] for row in (await everything("audit")).values()),
        issued=stock["issued"],
        codes_used={
            code: row["used_by"]
            for code, row in (await everything("single_use_codes")).items()
            if "used_by" in row
        },
        codes_counted=(await code_counts.find(store, "packs")).entered,
        inbox={
            member: sorted(one["n"] for one in letters if one["member"] == member)
            for member in {one["member"] for one in letters}
        },
    )


async def delivered(store: DocumentStore) -> None:
    """Wait until the outbox is empty. What a killed worker had claimed comes up when its lease of a minute
    ends: that is now.
    """
    await asyncio.sleep(3)  # the living finish what they have in hand
    waiting = await outbox.find_by_state(store, "pending", first=10_000)
    await store["outbox"].update_many(
        {"_id": {"$in": [row.id for row in waiting]}}, {"$set": {"due": datetime.now(UTC)}}
    )
    async with asyncio.timeout(60):
        while await outbox.find_by_state(store, "pending", first=1):
            await asyncio.sleep(0.2)


# ---------------------------------------------------------------- the laws
def each_stands_once(tally: Tally, stored: Stored) -> None:
    """What was answered stands exactly once, what was not at most once, and nothing else stands."""
    bought = Counter(row["event"]["purchase"]["external_id"] for row in stored.rows("purchase.completed"))
    refunded = Counter(row["event"]["refund"][1]["external_id"] for row in stored.rows("purchase.refunded"))
    for act, counts in (("purchase", bought), ("refund", refunded)):
        assert [receipt for receipt, times in counts.items() if times != 1] == []
        assert tally.answered[act].keys() <= counts.keys() <= tally.sent[act]  # type: ignore[index]
    redeemed = [step for row in stored.journal for step in row.get("vouchers", ()) if step[3] == "issued"]
    used = [step for row in stored.journal for step in row.get("vouchers", ()) if step[3] == "used"]
    for steps, act in ((redeemed, "redeem"), (used, "use")):
        assert len({step[0] for step in steps}) == len(steps)
        assert len(tally.answered[act]) <= len(steps) <= len(tally.sent[act])  # type: ignore[index]
    entered = {row["event"]["id"]: row["member"] for row in stored.rows("code.entered")}
    assert len(entered) == len(stored.rows("code.entered")) == stored.codes_counted
    assert len(tally.answered["code"]) <= len(entered) <= len(tally.sent["code"])
    assert entered == {f"code:{code}": member for code, member in stored.codes_used.items()}
    assert stored.vouchers.keys() == {step[0] for step in redeemed}
    assert stored.issued == len(redeemed)
    assert {id for id, one in stored.vouchers.items() if one["state"] == "USED"} == {step[0] for step in used}


def all_of_it_or_nothing(stored: Stored) -> None:
    """Each act bound its key, wrote its audit row and moved the balance, all in one."""
    counts = {
        member: (
            sum(row["member"] == member for row in stored.rows("purchase.completed")),
            sum(row["member"] == member for row in stored.rows("purchase.refunded")),
            sum(one["member"] == member for one in stored.vouchers.values()),
            sum(row["member"] == member for row in stored.rows("code.entered")),
        )
        for member in stored.members
    }
    bought, refunded, redeemed, entered = map(sum, zip(*counts.values(), strict=True))
    used = len(stored.rows("voucher.used"))
    assert stored.requests == bought + refunded + redeemed + used + entered + len(MEMBERS)
    assert {action: stored.audit[action] for action in ("PURCHASE", "REFUND", "VOUCHER_USED")} == {
        "PURCHASE": bought,
        "REFUND": refunded,
        "VOUCHER_USED": used,
    }
    assert len(stored.agenda) == bought
    for member, (purchases, refunds, vouchers, codes) in counts.items():
        entries = [
            entry for row in stored.journal if row["member"] == member for entry in row.get("entries", ())
        ]
        assert (
            sum(entry["amount"] for entry in entries)
            == (purchases * TOTAL - refunds * BACK) // 100 - vouchers * COST + codes * PACK
        )


def messages_neither_lost_nor_doubled(stored: Stored, fcm: FcmStandIn, kills: int) -> int:
    """One outbox row a message, one letter each, numbered without a gap, each pushed; return how many pushes
    were repeated.
    """
    promised = {
        f"{row['member']}:{row['seq']}:{at}"
        for row in stored.journal
        for at in range(len(row.get("messages", ())))
    }
    assert stored.outbox.keys() == promised
    assert {row["state"] for row in stored.outbox.values()} == {"done"}
    for member, numbers in stored.inbox.items():
        assert numbers == list(range(1, sum(id.startswith(f"{member}:") for id in promised) + 1))
    assert fcm.faults == []
    pushed = Counter(push.message["data"]["message"] for push in fcm.accepted)
    assert pushed.keys() == {message_id(id) for id in promised}
    repeated = sum(pushed.values()) - len(pushed)
    assert repeated <= kills * A_BATCH
    return repeated


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
    all_of_it_or_nothing(stored)
    repeated = messages_neither_lost_nor_doubled(stored, fcm, KILLS)
    print(figures(tally, felt, repeated))
    assert all(len(tally.answered[act]) > KILLS for act in tally.sent)


def _store(processes: Processes) -> tuple[DocumentStore, Database]:
    database = connect(processes.note().uri, "selo", timeout_seconds=20)
    return DocumentStore.of(database, embedded=True), database
