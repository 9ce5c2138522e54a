"""Refunds at the till: quoting and recording."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

import strawberry

from api.errors import BadInput
from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.problems import (
    IdempotencyConflict,
    NotAllowed,
    RefundTooLarge,
    UnknownPurchase,
    refusals_as_problems,
)
from api.graphql.engine.shared_types import Info
from api.graphql.member.payments import PaymentBack, back_of
from api.graphql.member.points import (
    PointEntry,
    QuotedEntry,
    Wallet,
    WalletTotal,
    entries_of,
    quoted_entries,
    totals_of,
    wallets_after,
)
from api.graphql.member.receipts import Purchase, purchase_of
from api.graphql.till.till_session import till_of
from domain.services.ledger.parking.parked_refunds import ParkedRefund
from domain.services.ledger.returns import refunds
from domain.services.ledger.returns.refunds import RefundLine, RefundRequest


@strawberry.input(
    description="`line` as numbered in the purchase; quantity, amount (goods by weight), or both."
)
class RefundLineInput:
    line: int = strawberry.field(description="From 1.")
    quantity: int | None = strawberry.field(default=None, description="How many are returned.")
    amount: int | None = strawberry.field(default=None, description="In minor units, for goods by weight.")


@strawberry.input(
    description=(
        "Refunds add up: the award that stands is always what the rules of the day of purchase give for what"
        " was kept. Amount, or lines, or neither for all that is left; both are BAD_INPUT."
    )
)
class RefundInput:
    external_id: str = strawberry.field(description="The receipt's number.")
    store: str | None = strawberry.field(
        default=None,
        description=(
            "Where it was bought, the store's code; by default this one. Another one is for managers."
        ),
    )
    amount: int | None = strawberry.field(default=None, description="In minor units.")
    lines: list[RefundLineInput] | None = strawberry.field(
        default=None,
        description="What is returned; an empty list by itself is BAD_INPUT, and not all that is left.",
    )
    reason: str = strawberry.field(description="Why, 1 to 500 characters; kept in the audit trail.")
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)
    refund_id: str | None = strawberry.field(
        default=None,
        description=(
            "The refund's own identity within the receipt, such as the number of its credit note, 1 to 128"
            " characters. The same one again takes nothing more, whatever idempotencyKey it comes with, and"
            " answers as the first did; with another amount or other lines it is BAD_INPUT."
        ),
    )


@strawberry.input(
    description="A refund that is not recorded: amount, or lines, or neither for all that is left."
)
class QuoteRefundInput:
    external_id: str = strawberry.field(description="The receipt's number.")
    store: str | None = strawberry.field(
        default=None, description="Where it was bought, the store's code; by default this one."
    )
    amount: int | None = strawberry.field(default=None, description="In minor units.")
    lines: list[RefundLineInput] | None = strawberry.field(
        default=None,
        description="What is returned; an empty list by itself is BAD_INPUT, and not all that is left.",
    )


@strawberry.type(description="What a refund would take back.")
class RefundQuote:
    refundable: int = strawberry.field(
        description="How much of the purchase is left to refund, in minor units."
    )
    entries: list[QuotedEntry] = strawberry.field(description="What would be written.")
    totals: list[WalletTotal] = strawberry.field(description="What that comes to by wallet.")
    back: PaymentBack = strawberry.field(description="What the customer would get back.")


@strawberry.type(description="The refund counts.")
class PurchaseRefunded:
    purchase: Purchase = strawberry.field(description="The purchase with it.")
    entries: list[PointEntry] = strawberry.field(description="What it took back.")
    wallets: list[Wallet] = strawberry.field(description="The member's wallets right after it.")
    back: PaymentBack = strawberry.field(description="What the customer gets back by this refund.")


@strawberry.type(description="A sale that still waits for a contact to be proven is less now, or nothing.")
class ParkedSaleRefunded:
    external_id: str = strawberry.field(description="The receipt's number.")
    refunded: int = strawberry.field(
        description="What the customer gets back by this refund, in minor units."
    )
    remaining: int = strawberry.field(description="What of the sale still waits, in minor units.")
    waits_until: datetime = strawberry.field(description="After that it earns nothing.")


RefundPurchaseResult = Annotated[
    PurchaseRefunded
    | ParkedSaleRefunded
    | RefundTooLarge
    | UnknownPurchase
    | NotAllowed
    | IdempotencyConflict,
    strawberry.union("RefundPurchaseResult", description="The refund, or why there is none."),
]


@strawberry.type
class RefundQuery:
    @strawberry.field(description="Staff and systems: what this refund would take back. Writes nothing.")
    async def quote_refund(self, info: Info, input: QuoteRefundInput) -> RefundQuote:
        loaders = info.context.loaders
        quote = await refunds.quote(
            info.context.dependencies.runtime,
            till=till_of(info),
            refund_request=_refund_request(input),
            now=loaders.now,
        )
        audience = await loaders.audience()
        return RefundQuote(
            refundable=quote.refundable_minor,
            entries=quoted_entries(audience, quote.entries, quote.version),
            totals=totals_of(audience, quote.entries),
            back=back_of(audience, quote.back),
        )


@strawberry.type
class RefundMutation:
    @strawberry.mutation(description="Records a refund, and takes back what the returned part had earned.")
    @refusals_as_problems
    async def refund_purchase(self, info: Info, input: RefundInput) -> RefundPurchaseResult:
        loaders = info.context.loaders
        result = await refunds.refund(
            info.context.dependencies.runtime,
            till=till_of(info),
            refund_request=replace(_refund_request(input), refund_id=input.refund_id),
            reason=input.reason,
            key=input.idempotency_key,
            now=loaders.now,
        )
        if isinstance(result, ParkedRefund):
            return ParkedSaleRefunded(
                external_id=result.external_id,
                refunded=result.refunded_minor,
                remaining=result.remaining_minor,
                waits_until=result.until,
            )
        audience = await loaders.audience()
        return PurchaseRefunded(
            purchase=await purchase_of(info, result.purchase),
            entries=entries_of(audience, result.member_id, result.history),
            wallets=wallets_after(audience, result.member_id, result.wallets),
            back=back_of(audience, result.back),
        )


def _refund_request(refund_input: RefundInput | QuoteRefundInput) -> RefundRequest:
    if refund_input.lines == [] and refund_input.amount is None:
        raise BadInput("Name a line, or leave lines out for all that is left.", field="lines")
    lines = tuple(RefundLine(one.line, one.quantity, one.amount) for one in refund_input.lines or ())
    return RefundRequest(refund_input.external_id, refund_input.store, refund_input.amount, lines)
