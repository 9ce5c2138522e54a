"""Receipts: what must never count twice, whoever brings it and however late. The `_id` is the hash of
(source, store, externalId).

A purchase's receipt also keeps what refunds have claimed of it and what they left; each refund has a number
within it, which guards the next, and may have an identity of its caller's, which counts once. A declared
event's lasting identity stands here too, and what a till may not record any more since a shop's order of the
same store and number counts (`reserve_write`): neither has anything left to take back. Nor has one whose row
stands in the archive: it still counts once, and what refunds need of it lies beside that row (`close_write`).

Of a sale that is still parked, what refunds took of it stands here (`return_write`), for good: so whoever
records the receipt afterwards finds it taken. Only what was parked itself replaces that (`credit_write`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pymongo import DeleteOne, ReplaceOne, UpdateOne

from domain.model.ledger.deciding.returns import correcting
from domain.model.ledger.decision import JournalRow, RefundClaim
from domain.model.ledger.events import Event, Purchase
from domain.model.values import dataclass
from domain.model.visible_text import normal_identifier
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Stale, StoreFault, Write, insert, update
from domain.store.ledger import journal_rows
from domain.store.ledger.journal_claims import claim_document, read_claim
from domain.store.requests import joined_hash
from domain.store.stored_document import StoredDocument

COLLECTION = "receipts"
EVENT_PREFIX = "purchase:"
_CLOSED = {"archived": True}
_DETAILS = ("n", "claims", "refunds", "delayed", "refund_ids", "corrections", "right", "stated")

ReceiptKind = Literal["purchase", "event"]
ReturnedPart = Literal["part", "whole"]
NOBODY = ""


class ReceiptDocument(StoredDocument):
    """A receipt in the database; `n` counts the refunds of a purchase. `delayed` are the rows of its delayed
    rules, `refund_ids` the refunds that have an identity, `corrections` the rows of its corrections; all are
    missing where there are none. Of one that is closed `left` only says so. `right` is the receipt as it is
    right, `stated` with the lines named last. `returned` is what refunds took of a sale that is parked:
    nothing is recorded, and `member` is NOBODY.
    """

    member: str
    seq: int
    store: str | None
    left: dict[str, Any] | None = None
    n: int | None = None
    claims: list[list[Any]] | None = None
    refunds: list[int] | None = None
    delayed: list[int] | None = None
    refund_ids: list[dict[str, Any]] | None = None
    corrections: list[int] | None = None
    right: dict[str, Any] | None = None
    stated: dict[str, Any] | None = None
    returned: ReturnedPart | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION


# ---------------------------------------------------------------- errors
class ReceiptTaken(StoreFault):
    """The receipt, or the event of this identity, was recorded before."""


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class RefundIdentity:
    """A refund's own identity within its receipt: the hash of what it takes back, its row's `seq`, and the
    wallets that it answered with (`wallet_snapshots.write_wallets`). One that came while the sale was parked
    has no row: `seq` is None, and `wallets` holds what it answered.
    """

    id: str
    content_hash: str
    seq: int | None
    wallets: object


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A recorded purchase (or event: `remaining` is None): whose it is, its row, what is left of it after
    `refunds`, the rows of its delayed rules, and the refunds that have an identity. Where it was corrected
    there are the rows of that, the receipt as it is right, and with the lines that were named last.
    `returned` is what refunds took of a sale that was parked, of which nothing is recorded.
    Of one that is closed nothing is left, since its row stands in the archive.
    """

    id: str
    member: str
    seq: int
    store: str | None
    remaining: Purchase | None
    claims: tuple[RefundClaim, ...]
    refunds: tuple[int, ...]
    delayed: tuple[int, ...] = ()
    refund_ids: tuple[RefundIdentity, ...] = ()
    corrections: tuple[int, ...] = ()
    corrected: Purchase | None = None
    stated: Purchase | None = None
    returned: ReturnedPart | None = None
    is_closed: bool = False

    @property
    def is_purchase(self) -> bool:
        """Tell whether it is that of a purchase, however long ago."""
        return self.remaining is not None or self.is_closed

    @property
    def deciding_seq(self) -> int:
        """Return the row that says what it gives: its own, or that of its last correction."""
        return self.corrections[-1] if self.corrections else self.seq

    def refund_identity(self, refund_id: str | None) -> RefundIdentity | None:
        """Return the refund of an identity; None where none has it."""
        return identity_of(self.refund_ids, refund_id)


def purchase_id(*, source: str, store: str | None, external_id: str) -> str:
    """Return the identity of a purchase: its number counts in its one spelling."""
    return joined_hash("purchase", source, store or "", normal_identifier(external_id))


