"""The mark of a database that was moved to another server: nobody goes on with it by mistake."""

from __future__ import annotations

import secrets
from datetime import datetime

from domain.store import meta
from domain.store.document_store import DocumentStore
from domain.store.migrations.format import read_format


class MovedElsewhere(Exception):
    """The database is being moved to another place, which the message names."""


async def mark_moved(store: DocumentStore, *, to: str, now: datetime) -> str:
    """Mark a database as moved, before its documents are read; return the id of that move.

    Where it is marked already, the move goes on under the same id. Raises MovedElsewhere.
    """
    moved = (await read_format(store)).moved
    if moved is None:
        moved = {"id": secrets.token_hex(8), "to": to, "at": now}
        await store[meta.COLLECTION].update_one({"_id": meta.FORMAT_ID}, {"$set": {"moved": moved}})
    elif moved["to"] != to:
        raise MovedElsewhere(moved["to"])
    return str(moved["id"])


async def cancel_move(store: DocumentStore) -> str | None:
    """Take the mark away; return where the database was moved to, None where it was not."""
    moved = (await read_format(store)).moved
    await store[meta.COLLECTION].update_one({"_id": meta.FORMAT_ID}, {"$unset": {"moved": ""}})
    return None if moved is None else str(moved["to"])
