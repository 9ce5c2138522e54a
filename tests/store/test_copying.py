"""A database read at one moment, and copied into another: cut off and gone on with, compared, never half used."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.store import meta
from domain.store.connect import Database, Raw, connect
from domain.store.copying import documents
from domain.store.copying.copy import CopyDiffers, OtherCopy, StoreSource, TargetNotEmpty, copy_database
from domain.store.copying.documents import CollectionDigest, DocumentId, open_snapshot, read_windows
from domain.store.copying.moving import MovedElsewhere, cancel_move, mark_moved
from domain.store.document_store import DocumentStore
from domain.store.migrations.format import FormatMismatch
from domain.store.prepare import prepare

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
ROWS: list[dict[str, Any]] = [
    {"_id": f"{number:03}", "at": NOW, "lots": [number, 0.5, None], "code": bytes([number])}
    for number in range(25)
]


@pytest.fixture
async def target(database: Database, database_uri: str) -> AsyncIterator[DocumentStore]:
    """An empty database beside that of the test."""
    other = connect(database_uri, f"{database.mongo.name}-b", timeout_seconds=30)
    yield DocumentStore.of(other)
    await other.client.drop_database(other.mongo.name)
    await other.close()


@pytest.fixture
async def store(database: Database, monkeypatch: pytest.MonkeyPatch) -> DocumentStore:
    """A database with 25 agenda rows and two versions of a programme, read ten documents at a time."""
    monkeypatch.setattr(documents, "WINDOW", 10)
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    await store["agenda"].insert_many(ROWS)
    await store["programmes"].insert_many([{"_id": 1}, {"_id": 2}])
    return store


class Cut(Exception):
    """The copy is killed."""


@dataclass
class CutSource:
    """A source that fails after so many windows, and notes what is read."""

    whole: StoreSource
    windows_left: int
    read: list[tuple[str, DocumentId | None]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.whole.id

    @property
    def collections(self) -> Sequence[str]:
        return self.whole.collections

    async def windows(self, collection: str, after: DocumentId | None) -> AsyncIterator[Sequence[bytes]]:
        self.read.append((collection, after))
        async for window in self.whole.windows(collection, after):
            if not self.windows_left:
                raise Cut
            self.windows_left -= 1
            yield window

    async def digest(self, collection: str) -> CollectionDigest:
        return await self.whole.digest(collection)

    async def meta_documents(self) -> Sequence[Raw]:
        return await self.whole.meta_documents()


async def test_a_snapshot_is_of_one_moment_whatever_is_written_meanwhile(store: DocumentStore) -> None:
    ids: list[DocumentId] = []
    async with open_snapshot(store, is_embedded=True) as session:
        async for window in read_windows(store, "agenda", session=session):
            if not ids:
                await store["agenda"].insert_one({"_id": "999"})
                await store["programmes"].insert_one({"_id": 3})
                await store["agenda"].delete_one({"_id": "024"})
            ids += [documents.document_id(document) for document in window]
        versions = [window async for window in read_windows(store, "programmes", session=session)]
    assert ids == [row["_id"] for row in ROWS]
    assert [len(window) for window in versions] == [2]


async def test_a_copy_that_was_cut_off_goes_on_where_it_was(
    store: DocumentStore, target: DocumentStore
) -> None:
    source = await StoreSource.of(store, id="first")
    cut = CutSource(source, windows_left=2)
    with pytest.raises(Cut):
        await copy_database(cut, target)
    # It stopped after twenty documents, and a write that nobody heard of went in behind them.
    await target["agenda"].insert_one({"_id": "020", "half": True})
    with pytest.raises(FormatMismatch, match="a part of another, whose copy was cut off"):
        await prepare(target)
    with pytest.raises(OtherCopy):
        await copy_database(await StoreSource.of(store, id="second"), target)
    counts: list[tuple[str, int]] = []
    rest = CutSource(source, windows_left=100)
    copied = await copy_database(rest, target, progress=lambda name, count: counts.append((name, count)))
    assert (copied, counts) == (27, [("agenda", 5), ("programmes", 2)])
    assert rest.read[0] == ("agenda", "019")
    assert [row async for row in target["agenda"].find({}).sort("_id", 1)] == ROWS
    await prepare(target)
    assert await copy_database(source, target) is None
    stored = await target[meta.COLLECTION].find_one({"_id": meta.FORMAT_ID})
    assert stored is not None
    assert (stored["origin"], "copied" in stored, stored["number"] > 0) == ("first", False, True)


async def test_a_copy_that_differs_is_not_used(store: DocumentStore, target: DocumentStore) -> None:
    source = await StoreSource.of(store, id="first")
    cut = CutSource(source, windows_left=4)
    await store["agenda"].update_one({"_id": "001"}, {"$set": {"lots": []}})

    class Meddled(CutSource):
        async def digest(self, collection: str) -> CollectionDigest:
            await target["agenda"].update_one({"_id": "001"}, {"$set": {"lots": [1]}})
            return await self.whole.digest(collection)

    with pytest.raises(CopyDiffers, match="agenda"):
        await copy_database(Meddled(cut.whole, windows_left=100), target)
    with pytest.raises(FormatMismatch, match="was cut off"):
        await prepare(target)


async def test_nothing_is_copied_over_what_is_there(store: DocumentStore, target: DocumentStore) -> None:
    await target["members"].insert_one({"_id": "ana"})
    with pytest.raises(TargetNotEmpty, match="members"):
        await copy_database(await StoreSource.of(store, id="first"), target)
    assert await target.mongo.list_collection_names() == ["members"]


async def test_a_moved_database_is_served_no_more_until_that_is_cancelled(store: DocumentStore) -> None:
    move = await mark_moved(store, to="db.example:27017/selo", now=NOW)
    assert await mark_moved(store, to="db.example:27017/selo", now=NOW) == move
    with pytest.raises(MovedElsewhere, match=r"db\.example"):
        await mark_moved(store, to="other.example/selo", now=NOW)
    with pytest.raises(FormatMismatch, match=r"was moved to db\.example:27017/selo"):
        await prepare(store)
    assert await cancel_move(store) == "db.example:27017/selo"
    await prepare(store)
    assert await cancel_move(store) is None
    assert await mark_moved(store, to="db.example:27017/selo", now=NOW) != move
