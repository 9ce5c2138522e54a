"""Where pushes go: the tokens of members' devices, as their app registered them. A token that reaches nobody
is forgotten, the device is not: its next registration brings a token again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from domain.store.base import Store
from domain.store.devices import COLLECTION

Kind = Literal["TOKEN", "FID"]
BLAMED_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class Reached:
    """A device that pushes can reach."""

    device: str
    member: str
    kind: Kind
    token: str = field(repr=False)
    seen_at: datetime


# ---------------------------------------------------------------- reads
async def of_members(store: Store, members: Sequence[str]) -> Mapping[str, Sequence[Reached]]:
    """Return the devices of members that have a token, by member."""
    found: dict[str, list[Reached]] = {}
    asked = {"member": {"$in": sorted(set(members))}}
    async for row in store[COLLECTION].find(
        asked, {"member": 1, "token": 1, "token_kind": 1, "last_seen_at": 1}
    ):
        if row.get("token"):
            one = Reached(row["_id"], row["member"], row["token_kind"], row["token"], row["last_seen_at"])
            found.setdefault(one.member, []).append(one)
    return found


# ---------------------------------------------------------------- writes
async def forget(store: Store, device: str, token: str) -> bool:
    """Forget a device's token, where it has no other by now."""
    done = await store[COLLECTION].update_one(
        {"_id": device, "token": token}, {"$unset": {"token": "", "blamed": ""}}
    )
    return done.matched_count == 1


async def blame(store: Store, device: str, token: str) -> None:
    """Count a message that a device's token made impossible; at the third the token is forgotten."""
    await store[COLLECTION].update_one({"_id": device, "token": token}, {"$inc": {"blamed": 1}})
    row = await store[COLLECTION].find_one({"_id": device}, {"blamed": 1})
    if row is not None and row.get("blamed", 0) >= BLAMED_AT_MOST:
        await forget(store, device, token)
