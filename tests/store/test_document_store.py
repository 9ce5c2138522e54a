"""One transaction: all or nothing, each guard checked, on servers with and without one command for all
writes.
"""

import asyncio

import pytest

from domain.store.connect import Database
from domain.store.document_store import Busy, DocumentStore, Stale, StoreFault, Write, insert, update
from domain.store.prepare import COLLECTIONS, prepare


class Missed(StoreFault):
    pass


class Taken(StoreFault):
    pass


@pytest.fixture(params=[True, False], ids=["one command", "one command each"])
async def store(database: Database, request: pytest.FixtureRequest) -> DocumentStore:
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    store.has_bulk_writes = bool(request.param)
    return store


def writes(key: str, version: int) -> list[Write]:
    moved = update(
        "stock", {"_id": "member", "version": version}, {"$inc": {"version": 1}}, if_missed=Missed()
    )
    return [insert("stock", {"_id": key}, if_taken=Taken()), moved, insert("stock", {"_id": f"{key}-after"})]


async def test_all_writes_or_none(store: DocumentStore) -> None:
    await store["stock"].insert_one({"_id": "member", "version": 1})
    await store.transact(writes("a", 1))
    with pytest.raises(Missed):
        await store.transact(writes("b", 1))
    with pytest.raises(Taken):
        await store.transact(writes("a", 2))
    ids = {row["_id"] async for row in store["stock"].find({})}
    assert ids == {"member", "a", "a-after"}


async def test_an_update_that_need_not_match_is_no_guard(store: DocumentStore) -> None:
    await store.transact(
        [update("stock", {"_id": "nobody"}, {"$set": {"a": 1}}), insert("stock", {"_id": "a"})]
    )
    assert [row["_id"] async for row in store["stock"].find({})] == ["a"]


async def test_rounds_end_busy(store: DocumentStore) -> None:
    taken = 0

    async def attempt() -> None:
        nonlocal taken
        taken += 1
        raise Stale("always")

    with pytest.raises(Busy) as refused:
        await store.run_rounds(attempt, queue="ana")
    assert (taken, refused.value.retry_after) == (8, 1)


async def test_a_round_is_finished_when_its_caller_has_gone(store: DocumentStore) -> None:
    begun = asyncio.Event()

    async def attempt() -> None:
        begun.set()
        await asyncio.sleep(0.05)
        await store.transact([insert("stock", {"_id": "kept"})])

    caller = asyncio.create_task(store.run_rounds(attempt))
    await begun.wait()
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    await store.drain()
    assert [row["_id"] async for row in store["stock"].find({})] == ["kept"]


async def test_writers_in_each_others_way_all_get_through(store: DocumentStore) -> None:
    await store["stock"].insert_one({"_id": "member", "version": 0})

    async def attempt() -> None:
        row = await store["stock"].find_one({"_id": "member"})
        assert row is not None
        guard = {"_id": "member", "version": row["version"]}
        await store.transact([update("stock", guard, {"$inc": {"version": 1}}, if_missed=Stale("moved"))])

    await asyncio.gather(*(store.run_rounds(attempt, queue="member") for _ in range(20)))
    row = await store["stock"].find_one({"_id": "member"})
    assert row == {"_id": "member", "version": 20}


async def test_preparing_again_changes_nothing(store: DocumentStore) -> None:
    before = {
        name: [index["key"] async for index in await store[name].list_indexes()] for name in COLLECTIONS
    }
    await prepare(store)
    assert before == {
        name: [index["key"] async for index in await store[name].list_indexes()] for name in COLLECTIONS
    }
