"""The step to format 6 writes amounts by day as a text a month, in members and row by row in their journal."""

from datetime import UTC, datetime
from typing import Any

from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.migrations import MIGRATIONS, m0006_month_texts
from domain.store.migrations.runner import MigrationRunner
from domain.store.prepare import COLLECTIONS

STEP = next(place for place, each in enumerate(MIGRATIONS) if each.apply is m0006_month_texts.apply)
PENDING = "wallets.points.lots.2026-05-19T10h_2027-05-19"
AT = datetime(2026, 5, 5, 10, tzinfo=UTC)
ROWS: list[dict[str, Any]] = [
    {"changes": [["wallets.points.debt", 0], ["wallets.points.lots.2027-05-05", [40, "2026-05-05", None]]]},
    {
        "changes": [
            ["wallets.points.lots.2027-05-17", [8, "2026-05-17", None]],
            [PENDING, [5, "2026-05-05", AT]],
            ["tier.days.2026-05-17", 8],
            ["tier.extras.2026-05-17:2024", 2],
            ["tier.counts.nights.extras.2026-05-17:gold", 1],
        ]
    },
    {"changes": [["wallets.points.lapsed.2027-05-05", 40]], "removed": ["wallets.points.lots.2027-05-05"]},
    {"changes": [["tier.days.2026-05-18", 1]], "removed": ["tier.days.2026-05-17", PENDING]},
    {"removed": ["wallets.points.lots.2027-05-17"]},
    {"changes": [["wallets.points.spent", 8]]},
]
EXPECTED: list[dict[str, Any]] = [
    {"changes": [["wallets.points.debt", 0], ["wallets.points.lots.2027-05", "5:40:365"]]},
    {
        "changes": [
            [PENDING, [5, "2026-05-05", AT]],
            ["tier.counts.nights.extras.2026-05", "17:gold:1"],
            ["tier.days.2026-05", "17:8"],
            ["tier.extras.2026-05", "17:2024:2"],
            ["wallets.points.lots.2027-05", "5:40:365 17:8:365"],
        ]
    },
    {
        "changes": [
            ["wallets.points.lapsed.2027-05", "5:40"],
            ["wallets.points.lots.2027-05", "17:8:365"],
        ]
    },
    {"changes": [["tier.days.2026-05", "18:1"]], "removed": [PENDING]},
    {"removed": ["wallets.points.lots.2027-05"]},
    {"changes": [["wallets.points.spent", 8]]},
]
LEDGER = {
    "wallets": {
        "points": {
            "spent": 8,
            "lapsed": {"2027-05-05": 40},
            "lots": {"2027-05-17": [8, "2026-05-17", None], "never": [3, "2026-05-01", None]},
        }
    },
    "tier": {
        "days": {"2026-05-18": 1, "2026-05-02": 4},
        "extras": {"2026-05-17:2024": 2},
        "counts": {"nights": {"days": {"2026-05": "17:1"}, "extras": {"2026-05-17:gold": 1}}},
    },
}
LEDGER_AFTER = {
    "wallets": {
        "points": {
            "spent": 8,
            "lapsed": {"2027-05": "5:40"},
            "lots": {"never": [3, "2026-05-01", None], "2027-05": "17:8:365"},
        }
    },
    "tier": {
        "days": {"2026-05": "2:4 18:1"},
        "extras": {"2026-05": "17:2024:2"},
        "counts": {"nights": {"days": {"2026-05": "17:1"}, "extras": {"2026-05": "17:gold:1"}}},
    },
}


async def _run(store: DocumentStore) -> None:
    await store["journal"].create_indexes(list(COLLECTIONS["journal"]))
    number = MIGRATIONS[STEP].number - 1
    await store["meta"].update_one({"_id": "format"}, {"$set": {"number": number}}, upsert=True)
    await store["meta"].delete_one({"_id": "migration"})
    await MigrationRunner(lambda: datetime.now(UTC), notice_seconds=0).run(store, MIGRATIONS[: STEP + 1])


async def _rows(store: DocumentStore) -> list[dict[str, Any]]:
    rows = store["journal"].find({"member": "ana", "seq": {"$gt": 0}}, {"_id": 0, "member": 0, "seq": 0})
    return [dict(row) async for row in rows.sort("seq", 1)]


async def test_days_become_months_in_members_and_journal_and_a_second_run_changes_nothing(
    database: Database,
) -> None:
    store = DocumentStore.of(database, embedded=True)
    rows = [{"_id": f"ana:{seq}", "member": "ana", "seq": seq, **row} for seq, row in enumerate(ROWS, 1)]
    await store["journal"].insert_many(rows)
    await store["members"].insert_one({"_id": "ana", "ledger": LEDGER})
    for _ in range(2):
        await _run(store)
        assert await _rows(store) == EXPECTED
        assert await store["members"].find_one({"_id": "ana"}) == {"_id": "ana", "ledger": LEDGER_AFTER}


async def test_a_run_that_was_cut_off_within_a_journal_goes_on_from_what_it_wrote(database: Database) -> None:
    store = DocumentStore.of(database, embedded=True)
    half = [*EXPECTED[:2], *ROWS[2:]]
    rows = [{"_id": f"ana:{seq}", "member": "ana", "seq": seq, **row} for seq, row in enumerate(half, 1)]
    await store["journal"].insert_many(rows)
    await store["members"].insert_one({"_id": "ana", "ledger": LEDGER})
    await _run(store)
    assert await _rows(store) == EXPECTED
    assert await store["members"].find_one({"_id": "ana"}) == {"_id": "ana", "ledger": LEDGER_AFTER}
