"""A member's activity comes in order and once: as it happens, after a disconnection, and after the stream was
lost.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from domain.services.ledger import redemption
from domain.services.ledger.purchases import record
from domain.services.ledger.returns import refunds
from domain.services.ledger.returns.refunds import RefundRequest
from domain.services.ledger.turn import turn
from domain.services.live.activity_feed import (
    Activity,
    ActivityCursor,
    EntriesActivity,
    ProgressActivity,
    ResyncRequired,
    TierActivity,
    VoucherActivity,
    stream_activity,
)
from domain.services.live.change_follower import ChangeFollower
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.ledger import vouchers
from domain.store.messages.inbox import Letter
from tests.activity_listeners import wait_for_listeners
from tests.command_log import CommandLog
from tests.loud_runtime import (
    LOUD,
    NOON,
    deliver_all_due,
    new_delivery_worker,
    open_loud_runtime,
    record_event,
)
from tests.small_runtime import NOW, TILL, join, new_purchase, open_runtime

GIVING = """
programme: {code: giving, name: Giving, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets: [{code: points, kind: points, name: Points, debt: allow}]
rules:
  - code: purchase
    title: A point for every euro
    on: purchase.completed
    do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.total}}, {voucher: token}]
rewards:
  - {code: token, title: A token, kind: product, voucher: {valid: {days: 30}}}
tiers:
  count: {wallet: points}
  window: {rolling: {months: 12}}
  ladder: [{code: basic, name: Basic, from: 0}, {code: gold, name: Gold, from: 60}]
