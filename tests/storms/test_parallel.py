"""Fifty requests at once for one member, from one process and from two: exact counts, none lost, none twice."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from datetime import timedelta

from domain.services.ledger import purchases, queries
from domain.services.ledger.purchases import PurchaseClaimed, PurchaseRecorded
from domain.services.ledger.returns import refunds
from domain.services.ledger.verification import verify
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from tests.small_runtime import NOW, TILL, join, new_purchase, open_runtime

CALLS = 50


async def second(runtime: Runtime) -> Runtime:
    """Another process over the same database, which shares no lock with the first."""
    store = DocumentStore(runtime.store.client, runtime.store.mongo.name, embedded=True)
    store.has_bulk_writes, store.has_snapshot_writes = (
        runtime.store.has_bulk_writes,
        runtime.store.has_snapshot_writes,
    )
    other = Runtime.for_store(store)
    await other.programmes.refresh()
    return other


async def storm(calls: list[Awaitable[PurchaseRecorded]]) -> tuple[list[PurchaseRecorded], Counter[str]]:
    """Return what succeeded, and the errors of the others."""
    done = await asyncio.gather(*calls, return_exceptions=True)
    met = Counter(type(one).__name__ for one in done if isinstance(one, BaseException))
    return [one for one in done if isinstance(one, PurchaseRecorded)], met


async def test_one_key_acts_once(database: Database) -> None:
    runtime = await open_runtime(database)
    other = await second(runtime)
    await join(runtime, "ana")
    calls = [
        purchases.record(
            each, till=TILL, member_id="ana", purchase_input=new_purchase("r1"), key="k1", now=NOW
        )
        for each in (runtime, other)
        for _ in range(CALLS // 2)
    ]
    done, met = await storm(list(calls))
    view = await queries.load_member_view(runtime, member_id="ana", now=NOW)
    assert (len(done), met) == (CALLS, Counter())
    first = done[0]
    assert all((one.purchase, one.history) == (first.purchase, first.history) for one in done)
    assert (view.member.purchases.count, view.member.wallets["points"].available) == (1, 100)
    assert [one async for one in verify(runtime.store)] == []


async def test_different_keys_all_count(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    calls = [
        purchases.record(
            runtime,
            till=TILL,
            member_id="ana",
            purchase_input=new_purchase(f"r{at}"),
            key=f"k{at}",
            now=NOW + timedelta(milliseconds=at),
        )
        for at in range(CALLS)
    ]
    done, met = await storm(list(calls))
    view = await queries.load_member_view(runtime, member_id="ana", now=NOW + timedelta(seconds=1))
    assert (len(done), met) == (CALLS, Counter())
    assert sorted(one.history[0].n for one in done) == list(range(1, CALLS + 1))
    assert (view.member.purchases.count, view.member.wallets["points"].available) == (CALLS, CALLS * 100)
    assert [one async for one in verify(runtime.store)] == []


async def test_two_processes_in_each_others_way_lose_nothing(database: Database) -> None:
    runtime = await open_runtime(database)
    other = await second(runtime)
    await join(runtime, "ana")
    calls = [
        purchases.record(
            each,
            till=TILL,
            member_id="ana",
            purchase_input=new_purchase(f"r{at}-{which}"),
            key=f"k{at}-{which}",
            now=NOW,
        )
        for at in range(CALLS // 2)
        for which, each in enumerate((runtime, other))
    ]
    done, met = await storm(list(calls))
    view = await queries.load_member_view(runtime, member_id="ana", now=NOW)
    assert met.keys() <= {"Busy"}
    assert view.member.purchases.count == len(done)
    assert view.member.wallets["points"].available == len(done) * 100
    assert [one async for one in verify(runtime.store)] == []


async def test_one_receipt_for_two_members_is_one_members(database: Database) -> None:
    runtime = await open_runtime(database)
    other = await second(runtime)
    for member in ("ana", "rui"):
        await join(runtime, member)
    calls = [
        purchases.record(
            (runtime, other)[at % 2],
            till=TILL,
            member_id=("ana", "rui")[at // 2 % 2],
            purchase_input=new_purchase("r1"),
            key=f"k{at}",
            now=NOW,
        )
        for at in range(CALLS)
    ]
    done, met = await storm(list(calls))
    views = [await queries.load_member_view(runtime, member_id=member, now=NOW) for member in ("ana", "rui")]
    assert (len(done), met) == (1, Counter({PurchaseClaimed.__name__: CALLS - 1}))
    assert sorted(one.member.purchases.count for one in views) == [0, 1]
    assert [one async for one in verify(runtime.store)] == []


async def test_refunds_at_once_take_back_what_there_was(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await purchases.record(
        runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1", 5_000), key="k", now=NOW
    )
    refund_tries = [
        refunds.refund(
            runtime,
            till=TILL,
            refund_request=refunds.RefundRequest("r1", amount=300),
            reason="broken",
            key=f"f{at}",
            now=NOW,
        )
        for at in range(20)
    ]
    done = await asyncio.gather(*refund_tries, return_exceptions=True)
    met = Counter(type(one).__name__ for one in done)
    view = await queries.load_member_view(runtime, member_id="ana", now=NOW)
    assert met == Counter({"PurchaseRefunded": 16, "RefundTooLarge": 4})
    assert view.member.wallets["points"].available == 2
    assert [one async for one in verify(runtime.store)] == []
