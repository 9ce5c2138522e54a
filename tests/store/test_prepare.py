"""Preparing the database: its format stands in it, and another one is refused before anything is touched."""

import asyncio
from datetime import UTC, datetime

import pytest

from domain.store.connect import Database, connect
from domain.store.document_store import Busy, DocumentStore, insert
from domain.store.migrations import FORMAT, MIGRATIONS, check_format
from domain.store.migrations.format import FormatMismatch
from domain.store.migrations.runner import MigrationRunner
from domain.store.people import stores
from domain.store.prepare import COLLECTIONS, prepare
from tests.command_log import CommandLog

pytestmark = pytest.mark.unprepared


async def test_a_new_database_bears_the_format_and_is_prepared_again(database: Database) -> None:
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    first = await store["meta"].find_one({"_id": "format"})
    await prepare(store)
    assert first is not None
    assert (first["number"], len(first["indexes"])) == (FORMAT, 64)
    assert await store["meta"].find_one({"_id": "format"}) == first
    assert set(await store.mongo.list_collection_names()) >= COLLECTIONS.keys()


def test_the_steps_are_numbered_without_a_gap() -> None:
    assert [migration.number for migration in MIGRATIONS] == list(range(2, FORMAT + 1))


async def test_one_that_was_cut_off_at_its_very_beginning_is_new(database: Database) -> None:
    store = DocumentStore.of(database, embedded=True)
    await store.mongo.create_collection("meta")
    await prepare(store)
    document = await store["meta"].find_one({"_id": "format"})
    assert document is not None
    assert document["number"] == FORMAT


BEGIN_ANEW = "go on with the version that wrote it, or begin anew with another data folder (--data)"
NEWER = "start the version that migrated it, or a newer one"
OLDER = "stop the servers of the version that wrote it, and run: selo migrate"


@pytest.mark.parametrize(
    ("document", "held", "remedy"),
    [
        (None, "of an earlier format", BEGIN_ANEW),
        ({"number": FORMAT + 1}, f"of format {FORMAT + 1}", NEWER),
        ({"number": FORMAT - 1, "migrating_to": FORMAT + 1}, f"of format {FORMAT + 1}", NEWER),
        ({"number": FORMAT - 1}, f"of format {FORMAT - 1}", OLDER),
        ({"number": FORMAT - 1, "migrating_to": FORMAT}, f"of format {FORMAT - 1}", OLDER),
    ],
)
async def test_another_format_is_refused_and_left_as_it_is(
    database: Database, document: dict[str, int] | None, held: str, remedy: str
) -> None:
    store = DocumentStore.of(database, embedded=True)
    await store["members"].insert_one({"_id": "ana"})
    if document is not None:
        await store["meta"].insert_one({"_id": "format", **document})
    before = set(await store.mongo.list_collection_names())
    with pytest.raises(FormatMismatch) as mismatch:
        await prepare(store)
    sentence = (
        f"The database {store.mongo.name} holds data {held}, and this version of Selo reads format {FORMAT}"
    )
    assert str(mismatch.value).startswith(f"{sentence}: {remedy}")
    assert set(await store.mongo.list_collection_names()) - {"meta"} == before - {"meta"}


async def test_a_newer_format_stops_every_use_while_running(database: Database) -> None:
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    await check_format(store)
    assert [store.outdated_by] == [None]
    await store["meta"].update_one({"_id": "format"}, {"$set": {"migrating_to": FORMAT + 1}})
    await check_format(store)
    assert store.outdated_by == FORMAT + 1
    for use in (
        lambda: store.transact([insert("stock", {"_id": "mug"})]),
        lambda: stores.find_all(store),
        lambda: store.run_rounds(lambda: store.transact([insert("stock", {"_id": "mug"})])),
    ):
        with pytest.raises(Busy) as refused:
            await use()
        assert refused.value.retry_after == 30
    assert await database.mongo["stock"].find_one({"_id": "mug"}) is None


async def test_a_later_start_builds_no_index_again(database: Database, command_log: CommandLog) -> None:
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    sent = len(command_log.commands)
    await prepare(store)
    assert "createIndexes" not in [command.name for command in command_log.commands[sent:]]


async def test_two_processes_that_start_at_once_are_both_ready(database: Database, database_uri: str) -> None:
    other = connect(database_uri, database.mongo.name, timeout_seconds=30)
    try:
        await asyncio.gather(*(prepare(DocumentStore.of(each, embedded=True)) for each in (database, other)))
    finally:
        await other.close()
    assert set(await database.mongo.list_collection_names()) >= COLLECTIONS.keys()


async def test_a_server_leaves_an_index_that_a_database_in_use_lacks_to_migrate(
    database: Database, command_log: CommandLog
) -> None:
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    await store["meta"].update_one({"_id": "format"}, {"$set": {"indexes": "those of an older release"}})
    await store["members"].drop_index("erase_at_1")
    sent = len(command_log.commands)
    with pytest.raises(FormatMismatch, match="run selo migrate, which does, and start then"):
        await prepare(store)
    assert "createIndexes" not in [command.name for command in command_log.commands[sent:]]
    await prepare(store, runner=MigrationRunner(lambda: datetime.now(UTC), notice_seconds=0))
    assert "erase_at_1" in {index["name"] async for index in await store["members"].list_indexes()}
    await prepare(store)
