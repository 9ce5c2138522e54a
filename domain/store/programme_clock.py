"""A demo's clock: by how much its programme is ahead of the world's time. It goes forward alone, and no other
database has one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.store import meta
from domain.store.document_store import DocumentStore
from domain.store.messages import outbox

MAX_AHEAD = timedelta(days=20 * 366)


class NotADemo(Exception):
    """The database is not one that `selo serve --demo` made: its time is the world's."""


class TooFarAhead(Exception):
    """The clock would be more than twenty years ahead."""


async def find_ahead(store: DocumentStore) -> timedelta | None:
    """Return by how much a demo's programme is ahead; None where the database is no demo's."""
    query = {"_id": {"$in": [meta.DEMO_ID, meta.CLOCK_ID]}}
    rows = {row["_id"]: row async for row in store[meta.COLLECTION].find(query)}
    if meta.DEMO_ID not in rows:
        return None
    return timedelta(milliseconds=rows.get(meta.CLOCK_ID, {}).get("ahead_ms", 0))


async def move_forward(store: DocumentStore, by: timedelta, *, now: datetime) -> timedelta:
    """Move a demo's programme forward; return by how much it is ahead then. `now` is the world's.

    What a worker has claimed is claimed for as long as before: leases are counted in the world's time. Raises
    NotADemo and TooFarAhead.
    """
    ahead = await find_ahead(store)
    if ahead is None:
        raise NotADemo
    if ahead + by > MAX_AHEAD:
        raise TooFarAhead
    await outbox.extend_leases(store, by=by, now=now + ahead)
    change = {"$inc": {"ahead_ms": by // timedelta(milliseconds=1)}}
    await store[meta.COLLECTION].update_one({"_id": meta.CLOCK_ID}, change, upsert=True)
    moved = await find_ahead(store)
    assert moved is not None, "a demo stays one"
    return moved
