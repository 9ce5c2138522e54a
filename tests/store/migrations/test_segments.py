"""The step to format 12 builds the index by which a segment's members are found."""

from datetime import UTC, datetime

from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.migrations import MIGRATIONS, m0012_segments
from domain.store.migrations.runner import MigrationRunner

STEP = next(place for place, each in enumerate(MIGRATIONS) if each.apply is m0012_segments.apply)


async def test_the_index_is_built_and_a_second_run_changes_nothing(database: Database) -> None:
    store = DocumentStore.of(database, embedded=True)
    await store["members"].insert_one({"_id": "a", "ledger": {"segments": ["buyers"]}})
    for _ in range(2):
        await store["meta"].update_one(
            {"_id": "format"}, {"$set": {"number": MIGRATIONS[STEP].number - 1}}, upsert=True
        )
        await store["meta"].delete_one({"_id": "migration"})
        await MigrationRunner(lambda: datetime.now(UTC), notice_seconds=0).run(store, MIGRATIONS[: STEP + 1])
        indexes = [dict(index["key"]) async for index in await store["members"].list_indexes()]
        assert {"ledger.segments": 1, "_id": 1} in indexes
