"""The state of each order that a source reported: what its bodies say by now, and what its receipt holds of
it.

The transaction that acts on a receipt claims the order at the revision that it was decided on. An order
whose member is unknown waits 90 days by hashes of its contacts; whoever proves one of them is noted with it
by the transaction that proves it. A row holds hashes of contacts, no contact.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, cast

from pymongo import IndexModel, UpdateMany

from domain.model.intake.order_book import OrderBook
from domain.model.intake.order_state import MemberHints, OrderLine, OrderRefund, OrderState, RefundedPart
from domain.model.values import dataclass
from domain.store import document_store
from domain.store.connect import Raw
from domain.store.document_store import EPOCH, DocumentStore, StoreFault, Write, insert
from domain.store.requests import joined_hash
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION: Final = "intake_orders"
WAITS_FOR: Final = timedelta(days=90)


class IntakeOrderDocument(StoredDocument):
    """An order in the database; `_id` is the hash of source, store and the order's number. `actor` is the
    system with a key that reported it.
    """

    source: str
    store: str
    external_id: str
    rev: int
    state: dict[str, Any] | None = None
    refunds: list[list[Any]]
    contacts: list[str]
    customer: str | None = None
    member: str | None = None
    keys: list[str] | None = None
    actor: str | None = None
    due: datetime | None = None
    purge_at: datetime | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        keep_nulls = False
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"contacts": 1}),
            IndexModel({"customer": 1}),
            IndexModel({"member": 1}, sparse=True),
            IndexModel({"due": 1}, partialFilterExpression={"due": {"$exists": True}}),
            IndexModel({"source": 1}),
            ttl_index("purge_at"),
        )


# ---------------------------------------------------------------- errors
class OrderMoved(StoreFault):
    """The order has another state by now than the one that was decided on: read it again."""


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class StoredOrder:
    """An order at a revision; 0 is not stored yet. `actor` is who acts for it, where a system with a key
    reported it. `contacts` and `customer` are hashes, `keys` those of the
    receipt's lines once it is recorded. One that is not recorded leaves at `purge_at`.
    """

    id: str
    source: str
    store: str
    external_id: str
    rev: int = 0
    book: OrderBook = field(default_factory=OrderBook)
    contacts: tuple[str, ...] = ()
    customer: str | None = None
    member: str | None = None
    keys: tuple[str, ...] | None = None
    purge_at: datetime | None = None
    actor: str | None = None

    @property
    def is_recorded(self) -> bool:
        """Tell whether the order has a receipt."""
        return self.keys is not None

    def standing_at(self, now: datetime) -> StoredOrder:
        """Return the order as it stands: of one that waited its time for nobody nothing is known any more,
        whether the database has dropped it by then or not.
        """
        if self.purge_at is None or now < self.purge_at or self.member is not None:
            return self
        return StoredOrder(self.id, self.source, self.store, self.external_id, self.rev)


def order_id_of(*, source: str, store: str, external_id: str) -> str:
    """Return the identity of an order."""
    return joined_hash("order", source, store, external_id)


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, id: str) -> StoredOrder | None:
    """Return an order."""
    row = await store[COLLECTION].find_one({"_id": id})
    return None if row is None else _read(row)


async def find_due(store: DocumentStore, *, now: datetime, first: int) -> list[StoredOrder]:
    """Return the orders whose member was noted since."""
    rows = store[COLLECTION].find({"due": {"$gt": EPOCH, "$lte": now}}).sort("due", 1).limit(first)
    return [_read(row) async for row in rows]


async def find_of_person(
    store: DocumentStore, source: str, *, customer: Sequence[str], contacts: Sequence[str]
) -> list[StoredOrder]:
    """Return the orders of a source that a customer or one of these contacts may have placed, by their
    hashes.
    """
    queries = ({"customer": {"$in": list(customer)}}, {"contacts": {"$in": list(contacts)}})
    cursors = [store[COLLECTION].find({**query, "source": source}) for query in queries]
    return [_read(row) for cursor in cursors async for row in cursor]


async def find_ids_of_member(store: DocumentStore, member: str, *, customers: Sequence[str]) -> list[str]:
    """Return the ids of the orders that are a member's, and of those by customers, by their hashes."""
    cursors = [
        store[COLLECTION].find(query, {"_id": 1})
        for query in ({"member": member}, {"customer": {"$in": list(customers)}})
    ]
    return list({cast(str, row["_id"]) for cursor in cursors async for row in cursor})


async def find_waiting_ids(store: DocumentStore, contact_hashes: Collection[str]) -> list[str]:
    """Return the ids of the orders that wait for one of these contacts, by their hashes."""
    rows = store[COLLECTION].find({"contacts": {"$in": list(contact_hashes)}}, {"_id": 1})
    return [cast(str, row["_id"]) async for row in rows]


async def find_many(store: DocumentStore, ids: Sequence[str]) -> list[StoredOrder]:
    """Return those of the orders that there are."""
    return [_read(row) async for row in store[COLLECTION].find({"_id": {"$in": list(ids)}})]


