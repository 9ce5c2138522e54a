"""Makes the database ready: its format, collections and indexes, all at start and never in a transaction, and
what its server can do.

Each index begins with what its readers ask for first; `_id` does the work of uniqueness wherever it can.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence

import pymongo
from beanie import init_beanie
from pymongo import IndexModel
from pymongo.errors import CollectionInvalid, OperationFailure

from domain.store.document_store import DocumentStore
from domain.store.documents import DOCUMENTS
from domain.store.people import card_steps, devices, sessions, sign_in_codes, staff
from domain.store.ttl import ttl_index

PENDING = {"state": "pending"}
TROUBLE_INDEX = IndexModel({"trouble": 1}, partialFilterExpression={"trouble": {"$exists": True}})

COLLECTIONS: Mapping[str, Sequence[IndexModel]] = {
    "meta": (),
    "members": (IndexModel({"due_at": 1}), IndexModel({"due_version": 1})),
    "contacts": (),
    "journal": (
        IndexModel({"member": 1, "seq": 1}, unique=True),
        IndexModel({"member": 1, "marks": 1}),
        IndexModel({"member": 1, "at": 1}),
    ),
    "receipts": (),
    "requests": (),
    "vouchers": (IndexModel({"member": 1, "n": 1}, unique=True),),
    "voucher_codes": (),
    "outbox": (
        IndexModel({"state": 1, "lane": 1, "due": 1}, partialFilterExpression=PENDING),
        IndexModel({"member": 1, "state": 1}, partialFilterExpression=PENDING),
        TROUBLE_INDEX,
    ),
    "inbox": (IndexModel({"member": 1, "n": 1}, unique=True),),
    "mailboxes": (),
    "agenda": (IndexModel({"state": 1, "due": 1}, partialFilterExpression=PENDING), TROUBLE_INDEX),
    "stock": (),
    "audit": (
        *(IndexModel({name: 1, "at": 1}) for name in ("session", "store", "member")),
        IndexModel({"at": 1}),
    ),
    "shifts": (),
    "stores": (),
    "staff": (),
    "sessions": (),
    "sign_in_codes": (),
    "devices": (),
    "card_steps": (),
}
PREPARE_SECONDS = 60  # an index over many rows takes longer than the client's time for one call
FORMAT = 1
FORMAT_ID = "format"
NAMESPACE_EXISTS = 48
TTL_FIELDS = {"requests": "expires_at", "outbox": "purge_at"}


class TransactionsUnsupported(Exception):
    """The server is one that takes none; the message is for whoever starts us."""


class FormatMismatch(Exception):
    """The database was written by a version of us whose documents this one cannot read; the message is for
    whoever starts it.
    """


async def prepare(store: DocumentStore) -> None:
    """Make the collections and indexes that are missing, and learn what the server can do. Doing it again
    changes nothing.

    Raises NoTransactions and OtherFormat before anything is touched: where a server stands alone, and where
    the database's format is not `FORMAT`. Raise that number with every change by which a document stored
    before could not be read any more.
    """
    with pymongo.timeout(PREPARE_SECONDS):
        await _expect_transactions(store)
        existing = set(await store.mongo.list_collection_names())
        await _expect_format(store, is_new=existing <= {"meta"})
        await _gather_all(_create_collection(store, name) for name in COLLECTIONS.keys() - existing)
        await _gather_all(
            store[name].create_indexes(list(indexes)) for name, indexes in COLLECTIONS.items() if indexes
        )
        await _gather_all(
            store[name].create_indexes([ttl_index(field)]) for name, field in TTL_FIELDS.items()
        )
        await _gather_all(
            room.ensure_indexes(store) for room in (sessions, sign_in_codes, staff, devices, card_steps)
        )
        await init_beanie(database=store.mongo, document_models=DOCUMENTS)
        await store.detect_features()


async def _expect_transactions(store: DocumentStore) -> None:
    hello = await store.mongo.client.admin.command("hello")
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise TransactionsUnsupported(
            "The MongoDB server takes no transactions, since it stands alone: name a replica set (one of a"
            " single server will do: mongod --replSet NAME, then rs.initiate()) or a sharded cluster."
        )


async def _expect_format(store: DocumentStore, *, is_new: bool) -> None:
    """A new database is given the format first, so that one begun and cut off is not taken for an old one."""
    query = {"_id": FORMAT_ID}
    if is_new:
        await store["meta"].update_one(query, {"$setOnInsert": {"number": FORMAT}}, upsert=True)
    document = await store["meta"].find_one(query)
    if document is None or document["number"] != FORMAT:
        stored_format = "an earlier format" if document is None else f"format {document['number']}"
        raise FormatMismatch(
            f"The database {store.mongo.name} holds data of {stored_format}, and this version of Selo reads"
            f" format {FORMAT}: go on with the version that wrote it, or begin anew with another data"
            " folder (--data) or another database (SELO_DATABASE)."
        )


async def _create_collection(store: DocumentStore, name: str) -> None:
    try:
        await store.mongo.create_collection(name)
    except CollectionInvalid:
        return  # another process that starts at the same time was quicker
    except OperationFailure as fault:
        if fault.code != NAMESPACE_EXISTS:
            raise


async def _gather_all(awaitables: Iterable[Awaitable[object]]) -> None:
    """Do them side by side to the end of each, and raise the first fault: none goes on behind the back of
    whoever closes the client.
    """
    results = await asyncio.gather(*awaitables, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
