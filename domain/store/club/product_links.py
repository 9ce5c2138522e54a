"""Which articles go together and which are popular, as measured last: a document an article (`item:SKU`), a
category (`category:CODE`) and one for all (`popular`), each of fifty at most. `measured` says for which day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pymongo import DeleteMany, ReplaceOne, UpdateOne

from domain.model.club.co_purchases import ProductLinks, Ranking
from domain.store import bulk
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Write
from domain.store.stored_document import StoredDocument

COLLECTION = "product_links"
MEASURED, POPULAR = "measured", "popular"
_ITEM, _CATEGORY = "item:", "category:"


class ProductLinksDocument(StoredDocument):
    """A ranking in the database: articles with their weights, and which measuring found it."""

    run: str | None = None
    day: str | None = None
    ranking: list[list[Any]] | None = None
    rewards: list[list[Any]] | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        keep_nulls = False


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, *, items: Collection[str], categories: Collection[str]) -> ProductLinks:
    """Return what goes with some articles and categories, and what is popular, in one command."""
    ids = [POPULAR, *(_ITEM + sku for sku in items), *(_CATEGORY + code for code in categories)]
    rows = {row["_id"]: row async for row in store[COLLECTION].find({"_id": {"$in": ids}})}
    popular = rows.get(POPULAR, {})
    return ProductLinks(
        neighbours={sku: _read(rows[_ITEM + sku]) for sku in items if _ITEM + sku in rows},
        categories={code: _read(rows[_CATEGORY + code]) for code in categories if _CATEGORY + code in rows},
        popular=_read(popular),
        rewards=_read(popular, "rewards"),
    )


async def find_day(store: DocumentStore) -> str | None:
    """Return the day for which all was measured last; None where it is to be measured again."""
    row = await store[COLLECTION].find_one({"_id": MEASURED})
    return row["day"] or None if row is not None else None


# ---------------------------------------------------------------- writes
async def replace_all(store: DocumentStore, links: ProductLinks, *, day: str, run: str) -> None:
    """Store what a measuring found, then delete what others have. `run` is the measuring's own name."""
    for collection, operations in bulk.chunks(_writes(links, run)):
        await bulk.write_chunk(store, collection, operations)
    await bulk.write_chunk(store, COLLECTION, [DeleteMany({"run": {"$ne": run}, "_id": {"$ne": MEASURED}})])
    await store[COLLECTION].replace_one({"_id": MEASURED}, {"day": day}, upsert=True)


def ask_write() -> Write:
    """Return the write after which all is measured again within seconds."""
    return Write(COLLECTION, UpdateOne({"_id": MEASURED}, {"$set": {"day": ""}}, upsert=True))


async def ask(store: DocumentStore) -> None:
    """Have all measured again within seconds, by whoever folds figures."""
    await store.transact([ask_write()])


def _writes(links: ProductLinks, run: str) -> Iterator[Write]:
    yield _replace(POPULAR, {"ranking": _rows(links.popular), "rewards": _rows(links.rewards)}, run)
    for prefix, rankings in ((_ITEM, links.neighbours), (_CATEGORY, links.categories)):
        yield from (_replace(prefix + code, {"ranking": _rows(each)}, run) for code, each in rankings.items())


def _replace(id: str, values: Mapping[str, Any], run: str) -> Write:
    return Write(COLLECTION, ReplaceOne({"_id": id}, {"run": run, **values}, upsert=True))


def _rows(ranking: Ranking) -> list[list[Any]]:
    return [list(pair) for pair in ranking]


def _read(row: Raw, name: str = "ranking") -> Ranking:
    return tuple((code, weight) for code, weight in row.get(name, ()))
