"""Recorded purchases, with what was refunded since."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graphql.engine.descriptions import CURSOR, EDGES, PAGE_INFO, TOTAL_COUNT
from api.graphql.engine.ids import encode_id
from api.graphql.engine.merged_lists import total
from api.graphql.engine.shared_types import Info, Node, PageInfo
from api.graphql.member.explanations import RuleOutcome, explanation_of_row
from api.graphql.member.fiscal.fiscal_record import FiscalRecord, fiscal_record_of
from api.graphql.member.payments import PaymentBack, WalletPart, back_of, payment_of
from api.graphql.member.stores import Store, store_of
from api.graphql.member.vouchers import Voucher, voucher_of
from domain.model.ledger.events import Line
from domain.model.ledger.events import Purchase as LedgerPurchase
from domain.model.ledger.payments import paid_otherwise, payment_back
from domain.services.ledger.purchase_queries import RecordedPurchase
from domain.store.ledger.history_entries import row_history

if TYPE_CHECKING:
    from api.graphql.member.points import PointEntry


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
    paid: int = strawberry.field(description="What of `total` was paid otherwise than by wallets.")
    payment: list[WalletPart] = strawberry.field(
        description="What wallets paid of `total`, as it was recorded; empty where none did."
    )
    back: PaymentBack = strawberry.field(description="What refunds have given back since.")
    lines: list[PurchaseLine] = strawberry.field(
        description="In the receipt's order; empty where only a total was brought."
    )
    receipt: strawberry.Private[str]
    member: strawberry.Private[str]
    seq: strawberry.Private[int]
    later_seqs: strawberry.Private[tuple[int, ...]]
    corrections: strawberry.Private[tuple[int, ...]]

    @strawberry.field(
        description=(
            "What it moved in wallets, oldest first: what it earned and what paid for it, what came later,"
            " and what refunds took and gave back."
        )
    )
    async def entries(
        self, info: Info
    ) -> list[Annotated["PointEntry", strawberry.lazy("api.graphql.member.points")]]:
        loaders = info.context.loaders
        rows = await asyncio.gather(*(loaders.row(self.member, seq) for seq in (self.seq, *self.later_seqs)))
        history = [entry for row in rows if row is not None for entry in row_history(row)]
        await info.context.dependencies.runtime.programmes.load_versions(one.version for one in history)
        # Points import purchases, which stand behind entries: so they are imported when both are there.
        from api.graphql.member.points import entries_of

        return entries_of(await loaders.audience(), self.member, history)

    @strawberry.field(description="The vouchers that were used on it.")
    async def vouchers(self, info: Info) -> list[Voucher]:
        used = await info.context.loaders.used_vouchers(self.receipt)
        return [await voucher_of(info, voucher) for voucher in used]

    @strawberry.field(
        description=(
            "What it was paid by, its taxes and the credit that it granted, as it was recorded or last"
            " corrected, with the discounts of the vouchers that were used on it: gross = discounts +"
            " payments."
        )
    )
    async def fiscal(self, info: Info) -> FiscalRecord:
        return await fiscal_record_of(info, self.receipt, self.member, (self.seq, *self.corrections))

    @strawberry.field(
        description=(
            "What each rule came to when it was recorded, or last corrected: what counted, and why the others"
            " did not. Refunds are lines of the history with reasons of their own."
        )
    )
    async def explanation(self, info: Info) -> list[RuleOutcome]:
        audience = await info.context.loaders.audience()
        return await explanation_of_row(info, audience, self.member, (self.seq, *self.corrections)[-1])


@strawberry.type(description="A purchase in its list.")
class PurchaseEdge:
    cursor: str = strawberry.field(description=CURSOR)
    node: Purchase = strawberry.field(description="The purchase.")


@strawberry.type(description="A window of purchases.")
class PurchaseConnection:
    edges: list[PurchaseEdge] = strawberry.field(description=EDGES)
    page_info: PageInfo = strawberry.field(description=PAGE_INFO)
    member: strawberry.Private[str]
    is_filtered: strawberry.Private[bool]

    @strawberry.field(description=TOTAL_COUNT)
    async def total_count(self, info: Info) -> int | None:
        if self.is_filtered:
            return None
        return await total(info, self.member, lambda counted: counted.purchases.count)


async def purchase_of(info: Info, recorded_purchase: RecordedPurchase) -> Purchase:
    """Return a recorded purchase, with what was refunded since."""
    purchase, remaining = recorded_purchase.purchase, recorded_purchase.remaining
    if recorded_purchase.row is not None:
        info.context.loaders.remember_row(recorded_purchase.member, recorded_purchase.row)
    audience = await info.context.loaders.audience()
    names = await info.context.loaders.store_names() if purchase.store is not None else {}
    return Purchase(
        id=strawberry.ID(encode_id("Purchase", recorded_purchase.id)),
        external_id=purchase.external_id,
        source=recorded_purchase.source,
        store=store_of(purchase.store, names) if purchase.store is not None else None,
        occurred_at=recorded_purchase.purchased_at,
        currency=purchase.currency,
        total=purchase.total,
        refunded=purchase.total - remaining.total,
        paid=paid_otherwise(purchase),
        payment=payment_of(audience, purchase),
        back=back_of(audience, payment_back(purchase, remaining)),
        lines=_lines(purchase, remaining),
        receipt=recorded_purchase.id,
        member=recorded_purchase.member,
        seq=recorded_purchase.seq,
        later_seqs=recorded_purchase.later_seqs,
        corrections=recorded_purchase.corrections,
    )


def _lines(purchase: LedgerPurchase, remaining: LedgerPurchase) -> list[PurchaseLine]:
    remaining_lines = {line.line: line for line in remaining.lines}
    return [_line(line, remaining_lines.get(line.line, line)) for line in purchase.lines]


def _line(line: Line, remaining: Line) -> PurchaseLine:
    return PurchaseLine(
        line=line.line,
        sku=line.sku,
        name=line.name,
        category=line.category,
        quantity=line.quantity,
        amount=line.amount,
        refunded_quantity=line.quantity - remaining.quantity,
        refunded_amount=line.amount - remaining.amount,
    )
