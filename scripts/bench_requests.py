"""What a request costs the API process, side by side with a hand-written endpoint that answers the same.

Both are real servers over the same proxy (`bench_wire`), which answers each command from what it learnt: so
what the database costs is left out, and what its driver costs is not.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import bench_floor
from bench_load import Kind, Taken, load, measure, memory_mb, once, paired, post
from bench_wire import Wire

HOME = """{ me { id number name balance { available pending debt } tier { current { name } next { name } toNext qualifying until fraction }
  badges { level progress target badge { name description } }
  pointHistory(first: 20) { edges { cursor node { id title amount entryKind occurredAt balanceAfter } } pageInfo { hasNextPage endCursor } }
  rewards(first: 20) { edges { node { rewardState missing locks { reason message } reward { title cost { wallet amount }
    stock } } } } } }"""
RECORD = """mutation Record($input: PurchaseInput!) { recordPurchase(input: $input) { ... on PurchaseRecorded {
  purchase { id total store { name } } customer { name wallets { available pending } tier { current { name } } }
  entries { title amount } explanation { rule title reason amount } unlocked { reward { title } } earnedBadges { level }
  tierChange { to } } } }"""
REDEEM = """mutation Redeem($input: RedeemRewardInput!) { redeemReward(input: $input) { ... on RewardRedeemed {
  voucher { id title voucherState expiresAt code reward { title } } wallets { code available pending debt } } } }"""
LIGHT = "{ __typename }"
ROUNDS, REQUESTS = 12, 80
# Of each thousand requests, how many are of which kind; and the thousands, memory told after so many.
MIXED = {"home": 800, "recordPurchase": 100, "redeemReward": 100}
THOUSANDS, TOLD_EVERY = 20, 5
NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class People:
    """Who asks: the ids that the API gave, and their tokens."""

    member: str
    reward: str
    member_token: str
    cashier_token: str


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int


def graphql(token: str, query: str, variables: Mapping[str, object] | None = None) -> bytes:
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    return post("/graphql", token, body)


def _of_selo(selo: Server, people: People) -> dict[str, Kind]:
    """Return the kinds of requests to Selo. What moves value has a key of its own each time."""

    def buy() -> bytes:
        key = f"bench-{next(NUMBERS)}"
        purchase = {"member": people.member, "externalId": key, "currency": "EUR", "total": 4990}
        return graphql(people.cashier_token, RECORD, {"input": {**purchase, "idempotencyKey": key}})

    def redeem() -> bytes:
        key = f"bench-{next(NUMBERS)}"
        asked = {"rewardId": people.reward, "idempotencyKey": key}
        return graphql(people.member_token, REDEEM, {"input": asked})

    home, light = graphql(people.member_token, HOME), graphql(people.member_token, LIGHT)
    return {
        "home": Kind("home", selo.port, selo.pid, lambda: home),
        "recordPurchase": Kind("recordPurchase", selo.port, selo.pid, buy),
        "redeemReward": Kind("redeemReward", selo.port, selo.pid, redeem),
        "__typename": Kind("__typename", selo.port, selo.pid, lambda: light),
    }


def _of_floor(floor: Server, people: People) -> dict[str, Kind]:
    def asking(path: str, asked: Mapping[str, object]) -> Kind:
        def request() -> bytes:
            keyed = {"member": people.member, **asked, "key": f"floor-{next(NUMBERS)}"}
            return post(path, people.member_token, json.dumps(keyed).encode())

        return Kind(f"floor {path}", floor.port, floor.pid, request)

    return {
        "home": asking("/home", {}),
        "recordPurchase": asking("/purchase", {"total": 4990}),
        "redeemReward": asking("/redeem", {"reward": people.reward, "cost": 10}),
    }


@contextmanager
def run_floor(wire: Wire, token: str) -> Iterator[Server]:
    command = [sys.executable, bench_floor.__file__, wire.uri, token]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None, "a pipe"
            yield Server(int(process.stdout.readline()), process.pid)
        finally:
            process.terminate()


async def _ask(selo: Server, token: str, query: str, variables: Mapping[str, object] | None = None) -> Any:
    kind = Kind("", selo.port, selo.pid, lambda: graphql(token, query, variables))
    return json.loads(await once(kind))["data"]


async def _find_people(selo: Server, number: str, member_token: str, cashier_token: str) -> People:
    known = await _ask(
        selo,
        cashier_token,
        "query($n: String!) { findCustomer(contact: $n) { id } }",
        {"n": number},
    )
    rewards = await _ask(
        selo,
        member_token,
        "{ me { rewards(state: UNLOCKED, first: 1) { edges { node { reward { id } } } } } }",
    )
    reward = rewards["me"]["rewards"]["edges"][0]["node"]["reward"]["id"]
    return People(known["findCustomer"]["id"], reward, member_token, cashier_token)


async def compare(
    wire: Wire,
    selo: Server,
    number: str,
    member_token: str,
    cashier_token: str,
    floor: Server,
    parts: set[str],
) -> None:
    """Measure Selo's requests and the floor's in turns, and Selo's memory after many, and print them."""
    people = await _find_people(selo, number, member_token, cashier_token)
    ours, theirs = _of_selo(selo, people), _of_floor(floor, people)
    purchased = json.loads(await once(ours["recordPurchase"]))["data"]["recordPurchase"]
    redeemed = json.loads(await once(ours["redeemReward"]))["data"]["redeemReward"]
    for kind in (*ours.values(), ours["home"]):  # the wire learns; of the member what was asked last
        home = await once(kind)
    laid_out = (wire.uri, people.member, json.loads(home)["data"]["me"], purchased, redeemed)
    await bench_floor.lay_out(*laid_out)
    for name in ("recordPurchase", "redeemReward"):
        await once(theirs[name])
    await bench_floor.lay_out(*laid_out)
    await once(theirs["home"])
    wire.tell("replay")
    shown, floored = await once(ours["home"]), await once(theirs["home"])
    assert json.loads(shown) == json.loads(floored), "the floor answers the same"
    print(f"home: {len(shown)} bytes, {_leaves(json.loads(shown))} leaves")
    if "memory" in parts:
        await _tell_memory(ours)
    if "requests" in parts:
        await _tell_costs(ours, theirs)
    wire.tell("learn")


