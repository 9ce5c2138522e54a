"""Devices of members: one record an installation of a member's, with where pushes go and the eight bytes that
its card codes begin with.

The secret behind card codes is not here: it is derived from those bytes. A push token is one device's: who
registers it has it. A device is of the session that registered it or signed in on it, whichever came last,
and goes when that session is ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Write, update
from domain.store.requests import joined_hash

COLLECTION = "devices"
Platform = Literal["IOS", "ANDROID", "WEB"]
TokenKind = Literal["TOKEN", "FID"]


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


async def ensure_indexes(store: DocumentStore) -> None:
    """Make the indexes: by whose it is, by its card, and by its token."""
    await store[COLLECTION].create_index({"member": 1})
    await store[COLLECTION].create_index({"card": 1})
    await store[COLLECTION].create_index({"token": 1}, partialFilterExpression={"token": {"$exists": True}})


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, device: str) -> Device | None:
    """Return a device."""
    row = await store[COLLECTION].find_one({"_id": device})
    return None if row is None else _read_device(row)


async def find_by_card(store: DocumentStore, card: str) -> Device | None:
    """Return the device whose card codes begin with these bytes."""
    row = await store[COLLECTION].find_one({"card": card})
    return None if row is None else _read_device(row)


async def find_by_member(store: DocumentStore, member: str) -> list[Device]:
    """Return a member's devices, the one seen last first."""
    devices = [_read_device(row) async for row in store[COLLECTION].find({"member": member})]
    return sorted(devices, key=lambda device: (device.last_seen_at, device.id), reverse=True)


# ---------------------------------------------------------------- writes
async def upsert(store: DocumentStore, device: Device) -> None:
    """Write a device down over the one of its identity, which keeps since when it is registered; nothing is
    held against it any more.
    """
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
        await store[COLLECTION].update_many(
            {"token": device.token, "_id": {"$ne": device.id}}, {"$unset": {"token": ""}}
        )
    else:
        change["$unset"]["token"] = ""
    await store[COLLECTION].update_one({"_id": device.id}, change, upsert=True)


def attach_session_write(device: str, session: str) -> Write:
    """Return the write that makes a device a session's; it does nothing where the device is not
    registered.
    """
    return update(COLLECTION, {"_id": device}, {"$set": {"session": session}})


async def touch(store: DocumentStore, member: str, session: str, *, now: datetime) -> None:
    """Note that the device of a member's session is in use; nothing where none is registered."""
    await store[COLLECTION].update_many(
        {"member": member, "session": session}, {"$set": {"last_seen_at": now}}
    )


async def remove(store: DocumentStore, device: str, member: str) -> bool:
    """Forget a device of a member's; False where they have none of this identity."""
    result = await store[COLLECTION].delete_one({"_id": device, "member": member})
    return result.deleted_count == 1


async def remove_by_session(store: DocumentStore, member: str, session: str) -> None:
    """Forget what a session of a member's has registered."""
    await store[COLLECTION].delete_many({"member": member, "session": session})


async def remove_all(store: DocumentStore, member: str) -> None:
    """Forget all devices of a member's."""
    await store[COLLECTION].delete_many({"member": member})


def _read_device(row: Raw) -> Device:
    return Device(
        id=row["_id"],
        member=row["member"],
        platform=row["platform"],
        card=row["card"],
        registered_at=row["registered_at"],
        last_seen_at=row["last_seen_at"],
        token=row.get("token"),
        token_kind=row["token_kind"],
        app_version=row.get("app_version"),
        session=row.get("session"),
    )