"""


@asynccontextmanager
async def followed(runtime: Runtime) -> AsyncIterator[None]:
    """Run the change stream until the block ends."""
    follower = ChangeFollower(runtime.activity_hub)
    task = asyncio.create_task(follower.follow(runtime.store, clock=lambda: NOW))
    try:
        async with asyncio.timeout(60):
            await follower.is_following.wait()
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class ActivityReader:
    """A subscription and all activities that it received."""

    def __init__(self, runtime: Runtime, member: str = "ana", *, after: ActivityCursor | None = None) -> None:
        self.activities: list[Activity] = []
        self._more = asyncio.Event()
        self._task = asyncio.create_task(self._listen(runtime, member, after))

    async def _listen(self, runtime: Runtime, member: str, after: ActivityCursor | None) -> None:
        async for happening in stream_activity(runtime, member_id=member, after=after, now=NOON):
            self.activities.append(happening)
            self._more.set()

    async def wait_for(self, many: int) -> list[object]:
        """Wait until so many activities came; return them."""
        async with asyncio.timeout(60):
            while len(self.activities) < many:
                self._more.clear()
                await self._more.wait()
        return [one.detail for one in self.activities]

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def test_a_letter_is_told_as_it_comes(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    async with followed(runtime):
        phone = ActivityReader(runtime)
        await wait_for_listeners(runtime.activity_hub, 1)
        id = await record_event(runtime, "nudged")
        await deliver_all_due(runtime, new_delivery_worker())
        progress, letter = await phone.wait_for(2)
        assert progress == ProgressActivity()  # the event awards nothing, and is told all the same
        assert isinstance(letter, Letter)
        assert letter.id == id
        assert phone.activities[1].cursor.letter_number == 1
        await phone.close()
    assert runtime.activity_hub.listener_count == 0


async def test_a_voucher_issued_and_used_is_told_with_its_points(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await _visits(runtime, 6)
    async with followed(runtime):
        phone = ActivityReader(runtime)
        await wait_for_listeners(runtime.activity_hub, 1)
        done = await redemption.redeem(
            runtime, member_id="ana", reward="mug", key="redeem-1", now=NOW + timedelta(days=200)
        )
        code = await _code(runtime, done.voucher.id)
        await redemption.use(
            runtime, till=TILL, code=code, key="use-1", now=NOW + timedelta(days=200, seconds=1)
        )
        activities = await phone.wait_for(3)
        assert [one.change for one in activities if isinstance(one, VoucherActivity)] == ["issued", "used"]
        assert [
            entry.amount for one in activities if isinstance(one, EntriesActivity) for entry in one.entries
        ] == [-50]
        await phone.close()


async def test_each_step_of_a_voucher_is_told_for_what_it_is_its_reversal_and_its_lapse_too(
    database: Database,
) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await _visits(runtime, 6)
    then = NOW + timedelta(days=200)
    async with followed(runtime):
        phone = ActivityReader(runtime)
        await wait_for_listeners(runtime.activity_hub, 1)
        done = await redemption.redeem(runtime, member_id="ana", reward="mug", key="redeem-1", now=then)
        code = await _code(runtime, done.voucher.id)
        await redemption.use(runtime, till=TILL, code=code, key="use-1", now=then + timedelta(seconds=1))
        await redemption.reverse(
            runtime,
            till=TILL,
            voucher_id=done.voucher.id,
            reason="the wrong one",
            key="back-1",
            now=then + timedelta(seconds=2),
        )
        await turn(runtime, now=then + timedelta(days=30))
        activities = await phone.wait_for(5)
        assert [(one.voucher, one.change) for one in activities if isinstance(one, VoucherActivity)] == [
            (done.voucher.id, change) for change in ("issued", "used", "reversed", "expired")
        ]
        assert phone.activities[-1].happened_at == then + timedelta(days=30)
        again = ActivityReader(runtime, after=phone.activities[-2].cursor)
        assert await again.wait_for(1) == activities[-1:]
        for each in (phone, again):
            await each.close()


async def test_what_a_refund_takes_is_told_points_vouchers_and_tier(database: Database) -> None:
    runtime = await open_runtime(database, GIVING)
    await join(runtime, "ana")
    bought = new_purchase("r1", 10_000)
    await record(runtime, till=TILL, member_id="ana", purchase_input=bought, key="r1", now=NOW)
    async with followed(runtime):
        phone = ActivityReader(runtime)
        await wait_for_listeners(runtime.activity_hub, 1)
        for key, amount in (("a", 4_000), ("b", None)):
            await refunds.refund(
                runtime,
                till=TILL,
                refund_request=RefundRequest("r1", amount=amount),
                reason="broken",
                key=key,
                now=NOW + timedelta(hours=1),
            )
        activities = await phone.wait_for(4)
        assert activities[1] == VoucherActivity("ana-1", "cancelled")
        assert [
            [(entry.kind, entry.amount, entry.balance) for entry in each.entries]
            for each in activities
            if isinstance(each, EntriesActivity)
        ] == [[("CLAWBACK", -40, 60)], [("CLAWBACK", -60, 0)]]
        assert activities[3] == TierActivity("gold", "basic", "refund")
        again = ActivityReader(runtime, after=phone.activities[0].cursor)
        assert await again.wait_for(3) == activities[1:]
        for each in (phone, again):
            await each.close()


async def test_a_voucher_whose_use_is_reversed_after_the_return_is_told_as_cancelled(
    database: Database,
) -> None:
    runtime = await open_runtime(database, GIVING)
    await join(runtime, "ana")
    bought = new_purchase("r1", 10_000)
    await record(runtime, till=TILL, member_id="ana", purchase_input=bought, key="r1", now=NOW)
    await redemption.use(runtime, till=TILL, code=await _code(runtime, "ana-1"), key="use-1", now=NOW)
    await refunds.refund(
        runtime, till=TILL, refund_request=RefundRequest("r1"), reason="broken", key="a", now=NOW
    )
    async with followed(runtime):
        phone = ActivityReader(runtime)
        await wait_for_listeners(runtime.activity_hub, 1)
        await redemption.reverse(
            runtime, till=TILL, voucher_id="ana-1", reason="the wrong one", key="back-1", now=NOW
        )
        activities = await phone.wait_for(2)
        assert activities == [VoucherActivity("ana-1", change) for change in ("reversed", "cancelled")]
        await phone.close()


async def test_who_comes_back_is_told_what_they_missed_once_and_in_order(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await _visits(runtime, 5)
    async with followed(runtime):
        all_of_it = ActivityReader(runtime, after=ActivityCursor(1, 0, 0))
        first = await all_of_it.wait_for(
            7
        )  # one reward is within reach with the first visit, another with the fifth
        assert sorted(type(one).__name__ for one in first) == [
            "AchievementActivity",
            "AchievementActivity",
            *["EntriesActivity"] * 5,
        ]
        for at in range(6):
            later = ActivityReader(runtime, after=all_of_it.activities[at].cursor)
            assert await later.wait_for(6 - at) == first[at + 1 :]
            await later.close()
        await all_of_it.close()


async def test_letters_and_rows_are_told_again_in_the_order_in_which_they_came(database: Database) -> None:
    paid = LOUD.replace(
        "do: [{message: thanks}]",
        "title: Visit, do: [{award: {wallet: points, fixed: 5}}, {message: thanks}]",
    )
    runtime = await open_loud_runtime(database, paid)
    came: list[object] = []
    async with followed(runtime):
        heard = ActivityReader(runtime, after=ActivityCursor(1, 0, 0))
        for hour in range(3):
            then = NOON + timedelta(hours=hour)
            await record_event(runtime, "visited", at=then, place="Baixa", people=2)
            await heard.wait_for(2 * hour + 1)
            await deliver_all_due(runtime, new_delivery_worker(), now=then + timedelta(seconds=1))
            came = await heard.wait_for(2 * hour + 2)
        assert [type(one).__name__ for one in came] == ["EntriesActivity", "Letter"] * 3
        for at, after in enumerate([ActivityCursor(1, 0, 0), *(one.cursor for one in heard.activities[:-1])]):
            again = ActivityReader(runtime, after=after)
            assert await again.wait_for(6 - at) == came[at:]
            assert [one.cursor for one in again.activities] == [one.cursor for one in heard.activities[at:]]
            await again.close()
        await heard.close()


async def test_too_much_missed_or_a_cursor_of_another_time_is_told_to_read_afresh(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    async with followed(runtime):
        phone = ActivityReader(runtime, after=ActivityCursor(10**9, 0, 0))
        (activity,) = await phone.wait_for(1)
        assert isinstance(activity, ResyncRequired)
        await _visits(runtime, 1)
        assert "EntriesActivity" in [type(one).__name__ for one in await phone.wait_for(2)]
        await phone.close()


async def test_what_happened_while_the_stream_was_lost_is_not_missed(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    async with followed(runtime):
        phone = ActivityReader(runtime)
        await wait_for_listeners(runtime.activity_hub, 1)
    await _visits(runtime, 1)
    assert phone.activities == []
    async with followed(runtime):
        assert "EntriesActivity" in [type(one).__name__ for one in await phone.wait_for(1)]
        await phone.close()


async def test_for_one_that_falls_behind_twenty_rows_are_kept_and_the_rest_is_read(
    database: Database, command_log: CommandLog
) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    async with followed(runtime):
        stream = stream_activity(runtime, member_id="ana", after=ActivityCursor(1, 0, 0), now=NOON)
        await _buys(runtime, range(1))
        assert isinstance((await anext(stream)).detail, EntriesActivity)
        (listener,) = runtime.activity_hub._listeners["ana"]
        await _buys(runtime, range(1, 41))
        async with asyncio.timeout(60):
            while listener.seq < 42:
                await asyncio.sleep(0.01)
        assert (len(listener.rows), min(listener.rows)) == (20, 23)
        with command_log.counting() as counted:
            rest = [
                await asyncio.wait_for(anext(stream), 60) for _ in range(41)
            ]  # 40 purchases, and a reward that they unlock
        moved = [one.detail for one in rest if isinstance(one.detail, EntriesActivity)]
        assert [one.balance for each in moved for one in each.entries] == list(range(2, 42))
        assert [command.body["find"] for command in counted.commands if command.name == "find"].count(
            "journal"
        ) == 1
        assert listener.rows == {}
        await stream.aclose()
    assert runtime.activity_hub.listener_count == 0


async def _buys(runtime: Runtime, receipts: range) -> None:
    for at in receipts:
        await record(
            runtime,
            till=TILL,
            member_id="ana",
            purchase_input=new_purchase(f"r{at}", 100),
            key=f"r{at}",
            now=NOON,
        )


async def _visits(runtime: Runtime, times: int) -> None:
    for at in range(times):
        await record_event(
            runtime, "visited", at=NOW + timedelta(days=31 * (at + 1)), place="Baixa", people=2
        )


async def _code(runtime: Runtime, voucher: str) -> str:
    row = await vouchers.find(runtime.store, voucher)
    assert row is not None
    code = vouchers.code_of(runtime.store, row)
    assert code is not None
    return code
