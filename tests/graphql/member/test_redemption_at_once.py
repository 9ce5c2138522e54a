"""Many redemptions at once over HTTP: no more than the stock is sold, points are spent once, and the others
learn why not.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.graphql.engine.ids import decode_id_as, encode_id
from domain.services.ledger import redemption
from domain.services.ledger.verification import verify
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.running_app import Json, RunningApp, open_running_app

PROGRAMME = """
programme:
  {code: small, name: Small, currency: EUR, timezone: Europe/Lisbon, locales: [en], terms: {version: "2026-01", url: "https://small.example/t"}}
wallets: [{code: points, kind: points, name: Points}]
rules:
  - {code: welcome, title: Welcome, on: member.enrolled, do: [{award: {wallet: points, fixed: 100}}]}
rewards:
  - {code: coin, title: A coin, kind: product, cost: {wallet: points, amount: 100}, stock: 10}
  - {code: mug, title: A mug, kind: product, cost: {wallet: points, amount: 100}}
  - {code: pin, title: A pin, kind: product, cost: {wallet: points, amount: 10}, limit: {times: 3, per: ever}}
"""
ANSWER = (
    "__typename ... on RewardRedeemed { voucher { id code } } ... on RewardLocked { missing locks {"
    " reason } }"
)


@pytest.fixture
async def crowd(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    """The application with a programme of which every member can afford one reward."""
    file = tmp_path / "small.yaml"
    file.write_text(PROGRAMME, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path, programme=file) as running:
        yield running


async def redeem(app: RunningApp, token: str, code: str, key: str) -> Json:
    input = {"rewardId": encode_id("Reward", code), "idempotencyKey": key}
    return await app.insist("redeemReward", input, ANSWER, token=token)


async def left(app: RunningApp, token: str) -> int:
    available: int = (await app.do("{ me { balance { available } } }", token=token))["me"]["balance"][
        "available"
    ]
    return available


async def test_a_hundred_members_at_once_get_the_ten_that_are_there(crowd: RunningApp) -> None:
    tokens = [await crowd.enrol_member(f"m{at}@example.com", locale="en") for at in range(100)]
    results = await asyncio.gather(*(redeem(crowd, token, "coin", "k") for token in tokens))
    assert Counter(one["__typename"] for one in results) == {"RewardRedeemed": 10, "RewardLocked": 90}
    assert all(
        [lock["reason"] for lock in one["locks"]] == ["STOCK"]
        for one in results
        if one["__typename"] == "RewardLocked"
    )
    assert len({one["voucher"]["code"] for one in results if one["__typename"] == "RewardRedeemed"}) == 10
    assert [await left(crowd, token) for token in tokens] == [
        0 if one["__typename"] == "RewardRedeemed" else 100 for one in results
    ]
    shelf = await crowd.process.store["stock"].find_one({"_id": "coin"})
    assert shelf is not None
    assert (shelf["issued"], await crowd.count("vouchers")) == (10, 10)
    assert [one async for one in verify(crowd.process.store)] == []


async def test_a_member_with_points_for_one_gets_one_voucher_however_often_at_once(crowd: RunningApp) -> None:
    token = await crowd.enrol_member(locale="en")
    member = decode_id_as("Member", (await crowd.do("{ me { id } }", token=token))["me"]["id"])
    # A hundred at once come by the service: at the door a member has 60 mutations a minute, of which fifty
    # are these.
    inside = (
        redemption.redeem(
            crowd.process.runtime, member_id=member, reward="mug", key=f"i{at}", now=crowd.clock()
        )
        for at in range(50)
    )
    outside = (redeem(crowd, token, "mug", f"k{at}") for at in range(50))
    results = await asyncio.gather(*inside, *outside, return_exceptions=True)
    kinds = Counter(one["__typename"] if isinstance(one, dict) else type(one).__name__ for one in results)
    assert kinds["RedeemedVoucher"] + kinds["RewardRedeemed"] == 1
    assert kinds["RewardLocked"] == 99
    locked = [one for one in results if isinstance(one, dict) and one["__typename"] == "RewardLocked"]
    assert {(one["missing"], one["locks"][0]["reason"]) for one in locked} == {(100, "BALANCE")}
    assert (await left(crowd, token), await crowd.count("vouchers")) == (0, 1)
    assert [one async for one in verify(crowd.process.store)] == []


async def test_a_limit_holds_at_once_and_what_is_given_back_may_be_had_again(crowd: RunningApp) -> None:
    token = await crowd.enrol_member(locale="en")
    results = await asyncio.gather(*(redeem(crowd, token, "pin", f"k{at}") for at in range(20)))
    assert Counter(one["__typename"] for one in results) == {"RewardRedeemed": 3, "RewardLocked": 17}
    assert {one["locks"][0]["reason"] for one in results if one["__typename"] == "RewardLocked"} == {
        "MEMBER_LIMIT"
    }
    voucher = next(one["voucher"]["id"] for one in results if one["__typename"] == "RewardRedeemed")
    backs = [
        crowd.mutate(
            "cancelVoucher", {"voucherId": voucher, "idempotencyKey": f"c{at}"}, "__typename", token=token
        )
        for at in range(20)
    ]
    assert Counter(one["__typename"] for one in await asyncio.gather(*backs)) == {
        "VoucherGivenBack": 1,
        "VoucherNotUsable": 19,
    }
    assert await left(crowd, token) == 80
    assert (await redeem(crowd, token, "pin", "again"))["__typename"] == "RewardRedeemed"
    assert (await redeem(crowd, token, "pin", "and again"))["__typename"] == "RewardLocked"


async def test_a_voucher_that_is_given_back_and_used_at_once_is_one_of_the_two(crowd: RunningApp) -> None:
    token, till = await crowd.enrol_member(locale="en"), await crowd.hire("rui")
    for at in range(5):
        voucher = (await redeem(crowd, token, "mug", f"k{at}"))["voucher"]
        back = crowd.mutate(
            "cancelVoucher",
            {"voucherId": voucher["id"], "idempotencyKey": f"c{at}"},
            "__typename",
            token=token,
        )
        use = crowd.mutate(
            "useVoucher", {"code": voucher["code"], "idempotencyKey": f"u{at}"}, "__typename", token=till
        )
        kinds = {one["__typename"] for one in await asyncio.gather(*((back, use) if at % 2 else (use, back)))}
        assert kinds in ({"VoucherGivenBack", "VoucherNotUsable"}, {"VoucherAccepted", "VoucherNotUsable"})
        if "VoucherAccepted" in kinds:
            assert await left(crowd, token) == 0
            break
        assert await left(crowd, token) == 100
    assert [one async for one in verify(crowd.process.store)] == []
