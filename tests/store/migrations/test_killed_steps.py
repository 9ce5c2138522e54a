"""The steps from format 1 to the present one, as one: killed again and again, they end where one run ends."""

from dataclasses import field
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from domain.model.values import dataclass
from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.migrations import FORMAT, MIGRATIONS, steps
from domain.store.migrations.format import StoredFormat, read_format
from domain.store.migrations.runner import MigrationRunner
from tests.stored_folders import ARCHIVES, load_archive

pytestmark = pytest.mark.unprepared

FIRST = ARCHIVES[0]
WINDOW = 60


def now() -> datetime:
    return datetime.now(UTC)


class KilledError(Exception):
    """The runner ends here."""


@dataclass(frozen=True, slots=True)
class KilledRunner(MigrationRunner):
    """A runner that dies at one of its next positions: what it wrote stands there, its position was saved or
    not.
    """

    random: Random = field(default_factory=Random)
    left: list[int] = field(default_factory=list)

    async def _save(self, store: DocumentStore, sets: dict[str, object]) -> None:
        self.left[0] -= 1
        if self.left[0] == 0 and self.random.random() < 0.5:
            raise KilledError
        await MigrationRunner._save(self, store, sets)  # `super` knows no class with slots
        if self.left[0] == 0:
            raise KilledError

    async def _finish(self, store: DocumentStore, migration: Any) -> None:
        self.left[0] -= 1
        if self.left[0] == 0:
            raise KilledError  # all of a step is done but for the format's number
        await MigrationRunner._finish(self, store, migration)
        if self.left[0] == -1:
            raise KilledError


async def load_first(database: Database) -> None:
    """Load a database of format 1, with the index that its journal had."""
    await load_archive(database, FIRST)
    await database.mongo["journal"].create_index({"member": 1, "seq": 1}, unique=True)


async def everything(store: DocumentStore) -> dict[str, Any]:
    """Return every document, but for the runner's own."""
    names = await store.mongo.list_collection_names()
    return {
        f"{name}:{row['_id']}": row
        for name in names
        async for row in store[name].find({"_id": {"$gt": ""}})
        if (name, row["_id"]) != ("meta", "migration")
    }


async def test_killed_again_and_again_they_end_where_one_run_ends(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "WINDOW", WINDOW)
    store = DocumentStore.of(database, embedded=True)
    await load_first(database)
    await MigrationRunner(now, notice_seconds=0).run(store, MIGRATIONS)
    expected = await everything(store)
    for name in await store.mongo.list_collection_names():
        await store.mongo.drop_collection(name)
    await load_first(database)

    random, reached = Random(21), set[int | None]()
    for _ in range(400):  # three positions at most: begun, ended, begun, so that no format is passed over
        runner = KilledRunner(now, notice_seconds=0, random=random, left=[random.randrange(1, 4)])
        try:
            await runner.run(store, MIGRATIONS)
            break
        except KilledError:
            reached.add((await read_format(store)).number)
    assert await read_format(store) == StoredFormat(FORMAT)
    assert reached >= set(range(1, FORMAT))
    assert await everything(store) == expected


async def test_run_once_more_over_its_own_work_no_step_changes_anything(database: Database) -> None:
    store = DocumentStore.of(database, embedded=True)
    await load_first(database)
    await MigrationRunner(now, notice_seconds=0).run(store, MIGRATIONS)
    expected = await everything(store)
    await store["meta"].update_one({"_id": "format"}, {"$set": {"number": 1}})
    await store["meta"].delete_one({"_id": "migration"})
    changed: dict[int, int] = {}

    def note(migration: steps.Migration, count: int) -> None:
        changed[migration.number] = count

    await MigrationRunner(now, notice_seconds=0, progress=note).run(store, MIGRATIONS)
    assert changed == dict.fromkeys(range(2, FORMAT + 1), 0)
    assert await everything(store) == expected
