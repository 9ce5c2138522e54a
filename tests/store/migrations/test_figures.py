"""The step to format 8 has the figures of what was decided before counted, once."""

from datetime import UTC, datetime

from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.figures import lease
from domain.store.figures.lease import LeaseHolder
from domain.store.migrations import MIGRATIONS, m0008_figures
from domain.store.migrations.runner import MigrationRunner

STEP = next(place for place, each in enumerate(MIGRATIONS) if each.apply is m0008_figures.apply)


async def test_figures_are_to_be_made_and_whoever_takes_the_lease_knows(database: Database) -> None:
    store = DocumentStore.of(database, embedded=True)
    for _ in range(2):
        await store["meta"].update_one(
            {"_id": "format"}, {"$set": {"number": MIGRATIONS[STEP].number - 1}}, upsert=True
        )
        await store["meta"].delete_one({"_id": "migration"})
        await MigrationRunner(lambda: datetime.now(UTC), notice_seconds=0).run(store, MIGRATIONS[: STEP + 1])
        assert await lease.is_rebuilding(store)
    holder = LeaseHolder(lambda: datetime.now(UTC))
    assert await holder.holds(store)
    assert holder.must_rebuild
