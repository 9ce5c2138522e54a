"""What is read: in as few commands as it takes, as it is at this instant, and no dearer for a long
history.
"""

from datetime import timedelta

import pytest

from domain.services import purchases, reading
from domain.services.errors import NotFound
from domain.services.house import House
from domain.services.turn import turn
from domain.store.connect import Database
from tests.houses import NOW, PORTO, TILL, bought, join, open_house
from tests.wire import Wire


async def buy(house: House, times: int) -> None:
    for at in range(1, times + 1):
        till = PORTO if at % 3 == 0 else TILL
        await purchases.record(
            house,
            till=till,
            member_id="ana",
            given=bought(f"r{at}"),
            key=f"k{at}",
            now=NOW + timedelta(minutes=at),
        )


async def test_home_is_one_command(database: Database, wire: Wire) -> None:
    house = await open_house(database)
    await join(house, "ana")
    await buy(house, 25)
    await house.shelf.poll()
    now = NOW + timedelta(minutes=26)
    with wire.counting() as counted:
        seen = await reading.home(house, member_id="ana", now=now)
        newest = await reading.history(house, member_id="ana", first=20, seen=seen, now=now)
    assert counted.names == ["find"]
    assert [one.entry.n for one in newest.items] == list(range(25, 5, -1))
    assert newest.more


async def test_a_later_page_is_one_command(database: Database, wire: Wire) -> None:
    house = await open_house(database)
    await join(house, "ana")
    await buy(house, 25)
    with wire.counting() as counted:
        page = await reading.history(house, member_id="ana", first=10, before=6, now=NOW)
    assert counted.names == ["find"]
    assert [one.entry.n for one in page.items] == [5, 4, 3, 2, 1]
    assert not page.more
    assert [one.entry.balance for one in page.items] == [500, 400, 300, 200, 100]


async def test_a_page_may_begin_in_memory_and_end_in_the_journal(database: Database, wire: Wire) -> None:
    house = await open_house(database)
    await join(house, "ana")
    await buy(house, 25)
    now = NOW + timedelta(minutes=26)
    seen = await reading.home(house, member_id="ana", now=now)
    with wire.counting() as counted:
        page = await reading.history(house, member_id="ana", first=25, wallet="points", seen=seen, now=now)
    assert counted.names == ["find"]
    assert [one.entry.wallet_n for one in page.items] == list(range(25, 0, -1))


async def test_purchases_of_one_store(database: Database, wire: Wire) -> None:
    house = await open_house(database)
    await join(house, "ana")
    await buy(house, 25)
    now = NOW + timedelta(minutes=26)
    everything = await reading.purchases(house, member_id="ana", first=4, now=now)
    seen = await reading.home(house, member_id="ana", now=now)
    with wire.counting() as counted:
        porto = await reading.purchases(house, member_id="ana", first=4, store="porto", seen=seen, now=now)
    older = await reading.purchases(
        house, member_id="ana", first=20, before=porto.items[-1].n, store="porto", now=now
    )
    assert [one.purchase.external_id for one in everything.items] == ["r25", "r24", "r23", "r22"]
    assert [one.purchase.external_id for one in porto.items] == ["r24", "r21", "r18", "r15"]
    assert [one.purchase.external_id for one in older.items] == ["r12", "r9", "r6", "r3"]
    assert (porto.more, older.more) == (True, False)
    assert counted.names == ["find", "find", "find"]


async def test_a_lapse_is_seen_before_any_job_has_written_it(database: Database) -> None:
    house = await open_house(database)
    await join(house, "ana")
    await buy(house, 1)
    then = NOW + timedelta(days=400)
    seen = await reading.home(house, member_id="ana", now=then)
    page = await reading.history(house, member_id="ana", first=20, seen=seen, now=then)
    assert seen.unwritten == 1
    assert (seen.member.wallets["points"].available, seen.member.wallets["points"].expired) == (0, 100)
    assert [(one.entry.kind, one.entry.amount, one.entry.balance) for one in page.items] == [
        ("EXPIRE", -100, 0),
        ("AWARD", 100, 100),
    ]
    await turn(house, now=then)
    written = await reading.home(house, member_id="ana", now=then)
    assert written.unwritten == 0
    assert [one.entry.amount for one in written.recent] == [-5, -100, 5, 100]


async def test_a_member_is_known_by_number(database: Database) -> None:
    house = await open_house(database)
    assert await reading.known_as(house, contact="nobody@example.org") is None
    assert await reading.known_as(house, contact="?") is None
    with pytest.raises(NotFound):
        await reading.home(house, member_id="nobody", now=NOW)
