"""Known devices: those on which a member has signed in, each by the hash of a token that it got then.

A known device asks for codes and tries them by counts of its own, so that no stranger can use them up. A row
is deleted when no sign-in brought its token for 400 days.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pymongo import IndexModel, UpdateOne

from domain.model.values import dataclass
from domain.store.document_store import DocumentStore, Write
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "known_devices"
KEPT_FOR = timedelta(days=400)


class KnownDeviceDocument(StoredDocument):
    """A known device in the database; `_id` is the hash of its token."""

    member: str
    purge_at: datetime

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (IndexModel({"member": 1}), ttl_index("purge_at"))


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device, and the member who signed in on it."""

    id: str
    member: str


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, id: str, *, now: datetime) -> KnownDevice | None:
    """Return a device by the hash of its token."""
    document = await store.documents(KnownDeviceDocument).find_one({"_id": id})
    return None if document is None or document.purge_at <= now else KnownDevice(document.id, document.member)


# ---------------------------------------------------------------- writes
async def forget_all(store: DocumentStore, member: str) -> None:
    """Delete the known devices of a member."""
    await store.documents(KnownDeviceDocument).find({"member": member}).delete()


def know_write(device: KnownDevice, *, now: datetime) -> Write:
    """Return the write that makes a device known, or keeps it known."""
    sets = {"member": device.member, "purge_at": now + KEPT_FOR}
    return Write(COLLECTION, UpdateOne({"_id": device.id}, {"$set": sets}, upsert=True))
