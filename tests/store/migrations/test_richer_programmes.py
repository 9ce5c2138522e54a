"""The step to format 5 builds the indexes that fiscal reports read by, and rewrites nothing."""

from datetime import UTC, datetime

from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.migrations import MIGRATIONS, m0005_richer_programmes
from domain.store.migrations.runner import MigrationRunner
from domain.store.prepare import COLLECTIONS

STEP = next(place for place, each in enumerate(MIGRATIONS) if each.apply is m0005_richer_programmes.apply)
ROW = {"_id": "m:1", "member": "m", "seq": 1, "at": datetime(2026, 3, 1, 10, tzinfo=UTC)}


async def test_the_indexes_of_fiscal_reports_are_built(database: Database) -> None:
    store = DocumentStore.of(database, embedded=True)
    await store["journal"].insert_one(dict(ROW))
    for _ in range(2):
        number = MIGRATIONS[STEP].number - 1
        await store["meta"].update_one({"_id": "format"}, {"$set": {"number": number}}, upsert=True)
        await store["meta"].delete_one({"_id": "migration"})
        runner = MigrationRunner(lambda: datetime.now(UTC), notice_seconds=0)
        await runner.run(store, MIGRATIONS[: STEP + 1])
        for name, key in (("journal", "at"), ("vouchers", "receipt")):
            built = (await store[name].index_information()).values()
            declared = next(
                each.document for each in COLLECTIONS[name] if dict(each.document["key"]) == {key: 1}
            )
            step_index = next(each for each in built if each["key"] == [(key, 1)])
            assert step_index.get("sparse", False) == declared.get("sparse", False)
        assert [row async for row in store["journal"].find({"_id": "m:1"})] == [ROW]
