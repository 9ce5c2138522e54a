"""Where pushes go: the tokens of members' devices, as their app registered them. A token that reaches nobody
is forgotten, the device is not: its next registration brings a token again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from domain.store.document_store import DocumentStore
from domain.store.people.devices import COLLECTION

AddressKind = Literal["TOKEN", "FID"]
MAX_BLAMES = 3


@dataclass(frozen=True, slots=True)
class PushAddress:
    """A device that pushes can reach."""

    device: str
    member: str
    kind: AddressKind
    token: str = field(repr=False)
    seen_at: datetime


# ---------------------------------------------------------------- reads
async def find_by_members(
    store: DocumentStore, members: Sequence[str]
) -> Mapping[str, Sequence[PushAddress]]:
    """Return the devices of members that have a token, by member."""
    addresses_by_member: dict[str, list[PushAddress]] = {}
    query = {"member": {"$in": sorted(set(members))}}
    async for row in store[COLLECTION].find(
        query, {"member": 1, "token": 1, "token_kind": 1, "last_seen_at": 1}
    ):
        if row.get("token"):
            address = PushAddress(
                row["_id"], row["member"], row["token_kind"], row["token"], row["last_seen_at"]
            )
            addresses_by_member.setdefault(address.member, []).append(address)
    return addresses_by_member


# ---------------------------------------------------------------- writes
async def forget(store: DocumentStore, device: str, token: str) -> bool:
    """Forget a device's token, where it has no other by now."""
    result = await store[COLLECTION].update_one(
        {"_id": device, "token": token}, {"$unset": {"token": "", "blamed": ""}}
    )
    return result.matched_count == 1


async def blame(store: DocumentStore, device: str, token: str) -> None:
    """Count a message that a device's token made impossible; at the third the token is forgotten."""
    await store[COLLECTION].update_one({"_id": device, "token": token}, {"$inc": {"blamed": 1}})
    row = await store[COLLECTION].find_one({"_id": device}, {"blamed": 1})
    if row is not None and row.get("blamed", 0) >= MAX_BLAMES:
        await forget(store, device, token)