# ---------------------------------------------------------------- reads
async def find_id(
    store: DocumentStore, kind: ReceiptKind, *, source: str, shop: str | None, external_id: str
) -> str:
    """Return the identity of a purchase, or of an event that another system reported, recorded or not.

    Earlier versions told spellings of a number apart: what they recorded is found by the same spelling.
    """
    number = normal_identifier(external_id)
    identity, earlier = (joined_hash(kind, source, shop or "", text) for text in (number, external_id))
    if identity == earlier:
        return identity
    row = await store[COLLECTION].find_one({"_id": earlier}, {"_id": 1})
    return identity if row is None else earlier


async def find(store: DocumentStore, receipt: str) -> StoredReceipt | None:
    """Return a receipt."""
    row = await store[COLLECTION].find_one({"_id": receipt})
    return None if row is None else read_receipt(row)


async def find_many(store: DocumentStore, receipts: Sequence[str]) -> dict[str, StoredReceipt]:
    """Return those receipts that there are, by id."""
    rows = store[COLLECTION].find({"_id": {"$in": list(receipts)}})
    return {row["_id"]: read_receipt(row) async for row in rows}


# ---------------------------------------------------------------- writes
def claim_write(receipt: str, *, member: str, row: JournalRow) -> Write:
    """Return the insertion of a receipt with its first row. It raises ReceiptTaken where it is there, and
    where it was refunded while it was parked.
    """
    return insert(COLLECTION, _first_row(receipt, member, row), if_taken=ReceiptTaken())


def credit_write(
    receipt: str, *, member: str, row: JournalRow, refund_ids: Sequence[RefundIdentity]
) -> Write:
    """Return the same of a sale that was parked, with the refunds that came meanwhile. It raises ReceiptTaken
    where the receipt was recorded.
    """
    document = _first_row(receipt, member, row)
    if refund_ids:
        document["refund_ids"] = [write_identity(identity) for identity in refund_ids]
    query = {"_id": receipt, "returned": {"$exists": True}}
    return Write(COLLECTION, ReplaceOne(query, document, upsert=True), ReceiptTaken())


def return_write(receipt: str, remaining: Purchase) -> Write:
    """Return the write that keeps what refunds took of a sale that is parked, for good. It raises
    ReceiptTaken where the receipt was recorded.
    """
    part: ReturnedPart = "whole" if remaining.is_returned else "part"
    change = {"$set": {"member": NOBODY, "seq": 0, "store": remaining.store, "returned": part}}
    query = {"_id": receipt, "returned": {"$exists": True}}
    return Write(COLLECTION, UpdateOne(query, change, upsert=True), ReceiptTaken())


def _first_row(receipt: str, member: str, row: JournalRow) -> dict[str, Any]:
    purchase = row.event.purchase
    document: dict[str, Any] = {
        "_id": receipt,
        "member": member,
        "seq": row.seq,
        "store": purchase.store if purchase else None,
    }
    if purchase is not None:
        document |= {"left": journal_rows.purchase_document(purchase), "n": 0, "claims": [], "refunds": []}
    return document


def reserve_write(receipt: str, *, member: str, store: str, if_taken: StoreFault) -> Write:
    """Return the write after which a purchase of this identity cannot be recorded; it raises `if_taken` where
    one is, and where a sale of it is parked and was refunded. Several may reserve one.
    """
    query = {"_id": receipt, "left": {"$exists": False}, "returned": {"$exists": False}}
    change = {"$setOnInsert": {"member": member, "seq": 0, "store": store}}
    return Write(COLLECTION, UpdateOne(query, change, upsert=True), if_taken)


def release_write(receipt: str) -> Write:
    """Return the write that lets a purchase be recorded of which the identity was reserved for nobody."""
    query = {"_id": receipt, "member": NOBODY, "left": {"$exists": False}, "returned": {"$exists": False}}
    return Write(COLLECTION, DeleteOne(query))


def refund_write(receipt: StoredReceipt, row: JournalRow, identity: RefundIdentity | None = None) -> Write:
    """Return the update that a refund's row makes, guarded by the refunds and the delayed rules that it was
    decided on. It raises Stale.
    """
    assert row.claim is not None, "a refund's row has a claim"
    assert row.event.refund is not None, "a refund's event carries its refund"
    pushed: dict[str, object] = {"claims": claim_document(row.claim), "refunds": row.seq}
    if identity is not None:
        pushed["refund_ids"] = write_identity(identity)
    change = {
        "$set": {"left": journal_rows.purchase_document(row.event.refund.remaining)},
        "$push": pushed,
        "$inc": {"n": 1},
    }
    return update(
        COLLECTION,
        _as_decided_on(receipt),
        change,
        if_missed=Stale("another refund, a correction or a delayed rule came first"),
    )


