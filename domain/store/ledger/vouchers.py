"""Vouchers: one document each with its value as issued, and one that leads from its code's hash to it.

The code itself is sealed. The member's ledger decides what becomes of a voucher; these documents follow in
the same transaction, and hold where it was used.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal

from pymongo import IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from domain.model.ledger.decision import JournalRow, VoucherStep
from domain.model.people import codes
from domain.model.programme import Programme, RewardCost, RewardSpec, VoucherValue
from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Stale, Write, insert, update
from domain.store.stored_document import StoredDocument

COLLECTION = "vouchers"
CODES = "voucher_codes"
RECEIPT_FIELDS = ("receipt", "discount")  # of the event of a use, and of the voucher that was used
VoucherState = Literal["ISSUED", "USED", "EXPIRED", "CANCELLED"]


class VoucherDocument(StoredDocument):
    """A voucher in the database; `n` counts the member's vouchers, `given` is true where it had no price,
    `variant` is missing where the reward had none.

    `receipt` is the one that it was used on, where the till named it, and `discount` what it took off that;
    both are missing else.
    """

    member: str
    n: int
    reward: str
    version: int
    state: VoucherState
    issued_at: datetime
    expires_at: datetime | None
    given: bool
    value: dict[str, Any] | None
    cost: dict[str, Any] | None
    stores: list[str]
    sealed: bytes
    hashed: str
    used_at: datetime | None = None
    used_in: str | None = None
    receipt: str | None = None
    discount: int | None = None
    variant: str | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"member": 1, "n": 1}, unique=True),
            IndexModel({"receipt": 1}, sparse=True),
        )


class VoucherCodeDocument(StoredDocument):
    """The way from a code to its voucher; `_id` is the code's hash."""

    voucher: str
    member: str

    class Settings(StoredDocument.Settings):
        name = CODES


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher; `number` counts the member's, `version` is the programme that issued and names it."""

    id: str
    member: str
    number: int
    reward: str
    version: int
    state: VoucherState
    issued_at: datetime
    expires_at: datetime | None
    is_free: bool
    value: VoucherValue | None
    cost: RewardCost | None
    stores: tuple[str, ...]
    sealed_code: bytes
    code_hash: str
    used_at: datetime | None = None
    used_in_store: str | None = None
    receipt: str | None = None
    discount_minor: int | None = None
    variant: str | None = None

    def state_at(self, now: datetime) -> VoucherState:
        """Return the state that holds at an instant, even where the lapse is not stored yet."""
        is_lapsed = self.state == "ISSUED" and self.expires_at is not None and self.expires_at <= now
        return "EXPIRED" if is_lapsed else self.state


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, voucher: str) -> Voucher | None:
    """Return a voucher."""
    row = await store[COLLECTION].find_one({"_id": voucher})
    return None if row is None else _read_voucher(row)


async def find_many(store: DocumentStore, ids: Sequence[str]) -> dict[str, Voucher]:
    """Return the vouchers that exist, by id."""
    return {
        row["_id"]: _read_voucher(row) async for row in store[COLLECTION].find({"_id": {"$in": list(ids)}})
    }


async def find_by_receipts(store: DocumentStore, receipts: Sequence[str]) -> tuple[Voucher, ...]:
    """Return the vouchers that were used on these receipts."""
    rows = store[COLLECTION].find({"receipt": {"$in": list(receipts)}})
    return tuple(sorted([_read_voucher(row) async for row in rows], key=lambda voucher: voucher.id))


async def find_by_code(store: DocumentStore, code: str) -> Voucher | None:
    """Return the voucher of a code in its one spelling (`codes.normal_voucher`)."""
    row = await store[CODES].find_one({"_id": codes.voucher_hash(code)})
    return None if row is None else await find(store, row["voucher"])


async def find_ids_by_codes(store: DocumentStore, spellings: Sequence[str]) -> dict[str, str]:
    """Return the ids of those vouchers that there are, by their codes in their one spelling."""
    hashes = {codes.voucher_hash(code): code for code in spellings}
    rows = store[CODES].find({"_id": {"$in": list(hashes)}})
    return {hashes[row["_id"]]: row["voucher"] async for row in rows}


async def find_by_member(
    store: DocumentStore, member: str, *, before: int, first: int
) -> tuple[Voucher, ...]:
    """Return a member's vouchers with numbers in [before - first, before), newest first."""
    query = {"member": member, "n": {"$gte": before - first, "$lt": before}}
    vouchers = [_read_voucher(row) async for row in store[COLLECTION].find(query)]
    return tuple(sorted(vouchers, key=lambda voucher: -voucher.number))


async def find_redeemed(
    store: DocumentStore, members: Sequence[str], *, rewards: Collection[str], since: datetime
) -> set[tuple[str, str, datetime]]:
    """Return which of some rewards members paid for since an instant, with member and time; one command."""
    query = {"member": {"$in": list(members)}, "reward": {"$in": list(rewards)}, "given": False}
    rows = store[COLLECTION].find(
        {**query, "issued_at": {"$gte": since}}, {"member": 1, "reward": 1, "issued_at": 1}
    )
    return {(row["member"], row["reward"], row["issued_at"]) async for row in rows}


