"""Vouchers: redeemed, cancelled, used once; never more than the stock."""

import asyncio
from datetime import timedelta

import pytest

from domain.model.ledger.decision import RewardLocked, VoucherNotUsable
from domain.services.errors import NotAllowed, NotFound, UnknownCode
from domain.services.ledger import adjustments, purchases, queries, redemption
from domain.services.ledger.verification import verify
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.ledger import vouchers
from tests.command_log import CommandLog
from tests.small_runtime import CASHIER, NOW, TILL, join, new_purchase, open_runtime

SOON = NOW + timedelta(hours=1)


async def member_with_points(database: Database, *members: str) -> Runtime:
    runtime = await open_runtime(database)
    for member in members:
        await join(runtime, member)
        await purchases.record(
            runtime,
            till=TILL,
            member_id=member,
            purchase_input=new_purchase(f"r-{member}"),
            key=member,
            now=NOW,
        )
    return runtime


async def test_redeeming_is_three_commands_and_a_retry_gives_the_same_voucher(
    database: Database, command_log: CommandLog
) -> None:
    runtime = await member_with_points(database, "ana")
    await runtime.stock.poll()
    with command_log.counting() as counted:
        first = await redemption.redeem(runtime, member_id="ana", reward="mug", key="a", now=SOON)
    again = await redemption.redeem(runtime, member_id="ana", reward="mug", key="a", now=SOON)
    assert counted.names == ["find", "bulkWrite", "commitTransaction"]
    assert (first.voucher.id, first.voucher.state, first.wallets["points"].available) == (
        "ana-1",
        "ISSUED",
        50,
    )
    assert again.voucher == first.voucher
    code = vouchers.code_of(runtime.store, first.voucher)
    assert code is not None
    assert await vouchers.find_by_code(runtime.store, code) == first.voucher


async def test_a_retry_after_the_balance_is_gone_still_answers_success(database: Database) -> None:
    runtime = await member_with_points(database, "ana")
    first = await redemption.redeem(runtime, member_id="ana", reward="mug", key="a", now=SOON)
    await redemption.redeem(runtime, member_id="ana", reward="mug", key="b", now=SOON)
    assert (
        await redemption.redeem(runtime, member_id="ana", reward="mug", key="a", now=SOON)
    ).wallets == first.wallets
    with pytest.raises(RewardLocked) as refused:
        await redemption.redeem(runtime, member_id="ana", reward="mug", key="c", now=SOON)
    assert [(lock.reason, lock.missing) for lock in refused.value.locks] == [("BALANCE", 50)]


async def test_a_voucher_given_back_returns_its_points(database: Database) -> None:
    runtime = await member_with_points(database, "ana")
    bought_one = await redemption.redeem(runtime, member_id="ana", reward="mug", key="a", now=SOON)
    back = await redemption.cancel(
        runtime, member_id="ana", voucher_id=bought_one.voucher.id, key="b", now=SOON
    )
    assert (back.voucher.state, back.wallets["points"].available) == ("CANCELLED", 100)
    with pytest.raises(VoucherNotUsable):
        await redemption.cancel(runtime, member_id="ana", voucher_id=bought_one.voucher.id, key="c", now=SOON)
    with pytest.raises(NotFound):
        await redemption.cancel(runtime, member_id="rui", voucher_id=bought_one.voucher.id, key="c", now=SOON)
    assert [one async for one in verify(runtime.store)] == []


async def test_a_voucher_is_used_once_and_by_mistake_for_a_quarter_of_an_hour(database: Database) -> None:
    runtime = await member_with_points(database, "ana")
    voucher = (await redemption.redeem(runtime, member_id="ana", reward="mug", key="a", now=SOON)).voucher
    code = vouchers.code_of(runtime.store, voucher) or ""
    used = await redemption.use(runtime, till=CASHIER, code=code.lower(), key="u", now=SOON)
    assert (used.voucher.state, used.voucher.used_in_store) == ("USED", "lisboa")
    assert (await redemption.use(runtime, till=CASHIER, code=code, key="u", now=SOON)).voucher == used.voucher
    with pytest.raises(VoucherNotUsable):
        await redemption.use(runtime, till=CASHIER, code=code, key="v", now=SOON)
    with pytest.raises(NotAllowed):
        await redemption.reverse(
            runtime,
            till=TILL,
            voucher_id=voucher.id,
            reason="oops",
            key="w",
            now=SOON + timedelta(minutes=16),
        )
    undone = await redemption.reverse(
        runtime, till=TILL, voucher_id=voucher.id, reason="oops", key="w", now=SOON + timedelta(minutes=15)
    )
    assert undone.voucher.state == "ISSUED"
    assert await vouchers.find(runtime.store, voucher.id) == undone.voucher
    assert [one async for one in verify(runtime.store)] == []


async def test_an_unknown_code_is_unknown(database: Database) -> None:
    runtime = await member_with_points(database, "ana")
    for code in ("V" + "0" * 19, "nonsense", ""):
        with pytest.raises(UnknownCode):
            await redemption.use(runtime, till=CASHIER, code=code, key="u", now=SOON)


async def test_ten_at_once_buy_the_last_three(database: Database) -> None:
    names = [f"m{at}" for at in range(10)]
    runtime = await member_with_points(database, *names)
    redemptions = [
        redemption.redeem(runtime, member_id=name, reward="rare", key="a", now=SOON) for name in names
    ]
    done = await asyncio.gather(*redemptions, return_exceptions=True)
    got = [one for one in done if not isinstance(one, BaseException)]
    refused = [one for one in done if isinstance(one, RewardLocked)]
    assert (len(got), len(refused)) == (3, 7)
    assert all(lock.reason == "STOCK" for one in refused for lock in one.locks)
    assert await queries.stock_left(runtime, now=SOON + timedelta(minutes=1)) == {"rare": 0}
    assert [one async for one in verify(runtime.store)] == []


async def test_what_is_given_back_is_on_the_shelf_again(database: Database) -> None:
    runtime = await member_with_points(database, "ana")
    bought_one = await redemption.redeem(runtime, member_id="ana", reward="rare", key="a", now=SOON)
    await redemption.cancel(runtime, member_id="ana", voucher_id=bought_one.voucher.id, key="b", now=SOON)
    assert await queries.stock_left(runtime, now=SOON) == {"rare": 3}


async def test_a_look_at_the_shelf_that_was_under_way_does_not_hide_what_was_bought_meanwhile(
    database: Database,
) -> None:
    runtime = await member_with_points(database, "ana")
    await runtime.stock.poll()
    looking = asyncio.create_task(runtime.stock.poll())
    await asyncio.sleep(0)  # it has begun
    runtime.stock.mark_stale()
    await looking
    await runtime.store["stock"].update_one({"_id": "rare"}, {"$inc": {"issued": 1}})
    assert await queries.stock_left(runtime, now=SOON) == {"rare": 2}


async def test_a_frozen_member_redeems_nothing(database: Database) -> None:
    runtime = await member_with_points(database, "ana")
    await adjustments.freeze(runtime, till=TILL, member_id="ana", reason="a stolen phone", key="f", now=NOW)
    with pytest.raises(RewardLocked) as refused:
        await redemption.redeem(runtime, member_id="ana", reward="mug", key="a", now=SOON)
    assert "FROZEN" in {lock.reason for lock in refused.value.locks}
