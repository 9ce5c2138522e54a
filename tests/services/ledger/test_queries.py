"""Queries: few commands, the state of this instant, and no higher cost for a long history."""

from datetime import timedelta

import pytest

from domain.services.errors import NotFound
from domain.services.ledger import entry_history, purchase_queries, purchases, queries
from domain.services.ledger.purchase_input import PurchaseInputLine
from domain.services.ledger.turn import turn
from domain.services.runtime import Runtime
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.small_runtime import NOW, PORTO, TILL, join, new_purchase, open_runtime


async def buy(runtime: Runtime, times: int) -> None:
    for at in range(1, times + 1):
        till = PORTO if at % 3 == 0 else TILL
        await purchases.record(
            runtime,
            till=till,
            member_id="ana",
            purchase_input=new_purchase(f"r{at}"),
            key=f"k{at}",
            now=NOW + timedelta(minutes=at),
        )


async def test_home_is_one_command(database: Database, command_log: CommandLog) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await buy(runtime, 25)
    await runtime.stock.poll()
    now = NOW + timedelta(minutes=26)
    with command_log.counting() as counted:
        view = await queries.load_member_view(runtime, member_id="ana", now=now)
        newest = await entry_history.list_history(
            runtime, member_id="ana", first=20, member_view=view, now=now
        )
    assert counted.names == ["find"]
    assert [one.n for one in newest.items] == list(range(25, 5, -1))
    assert newest.has_more


async def test_a_later_page_is_one_command(database: Database, command_log: CommandLog) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await buy(runtime, 25)
    with command_log.counting() as counted:
        page = await entry_history.list_history(runtime, member_id="ana", first=10, before=6, now=NOW)
    assert counted.names == ["find"]
    assert [one.n for one in page.items] == [5, 4, 3, 2, 1]
    assert not page.has_more
    assert [one.balance for one in page.items] == [500, 400, 300, 200, 100]


async def test_a_page_may_begin_in_memory_and_end_in_the_journal(
    database: Database, command_log: CommandLog
) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await buy(runtime, 25)
    now = NOW + timedelta(minutes=26)
    view = await queries.load_member_view(runtime, member_id="ana", now=now)
    with command_log.counting() as counted:
        page = await entry_history.list_history(
            runtime, member_id="ana", first=25, wallet="points", member_view=view, now=now
        )
    assert counted.names == ["find"]
    assert [one.wallet_n for one in page.items] == list(range(25, 0, -1))


async def test_purchases_of_one_store(database: Database, command_log: CommandLog) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await buy(runtime, 25)
    now = NOW + timedelta(minutes=26)
    everything = await purchase_queries.list_purchases(runtime, member_id="ana", first=4, now=now)
    view = await queries.load_member_view(runtime, member_id="ana", now=now)
    with command_log.counting() as counted:
        porto = await purchase_queries.list_purchases(
            runtime,
            member_id="ana",
            first=4,
            wanted=purchase_queries.PurchaseFilter("porto"),
            member_view=view,
            now=now,
        )
    older = await purchase_queries.list_purchases(
        runtime,
        member_id="ana",
        first=20,
        before=porto.items[-1].number,
        wanted=purchase_queries.PurchaseFilter("porto"),
        now=now,
    )
    assert [one.purchase.external_id for one in everything.items] == ["r25", "r24", "r23", "r22"]
    assert [one.purchase.external_id for one in porto.items] == ["r24", "r21", "r18", "r15"]
    assert [one.purchase.external_id for one in older.items] == ["r12", "r9", "r6", "r3"]
    assert (porto.has_more, older.has_more) == (True, False)
    assert counted.names == ["find", "find", "find"]


async def test_a_page_of_purchases_ends_early_after_many_lines(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purchase_queries, "MAX_PAGE_LINES", 6)
    monkeypatch.setattr(purchase_queries, "PURCHASES_PER_READ", 3)
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    lines = (PurchaseInputLine(sku="a", amount=1), PurchaseInputLine(sku="b", amount=2))
    for at in range(5):
        receipt = new_purchase(f"r{at}", lines=lines if at else ())
        await purchases.record(
            runtime, till=TILL, member_id="ana", purchase_input=receipt, key=f"k{at}", now=NOW
        )
    pages, before = [], None
    for _ in range(2):
        page = await purchase_queries.list_purchases(
            runtime, member_id="ana", first=100, before=before, now=NOW
        )
        pages.append([purchase.purchase.external_id for purchase in page.items])
        before = page.items[-1].number
    assert pages == [["r4", "r3", "r2"], ["r1", "r0"]]
    assert not page.has_more


async def test_a_lapse_is_seen_before_any_job_has_written_it(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await buy(runtime, 1)
    then = NOW + timedelta(days=400)
    view = await queries.load_member_view(runtime, member_id="ana", now=then)
    page = await entry_history.list_history(runtime, member_id="ana", first=20, member_view=view, now=then)
    assert view.unwritten_count == 1
    assert (view.member.wallets["points"].available, view.member.wallets["points"].expired) == (0, 100)
    assert [(one.kind, one.amount, one.balance) for one in page.items] == [
        ("EXPIRE", -100, 0),
        ("AWARD", 100, 100),
    ]
    await turn(runtime, now=then)
    written = await queries.load_member_view(runtime, member_id="ana", now=then)
    assert written.unwritten_count == 0
    assert [one.amount for one in written.recent_entries] == [-5, -100, 5, 100]


async def test_a_member_is_known_by_number(database: Database) -> None:
    runtime = await open_runtime(database)
    assert await queries.find_member_by_contact(runtime, contact="nobody@example.org") is None
    assert await queries.find_member_by_contact(runtime, contact="?") is None
    with pytest.raises(NotFound):
        await queries.load_member_view(runtime, member_id="nobody", now=NOW)