async def find_states(
    store: DocumentStore, member: str, *, below: int, session: AsyncClientSession
) -> dict[str, str]:
    """Return the states of a member's vouchers with numbers below one, by id, in a transaction."""
    query = {"member": member, "n": {"$gt": 0, "$lt": below}}
    rows = store[COLLECTION].find(query, {"state": 1}, session=session)
    return {row["_id"]: row["state"] async for row in rows}


def code_of(store: DocumentStore, voucher: Voucher) -> str | None:
    """Return the code of a voucher, for its owner; None where it was sealed with none of our keys."""
    return codes.open_voucher(voucher.sealed_code, keys=store.voucher_keys, hashed=voucher.code_hash)


async def opens_any(store: DocumentStore) -> bool:
    """Tell whether our keys open some voucher's code, or there is no voucher to try them on."""
    row = await store[COLLECTION].find_one({"_id": {"$gt": ""}})
    return row is None or code_of(store, _read_voucher(row)) is not None


# ---------------------------------------------------------------- writes
def step_writes(store: DocumentStore, *, member: str, row: JournalRow, programme: Programme) -> list[Write]:
    """Return the writes of a row's vouchers; each issued one gets a fresh code."""
    writes: list[Write] = []
    for step in row.vouchers:
        if step.change == "issued":
            writes += _issue_writes(store, member, step, programme.reward(step.reward), row.version)
        else:
            writes.append(_change_write(step, row))
    return writes


def issued_by(writes: Sequence[Write]) -> tuple[Voucher, ...]:
    """Return the vouchers that a transaction's writes issue."""
    return tuple(
        _read_voucher(write.document)
        for write in writes
        if write.collection == COLLECTION and write.document is not None
    )


def _issue_writes(
    store: DocumentStore, member: str, step: VoucherStep, spec: RewardSpec, version: int
) -> list[Write]:
    spec = spec.as_variant(step.variant)
    code = codes.make_voucher(secrets.token_bytes(codes.VOUCHER_BYTES))
    code_hash = codes.voucher_hash(code)
    document: dict[str, Any] = {
        "_id": step.id,
        "member": member,
        "n": step.n,
        "reward": step.reward,
        "version": version,
        "state": "ISSUED",
        "issued_at": step.at,
        "expires_at": step.expires_at,
        "given": step.is_free,
        "value": spec.value.model_dump() if spec.value else None,
        "cost": spec.cost.model_dump() if spec.cost and not step.is_free else None,
        "stores": list(spec.voucher.stores),
        "sealed": codes.seal_voucher(
            code, key=store.voucher_keys[0], nonce=secrets.token_bytes(codes.NONCE_BYTES)
        ),
        "hashed": code_hash,
        **({} if step.variant is None else {"variant": step.variant}),
    }
    return [
        insert(COLLECTION, document),
        insert(CODES, {"_id": code_hash, "voucher": step.id, "member": member}),
    ]


def _change_write(step: VoucherStep, row: JournalRow) -> Write:
    state_before: VoucherState = "USED" if step.change == "reversed" else "ISSUED"
    return update(
        COLLECTION,
        {"_id": step.id, "state": state_before},
        _change_of(step, row),
        if_missed=Stale("the voucher has moved on"),
    )


def repair_write(step: VoucherStep, row: JournalRow, *, state: str) -> Write:
    """Return the update of a voucher to what a row made of it; it raises Stale where its state is not
    `state`.
    """
    return update(
        COLLECTION,
        {"_id": step.id, "state": state},
        _change_of(step, row),
        if_missed=Stale("the voucher has moved on"),
    )


def _change_of(step: VoucherStep, row: JournalRow) -> Raw:
    sets: dict[str, Any] = {
        "state": {"used": "USED", "cancelled": "CANCELLED", "expired": "EXPIRED"}.get(step.change, "ISSUED")
    }
    change: dict[str, Any] = {"$set": sets}
    if step.change == "issued":
        change["$unset"] = dict.fromkeys(("used_at", "used_in", *RECEIPT_FIELDS), "")
    elif step.change == "reversed":
        sets |= {"used_at": None, "used_in": None}
        change["$unset"] = dict.fromkeys(RECEIPT_FIELDS, "")
    elif step.change == "used":
        sets |= {"used_at": step.at, "used_in": row.event.data.get("store")}
        sets |= {name: row.event.data[name] for name in RECEIPT_FIELDS if name in row.event.data}
    return change


def _read_voucher(row: Raw) -> Voucher:
    return Voucher(
        id=row["_id"],
        member=row["member"],
        number=row["n"],
        reward=row["reward"],
        version=row["version"],
        state=row["state"],
        issued_at=row["issued_at"],
        expires_at=row["expires_at"],
        is_free=row["given"],
        value=VoucherValue(**row["value"]) if row["value"] else None,
        cost=RewardCost(**row["cost"]) if row["cost"] else None,
        stores=tuple(row["stores"]),
        sealed_code=row["sealed"],
        code_hash=row["hashed"],
        used_at=row.get("used_at"),
        used_in_store=row.get("used_in"),
        receipt=row.get("receipt"),
        discount_minor=row.get("discount"),
        variant=row.get("variant"),
    )
