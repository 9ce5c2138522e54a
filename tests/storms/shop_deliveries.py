"""The storm of a shop's deliveries: twice, backwards, every second one lost and the rest repeated, while API, worker
and database are killed. In the end each receipt is what its order's last state says.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from api.process import open_process
from api.settings import Settings
from domain.services.intake import publishing
from domain.services.ledger.verification import verify
from domain.services.people import stores
from domain.store.connect import connect
from domain.store.document_store import DocumentStore
from domain.store.intake import deliveries
from domain.store.ledger import journal_rows
from tests.identity_harness import IdentityHarness, RecordingCodeSender, enrol_and_sign_in
from tests.servers import embedded_in_thread, quick_folder
from tests.storms.selo_processes import Processes, Strike

SECRET = "the shop's secret"
SOURCES = "sources:\n  - {code: shop, kind: shopify, store: lisboa, secrets: [SHOP_SECRET]}\n"
MEMBERS = ("ana", "rui", "eva")
PROGRAMME = """
programme: {code: storm, name: Storm, currency: EUR, timezone: Europe/Lisbon, locales: [en], terms: {version: "2026-01", url: /terms}}
wallets: [{code: points, name: Points, debt: allow}]
rules:
  - {code: spend, title: Spend, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.total}}]}
"""
STRIKES: tuple[Strike, ...] = ("worker", "api", "everything", "worker", "database")
MAX_DELIVERIES_PER_ORDER = 5
CONNECTIONS = 4
SETTLED_WITHIN_SECONDS = 240
Json = dict[str, Any]


@dataclass
class ShopOrders:
    """What a shop sends of its orders, and what each member has in the end."""

    sent: list[tuple[str, bytes]] = field(default_factory=list)
    points: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class StormReport:
    """What a storm left: the points of each member, how deliveries ended, how long each answer took while
    nothing was restarting, and how many deliveries waited to be mapped when the last was answered.
    """

    points: Mapping[str, int]
    fates: Mapping[str, int]
    differences: list[str]
    seconds: Sequence[float]
    backlog: int

    def within(self, share: float) -> float:
        """Return the seconds in which this share of the answers came."""
        return sorted(self.seconds)[min(int(share * len(self.seconds)), len(self.seconds) - 1)]


def make_orders(count: int, chance: random.Random, *, now: datetime) -> ShopOrders:
    """Make orders of the storm's members with their refunds and cancellations. Of what is sent every second
    delivery is lost, unless it is an order's last; the rest comes twice and more, five deliveries an order,
    the latest first.
    """
    made = ShopOrders()
    for number in range(1, count + 1):
        member = MEMBERS[number % len(MEMBERS)]
        states, points = _states(number, f"{member}@storm.example", now=now)
        made.points[member] += points
        kept_of = [state for at, state in enumerate(states) if at % 2 == 0 or at == len(states) - 1]
        for topic, body in kept_of:
            made.sent += [(topic, json.dumps(body | {"sent": again}).encode()) for again in (1, 2)]
    for again in range(MAX_DELIVERIES_PER_ORDER * count - len(made.sent)):
        topic, raw = made.sent[chance.randrange(len(made.sent))]
        made.sent.append((topic, json.dumps(json.loads(raw) | {"sent": again + 3}).encode()))
    made.sent.reverse()
    window = 40  # nearby deliveries overtake each other as well
    for start in range(0, len(made.sent), window):
        part = made.sent[start : start + window]
        chance.shuffle(part)
        made.sent[start : start + window] = part
    return made


def _states(number: int, email: str, *, now: datetime) -> tuple[list[tuple[str, Json]], int]:
    """Return what is sent of an order in its order, and the points of its last state."""
    placed = now - timedelta(hours=2)
    line = {"id": number * 10, "sku": "MUG", "price": "20.00", "quantity": 3, "current_quantity": 3}
    order: Json = {
        "id": number,
        "email": email,
        "currency": "EUR",
        "financial_status": "paid",
        "total_price": "60.00",
        "taxes_included": True,
        "line_items": [line],
        "shipping_lines": [],
        "refunds": [],
        "processed_at": placed.isoformat(),
        "updated_at": placed.isoformat(),
    }
    states, points = [("orders/paid", order)], 60
    for step in range(1, number % 4):
        taken = {"line_item_id": line["id"], "quantity": 1, "subtotal": 20.0, "total_tax": 0}
        refund = {"id": number * 100 + step, "order_id": number, "refund_line_items": [taken]}
        states.append(("refunds/create", refund))
        order = order | {
            "refunds": [*order["refunds"], refund],
            "line_items": [line | {"current_quantity": 3 - step}],
            "updated_at": (placed + timedelta(minutes=step)).isoformat(),
        }
        states.append(("orders/updated", order))
        points -= 20
    if number % 5 == 0:
        later = (placed + timedelta(minutes=30)).isoformat()
        states.append(("orders/cancelled", order | {"cancelled_at": later, "updated_at": later}))
        points = 0
    return states, points


async def run_storm(*, orders: int, kills: int) -> tuple[ShopOrders, StormReport]:
    """Send all orders while processes are killed; return what was sent, and what stands in the end."""
    made = make_orders(orders, random.Random(11), now=datetime.now(UTC).replace(microsecond=0))
    with quick_folder() as folder, (folder / "faults").open("w+") as faults:
        data_folder = folder / "data"
        with embedded_in_thread(data_folder) as uri:
            names = await _prepare(data_folder, uri)
        environment = {
            "SELO_SOURCE_SECRETS": json.dumps({"SHOP_SECRET": SECRET}),
            "SELO_WORKER": "false",
        }
        processes = Processes(data_folder, faults, environment)
        try:
            sending = Sending(processes, made, kills=kills)
            await sending.run()
            report = await _read_end(processes, names, sending.seconds)
            await processes.stop()
        finally:
            processes.end()
            print(Path(faults.name).read_text()[-2000:])
    return made, report


async def _prepare(data_folder: Path, uri: str) -> dict[str, str]:
    """Fill an empty database: programme, source and members; return the members' names by id."""
    settings, now = Settings(data=data_folder), datetime.now(UTC).replace(microsecond=0)
    database = connect(uri, settings.database)
    try:
        async with open_process(settings, database) as process:
            code_sender = RecordingCodeSender()
            harness = IdentityHarness(replace(process.runtime, code_sender=code_sender), code_sender)
            await process.programmes.publish(PROGRAMME, now=now)
            await stores.add(process.store, code="lisboa", name="Lisboa", now=now)
            await publishing.publish(process.runtime, text=SOURCES, files={}, now=now)
            signed_in = {
                name: await enrol_and_sign_in(harness, f"{name}@storm.example", now=now) for name in MEMBERS
            }
    finally:
        await database.close()
    return {each.member: name for name, each in signed_in.items()}


