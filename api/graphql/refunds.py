"""Refunds at the till: quoted, and taken back."""

from typing import Annotated

import strawberry

from api.graphql.basics import Info
from api.graphql.points import PointEntry, QuotedEntry, Wallet, WalletTotal, entries_of, quoted_entry, totals_of, wallets_then
from api.graphql.problems import IdempotencyConflict, NotAllowed, RefundTooLarge, UnknownPurchase, refusals
from api.graphql.receipts import Purchase, purchase_of
from api.graphql.tills import till_of
from domain.services import refunds
from domain.services.refunds import Asked, RefundLine


@strawberry.input(description="`line` as numbered in the purchase; quantity, or amount for goods by weight.")
class RefundLineInput:
    line: int
    quantity: int | None = None
    amount: int | None = None


@strawberry.input(
    description="Refunds add up: the award that stands is always what the rules of the day of purchase give for what was kept. "
    "Amount, or lines, or neither for all that is left; both are BAD_INPUT."
)
class RefundInput:
    external_id: str
    store: str | None = None
    amount: int | None = None
    lines: list[RefundLineInput] | None = None
    reason: str
    idempotency_key: str


@strawberry.input
class QuoteRefundInput:
    external_id: str
    store: str | None = None
    amount: int | None = None
    lines: list[RefundLineInput] | None = None


@strawberry.type
class RefundQuote:
    refundable: int
    entries: list[QuotedEntry]
    totals: list[WalletTotal]


@strawberry.type
class PurchaseRefunded:
    purchase: Purchase
    entries: list[PointEntry]
    wallets: list[Wallet]


RefundPurchaseResult = Annotated[
    PurchaseRefunded | RefundTooLarge | UnknownPurchase | NotAllowed | IdempotencyConflict,
    strawberry.union("RefundPurchaseResult"),
]


@strawberry.type
class RefundQuery:
    @strawberry.field(description="Staff: what this refund would take back. Writes nothing.")
    async def quote_refund(self, info: Info, input: QuoteRefundInput) -> RefundQuote:
        loaders = info.context.loaders
        found = await refunds.quote(info.context.services.house, till=till_of(info), asked=_asked(input), now=loaders.now)
        reader = await loaders.reader()
        return RefundQuote(
            refundable=found.refundable,
            entries=[quoted_entry(reader, entry, found.version) for entry in found.entries],
            totals=totals_of(reader, found.entries),
        )


@strawberry.type
class RefundMutation:
    @strawberry.mutation
    @refusals
    async def refund_purchase(self, info: Info, input: RefundInput) -> RefundPurchaseResult:
        loaders = info.context.loaders
        done = await refunds.refund(
            info.context.services.house,
            till=till_of(info),
            asked=_asked(input),
            reason=input.reason,
            key=input.idempotency_key,
            now=loaders.now,
        )
        reader = await loaders.reader()
        return PurchaseRefunded(
            purchase=await purchase_of(info, done.receipted),
            entries=entries_of(reader, done.member_id, done.told),
            wallets=wallets_then(reader, done.member_id, done.wallets),
        )


def _asked(given: RefundInput | QuoteRefundInput) -> Asked:
    lines = tuple(RefundLine(one.line, one.quantity, one.amount) for one in given.lines or ())
    return Asked(given.external_id, given.store, given.amount, lines)
