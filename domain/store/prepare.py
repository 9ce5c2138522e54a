"""Makes the database ready: collections and indexes, all at start and never in a transaction, and what its server can do.

Each index begins with what its readers ask for first; `_id` does the work of uniqueness wherever it can.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from beanie import init_beanie
from pymongo import IndexModel

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
    "audit": (*(IndexModel({name: 1, "at": 1}) for name in ("session", "store", "member")), IndexModel({"at": 1})),
    "shifts": (),
    "stores": (),
    "staff": (),
    "sessions": (),
    "sign_in_codes": (),
    "devices": (),
    "card_steps": (),
}
CLEARED = {"requests": "expires_at", "outbox": "purge_at"}


async def prepare(store: Store) -> None:
    """Make the collections and indexes that are missing, and learn what the server can do. Doing it again changes nothing."""
    there = set(await store.data.list_collection_names())
    await asyncio.gather(*(store.data.create_collection(name) for name in COLLECTIONS if name not in there))
    await asyncio.gather(*(store[name].create_indexes(list(indexes)) for name, indexes in COLLECTIONS.items() if indexes))
    await asyncio.gather(*(store[name].create_indexes([cleared_at(field)]) for name, field in CLEARED.items()))
    await asyncio.gather(*(room.ensure_indexes(store) for room in (sessions, sign_in_codes, staff, devices, card_steps)))
    await init_beanie(database=store.data, document_models=DOCUMENTS)
    await store.learn()
