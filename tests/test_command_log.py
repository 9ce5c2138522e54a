"""The command log itself: it counts exactly, and finds every forbidden shape."""

from collections.abc import Awaitable, Callable

import pytest
from pymongo import InsertOne, UpdateOne

from domain.store.connect import Database, connect
from tests.command_log import CommandLog

Sends = Callable[[Database], Awaitable[object]]


async def faults_of(uri: str, sends: Sends) -> list[str]:
    command_log = CommandLog()
    database = connect(uri, "test-wire", listeners=[command_log])
    try:
        await database.mongo["journal"].create_index({"member": 1, "seq": 1})
        await sends(database)
        return await command_log.faults(database)
    finally:
        await database.client.drop_database("test-wire")
        await database.close()


FORBIDDEN: dict[str, tuple[Sends, str]] = {
    "or": (
        lambda d: d.mongo["stores"].find_one({"$or": [{"a": 1}, {"b": 1}]}),
        "$or at the top of a filter of stores",
    ),
    "and": (
        lambda d: d.mongo["members"].update_one({"_id": 1, "$and": [{"a": 1}]}, {"$set": {"a": 2}}),
        "$and at the top",
    ),
    "find-and-modify": (
        lambda d: d.mongo["stores"].find_one_and_update({"_id": 1}, {"$set": {"a": 2}}),
        "findAndModify scans",
    ),
    "skip": (lambda d: d.mongo["journal"].find({"member": 1}).skip(5).to_list(), "skip reads"),
    "hint": (
        lambda d: d.mongo["journal"].find({"member": 1}).hint("member_1_seq_1").to_list(),
        "a hint hides",
    ),
    "scan": (
        lambda d: d.mongo["journal"].find({"seq": 1}).to_list(),
        "no index of journal begins with a field of its filter (seq)",
    ),
    "scan by update": (
        lambda d: d.mongo["journal"].update_one({"at": 1}, {"$set": {"a": 1}}),
        "no index of journal begins",
    ),
    "scan by delete": (
        lambda d: d.mongo["outbox"].delete_many({}),
        "no index of outbox begins with a field of its filter (an empty one)",
    ),
    "count": (lambda d: d.mongo["journal"].count_documents({"member": 1}), "counts journal"),
    "newest by sort": (
        lambda d: d.mongo["journal"].find_one({"member": 1}, sort={"seq": -1}),
        "sorts journal and cuts",
    ),
}


@pytest.mark.parametrize("shape", FORBIDDEN)
async def test_a_forbidden_shape_is_found(database_uri: str, shape: str) -> None:
    sends, fault = FORBIDDEN[shape]
    faults = await faults_of(database_uri, sends)
    assert any(fault in each for each in faults), faults


async def test_a_window_on_a_counter_is_allowed(database_uri: str) -> None:
    def window(database: Database) -> Awaitable[object]:
        return (
            database.mongo["journal"]
            .find({"member": 1, "seq": {"$gt": 3, "$lt": 25}}, sort={"seq": -1}, limit=20)
            .to_list()
        )

    assert await faults_of(database_uri, window) == []


@pytest.mark.unprepared
async def test_a_bulk_write_over_collections_is_one_command_with_each_filter_judged(
    database: Database, command_log: CommandLog
) -> None:
    name = database.mongo.name
    await database.mongo.create_collection("members")
    await database.mongo.create_collection("journal")
    with command_log.counting() as counted:
        await database.client.bulk_write(
            [
                InsertOne(namespace=f"{name}.journal", document={"_id": 1}),
                UpdateOne(
                    namespace=f"{name}.members",
                    filter={"_id": 1, "version": 0},
                    update={"$set": {"version": 1}},
                ),
            ]
        )
    assert counted.names == ["bulkWrite"]
    assert counted.commands[0].filters == (("members", {"_id": 1, "version": 0}),)


async def test_upkeep_is_not_counted(database: Database, command_log: CommandLog) -> None:
    with command_log.counting() as counted:
        await database.client.admin.command("ping")
        await database.mongo["members"].find_one({"_id": "ana"})
    assert counted.names == ["find"]
