"""Vouchers: one document each with what it is worth as issued, and its code's hash leading to it. The code
itself is sealed.

The member's ledger decides what becomes of a voucher; these documents follow in the same transaction and keep
who used it where.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from domain.model import codes
from domain.model.decision import Row, VoucherStep
from domain.model.programme import Cost, Programme, RewardSpec, Value
from domain.store.base import Stale, Store, Write, insert, update
from domain.store.connect import Raw

COLLECTION = "vouchers"
CODES = "voucher_codes"
State = Literal["ISSUED", "USED", "EXPIRED", "CANCELLED"]


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher, the member's `n`-th: `version` is the programme it was issued by, which names its title."""

    id: str
    member: str
    n: int
    reward: str
    version: int
    state: State
    issued_at: datetime
    expires_at: datetime | None
    given: bool
    value: Value | None
    cost: Cost | None
    stores: tuple[str, ...]
    sealed: bytes
    hashed: str
    used_at: datetime | None = None
    used_in: str | None = None

    def state_at(self, now: datetime) -> State:
        """Return the state that holds at an instant, whether or not the lapse was written down."""
        over = self.state == "ISSUED" and self.expires_at is not None and self.expires_at <= now
        return "EXPIRED" if over else self.state


# ---------------------------------------------------------------- reads
async def find(store: Store, voucher: str) -> Voucher | None:
    """Return a voucher."""
    found = await store[COLLECTION].find_one({"_id": voucher})
    return None if found is None else _voucher(found)


async def find_many(store: Store, ids: Sequence[str]) -> dict[str, Voucher]:
    """Return those vouchers that there are, by id."""
    return {row["_id"]: _voucher(row) async for row in store[COLLECTION].find({"_id": {"$in": list(ids)}})}


async def by_code(store: Store, code: str) -> Voucher | None:
    """Return the voucher of a code in its one spelling (`codes.normal_voucher`)."""
    found = await store[CODES].find_one({"_id": codes.voucher_hash(code)})
    return None if found is None else await find(store, found["voucher"])


async def of_member(store: Store, member: str, *, before: int, first: int) -> tuple[Voucher, ...]:
    """Return a member's vouchers with numbers in [before - first, before), newest first."""
    asked = {"member": member, "n": {"$gte": before - first, "$lt": before}}
    found = [_voucher(row) async for row in store[COLLECTION].find(asked)]
    return tuple(sorted(found, key=lambda one: -one.n))


def code_of(store: Store, voucher: Voucher) -> str | None:
    """Return the code of a voucher, for its owner; None where the key is another."""
    return codes.open_voucher(voucher.sealed, key=store.voucher_key, hashed=voucher.hashed)


# ---------------------------------------------------------------- writes
def stepped(store: Store, *, member: str, row: Row, programme: Programme) -> list[Write]:
    """Return the writes of a row's vouchers, those issued with a fresh code each."""
    out: list[Write] = []
    for step in row.vouchers:
        if step.change == "issued":
            out += _issued(store, member, step, programme.reward(step.reward), row.version)
        else:
            out.append(_changed(step, row))
    return out


def issued_by(writes: Sequence[Write]) -> tuple[Voucher, ...]:
    """Return the vouchers that a transaction's writes issue."""
    return tuple(
        _voucher(write.document)
        for write in writes
        if write.collection == COLLECTION and write.document is not None
    )


def _issued(store: Store, member: str, step: VoucherStep, spec: RewardSpec, version: int) -> list[Write]:
    code = codes.make_voucher(secrets.token_bytes(codes.VOUCHER_BYTES))
    hashed = codes.voucher_hash(code)
    kept: dict[str, Any] = {
        "_id": step.id,
        "member": member,
        "n": step.n,
        "reward": step.reward,
        "version": version,
        "state": "ISSUED",
        "issued_at": step.at,
        "expires_at": step.expires_at,
        "given": step.given,
        "value": spec.value.model_dump() if spec.value else None,
        "cost": spec.cost.model_dump() if spec.cost and not step.given else None,
        "stores": list(spec.voucher.stores),
        "sealed": codes.seal_voucher(
            code, key=store.voucher_key, nonce=secrets.token_bytes(codes.NONCE_BYTES)
        ),
        "hashed": hashed,
    }
    return [insert(COLLECTION, kept), insert(CODES, {"_id": hashed, "voucher": step.id, "member": member})]


def _changed(step: VoucherStep, row: Row) -> Write:
    was = "USED" if step.change == "reversed" else "ISSUED"
    sets: dict[str, Any] = {
        "state": {"used": "USED", "cancelled": "CANCELLED", "expired": "EXPIRED"}.get(step.change, "ISSUED")
    }
    if step.change in ("used", "reversed"):
        used = step.change == "used"
        sets |= {
            "used_at": step.at if used else None,
            "used_in": row.event.data.get("store") if used else None,
        }
    return update(
        COLLECTION, {"_id": step.id, "state": was}, {"$set": sets}, missed=Stale("the voucher has moved on")
    )


def _voucher(row: Raw) -> Voucher:
    return Voucher(
        id=row["_id"],
        member=row["member"],
        n=row["n"],
        reward=row["reward"],
        version=row["version"],
        state=row["state"],
        issued_at=row["issued_at"],
        expires_at=row["expires_at"],
        given=row["given"],
        value=Value(**row["value"]) if row["value"] else None,
        cost=Cost(**row["cost"]) if row["cost"] else None,
        stores=tuple(row["stores"]),
        sealed=row["sealed"],
        hashed=row["hashed"],
        used_at=row.get("used_at"),
        used_in=row.get("used_in"),
    )
