"""Card codes that were taken: each once, at any till. Kept 25 hours, so a queued scan counts once too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pymongo import IndexModel

from domain.store.document_store import StoreFault, Write, insert
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "card_steps"
KEPT_FOR = timedelta(hours=25)


class CardStepDocument(StoredDocument):
    """A code that was taken: `_id` is the device's step, or the server's card."""

    purge_at: datetime

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (ttl_index("purge_at"),)


class CardTaken(StoreFault):
    """This code was taken before."""


def take_write(code: str, *, now: datetime) -> Write:
    """Return the write that takes a code; it raises CardTaken where it was taken."""
    return insert(COLLECTION, {"_id": code, "purge_at": now + KEPT_FOR}, if_taken=CardTaken())
