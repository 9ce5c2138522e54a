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

from domain.store import card_steps, devices, sessions, sign_in_codes, staff
from domain.store.base import Store
from domain.store.clearing import cleared_at
from domain.store.documents import DOCUMENTS

UNDONE = {"state": "pending"}
IN_TROUBLE = IndexModel({"trouble": 1}, partialFilterExpression={"trouble": {"$exists": True}})

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
        IndexModel({"state": 1, "lane": 1, "due": 1}, partialFilterExpression=UNDONE),
        IndexModel({"member": 1, "state": 1}, partialFilterExpression=UNDONE),
        IN_TROUBLE,
    ),
    "inbox": (IndexModel({"member": 1, "n": 1}, unique=True),),
    "mailboxes": (),
    "agenda": (IndexModel({"state": 1, "due": 1}, partialFilterExpression=UNDONE), IN_TROUBLE),
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
CLEARED = {"requests": "expires_at", "outbox": "purge_at"}


class NoTransactions(Exception):
    """The server is one that takes none; the message is for whoever starts us."""


class OtherFormat(Exception):
    """The database was written by a version of us whose documents this one cannot read; the message is for
    whoever starts it.
    """


async def prepare(store: Store) -> None:
    """Make the collections and indexes that are missing, and learn what the server can do. Doing it again
    changes nothing.

    Raises NoTransactions and OtherFormat before anything is touched: where a server stands alone, and where
    the database's format is not `FORMAT`. Raise that number with every change by which a document stored
    before could not be read any more.
    """
    with pymongo.timeout(PREPARE_SECONDS):
        await _expect_transactions(store)
        there = set(await store.data.list_collection_names())
        await _expect_format(store, new=there <= {"meta"})
        await _all(_made(store, name) for name in COLLECTIONS.keys() - there)
        await _all(
            store[name].create_indexes(list(indexes)) for name, indexes in COLLECTIONS.items() if indexes
        )
        await _all(store[name].create_indexes([cleared_at(field)]) for name, field in CLEARED.items())
        await _all(
            room.ensure_indexes(store) for room in (sessions, sign_in_codes, staff, devices, card_steps)
        )
        await init_beanie(database=store.data, document_models=DOCUMENTS)
        await store.learn()


async def _expect_transactions(store: Store) -> None:
    hello = await store.data.client.admin.command("hello")
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise NoTransactions(
            "The MongoDB server takes no transactions, since it stands alone: name a replica set (one of a"
            " single server will do: mongod --replSet NAME, then rs.initiate()) or a sharded cluster."
        )


async def _expect_format(store: Store, *, new: bool) -> None:
    """A new database is given the format first, so that one begun and cut off is not taken for an old one."""
    asked = {"_id": FORMAT_ID}
    if new:
        await store["meta"].update_one(asked, {"$setOnInsert": {"number": FORMAT}}, upsert=True)
    found = await store["meta"].find_one(asked)
    if found is None or found["number"] != FORMAT:
        theirs = "an earlier format" if found is None else f"format {found['number']}"
        raise OtherFormat(
            f"The database {store.data.name} holds data of {theirs}, and this version of Selo reads format"
            f" {FORMAT}: go on with the version that wrote it, or begin anew with another data folder"
            " (--data) or another database (SELO_DATABASE)."
        )


async def _made(store: Store, name: str) -> None:
    try:
        await store.data.create_collection(name)
    except CollectionInvalid:
        return  # another process that starts at the same time was quicker
    except OperationFailure as fault:
        if fault.code != NAMESPACE_EXISTS:
            raise


async def _all(works: Iterable[Awaitable[object]]) -> None:
    """Do them side by side to the end of each, and raise the first fault: none goes on behind the back of
    whoever closes the client.
    """
    done = await asyncio.gather(*works, return_exceptions=True)
    for one in done:
        if isinstance(one, BaseException):
            raise one
