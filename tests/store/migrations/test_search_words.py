"""The step to format 7 gives each member the tokens by which staff find them."""

from datetime import UTC, datetime

from domain.model.people.search_words import search_tokens
from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.migrations import MIGRATIONS, m0007_search_words
from domain.store.migrations.runner import MigrationRunner

STEP = next(place for place, each in enumerate(MIGRATIONS) if each.apply is m0007_search_words.apply)
MEMBERS = [
    {
        "_id": "a",
        "number": "0000001234",
        "profile": {"name": "Łukasz  d'Ávila-Ção Æsir", "phone": "+48601234567"},
    },
    {"_id": "b", "number": "0000005678", "profile": {"name": "X", "email": "x@example.com", "phone": None}},
]


async def test_members_get_their_tokens_and_a_second_run_changes_nothing(database: Database) -> None:
    store = DocumentStore.of(database, embedded=True)
    await store["members"].insert_many(MEMBERS)
    for _ in range(2):
        await store["meta"].update_one(
            {"_id": "format"}, {"$set": {"number": MIGRATIONS[STEP].number - 1}}, upsert=True
        )
        await store["meta"].delete_one({"_id": "migration"})
        await MigrationRunner(lambda: datetime.now(UTC), notice_seconds=0).run(store, MIGRATIONS[: STEP + 1])
        rows = {row["_id"]: row async for row in store["members"].find({"_id": {"$gte": ""}})}
        assert [(rows[id]["search"], rows[id]["number_end"]) for id in "ab"] == [
            (search_tokens("Łukasz d'Ávila-Ção Æsir", "+48601234567"), "1234"),
            ([], "5678"),
        ]
        assert {"n:lu", "n:lukasz", "n:avila", "n:ca", "n:cao", "n:aesir", "d:4567"} <= set(
            rows["a"]["search"]
        )
    indexes = [next(iter(index["key"])) async for index in await store["members"].list_indexes()]
    assert {"search", "number_end"} <= set(indexes)
