"""Making the database ready: the format that it is in stands in it, and another one is refused before
anything is touched.
"""

import asyncio

import pytest

from domain.store.connect import Database, connect
from domain.store.document_store import DocumentStore
from domain.store.prepare import COLLECTIONS, FORMAT, FormatMismatch, prepare


async def test_a_new_database_bears_the_format_and_is_made_ready_again(database: Database) -> None:
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    await prepare(store)
    assert await store["meta"].find_one({"_id": "format"}) == {"_id": "format", "number": FORMAT}
    assert set(await store.mongo.list_collection_names()) >= COLLECTIONS.keys()


async def test_one_that_was_cut_off_at_its_very_beginning_is_new(database: Database) -> None:
    store = DocumentStore.of(database, embedded=True)
    await store.mongo.create_collection("meta")
    await prepare(store)
    assert await store["meta"].find_one({"_id": "format"}) == {"_id": "format", "number": FORMAT}


@pytest.mark.parametrize(
    ("number", "stored_format"), [(None, "an earlier format"), (FORMAT + 1, f"format {FORMAT + 1}")]
)
async def test_another_format_is_told_and_left_as_it_is(
    database: Database, number: int | None, stored_format: str
) -> None:
    store = DocumentStore.of(database, embedded=True)
    await store["members"].insert_one({"_id": "ana"})
    if number is not None:
        await store["meta"].insert_one({"_id": "format", "number": number})
    before = set(await store.mongo.list_collection_names())
    with pytest.raises(FormatMismatch) as mismatch:
        await prepare(store)
    assert (
        str(mismatch.value)
        == f"The database {store.mongo.name} holds data of {stored_format}, and this version of Selo reads format"
        f" {FORMAT}: go on with the version that wrote it, or begin anew with another data folder (--data)"
        " or another database (SELO_DATABASE)."
    )
    assert set(await store.mongo.list_collection_names()) == before


async def test_two_processes_that_start_at_once_are_both_ready(database: Database, database_uri: str) -> None:
    other = connect(database_uri, database.mongo.name, timeout_seconds=30)
    try:
        await asyncio.gather(*(prepare(DocumentStore.of(each, embedded=True)) for each in (database, other)))
    finally:
        await other.close()
    assert set(await database.mongo.list_collection_names()) >= COLLECTIONS.keys()
