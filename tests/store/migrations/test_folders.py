"""A database of each earlier format is migrated, read, and proved: every journal folds to what is stored."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.services.ledger.verification import verify
from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.migrations import FORMAT
from domain.store.migrations.format import FormatMismatch
from domain.store.migrations.runner import MigrationRunner
from domain.store.prepare import DOCUMENTS, prepare
from tests.stored_folders import ARCHIVES, load_archive


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda archive: archive.name.partition(".")[0])
async def test_an_earlier_format_is_migrated_and_proved(database: Database, archive: Path) -> None:
    await load_archive(database, archive)
    store = DocumentStore.of(database, embedded=True)
    with pytest.raises(FormatMismatch, match="run: selo migrate"):
        await prepare(store)
    await prepare(store, runner=MigrationRunner(now, notice_seconds=0))
    stored = await store["meta"].find_one({"_id": "format"})
    assert stored is not None
    assert (stored["number"], "migrating_to" in stored) == (FORMAT, False)
    differences = [str(difference) async for difference in verify(store)]
    assert differences == []
    await prepare(store)


@pytest.mark.parametrize("archive", ARCHIVES[-1:], ids=lambda archive: archive.name.partition(".")[0])
async def test_every_stored_document_is_what_its_class_declares(database: Database, archive: Path) -> None:
    await load_archive(database, archive)
    store = DocumentStore.of(database, embedded=True)
    await prepare(store, runner=MigrationRunner(now, notice_seconds=0))
    held = 0
    for declared in DOCUMENTS:
        names = {field.alias or name for name, field in declared.model_fields.items()}
        async for row in database.mongo[declared.Settings.name].find({"_id": {"$gte": ""}}):
            assert row.keys() <= names, f"{declared.__name__} does not declare {row.keys() - names}"
            store.documents(declared).model_validate(row)
            held += 1
    assert held > 900
