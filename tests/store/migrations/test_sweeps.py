"""The step to format 9 dates what the agenda has done, and begins the sweep of members who are behind."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.ledger.due import sweeps
from domain.store.migrations import MIGRATIONS, m0009_sweeps
from domain.store.migrations.runner import MigrationRunner

STEP = next(place for place, each in enumerate(MIGRATIONS) if each.apply is m0009_sweeps.apply)
DONE_AT = datetime(2026, 3, 2, tzinfo=UTC)


async def migrate(store: DocumentStore) -> None:
    await store["meta"].update_one(
        {"_id": "format"}, {"$set": {"number": MIGRATIONS[STEP].number - 1}}, upsert=True
    )
    await store["meta"].delete_one({"_id": "migration"})
    await store["members"].create_index({"due_version": 1})
    await MigrationRunner(lambda: datetime.now(UTC), notice_seconds=0).run(store, MIGRATIONS[: STEP + 1])


async def test_acted_rows_are_dated_and_a_second_run_changes_nothing(database: Database) -> None:
    store = DocumentStore.of(database, embedded=True)
    await store["agenda"].insert_many(
        [
            {"_id": "a", "state": "done", "done_at": DONE_AT},
            {"_id": "b", "state": "pending"},
            {"_id": "c", "state": "parked", "trouble": "parked"},
        ]
    )
    for _ in range(2):
        await migrate(store)
        rows = {row["_id"]: row.get("purge_at") async for row in store["agenda"].find({"_id": {"$gte": ""}})}
        assert rows == {"a": DONE_AT + timedelta(days=35), "b": None, "c": None}
    keys = {next(iter(index["key"])): index async for index in await store["agenda"].list_indexes()}
    assert "expireAfterSeconds" in keys["purge_at"]
    assert await store["sweeps"].find_one({}) is None
    names = {index["name"] async for index in await store["members"].list_indexes()}
    assert "due_version_1" not in names


@pytest.mark.parametrize(("version", "count"), [(2, sweeps.RANGES), (1, 0)])
async def test_members_may_be_behind_any_version_but_the_first(
    database: Database, version: int, count: int
) -> None:
    store = DocumentStore.of(database)
    await store["meta"].insert_one({"_id": "programme", "version": version})
    await store["programmes"].insert_one({"_id": version, "published_at": DONE_AT})
    for _ in range(2):
        await migrate(store)
        rows = [dict(row) async for row in store["sweeps"].find({})]
        assert len(rows) == count
    made: list[dict[str, Any]] = [
        dict(write.document or {}) for write in sweeps.start_writes(store, version=2, now=DONE_AT)
    ]
    assert sorted(rows, key=lambda row: row["_id"]) == sorted(made[:count], key=lambda row: row["_id"])
