"""Purchases as they were recorded, with what was refunded of them since."""

from datetime import datetime

import strawberry

from api.graphql.basics import Info, Node, PageInfo
from api.graphql.ids import encode
from api.graphql.stores import Store, store_of
from domain.model.events import Line
from domain.model.events import Purchase as Bill
from domain.services.reading import Receipted


@strawberry.type(description="`amount` is the line's total. The lines sum to at most the purchase's total.")
class PurchaseLine:
    line: int
    sku: str
    name: str | None
    category: str | None
    quantity: int
    amount: int
    refunded_quantity: int
    refunded_amount: int


@strawberry.type
class Purchase(Node):
    external_id: str
    source: str
    store: Store | None
    occurred_at: datetime
    currency: str
    total: int = strawberry.field(description="What was paid, after discounts and vouchers.")
    refunded: int
    lines: list[PurchaseLine]


@strawberry.type
class PurchaseEdge:
    cursor: str
    node: Purchase


@strawberry.type
class PurchaseConnection:
    edges: list[PurchaseEdge]
    page_info: PageInfo


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
