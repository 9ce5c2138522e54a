"""What waited for a contact without belonging to anybody is gone, and what was counted stays."""

from datetime import UTC, datetime

from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.migrations import MIGRATIONS, m0004_challenges
from domain.store.migrations.runner import MigrationRunner

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
RECORDS: list[dict[str, object]] = [
    {"_id": "asked", "rev": 1, "sent": [NOW], "purge_at": NOW, "live": {"hash": "h"}},
    {
        "_id": "applied",
        "rev": 2,
        "sent": [NOW],
        "purge_at": NOW,
        "live": {"hash": "h"},
        "reserved": {"name": "Eve"},
    },
    {"_id": "used", "rev": 3, "sent": [NOW], "purge_at": NOW},
]
STEP = next(place for place, each in enumerate(MIGRATIONS) if each.apply is m0004_challenges.apply)
BEFORE = MIGRATIONS[STEP].number - 1


async def test_codes_and_applications_of_nobody_are_deleted(database: Database) -> None:
    store = DocumentStore.of(database, embedded=True)
    await store["meta"].insert_one({"_id": "format", "number": BEFORE})
    await store["sign_in_codes"].insert_many([dict(row) for row in RECORDS])
    await store["contacts"].insert_one({"_id": "email:ana@example.com", "member": "m"})
    for _ in range(2):
        await store["meta"].update_one({"_id": "format"}, {"$set": {"number": BEFORE}})
        await store["meta"].delete_one({"_id": "migration"})
        runner = MigrationRunner(lambda: datetime.now(UTC), notice_seconds=0)
        await runner.run(store, MIGRATIONS[: STEP + 1])
        rows = [row async for row in store["sign_in_codes"].find({"_id": {"$gte": ""}})]
        assert sorted((row["_id"], row["rev"], row["sent"], sorted(row)) for row in rows) == [
            (name, rev, [NOW], ["_id", "purge_at", "rev", "sent"])
            for name, rev in (("applied", 2), ("asked", 1), ("used", 3))
        ]
        indexes = await store["contacts"].index_information()
        assert [each["key"] for each in indexes.values() if "expireAfterSeconds" in each] == [[("until", 1)]]
        assert [row async for row in store["contacts"].find({"_id": {"$gte": ""}})] == [
            {"_id": "email:ana@example.com", "member": "m"}
        ]
