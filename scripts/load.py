"""A realistic mix of tills and phones against one `selo serve`, for a bounded time: requests a second of its core,
how long answers took, and whether what was answered is what is stored.

Clients are httpx's, each with a connection of its own; a phone looks at its home screen most of the time, a till
finds its customer, quotes and records. Run by `scripts/load`.
"""

import argparse
import asyncio
import random
import statistics
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from bench_load import cpu_nanoseconds, memory_mb
from bench_requests import HOME, RECORD, REDEEM

from api.commands.database import open_server_database
from api.embedded import read_note
from api.process import open_process
from api.settings import Settings
from domain.store.people import contacts
from tests.servers import Served, quick_folder, selo, serve_selo
from tests.small_runtime import NUMISCOLLECT, join

Json = dict[str, Any]

SIGN_IN = """mutation($input: StaffSignInInput!) { staffSignIn(input: $input) { ... on StaffSignedIn { accessToken } } }"""
FIND = "query($n: String!) { findCustomer(contact: $n) { id name tier { current { name } } wallets { code available } } }"
QUOTE = "query($input: QuoteInput!) { quotePurchase(input: $input) { totals { wallet amount } explanation { title amount } } }"
REFUND = "mutation($input: RefundInput!) { refundPurchase(input: $input) { __typename } }"
# What a phone asks, and how often of a hundred times; redeeming is asked for what the member can have.
PHONE: Mapping[str, tuple[int, str]] = {
    "home": (68, HOME),
    "history": (
        12,
        "{ me { pointHistory(first: 20) { edges { node { id title amount } } pageInfo { endCursor } } } }",
    ),
    "rewards": (12, "{ me { rewards(first: 20) { edges { node { rewardState reward { id title } } } } } }"),
    "inbox": (8, "{ me { messages(first: 20) { edges { node { id title body } } } } }"),
}
MEMBERS = 50
REFUNDED = 0.04
REDEEMED = 0.02
# Bounds of one person, which these clients are not: each stands for many.
UNBOUNDED = {
    "SELO_MEMBER_POINTS_PER_MINUTE": "1000000",
    "SELO_STAFF_REQUESTS_PER_MINUTE": "1000000",
    "SELO_LOOK_UPS_PER_MINUTE": "1000000",
    "SELO_ANONYMOUS_REQUESTS_PER_MINUTE": "1000000",
}


@dataclass
class Tally:
    """What was asked, by its name: milliseconds of each answer, refusals by their code, receipts that were answered."""

    milliseconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    receipts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Client:
    """One till or phone: its connection, its token, and how long its user waits between two acts."""

    http: httpx.AsyncClient
    token: str
    wait: float
    tally: Tally
    random: random.Random

    async def ask(self, name: str, query: str, variables: Json | None = None) -> Json | None:
        """Ask, count and pause; None where it was refused."""
        began = time.perf_counter()
        answer = await self.http.post(
            "/graphql",
            json={"query": query, "variables": variables or {}},
            headers={"authorization": f"Bearer {self.token}"},
        )
        self.tally.milliseconds[name].append((time.perf_counter() - began) * 1000)
        body: Json = answer.json()
        if errors := body.get("errors"):
            self.tally.refused[f"{name}: {errors[0]['extensions']['code']}"] += 1
            return None
        if self.wait:
            await asyncio.sleep(self.random.uniform(0, 2 * self.wait))
        result: Json = body["data"]
        return result

    async def look(self) -> None:
        """Do what a phone does next."""
        if self.random.random() < REDEEMED:
            await self._redeem()
            return
        name = self.random.choices(list(PHONE), [weight for weight, _ in PHONE.values()])[0]
        await self.ask(name, PHONE[name][1])

    async def _redeem(self) -> None:
        rewards = await self.ask("rewards", PHONE["rewards"][1])
        edges = rewards["me"]["rewards"]["edges"] if rewards else []
        ids = [edge["node"]["reward"]["id"] for edge in edges if edge["node"]["rewardState"] == "UNLOCKED"]
        if ids:
            asked = {"rewardId": self.random.choice(ids), "idempotencyKey": str(uuid.uuid4())}
            await self.ask("redeemReward", REDEEM, {"input": asked})

    async def serve(self, address: str) -> None:
        """Serve one customer at a till: find, quote, record, and now and then take something back."""
        customer = await self.ask("findCustomer", FIND, {"n": address})
        if customer is None:
            return
        purchase = {
            "member": customer["findCustomer"]["id"],
            "currency": "EUR",
            "total": self.random.randrange(300, 12_000),
        }
        await self.ask("quotePurchase", QUOTE, {"input": purchase})
        receipt = f"load-{uuid.uuid4()}"
        keyed = {**purchase, "externalId": receipt, "idempotencyKey": receipt}
        if await self.ask("recordPurchase", RECORD, {"input": keyed}) is not None:
            self.tally.receipts.append(receipt)
            if self.random.random() < REFUNDED:
                back = {
                    "externalId": receipt,
                    "amount": 100,
                    "reason": "one came back",
                    "idempotencyKey": f"back-{receipt}",
                }
                await self.ask("refundPurchase", REFUND, {"input": back})


