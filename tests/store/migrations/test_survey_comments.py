"""The step to format 14 builds the index by which the words of members are found."""

from datetime import UTC, datetime

from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.migrations import MIGRATIONS, m0014_survey_comments
from domain.store.migrations.runner import MigrationRunner

STEP = next(place for place, each in enumerate(MIGRATIONS) if each.apply is m0014_survey_comments.apply)


async def test_the_index_is_built_and_a_second_run_changes_nothing(database: Database) -> None:
    store = DocumentStore.of(database, embedded=True)
    letter = {"_id": "a:1:0", "member": "a", "n": 1, "kind": "survey", "code": "happy", "score": 3}
    await store["inbox"].insert_one(letter)
    for index in [index["name"] async for index in await store["inbox"].list_indexes()]:
        if index.startswith("code"):
            await store["inbox"].drop_index(index)
    for _ in range(2):
        await store["meta"].update_one(
            {"_id": "format"}, {"$set": {"number": MIGRATIONS[STEP].number - 1}}, upsert=True
        )
        await store["meta"].delete_one({"_id": "migration"})
        await MigrationRunner(lambda: datetime.now(UTC), notice_seconds=0).run(store, MIGRATIONS[: STEP + 1])
        indexes = [dict(index["key"]) async for index in await store["inbox"].list_indexes()]
        assert {"code": 1, "answered_at": -1, "_id": -1, "score": 1} in indexes
        assert await store["inbox"].find_one({"_id": "a:1:0"}) == letter
