"""Format 2: letters from before surveys are messages."""

from datetime import UTC, datetime

from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.migrations import MIGRATIONS
from domain.store.migrations.runner import MigrationRunner


async def test_letters_without_a_kind_become_messages(database: Database) -> None:
    store = DocumentStore.of(database, embedded=True)
    await store["meta"].insert_one({"_id": "format", "number": 1})
    await store["inbox"].insert_many(
        [{"_id": "ana:1:0", "code": "welcome"}, {"_id": "ana:2:0", "code": "nps", "kind": "survey"}]
    )
    changed = {"_id": "ana:1:0", "code": "welcome", "kind": "message"}
    unchanged = {"_id": "ana:2:0", "code": "nps", "kind": "survey"}
    for _ in range(2):
        await store["meta"].update_one({"_id": "format"}, {"$set": {"number": 1}})
        await store["meta"].delete_one({"_id": "migration"})
        runner = MigrationRunner(lambda: datetime.now(UTC), notice_seconds=0)
        await runner.run(store, MIGRATIONS[:1])
        assert [row async for row in store["inbox"].find({"_id": {"$gte": ""}})] == [changed, unchanged]
