"""The step to format 10 builds the indexes by which the console finds what sources sent last, and rare acts."""

from datetime import UTC, datetime

from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.migrations import MIGRATIONS, m0010_console_operations
from domain.store.migrations.runner import MigrationRunner

STEP = next(place for place, each in enumerate(MIGRATIONS) if each.apply is m0010_console_operations.apply)
BUILT = {"intake_deliveries": {"source": 1, "arrived_at": 1}, "audit": {"action": 1, "at": 1}}


async def test_the_indexes_are_built_and_a_second_run_changes_nothing(database: Database) -> None:
    store = DocumentStore.of(database, embedded=True)
    for collection in BUILT:
        await store[collection].insert_one({"_id": "a", "at": datetime(2026, 3, 2, tzinfo=UTC)})
    for _ in range(2):
        await store["meta"].update_one(
            {"_id": "format"}, {"$set": {"number": MIGRATIONS[STEP].number - 1}}, upsert=True
        )
        await store["meta"].delete_one({"_id": "migration"})
        await MigrationRunner(lambda: datetime.now(UTC), notice_seconds=0).run(store, MIGRATIONS[: STEP + 1])
        for collection, keys in BUILT.items():
            indexes = [dict(index["key"]) async for index in await store[collection].list_indexes()]
            assert keys in indexes
