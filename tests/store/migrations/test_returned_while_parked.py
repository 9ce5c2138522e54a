"""The step to format 11 keeps, in its receipt, what was returned of each sale that is parked."""

from datetime import UTC, datetime

import pytest

from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.ledger import parked_events, receipts
from domain.store.migrations import MIGRATIONS, m0011_returned_while_parked
from domain.store.migrations.runner import MigrationRunner
from tests.stored_folders import FOLDERS, load_archive

pytestmark = pytest.mark.unprepared

STEP = next(place for place, each in enumerate(MIGRATIONS) if each.apply is m0011_returned_while_parked.apply)


def parked(id: str, *, rev: int = 1, returned: bool = False, refund_ids: int = 0) -> dict[str, object]:
    purchase = {"store": "lisboa", "total": 5} | ({"returned": True} if returned else {})
    return {"_id": id, "rev": rev, "event": {"purchase": purchase}, "refund_ids": [{}] * refund_ids}


async def migrate(store: DocumentStore) -> None:
    await store["meta"].update_one(
        {"_id": "format"}, {"$set": {"number": MIGRATIONS[STEP].number - 1}}, upsert=True
    )
    await store["meta"].delete_one({"_id": "migration"})
    await MigrationRunner(lambda: datetime.now(UTC), notice_seconds=0).run(store, MIGRATIONS[: STEP + 1])


async def test_what_was_returned_is_kept_and_what_was_recorded_stays(database: Database) -> None:
    store = DocumentStore.of(database, embedded=True)
    rows = [parked("new"), parked("part", rev=2), parked("known", refund_ids=1), parked("recorded", rev=2)]
    rows += [parked("whole", rev=2, returned=True), {**parked("event", rev=2), "event": {}}]
    await store["parked_events"].insert_many(rows)
    await store["receipts"].insert_one({"_id": "recorded", "member": "m", "seq": 1, "store": "lisboa"})
    for _ in range(2):
        await migrate(store)
        found = await receipts.find_many(store, [str(row["_id"]) for row in rows])
        assert {id: (each.returned, each.member) for id, each in found.items()} == {
            "part": ("part", ""),
            "known": ("part", ""),
            "whole": ("whole", ""),
            "recorded": (None, "m"),
        }


async def test_a_guests_sale_of_the_format_before_is_returned_in_part(database: Database) -> None:
    await load_archive(database, FOLDERS / "format-10.ndjson.gz")
    store = DocumentStore.of(database, embedded=True)
    await migrate(store)
    waiting = [row["_id"] async for row in store[parked_events.COLLECTION].find({"_id": {"$gt": ""}})]
    (receipt,) = (await receipts.find_many(store, waiting)).values()
    assert (receipt.returned, receipt.store is not None, receipt.remaining) == ("part", True, None)