def correction_write(receipt: StoredReceipt, row: JournalRow, *, stated: Purchase) -> Write:
    """Return the update that a correction's row makes, guarded as a refund's. It raises Stale."""
    assert row.event.refund is not None, "a correction's event carries what it changes"
    assert row.event.purchase is not None, "a correction's event carries the receipt"
    claims = correcting.claims_after(receipt.claims, row)
    change = {
        "$set": {
            "left": journal_rows.purchase_document(row.event.refund.remaining),
            "right": journal_rows.purchase_document(row.event.purchase),
            "stated": journal_rows.purchase_document(stated),
            "claims": [claim_document(claim) for claim in claims],
        },
        "$push": {"corrections": row.seq},
    }
    return update(
        COLLECTION,
        _as_decided_on(receipt),
        change,
        if_missed=Stale("a refund, another correction or a delayed rule came first"),
    )


def _as_decided_on(receipt: StoredReceipt) -> dict[str, object]:
    return {
        "_id": receipt.id,
        "n": len(receipt.refunds),
        "delayed": list(receipt.delayed) or None,
        "corrections": list(receipt.corrections) or None,
    }


def close_write(receipt: Raw) -> Write:
    """Return the update after which nothing of a receipt can be taken back: only that it counts once is kept.
    It raises Stale where the receipt is no more as it was read.
    """
    counters = {name: receipt.get(name) for name in ("n", "delayed", "corrections")}
    details = dict.fromkeys(_DETAILS, "")
    return update(
        COLLECTION,
        {"_id": receipt["_id"], **counters},
        {"$set": {"left": _CLOSED}, "$unset": details},
        if_missed=Stale("the receipt has moved on"),
    )


def reopen_write(receipt: Raw) -> Write:
    """Return the replacement of a closed receipt by what it was."""
    return Write(COLLECTION, ReplaceOne({"_id": receipt["_id"], "left": _CLOSED}, receipt))


def is_open(receipt: Raw) -> bool:
    """Tell whether a stored receipt is of a purchase that can be taken back or corrected."""
    return "lines" in receipt.get("left", ())


def delayed_write(receipt: str, row: JournalRow) -> Write:
    """Return the update that keeps which row a delayed rule of the purchase was decided in."""
    return update(COLLECTION, {"_id": receipt}, {"$push": {"delayed": row.seq}})


def of_event(event: Event) -> str | None:
    """Return the receipt that a delayed part of a purchase belongs to; None for any other event."""
    if event.delayed_rule is None or event.purchase is None or not event.id.startswith(EVENT_PREFIX):
        return None
    return event.id.removeprefix(EVENT_PREFIX).partition(">")[0].partition("/")[0]


def read_receipt(row: Raw) -> StoredReceipt:
    """Return the receipt of a document."""
    remaining = journal_rows.read_purchase(row["left"]) if is_open(row) else None
    claims = tuple(read_claim(one) for one in row.get("claims", ()))
    return StoredReceipt(
        row["_id"],
        row["member"],
        row["seq"],
        row["store"],
        remaining,
        claims,
        tuple(row.get("refunds", ())),
        tuple(row.get("delayed", ())),
        tuple(map(read_identity, row.get("refund_ids", ()))),
        tuple(row.get("corrections", ())),
        journal_rows.read_purchase(row["right"]) if "right" in row else None,
        journal_rows.read_purchase(row["stated"]) if "stated" in row else None,
        row.get("returned"),
        row.get("left") == _CLOSED,
    )


def write_identity(identity: RefundIdentity) -> dict[str, Any]:
    """Return a refund's identity as receipts and parked sales store it."""
    return {
        "id": identity.id,
        "hash": identity.content_hash,
        "seq": identity.seq,
        "wallets": identity.wallets,
    }


def read_identity(row: Raw) -> RefundIdentity:
    """Return a refund's identity as it is stored."""
    return RefundIdentity(row["id"], row["hash"], row["seq"], row["wallets"])


def identity_of(identities: Sequence[RefundIdentity], refund_id: str | None) -> RefundIdentity | None:
    """Return the refund of an identity; None where none has it."""
    if refund_id is None:
        return None
    number = normal_identifier(refund_id)
    return next((one for one in identities if normal_identifier(one.id) == number), None)