async def _tell_memory(ours: Mapping[str, Kind]) -> None:
    """Print what the API process holds before and after many requests of all kinds."""
    pid = ours["home"].pid
    print(f"{'memory of the API process':<32}{'resident':>10}{'its own':>10}")
    for thousand in range(THOUSANDS + 1):
        if thousand % TOLD_EVERY == 0:
            resident, own = memory_mb(pid)
            print(f"{f'after {thousand},000 requests':<32}{resident:>7.1f} MB{own:>7.1f} MB")
        if thousand < THOUSANDS:
            for name, requests in MIXED.items():
                await load(ours[name], requests, Taken())


async def _tell_costs(ours: Mapping[str, Kind], theirs: Mapping[str, Kind]) -> None:
    """Print the CPU of each kind of request beside the floor's."""
    kinds = [kind for name in ours for kind in (ours[name], theirs.get(name)) if kind is not None]
    taken = await measure(kinds, rounds=ROUNDS, requests=REQUESTS)
    print(f"{'CPU a request, lower quartile':<32}{'Selo':>10}{'floor':>10}{'paired':>9}{'p99 answer':>14}")
    for kind_name, kind in ours.items():
        floor_kind = theirs.get(kind_name)
        mine = taken[kind.name]
        last = sorted(mine.answers)[int(len(mine.answers) * 0.99)] * 1000
        beside = (
            f"{taken[floor_kind.name].quartile:>7.0f} us{paired(mine.cpu, taken[floor_kind.name].cpu):>8.2f}x"
            if floor_kind
            else " " * 19
        )
        print(f"{kind_name:<32}{mine.quartile:>7.0f} us{beside}{last:>11.1f} ms")


def _leaves(value: object) -> int:
    if isinstance(value, dict):
        return sum(map(_leaves, value.values()))
    return sum(map(_leaves, value)) if isinstance(value, list) else 1


def run(
    wire: Wire, selo: Server, number: str, member_token: str, cashier_token: str, parts: set[str]
) -> None:
    """Start the floor and measure what the parts name."""
    with run_floor(wire, member_token) as floor:
        asyncio.run(compare(wire, selo, number, member_token, cashier_token, floor, parts))


def token(folder: Path, *whom: str) -> str:
    """Return an access token as `selo token` prints it."""
    command = [sys.executable, "-m", "api.cli", "token", *whom, "--data", str(folder)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
