"""Receipts: what must never count twice, whoever brings it and however late. The `_id` is the hash of
(source, store, externalId).

A purchase's receipt also keeps what refunds have claimed of it and what they left; each refund has a number
within it, which guards the next. A declared event's lasting identity stands here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.model.decision import Claim, Row
from domain.model.events import Purchase
from domain.store import rows
from domain.store.base import Stale, Store, StoreFault, Write, insert, update
from domain.store.connect import Raw
from domain.store.requests import joined_hash

COLLECTION = "receipts"


# ---------------------------------------------------------------- errors
class ReceiptKnown(StoreFault):
    """The receipt, or the event of this identity, was recorded before."""


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class Receipt:
    """A recorded purchase (or event: `left` is None): whose it is, its row, and what is left of it after
    `refunds`.
    """

    id: str
    member: str
    seq: int
    store: str | None
    left: Purchase | None
    claims: tuple[Claim, ...]
    refunds: tuple[int, ...]


def purchase_id(*, source: str, store: str | None, external_id: str) -> str:
    """Return the identity of a purchase."""
    return joined_hash("purchase", source, store or "", external_id)


def event_id(*, source: str, store: str | None, external_id: str) -> str:
    """Return the identity of an event that another system reported."""
    return joined_hash("event", source, store or "", external_id)


# ---------------------------------------------------------------- reads
async def find(store: Store, receipt: str) -> Receipt | None:
    """Return a receipt."""
    found = await store[COLLECTION].find_one({"_id": receipt})
    return None if found is None else _receipt(found)


async def find_many(store: Store, receipts: Sequence[str]) -> dict[str, Receipt]:
    """Return those receipts that there are, by id."""
    found = store[COLLECTION].find({"_id": {"$in": list(receipts)}})
    return {row["_id"]: _receipt(row) async for row in found}


# ---------------------------------------------------------------- writes
def claimed(receipt: str, *, member: str, row: Row) -> Write:
    """Return the insertion of a receipt with its first row. It raises ReceiptKnown where it is there."""
    bought = row.event.purchase
    kept: dict[str, object] = {
        "_id": receipt,
        "member": member,
        "seq": row.seq,
        "store": bought.store if bought else None,
    }
    if bought is not None:
        kept |= {"left": rows.purchase_document(bought), "n": 0, "claims": [], "refunds": []}
    return insert(COLLECTION, kept, taken=ReceiptKnown())


def refunded(receipt: Receipt, row: Row) -> Write:
    """Return the update that a refund's row makes, guarded by the number of refunds it was decided on."""
    assert row.claim is not None, "a refund's row has a claim"
    assert row.event.refund is not None, "a refund's event carries its refund"
    change = {
        "$set": {"left": rows.purchase_document(row.event.refund.kept)},
        "$push": {"claims": rows.claim_document(row.claim), "refunds": row.seq},
        "$inc": {"n": 1},
    }
    return update(
        COLLECTION,
        {"_id": receipt.id, "n": len(receipt.refunds)},
        change,
        missed=Stale("another refund came first"),
    )


def _receipt(row: Raw) -> Receipt:
    left = rows.purchase(row["left"]) if "left" in row else None
    claims = tuple(rows.claim(one) for one in row.get("claims", ()))
    return Receipt(
        row["_id"], row["member"], row["seq"], row["store"], left, claims, tuple(row.get("refunds", ()))
    )
