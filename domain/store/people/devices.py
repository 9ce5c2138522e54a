"""Devices of members: one record an installation of a member's, with where pushes go and the eight bytes that
its card codes begin with.

The secrets behind card codes are not here: each is derived from those bytes and its salt. A push token is one
device's: who registers it has it. A device is of the session that registered it or signed in on it, whichever
came last, and goes when that session is ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field
from pymongo import IndexModel, UpdateOne

from domain.model.values import dataclass
from domain.store.document_store import DocumentStore, Stale, Write, update
from domain.store.requests import joined_hash
from domain.store.stored_document import StoredDocument

COLLECTION = "devices"
Platform = Literal["IOS", "ANDROID", "WEB"]
TokenKind = Literal["TOKEN", "FID", "SUBSCRIPTION"]
# Why a token was taken from a device: a push service's answers to a push, or another device that has it now.
TokenLossReason = Literal["UNREGISTERED", "OTHER_SENDER", "INVALID", "MOVED"]
MAX_CARD_SECRETS = 10


class CardSecretPart(BaseModel):
    """A card secret within its device; `scanned_at` once a code made from it was scanned."""

    model_config = ConfigDict(defer_build=True)

    salt: str
    made_at: datetime
    scanned_at: datetime | None = None


class TokenLossPart(BaseModel):
    """Why and when a device lost its token."""

    model_config = ConfigDict(defer_build=True)

    reason: TokenLossReason
    at: datetime


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
    secrets: list[CardSecretPart] = Field(default_factory=list)
    token_loss: TokenLossPart | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"member": 1}),
            IndexModel({"card": 1}),
            IndexModel({"token": 1}, partialFilterExpression={"token": {"$exists": True}}),
        )


@dataclass(frozen=True, slots=True)
class CardSecret:
    """A secret that card codes of a device are made from: `salt` is the hexadecimal part that tells it from
    the others, empty for that of a device registered by a version that kept none.
    """

    salt: str
    made_at: datetime
    scanned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TokenLoss:
    """Why and when a device lost its token."""

    reason: TokenLossReason
    at: datetime


@dataclass(frozen=True, slots=True)
class Device:
    """An installation of a member's; `card` is 16 hexadecimal digits, and `secrets` are the newest last."""

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
    secrets: tuple[CardSecret, ...] = ()
    token_loss: TokenLoss | None = None


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
async def upsert(store: DocumentStore, device: Device, *, more: Sequence[Write] = ()) -> None:
    """Insert a device, or update the one of its identity: that keeps its registration date, its card bytes
    and its earlier secrets; its blames end. `more` is committed with it.
    """
    if device.token is not None:
        others = {"token": device.token, "_id": {"$ne": device.id}}
        loss = {"token_loss": {"reason": "MOVED", "at": device.last_seen_at}}
        await store.documents(DeviceDocument).find(others).update({"$unset": {"token": ""}, "$set": loss})
    await store.transact([*more, _upsert_write(device)])


def _upsert_write(device: Device) -> Write:
    sets: dict[str, Any] = {
        "member": device.member,
        "platform": device.platform,
        "last_seen_at": device.last_seen_at,
        "token_kind": device.token_kind,
        "app_version": device.app_version,
        "session": device.session,
    }
    change: dict[str, Any] = {
        "$set": sets,
        "$unset": {"blamed": "", "token_loss": ""},
        "$setOnInsert": {"registered_at": device.registered_at, "card": device.card},
    }
    if device.secrets:
        parts = [{"salt": part.salt, "made_at": part.made_at} for part in device.secrets]
        change["$push"] = {"secrets": {"$each": parts, "$slice": -MAX_CARD_SECRETS}}
    if device.token is not None:
        sets["token"] = device.token
    else:
        change["$unset"]["token"] = ""
    return Write(
        COLLECTION, UpdateOne({"_id": device.id}, change, upsert=True), Stale("the device was just inserted")
    )


def note_scanned_write(device: str, salt: str, *, at: datetime) -> Write:
    """Return the write that notes the first scan of a secret's code; those before it end then."""
    query = {"_id": device, "secrets": {"$elemMatch": {"salt": salt, "scanned_at": {"$exists": False}}}}
    return update(COLLECTION, query, {"$set": {"secrets.$.scanned_at": at}})


def move_write(device: str, member: str, *, to: str) -> Write:
    """Return the write that gives a member's device to another member, without a session."""
    query = {"_id": device, "member": member}
    return update(COLLECTION, query, {"$set": {"member": to}, "$unset": {"session": ""}})


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
        secrets=tuple(CardSecret(part.salt, part.made_at, part.scanned_at) for part in document.secrets),
        token_loss=None
        if document.token_loss is None
        else TokenLoss(document.token_loss.reason, document.token_loss.at),
    )
