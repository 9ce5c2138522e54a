"""A database of each earlier format is migrated, read, and proved: every journal folds to what is stored."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.model.id_ranges import ALL_IDS
from domain.model.ledger.state import ledger_state
from domain.services.ledger.proof.deciding_again import read_ruling_versions
from domain.services.ledger.verification import compare_all, prove_range
from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.ledger import agenda, code_counts, journal_rows, members, receipts, vouchers
from domain.store.ledger.programmes import Programmes
from domain.store.messages import inbox, outbox
from domain.store.migrations import FORMAT
from domain.store.migrations.format import FormatMismatch
from domain.store.migrations.runner import MigrationRunner
from domain.store.prepare import DOCUMENTS, prepare
from tests.stored_folders import ARCHIVES, load_archive

# What CHANGELOG says is decided otherwise since: the extra of a tier was floored by itself (19 and 4 points of
# 19.2 times 1.25, which are 24), and a badge counted on what had been returned.
FLOORED, EARNED = (
    ("089b5123e842997da9f5307c8ece78b0", "row 14"),
    ("8e7aa6e99f19950499dd251de5121482", "row 37"),
)
DECIDED_OTHERWISE = {
    "format-1.ndjson.gz": {FLOORED, EARNED, ("e060a72424114258751b4c8349a047dc", "row 31")},
    "format-1-3f18709.ndjson.gz": {FLOORED, EARNED, ("e060a72424114258751b4c8349a047dc", "row 32")},
}


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda archive: archive.name.partition(".")[0])
async def test_an_earlier_format_is_migrated_proved_and_read(database: Database, archive: Path) -> None:
    await load_archive(database, archive)
    store = DocumentStore.of(database, embedded=True)
    with pytest.raises(FormatMismatch, match="run: selo migrate"):
        await prepare(store)
    await prepare(store, runner=MigrationRunner(now, notice_seconds=0))
    stored = await store["meta"].find_one({"_id": "format"})
    assert stored is not None
    assert (stored["number"], "migrating_to" in stored) == (FORMAT, False)
    before, versions = await code_counts.find_all(store), await read_ruling_versions(Programmes(store))
    proof = await prove_range(store, ALL_IDS, versions=versions)  # folded, and decided again
    of_all = await compare_all(store, proof, codes_before=before)
    assert [str(difference) for difference in of_all] == []
    assert {
        (each.member, " ".join(each.path.split()[:2])) for each in proof.differences
    } == DECIDED_OTHERWISE.get(archive.name, set()), "\n".join(map(str, proof.differences))
    assert proof.members >= 10
    await prepare(store)
    if archive == ARCHIVES[-1]:
        await _is_what_its_classes_declare(store)
    await _is_read(store)


async def _is_what_its_classes_declare(store: DocumentStore) -> None:
    """Check that no stored document has a field that its class does not declare."""
    held = 0
    for declared in DOCUMENTS:
        names = {field.alias or name for name, field in declared.model_fields.items()}
        takes_any = declared.model_config.get("extra") == "allow"
        async for row in store[declared.Settings.name].find({"_id": {"$gte": ""}}):
            assert takes_any or row.keys() <= names, (
                f"{declared.__name__} does not declare {row.keys() - names}"
            )
            store.documents(declared).model_validate(row)
            held += 1
    assert held > 800


async def _is_read(store: DocumentStore) -> None:
    """Check that every document of what members have is read, with its refunds and its days."""
    every, days_held = {"_id": {"$gte": ""}}, 0
    rows = [journal_rows.read_row(row) async for row in store["journal"].find(every)]
    purchases = [row for row in rows if journal_rows.is_purchase(row.event)]
    ids = [row["_id"] async for row in store["receipts"].find(every, {"_id": 1})]
    recorded = await receipts.find_many(store, ids)
    assert len(recorded) == len(ids) >= len(purchases) > 200
    assert (
        sum(len(receipt.refunds) for receipt in recorded.values()) == sum(bool(row.claim) for row in rows) > 0
    )
    async for row in store["members"].find(every):
        stored = ledger_state.flatten(row["ledger"])
        written = ledger_state.state_paths(members.read_member(row).member)
        by_day = {path: text for path, text in written.items() if re.search(r"\.\d{4}-\d\d$", path)}
        assert by_day == {path: stored.get(path) for path in by_day}
        days_held += len(by_day)
    assert days_held > 150
    vouchers_held = [row["_id"] async for row in store["vouchers"].find(every, {"_id": 1})]
    assert len(await vouchers.find_many(store, vouchers_held)) == len(vouchers_held) > 20
    letters = [row["_id"] async for row in store["inbox"].find(every, {"_id": 1})]
    assert len(await inbox.find_many(store, letters)) == len(letters) > 0
    agenda_items = await agenda.find_due(store, now=now() + timedelta(days=1_000), first=100)
    assert agenda_items.unreadable == ()
    for row_id in [row["_id"] async for row in store["outbox"].find(every, {"_id": 1})]:
        assert await outbox.find(store, row_id) is not None
