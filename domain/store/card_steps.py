"""Card codes that were taken: each once, at any till. Kept 25 hours, so that a scan queued without a network
still counts once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.store.base import Store, StoreFault, Write, insert
from domain.store.clearing import cleared_at

COLLECTION = "card_steps"
KEPT = timedelta(hours=25)


class CardTaken(StoreFault):
    """This very code was taken before."""


async def ensure_indexes(store: Store) -> None:
    """Make the index that clears codes away."""
    await store[COLLECTION].create_indexes([cleared_at("purge_at")])


def taking(code: str, *, now: datetime) -> Write:
    """Return the write that takes a code (a device's step, or a server's card). It raises CardTaken where it
    was taken.
    """
    return insert(COLLECTION, {"_id": code, "purge_at": now + KEPT}, taken=CardTaken())