class Sending:
    """Posts everything by a few connections, each until it is taken, as shops do, while processes are killed."""

    def __init__(self, processes: Processes, made: ShopOrders, *, kills: int) -> None:
        self._processes, self._sent = processes, made.sent
        self._strike_at = {(at + 1) * len(made.sent) // (kills + 1): at for at in range(kills)}
        self._next, self._striking = 0, asyncio.Lock()
        self._restarts = 0  # odd while something restarts
        self.seconds = list[float]()

    async def run(self) -> None:
        await self._processes.ready()
        async with httpx.AsyncClient(base_url=self._processes.url, timeout=10) as client:
            await asyncio.gather(*(self._post_all(client) for _ in range(CONNECTIONS)))

    async def _post_all(self, client: httpx.AsyncClient) -> None:
        while self._next < len(self._sent):
            at, self._next = self._next, self._next + 1
            if at in self._strike_at:
                await self._strike(STRIKES[self._strike_at[at] % len(STRIKES)])
            await self._post(client, *self._sent[at])

    async def _strike(self, what: Strike) -> None:
        """Kill something. Without its worker the server answers as ever."""
        async with self._striking:
            self._restarts += what != "worker"
            await self._processes.strike(what)
            await self._processes.ready()
            self._restarts += what != "worker"

    async def _post(self, client: httpx.AsyncClient, topic: str, raw: bytes) -> None:
        digest = hmac.new(SECRET.encode(), raw, hashlib.sha256).digest()
        headers = {"X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(), "X-Shopify-Topic": topic}
        give_up_at = time.monotonic() + SETTLED_WITHIN_SECONDS
        while True:
            began, restarts = time.monotonic(), self._restarts
            try:
                answer = await client.post("/webhooks/shop", content=raw, headers=headers)
            except httpx.TransportError:
                answer = None
            if restarts == self._restarts and restarts % 2 == 0:
                self.seconds.append(time.monotonic() - began)
            if answer is not None and answer.status_code == 200:
                return
            assert answer is None or answer.status_code == 503, answer.text
            assert time.monotonic() < give_up_at, "the server did not come back"
            await asyncio.sleep(0.1)


async def _settled(store: DocumentStore) -> int:
    """Wait until nothing is pending, as long as there is less and less; return how many deliveries were."""
    backlog = pending = (await deliveries.count_by_state(store))["pending"]
    give_up_at = time.monotonic() + SETTLED_WITHIN_SECONDS
    while pending:
        assert time.monotonic() < give_up_at, f"{pending} deliveries wait, and none is worked off"
        await asyncio.sleep(0.2)
        left = (await deliveries.count_by_state(store))["pending"]
        if left < pending:
            give_up_at = time.monotonic() + SETTLED_WITHIN_SECONDS
        pending = left
    return backlog


async def _read_end(processes: Processes, names: Mapping[str, str], seconds: list[float]) -> StormReport:
    """Wait until nothing is pending, and read what stands."""
    await processes.ready()
    database = connect(processes.note().uri, "selo", timeout_seconds=20)
    try:
        store = DocumentStore.of(database, embedded=True)
        backlog = await _settled(store)
        fates = await deliveries.count_by_state(store)
        points = Counter[str]()
        async for row in store["journal"].find({"_id": {"$gt": ""}}):
            points[names[row["member"]]] += sum(
                journal_rows.read_entry(entry).amount for entry in row.get("entries", ())
            )
        differences = [str(difference) async for difference in verify(store)]
    finally:
        await database.close()
    return StormReport(
        points, {str(state): count for state, count in fates.items()}, differences, seconds, backlog
    )
