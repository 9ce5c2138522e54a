"""Flaky checkouts: answers are lost at any instant, requests come twice and at once, and some baskets are refused.
Each basket happens once and whole, or not at all.

The suite runs 200 baskets; `scripts/storms/checkouts` many more.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx
import pytest

from domain.services.ledger.verification import verify
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.graphql.till.checkout_acts import CHECKED_OUT, PROGRAMME, basket, give, visit_of, vouchers_of
from tests.running_app import Json, RunningApp, open_running_app

BASKETS = int(os.environ.get("SELO_STORM_CHECKOUTS", "200"))
BASKETS_A_MEMBER = 50  # a member holds 200 open vouchers at most, and a manager gives only so much a day
LONGEST_WAIT_SECONDS = 0.25
LOST_TRIES = 3
STATE = """{ me { wallets { code available } vouchers(first: 100) { edges { node { id voucherState } } }
  purchases(first: 100) { edges { node { externalId total paid } } } } }"""


@dataclass(frozen=True)
class Lane:
    """A member at a till of their own, with a voucher and credit for each of their baskets."""

    token: str
    till: str
    visit: str
    baskets: tuple[Json, ...]

    def voucher_ids(self, *, used: bool) -> set[str]:
        """Return the vouchers of those baskets that may happen, or that may not."""
        return {str(each["vouchers"][0]["voucherId"]) for each in self.baskets if _may_happen(each) == used}


def _may_happen(input: Json) -> bool:
    """A basket below the minimum of its voucher, or that pays more than there is, is refused."""
    return bool(input["total"] >= 1_500 and input["payWith"][0]["units"] <= input["total"])


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    file = tmp_path / "paying.yaml"
    file.write_text(PROGRAMME, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path, programme=file) as running:
        yield running


async def open_lane(app: RunningApp, name: str, count: int, random: Random) -> Lane:
    token = await app.enrol_member(f"{name}@example.com")
    boss, till = await app.hire(f"boss-{name}", "MANAGER"), await app.hire(f"till-{name}")
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    await give(app, number, boss, points=50 * count, credit=100 * count)
    visit = await visit_of(app, token, till)
    baskets = []
    for at, voucher in enumerate(await vouchers_of(app, token, count)):
        total, units = random.choice(((1_500, 100), (2_000, 100), (1_499, 100), (2_000, 2_001)))
        pay_with = [{"wallet": "credit", "units": units}]
        vouchers = [{"voucherId": voucher["id"]}]
        baskets.append(basket(visit, f"{name}-{at}", total=total, payWith=pay_with, vouchers=vouchers))
    return Lane(token, till, visit, tuple(baskets))


async def flaky(app: RunningApp, lane: Lane, input: Json, random: Random) -> Json:
    """Send a basket until an answer comes: some tries are cut off, and the last ones come twice at once."""

    async def send() -> Json:
        return await app.insist("checkout", input, CHECKED_OUT, token=lane.till)

    for _ in range(random.randrange(LOST_TRIES + 1)):
        try:
            async with asyncio.timeout(random.random() * LONGEST_WAIT_SECONDS):
                await send()
        except (TimeoutError, httpx.HTTPError):
            continue
    answers = await asyncio.gather(*(send() for _ in range(random.randint(1, 2))))
    first, *others = [{**each, "customer": None} for each in answers]  # the customer is as they are by then
    assert all(each == first for each in others)
    return answers[0]


async def test_flaky_checkouts_happen_once_and_whole_or_not_at_all(app: RunningApp) -> None:
    random = Random(13)
    sizes = [min(BASKETS_A_MEMBER, BASKETS - at) for at in range(0, BASKETS, BASKETS_A_MEMBER)]
    lanes = [await open_lane(app, f"m{at}", size, random) for at, size in enumerate(sizes)]

    async def run(lane: Lane) -> None:
        for at in range(0, len(lane.baskets), 4):
            inputs = lane.baskets[at : at + 4]
            answers = await asyncio.gather(*(flaky(app, lane, each, random) for each in inputs))
            for input, answer in zip(inputs, answers, strict=True):
                assert (answer["__typename"] == "CheckedOut") == _may_happen(input), (input, answer)

    await asyncio.gather(*(run(lane) for lane in lanes))
    for lane in lanes:
        await _assert_exact(app, lane)
    assert [each async for each in verify(app.process.store)] == []


async def _assert_exact(app: RunningApp, lane: Lane) -> None:
    me = (await app.do(STATE, token=lane.token))["me"]
    done = [each for each in lane.baskets if _may_happen(each)]
    bought = {edge["node"]["externalId"]: edge["node"] for edge in me["purchases"]["edges"]}
    assert len(me["purchases"]["edges"]) == len(done)
    assert {number: each["paid"] for number, each in bought.items()} == {
        each["externalId"]: each["total"] - 100 for each in done
    }
    states = {edge["node"]["id"]: edge["node"]["voucherState"] for edge in me["vouchers"]["edges"]}
    assert {id for id, state in states.items() if state == "USED"} == lane.voucher_ids(used=True)
    assert {id for id, state in states.items() if state == "ISSUED"} == lane.voucher_ids(used=False)
    wallets = {each["code"]: each["available"] for each in me["wallets"]}
    earned = sum((each["total"] - 100) // 100 + 3 for each in done)
    assert wallets == {"points": earned, "credit": 100 * (len(lane.baskets) - len(done))}