async def find_of_source(store: DocumentStore, source: str) -> list[StoredOrder]:
    """Return all orders of a source."""
    return [_read(row) async for row in store[COLLECTION].find({"source": source})]


async def find_store(store: DocumentStore, source: str) -> str | None:
    """Return the store that a source's orders are of; None where it has none."""
    row = await store[COLLECTION].find_one({"source": source}, {"store": 1})
    return None if row is None else cast(str, row["store"])


# ---------------------------------------------------------------- writes
def put_write(order: StoredOrder) -> Write:
    """Return the write of an order's next revision; it raises OrderMoved where another was first."""
    moved = OrderMoved("the order has moved on")
    document = _document(replace(order, rev=order.rev + 1))
    if order.rev == 0:
        return insert(COLLECTION, document, if_taken=moved)
    return document_store.replace(COLLECTION, {"_id": order.id, "rev": order.rev}, document, if_missed=moved)


def claim_write(contact_hashes: Sequence[str], member: str, *, now: datetime) -> Write:
    """Return the write by which whoever proves contacts is noted with the orders that wait for them still."""
    query = {
        "contacts": {"$in": list(contact_hashes)},
        "keys": {"$exists": False},
        "purge_at": {"$gt": now},
    }
    return Write(COLLECTION, UpdateMany(query, {"$set": {"member": member, "due": now}, "$inc": {"rev": 1}}))


async def set_aside(store: DocumentStore, order: StoredOrder) -> None:
    """Let an order that was due wait on, as long as nothing else moved it."""
    await store[COLLECTION].update_one({"_id": order.id, "rev": order.rev}, {"$unset": {"due": ""}})


async def forget(store: DocumentStore, ids: Sequence[str]) -> None:
    """Drop who placed these orders, and the orders that have no receipt."""
    await store[COLLECTION].delete_many({"_id": {"$in": list(ids)}, "keys": {"$exists": False}})
    change = {"$set": {"contacts": []}, "$unset": {"customer": "", "due": ""}, "$inc": {"rev": 1}}
    await store[COLLECTION].update_many({"_id": {"$in": list(ids)}}, change)


# ---------------------------------------------------------------- the parts of the document
def _document(order: StoredOrder) -> dict[str, Any]:
    state = order.book.state
    row: dict[str, Any] = {
        "_id": order.id,
        "source": order.source,
        "store": order.store,
        "external_id": order.external_id,
        "rev": order.rev,
        "state": None if state is None else _state_document(state),
        "refunds": [
            [refund.id, [_part_row(part) for part in refund.parts], refund.amount]
            for refund in order.book.refunds
        ],
        "contacts": list(order.contacts),
        "customer": order.customer,
        "member": order.member,
        "keys": None if order.keys is None else list(order.keys),
        "purge_at": order.purge_at,
        "actor": order.actor,
    }
    return {name: value for name, value in row.items() if value is not None}


def _part_row(part: RefundedPart) -> list[Any]:
    row = [part.key, part.amount, part.quantity]
    return [*row, part.tax] if part.tax else row


def _state_document(state: OrderState) -> dict[str, Any]:
    return {
        "currency": state.currency,
        "total": state.total,
        "lines": [
            [
                line.key,
                line.sku,
                line.category,
                line.amount,
                line.quantity,
                line.left_amount,
                line.left_quantity,
                line.name,
            ]
            for line in state.lines
        ],
        "at": state.occurred_at,
        "updated": state.updated_at,
        "standing": state.standing,
        "unexplained": state.unexplained,
        "refund_ids": list(state.refund_ids),
        "numbers": list(state.numbers),
        **({"is_test": True} if state.is_test else {}),
        **({"is_tax_out": True} if state.is_tax_out else {}),
    }


def _read(row: Raw) -> StoredOrder:
    refunds = tuple(
        OrderRefund(id, row["external_id"], tuple(RefundedPart(*part) for part in parts), amount)
        for id, parts, amount in row["refunds"]
    )
    state = row.get("state")
    keys = row.get("keys")
    return StoredOrder(
        row["_id"],
        row["source"],
        row["store"],
        row["external_id"],
        row["rev"],
        OrderBook(None if state is None else _read_state(row["external_id"], state), refunds),
        tuple(row["contacts"]),
        row.get("customer"),
        row.get("member"),
        None if keys is None else tuple(keys),
        row.get("purge_at"),
        row.get("actor"),
    )


def _read_state(external_id: str, state: Raw) -> OrderState:
    return OrderState(
        external_id=external_id,
        currency=state["currency"],
        total=state["total"],
        lines=tuple(OrderLine(*line) for line in state["lines"]),
        occurred_at=state["at"],
        updated_at=state["updated"],
        standing=state["standing"],
        hints=MemberHints(),
        unexplained=state["unexplained"],
        is_test=state.get("is_test", False),
        is_tax_out=state.get("is_tax_out", False),
        refund_ids=tuple(state["refund_ids"]),
        numbers=tuple(state["numbers"]),
    )
