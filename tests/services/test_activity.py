"""What happens to a member, told in order and once: as it happens, after a break, and after the stream was
lost.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from domain.services.ledger import redemption
from domain.services.ledger.purchases import record
from domain.services.ledger.turn import turn
from domain.services.live.activity_feed import (
    Activity,
    ActivityCursor,
    EntriesActivity,
    ResyncRequired,
    VoucherActivity,
    stream_activity,
)
from domain.services.live.change_follower import ChangeFollower
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.ledger import vouchers
from domain.store.messages.inbox import Letter
from tests.houses import NOW, TILL, bought, join, open_house
from tests.services.post import LOUD, NOON, happens, loud, post_of, works
from tests.wire import Wire


@asynccontextmanager
async def followed(house: Runtime) -> AsyncIterator[None]:
    """The stream, for as long as the block runs."""
    follower = ChangeFollower(house.activity_hub)
    task = asyncio.create_task(follower.follow(house.store, clock=lambda: NOW))
    try:
        async with asyncio.timeout(10):
            await follower.is_following.wait()
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Phone:
    """A subscription with all that it was told."""

    def __init__(self, house: Runtime, member: str = "ana", *, after: ActivityCursor | None = None) -> None:
        self.told: list[Activity] = []
        self._more = asyncio.Event()
        self._task = asyncio.create_task(self._listen(house, member, after))

    async def _listen(self, house: Runtime, member: str, after: ActivityCursor | None) -> None:
        async for happening in stream_activity(house, member_id=member, after=after, now=NOON):
            self.told.append(happening)
            self._more.set()

    async def hears(self, many: int) -> list[object]:
        """Wait until so many were told; return what."""
        async with asyncio.timeout(10):
            while len(self.told) < many:
                self._more.clear()
                await self._more.wait()
        return [one.detail for one in self.told]

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def listens(house: Runtime, many: int = 1) -> None:
    """Wait until so many listen."""
    async with asyncio.timeout(10):
        while house.activity_hub.listener_count < many:
            await asyncio.sleep(0.01)


async def test_a_letter_is_told_as_it_comes(database: Database) -> None:
    house = await loud(database)
    async with followed(house):
        phone = Phone(house)
        await listens(house)
        await asyncio.sleep(0.1)
        id = await happens(house, "nudged")
        await works(house, post_of())
        (letter,) = await phone.hears(1)
        assert isinstance(letter, Letter)
        assert letter.id == id
        assert phone.told[0].cursor.letter_number == 1
        await phone.close()
    assert house.activity_hub.listener_count == 0


async def test_a_voucher_issued_and_used_is_told_with_its_points(database: Database) -> None:
    house = await open_house(database)
    await join(house, "ana")
    await _visits(house, 6)
    async with followed(house):
        phone = Phone(house)
        await listens(house)
        await asyncio.sleep(0.1)
        done = await redemption.redeem(
            house, member_id="ana", reward="mug", key="redeem-1", now=NOW + timedelta(days=200)
        )
        code = await _code(house, done.voucher.id)
        await redemption.use(
            house, till=TILL, code=code, key="use-1", now=NOW + timedelta(days=200, seconds=1)
        )
        told = await phone.hears(3)
        assert [one.change for one in told if isinstance(one, VoucherActivity)] == ["issued", "used"]
        assert [
            entry.entry.amount for one in told if isinstance(one, EntriesActivity) for entry in one.entries
        ] == [-50]
        await phone.close()


async def test_each_step_of_a_voucher_is_told_for_what_it_is_its_reversal_and_its_lapse_too(
    database: Database,
) -> None:
    house = await open_house(database)
    await join(house, "ana")
    await _visits(house, 6)
    then = NOW + timedelta(days=200)
    async with followed(house):
        phone = Phone(house)
        await listens(house)
        await asyncio.sleep(0.1)
        done = await redemption.redeem(house, member_id="ana", reward="mug", key="redeem-1", now=then)
        code = await _code(house, done.voucher.id)
        await redemption.use(house, till=TILL, code=code, key="use-1", now=then + timedelta(seconds=1))
        await redemption.reverse(
            house,
            till=TILL,
            voucher_id=done.voucher.id,
            reason="the wrong one",
            key="back-1",
            now=then + timedelta(seconds=2),
        )
        await turn(house, now=then + timedelta(days=30))
        told = await phone.hears(5)
        assert [(one.voucher, one.change) for one in told if isinstance(one, VoucherActivity)] == [
            (done.voucher.id, change) for change in ("issued", "used", "reversed", "expired")
        ]
        assert phone.told[-1].happened_at == then + timedelta(days=30)
        again = Phone(house, after=phone.told[-2].cursor)
        assert await again.hears(1) == told[-1:]
        for each in (phone, again):
            await each.close()


async def test_who_comes_back_is_told_what_they_missed_once_and_in_order(database: Database) -> None:
    house = await open_house(database)
    await join(house, "ana")
    await _visits(house, 5)
    async with followed(house):
        all_of_it = Phone(house, after=ActivityCursor(1, 0, 0))
        first = await all_of_it.hears(
            7
        )  # one reward is within reach with the first visit, another with the fifth
        assert sorted(type(one).__name__ for one in first) == [
            "AchievementActivity",
            "AchievementActivity",
            *["EntriesActivity"] * 5,
        ]
        for at in range(6):
            later = Phone(house, after=all_of_it.told[at].cursor)
            assert await later.hears(6 - at) == first[at + 1 :]
            await later.close()
        await all_of_it.close()


async def test_letters_and_rows_are_told_again_in_the_order_in_which_they_came(database: Database) -> None:
    paid = LOUD.replace(
        "do: [{message: thanks}]",
        "title: Visit, do: [{award: {wallet: points, fixed: 5}}, {message: thanks}]",
    )
    house = await loud(database, paid)
    came: list[object] = []
    async with followed(house):
        heard = Phone(house, after=ActivityCursor(1, 0, 0))
        for hour in range(3):
            then = NOON + timedelta(hours=hour)
            await happens(house, "visited", at=then, place="Baixa", people=2)
            await heard.hears(2 * hour + 1)
            await works(house, post_of(), now=then + timedelta(seconds=1))
            came = await heard.hears(2 * hour + 2)
        assert [type(one).__name__ for one in came] == ["EntriesActivity", "Letter"] * 3
        for at, after in enumerate([ActivityCursor(1, 0, 0), *(one.cursor for one in heard.told[:-1])]):
            again = Phone(house, after=after)
            assert await again.hears(6 - at) == came[at:]
            assert [one.cursor for one in again.told] == [one.cursor for one in heard.told[at:]]
            await again.close()
        await heard.close()


async def test_too_much_missed_or_a_cursor_of_another_time_is_told_to_read_afresh(database: Database) -> None:
    house = await open_house(database)
    await join(house, "ana")
    async with followed(house):
        phone = Phone(house, after=ActivityCursor(10**9, 0, 0))
        (told,) = await phone.hears(1)
        assert isinstance(told, ResyncRequired)
        await _visits(house, 1)
        assert "EntriesActivity" in [type(one).__name__ for one in await phone.hears(2)]
        await phone.close()


async def test_what_happened_while_the_stream_was_lost_is_not_missed(database: Database) -> None:
    house = await open_house(database)
    await join(house, "ana")
    async with followed(house):
        phone = Phone(house)
        await listens(house)
        await asyncio.sleep(0.1)
    await _visits(house, 1)
    assert phone.told == []
    async with followed(house):
        assert "EntriesActivity" in [type(one).__name__ for one in await phone.hears(1)]
        await phone.close()


async def test_for_one_that_falls_behind_twenty_rows_are_kept_and_the_rest_is_read(
    database: Database, wire: Wire
) -> None:
    house = await open_house(database)
    await join(house, "ana")
    async with followed(house):
        told = stream_activity(house, member_id="ana", after=ActivityCursor(1, 0, 0), now=NOON)
        await _buys(house, range(1))
        assert isinstance((await anext(told)).detail, EntriesActivity)
        (listener,) = house.activity_hub._listeners["ana"]
        await _buys(house, range(1, 41))
        async with asyncio.timeout(10):
            while listener.seq < 42:
                await asyncio.sleep(0.01)
        assert (len(listener.rows), min(listener.rows)) == (20, 23)
        with wire.counting() as counted:
            rest = [
                await asyncio.wait_for(anext(told), 10) for _ in range(41)
            ]  # 40 purchases, and a reward that they unlock
        moved = [one.detail for one in rest if isinstance(one.detail, EntriesActivity)]
        assert [one.entry.balance for each in moved for one in each.entries] == list(range(2, 42))
        assert [command.body["find"] for command in counted.commands if command.name == "find"].count(
            "journal"
        ) == 1
        assert listener.rows == {}
        await told.aclose()
    assert house.activity_hub.listener_count == 0


async def _buys(house: Runtime, receipts: range) -> None:
    for at in receipts:
        await record(
            house, till=TILL, member_id="ana", purchase_input=bought(f"r{at}", 100), key=f"r{at}", now=NOON
        )


async def _visits(house: Runtime, times: int) -> None:
    for at in range(times):
        await happens(house, "visited", at=NOW + timedelta(days=31 * (at + 1)), place="Baixa", people=2)


async def _code(house: Runtime, voucher: str) -> str:
    found = await vouchers.find(house.store, voucher)
    assert found is not None
    code = vouchers.code_of(house.store, found)
    assert code is not None
    return code