async def drive(
    options: argparse.Namespace,
    url: str,
    addresses: Sequence[str],
    tokens: Sequence[str],
    cashier: Json,
    tally: Tally,
) -> None:
    """Have every client act until the time is over."""
    end_at = time.monotonic() + options.seconds
    chance = random.Random(options.seed)

    async def phone(token: str) -> None:
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:
            client = Client(http, token, options.wait, tally, random.Random(chance.random()))
            while time.monotonic() < end_at:
                await client.look()

    async def till() -> None:
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:
            answer = await http.post("/graphql", json={"query": SIGN_IN, "variables": {"input": cashier}})
            token = answer.json()["data"]["staffSignIn"]["accessToken"]
            client = Client(http, token, options.wait, tally, random.Random(chance.random()))
            while time.monotonic() < end_at:
                await client.serve(client.random.choice(addresses))

    async with asyncio.TaskGroup() as tasks:
        for index in range(options.phones):
            tasks.create_task(phone(tokens[index % len(tokens)]))
        for _ in range(options.tills):
            tasks.create_task(till())


def report(tally: Tally, seconds: float, server: Served, spent: int, database: int) -> None:
    """Print what was done and what it cost."""
    total = sum(map(len, tally.milliseconds.values()))
    print(
        f"{total} requests in {seconds:.0f} s: {total / seconds:.0f} a second, {len(tally.receipts)} purchases"
    )
    print(f"{'':16}{'number':>8}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}")
    for name, values in sorted(tally.milliseconds.items(), key=lambda item: -len(item[1])):
        marks = statistics.quantiles(values, n=100) if len(values) > 1 else values * 99
        print(f"{name:16}{len(values):8}{marks[49]:9.1f}{marks[94]:9.1f}{marks[98]:9.1f}")
    print(
        f"API process: {spent / 1e9 / seconds:.2f} cores, {total / (spent / 1e9):.0f} requests a second of a core,",
        end="",
    )
    print(f" {memory_mb(server.process.pid)[1]:.0f} MB of its own")
    print(f"Embedded database: {database / 1e9 / seconds:.2f} cores")
    for refusal, number in sorted(tally.refused.items()):
        print(f"refused {refusal}: {number}")


def is_stored(folder: Path, receipts: list[str]) -> bool:
    """Tell whether the journal holds what was answered, and every balance is what it says."""
    verified = selo("verify", "--data", str(folder))
    print(verified.stdout.strip().splitlines()[-1])
    return verified.returncode == 0 and bool(receipts)


async def make_shop(folder: Path) -> tuple[list[str], list[str]]:
    """Make a data folder with the example programme and members; return their addresses, and a token for each."""
    settings = Settings(data=folder)
    async with open_server_database(settings) as database, open_process(settings, database) as process:
        now = process.clock()
        await process.programmes.publish(NUMISCOLLECT.read_text(encoding="utf-8"), now=now)
        members = {f"member-{index}@load.example.com": uuid.uuid4().hex for index in range(1, MEMBERS + 1)}
        for address, member in members.items():
            await join(process.runtime, member, at=now)
            await process.store.transact([contacts.take_write(f"email:{address}", member)])
        return list(members), [
            process.tokens.access(subject=member, role="member", session=member).token
            for address, member in members.items()
        ]


def hire(folder: Path) -> Json:
    """Open a store and give a cashier an account there; return what they sign in with."""
    where = ("--data", str(folder))
    assert selo("store", "add", "lisboa", "--name", "Lisboa", *where).returncode == 0
    said = selo("staff", "add", "rui", "--name", "Rui", "--store", "lisboa", *where).stdout
    return {"username": "rui", "password": said.strip().partition("password: ")[2], "store": "lisboa"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--tills", type=int, default=8)
    parser.add_argument("--phones", type=int, default=40)
    parser.add_argument(
        "--wait", type=float, default=0.5, help="seconds between two acts of one user, on average"
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tally = Tally()
    with quick_folder() as made:
        folder = made / "data"
        addresses, tokens = asyncio.run(make_shop(folder))
        cashier = hire(folder)
        with serve_selo(folder, environment=UNBOUNDED) as server:
            running = read_note(folder)
            assert running is not None, "the server runs"
            pids = (server.process.pid, running.database_pid)
            before = [cpu_nanoseconds(pid) for pid in pids]
            began = time.monotonic()
            asyncio.run(drive(options, server.url, addresses, tokens, cashier, tally))
            seconds = time.monotonic() - began
            spent, database = (cpu_nanoseconds(pid) - then for pid, then in zip(pids, before, strict=True))
            report(tally, seconds, server, spent, database)
        if not is_stored(folder, tally.receipts) or any(not name.endswith("BUSY") for name in tally.refused):
            sys.exit(1)


if __name__ == "__main__":
    main()
