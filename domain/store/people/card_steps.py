"""Card codes that were taken: each once, at any till. Kept 25 hours, so that a scan queued without a network
still counts once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.store.document_store import DocumentStore, StoreFault, Write, insert
from domain.store.ttl import ttl_index

COLLECTION = "card_steps"
KEPT_FOR = timedelta(hours=25)


class CardTaken(StoreFault):
    """This very code was taken before."""


async def ensure_indexes(store: DocumentStore) -> None:
    """Make the index that clears codes away."""
    await store[COLLECTION].create_indexes([ttl_index("purge_at")])


def take_write(code: str, *, now: datetime) -> Write:
    """Return the write that takes a code (a device's step, or a server's card). It raises CardTaken where it
    was taken.
    """
    return insert(COLLECTION, {"_id": code, "purge_at": now + KEPT_FOR}, if_taken=CardTaken())
