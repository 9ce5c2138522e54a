"""The catalogue's products; `_id` is the sku, as lines of receipts have it. Nothing here is of a member."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from pymongo import IndexModel, ReplaceOne

from domain.model.club.products import MOST_PRODUCTS, Product
from domain.store import bulk
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Stale, Write, insert, replace
from domain.store.stored_document import StoredDocument

COLLECTION = "products"


class ProductDocument(StoredDocument):
    """A product in the database."""

    title: dict[str, str]
    categories: list[str]
    price: int | None = None
    image: str | None = None
    link: str | None = None
    available: bool = True
    source: str
    group: str | None = None
    as_of: datetime | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        keep_nulls = False
        indexes: ClassVar[Sequence[IndexModel]] = (IndexModel({"source": 1, "group": 1}),)


async def find_many(store: DocumentStore, skus: Collection[str]) -> dict[str, Product]:
    """Return those products that there are, by sku, in one command."""
    return {row["_id"]: _read(row) async for row in store[COLLECTION].find({"_id": {"$in": list(skus)}})}


async def find_of_group(store: DocumentStore, source: str, group: str) -> dict[str, Product]:
    """Return what a shop calls by one name, by sku."""
    rows = store[COLLECTION].find({"source": source, "group": group}).limit(MOST_PRODUCTS)
    return {row["_id"]: _read(row) async for row in rows}


async def iterate(store: DocumentStore) -> AsyncIterator[Product]:
    """Yield every product, by sku."""
    async for row in store[COLLECTION].find({"_id": {"$gte": ""}}).sort("_id", 1):
        yield _read(row)


async def count(store: DocumentStore) -> int:
    """Return how many products there are, about."""
    return await store[COLLECTION].estimated_document_count()


def put_write(product: Product) -> Write:
    """Return the write that makes a product be as it is told."""
    return Write(COLLECTION, ReplaceOne({"_id": product.sku}, _document(product), upsert=True))


def move_write(before: Product | None, after: Product) -> Write:
    """Return the write of a product as its shop tells it now; it raises Stale where another told of it
    meanwhile.
    """
    meanwhile, document = Stale("its shop told of it meanwhile"), {"_id": after.sku, **_document(after)}
    if before is None:
        return insert(COLLECTION, document, if_taken=meanwhile)
    return replace(COLLECTION, {"_id": after.sku, "as_of": before.as_of}, document, if_missed=meanwhile)


async def put_many(store: DocumentStore, products: Iterable[Product]) -> None:
    """Make products be as they are told, in chunks: cut off, the rest is to be put again."""
    for collection, operations in bulk.chunks(put_write(each) for each in products):
        await bulk.write_chunk(store, collection, operations)


async def remove_source(store: DocumentStore, source: str) -> int:
    """Delete all that a source brought; return how many. Cut off, the same does the rest."""
    result = await store[COLLECTION].delete_many({"source": source})
    return int(result.deleted_count)


def _document(product: Product) -> dict[str, Any]:
    document: dict[str, Any] = {
        "title": dict(product.title),
        "categories": list(product.categories),
        "price": product.price,
        "image": product.image,
        "link": product.link,
        "available": product.is_available,
        "source": product.source,
        "group": product.group,
        "as_of": product.as_of,
    }
    return {name: value for name, value in document.items() if value is not None}


def _read(row: Raw) -> Product:
    return Product(
        sku=row["_id"],
        title=row["title"],
        categories=tuple(row["categories"]),
        price=row.get("price"),
        image=row.get("image"),
        link=row.get("link"),
        is_available=row["available"],
        source=row["source"],
        group=row.get("group"),
        as_of=row.get("as_of"),
    )
