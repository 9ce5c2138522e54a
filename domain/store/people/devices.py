"""Devices of members: one record an installation of a member's, with where pushes go and the eight bytes that
its card codes begin with.

The secret behind card codes is not here: it is derived from those bytes. A push token is one device's: who
registers it has it. A device is of the session that registered it or signed in on it, whichever came last,
and goes when that session is ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from pymongo import IndexModel

from domain.store.document_store import DocumentStore, Write, update
from domain.store.requests import joined_hash
from domain.store.stored_document import StoredDocument

COLLECTION = "devices"
Platform = Literal["IOS", "ANDROID", "WEB"]
TokenKind = Literal["TOKEN", "FID"]


class DeviceDocument(StoredDocument):
    """A device in the database; `blamed` counts the messages that its token made impossible."""

    member: str
    platform: Platform
    card: str
    registered_at: datetime
    last_seen_at: datetime
    token: str | None = None
    token_kind: TokenKind
    app_version: str | None = None
    session: str | None = None
    blamed: int = 0

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"member": 1}),
            IndexModel({"card": 1}),
            IndexModel({"token": 1}, partialFilterExpression={"token": {"$exists": True}}),
        )


@dataclass(frozen=True, slots=True)
class Device:
    """An installation of a member's; `card` is 16 hexadecimal digits, fresh at each registration."""

    id: str
    member: str
    platform: Platform
    card: str
    registered_at: datetime
    last_seen_at: datetime
    token: str | None = None
    token_kind: TokenKind = "FID"  # noqa: S105 - a kind, no secret
    app_version: str | None = None
    session: str | None = None


def device_id(member: str, installation: str) -> str:
    """Return the identity of an installation of a member's."""
    return joined_hash("device", member, installation)[:32]


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, device: str) -> Device | None:
    """Return a device."""
    document = await store.documents(DeviceDocument).find_one({"_id": device})
    return None if document is None else _read_device(document)


async def find_by_card(store: DocumentStore, card: str) -> Device | None:
    """Return the device whose card codes begin with these bytes."""
    document = await store.documents(DeviceDocument).find_one({"card": card})
    return None if document is None else _read_device(document)


async def find_by_member(store: DocumentStore, member: str) -> list[Device]:
    """Return a member's devices, the one seen last first."""
    documents = await store.documents(DeviceDocument).find({"member": member}).to_list()
    devices = map(_read_device, documents)
    return sorted(devices, key=lambda device: (device.last_seen_at, device.id), reverse=True)


# ---------------------------------------------------------------- writes
async def upsert(store: DocumentStore, device: Device) -> None:
    """Insert a device, or update the one of its identity but for its registration date; its blames end."""
    documents = store.documents(DeviceDocument)
    sets: dict[str, Any] = {
        "member": device.member,
        "platform": device.platform,
        "card": device.card,
        "last_seen_at": device.last_seen_at,
        "token_kind": device.token_kind,
        "app_version": device.app_version,
        "session": device.session,
    }
    change: dict[str, Any] = {
        "$set": sets,
        "$unset": {"blamed": ""},
        "$setOnInsert": {"registered_at": device.registered_at},
    }
    if device.token is not None:
        sets["token"] = device.token
        others = {"token": device.token, "_id": {"$ne": device.id}}
        await documents.find(others).update({"$unset": {"token": ""}})
    else:
        change["$unset"]["token"] = ""
    await documents.find_one({"_id": device.id}).update(change, upsert=True)


def attach_session_write(device: str, session: str) -> Write:
    """Return the write that gives a registered device to a session; it does nothing for another device."""
    return update(COLLECTION, {"_id": device}, {"$set": {"session": session}})


async def touch(store: DocumentStore, member: str, session: str, *, now: datetime) -> None:
    """Note that the device of a member's session is in use; nothing where none is registered."""
    query = {"member": member, "session": session}
    await store.documents(DeviceDocument).find(query).update({"$set": {"last_seen_at": now}})


async def remove(store: DocumentStore, device: str, member: str) -> bool:
    """Delete a device of a member; False where they have none of this identity."""
    query = {"_id": device, "member": member}
    result = await store.documents(DeviceDocument).find_one(query).delete()
    return result is not None and result.deleted_count == 1


async def remove_by_session(store: DocumentStore, member: str, session: str) -> None:
    """Delete the devices that a member's session has registered."""
    await store.documents(DeviceDocument).find({"member": member, "session": session}).delete()


async def remove_all(store: DocumentStore, member: str) -> None:
    """Delete all devices of a member."""
    await store.documents(DeviceDocument).find({"member": member}).delete()


def _read_device(document: DeviceDocument) -> Device:
    return Device(
        id=document.id,
        member=document.member,
        platform=document.platform,
        card=document.card,
        registered_at=document.registered_at,
        last_seen_at=document.last_seen_at,
        token=document.token,
        token_kind=document.token_kind,
        app_version=document.app_version,
        session=document.session,
    )
