"""Purchases as they were recorded, with what was refunded of them since."""

from datetime import datetime

import strawberry

from api.graphql.basics import Info, Node, PageInfo
from api.graphql.descriptions import CURSOR, EDGES, PAGE
from api.graphql.ids import encode
from api.graphql.stores import Store, store_of
from domain.model.events import Line
from domain.model.events import Purchase as Bill
from domain.services.reading import Receipted


@strawberry.type(description="`amount` is the line's total. The lines sum to at most the purchase's total.")
class PurchaseLine:
    line: int = strawberry.field(description="Its number in the receipt, from 1; a refund names it.")
    sku: str = strawberry.field(description="The goods' number.")
    name: str | None = strawberry.field(description="Null where none was given.")
    category: str | None = strawberry.field(description="Null where none was given.")
    quantity: int = strawberry.field(description="How many.")
    amount: int = strawberry.field(description="The line's total, in minor units.")
    refunded_quantity: int = strawberry.field(description="How many of them were returned.")
    refunded_amount: int = strawberry.field(description="How much of it was refunded.")


@strawberry.type(description="A receipt as it was recorded, with what was refunded since.")
class Purchase(Node):
    external_id: str = strawberry.field(description="The receipt's number at its store.")
    source: str = strawberry.field(description="The kind of system that brought it, such as till.")
    store: Store | None = strawberry.field(description="Null where it was in no store.")
    occurred_at: datetime = strawberry.field(description="When they bought.")
    currency: str = strawberry.field(description="ISO 4217; all amounts are in its minor units.")
    total: int = strawberry.field(description="What was paid, after discounts and vouchers.")
    refunded: int = strawberry.field(description="How much of `total` was refunded since.")
    lines: list[PurchaseLine] = strawberry.field(
        description="In the receipt's order; empty where only a total was brought."
    )


@strawberry.type(description="A purchase in its list.")
class PurchaseEdge:
    cursor: str = strawberry.field(description=CURSOR)
    node: Purchase = strawberry.field(description="The purchase.")


@strawberry.type(description="A window of purchases.")
class PurchaseConnection:
    edges: list[PurchaseEdge] = strawberry.field(description=EDGES)
    page_info: PageInfo = strawberry.field(description=PAGE)


async def purchase_of(info: Info, receipted: Receipted) -> Purchase:
    """Return a recorded purchase, with what was refunded of it since."""
    bill = receipted.purchase
    names = await info.context.loaders.store_names() if bill.store is not None else {}
    return Purchase(
        id=strawberry.ID(encode("Purchase", receipted.id)),
        external_id=bill.external_id,
        source=receipted.source,
        store=store_of(bill.store, names) if bill.store is not None else None,
        occurred_at=receipted.at,
        currency=bill.currency,
        total=bill.total,
        refunded=bill.total - receipted.left.total,
        lines=_lines(bill, receipted.left),
    )


def _lines(bill: Bill, left: Bill) -> list[PurchaseLine]:
    remains = {line.line: line for line in left.lines}
    return [_line(line, remains.get(line.line, line)) for line in bill.lines]


def _line(line: Line, left: Line) -> PurchaseLine:
    return PurchaseLine(
        line=line.line,
        sku=line.sku,
        name=line.name,
        category=line.category,
        quantity=line.quantity,
        amount=line.amount,
        refunded_quantity=line.quantity - left.quantity,
        refunded_amount=line.amount - left.amount,
    )
