"""Format 3: a receipt of which refunds left nothing says that it was returned."""

from datetime import UTC, datetime

from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.migrations import MIGRATIONS
from domain.store.migrations.runner import MigrationRunner

RECEIPTS: list[dict[str, object]] = [
    {"_id": "gone", "left": {"total": 0}, "refunds": [3]},
    {"_id": "part", "left": {"total": 5}, "refunds": [4]},
    {"_id": "free", "left": {"total": 0}, "refunds": []},
    {"_id": "event"},
]


async def test_receipts_that_refunds_brought_to_nothing_are_returned(database: Database) -> None:
    store = DocumentStore.of(database, embedded=True)
    await store["meta"].insert_one({"_id": "format", "number": 2})
    await store["receipts"].insert_many(RECEIPTS)
    for _ in range(2):
        await store["meta"].update_one({"_id": "format"}, {"$set": {"number": 2}})
        await store["meta"].delete_one({"_id": "migration"})
        await MigrationRunner(lambda: datetime.now(UTC), notice_seconds=0).run(store, MIGRATIONS[:2])
        receipts = [row async for row in store["receipts"].find({"_id": {"$gte": ""}})]
        marked = [row["_id"] for row in receipts if row.get("left", {}).get("returned")]
        assert marked == ["gone"]
