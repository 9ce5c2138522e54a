"""Where pushes go: the tokens of members' devices, as their app registered them. A token that reaches nobody
is forgotten, the device is not: its next registration brings a token again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime

from domain.model.calendar import milliseconds
from domain.model.values import dataclass
from domain.store.document_store import DocumentStore
from domain.store.people.devices import DeviceDocument, TokenKind, TokenLossReason

MAX_BLAMES = 3


@dataclass(frozen=True, slots=True)
class PushAddress:
    """A device that pushes can reach."""

    device: str
    member: str
    kind: TokenKind
    token: str = field(repr=False)
    seen_at: datetime


# ---------------------------------------------------------------- reads
async def find_by_members(
    store: DocumentStore, members: Sequence[str]
) -> Mapping[str, Sequence[PushAddress]]:
    """Return the devices of members that have a token, by member."""
    addresses_by_member: dict[str, list[PushAddress]] = {}
    query = {"member": {"$in": sorted(set(members))}}
    for device in await store.documents(DeviceDocument).find(query).to_list():
        if device.token:
            address = PushAddress(
                device.id, device.member, device.token_kind, device.token, device.last_seen_at
            )
            addresses_by_member.setdefault(address.member, []).append(address)
    return addresses_by_member


# ---------------------------------------------------------------- writes
async def forget(
    store: DocumentStore, device: str, token: str, reason: TokenLossReason, *, now: datetime
) -> bool:
    """Remove a device's token and note why, unless it has another by now."""
    query = {"_id": device, "token": token}
    change = {
        "$unset": {"token": "", "blamed": ""},
        "$set": {"token_loss": {"reason": reason, "at": milliseconds(now)}},
    }
    result = await store.documents(DeviceDocument).update_first(query, change)
    return result.matched_count == 1


async def blame(store: DocumentStore, device: str, token: str, *, now: datetime) -> None:
    """Count a message that a device's token made impossible; at the third the token is removed."""
    documents = store.documents(DeviceDocument)
    await documents.update_first({"_id": device, "token": token}, {"$inc": {"blamed": 1}})
    document = await store.documents(DeviceDocument).find_one({"_id": device})
    if document is not None and document.blamed >= MAX_BLAMES:
        await forget(store, device, token, "INVALID", now=now)
