"""Checkout at the till: vouchers, payment and purchase as one act."""

from dataclasses import replace
from typing import Annotated

import strawberry

from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.problems import (
    ExpiredCode,
    IdempotencyConflict,
    InsufficientBalance,
    NotAllowed,
    PaymentNotAccepted,
    UnknownCode,
    refusals_as_problems,
)
from api.graphql.engine.shared_types import Info
from api.graphql.member.catalogue.purchase_quotes import PurchaseLineInput
from api.graphql.member.payment_holds import PAID_WITH, HeldPaymentInput, HoldNotUsable
from api.graphql.member.vouchers import Voucher, VoucherNotUsable, decode_voucher_id, voucher_of
from api.graphql.till.guests.claimed_receipts import PurchaseClaimed
from api.graphql.till.purchases import (
    PAY_WITH,
    PurchaseRecorded,
    WalletPaymentInput,
    purchase_input_of,
    recorded_of,
)
from api.graphql.till.receipt_details import TaxLineInput, TenderInput, receipt_details
from api.graphql.till.till_session import guard_scans, presence_of, served_member, till_of
from domain.services.ledger.at_till import checkout
from domain.services.ledger.at_till.checkout import BasketVoucher


@strawberry.input(description="A voucher of the basket, by its code or by its id.")
class CheckoutVoucherInput:
    code: str | None = strawberry.field(default=None, description="What the scanner read, or somebody typed.")
    voucher_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="One of `Customer.vouchers`, of a member whose visit began with a card's code.",
    )
    discount: int | None = strawberry.field(
        default=None,
        description=(
            "What was taken off for it, in minor units; by default what its value says of `total`. Say it of"
            " a voucher of 100 percent."
        ),
    )


@strawberry.input(
    description=(
        "A basket that is paid now. Known by (source, store, externalId), like a purchase; a till without a"
        " network keeps a `recordPurchase` in its place."
    )
)
class CheckoutInput:
    member: str = strawberry.field(description="A visit, a membership number, or a customer's id.")
    external_id: str = strawberry.field(description="The receipt's number, 1 to 128 characters.")
    currency: str = strawberry.field(description="The programme's, ISO 4217.")
    total: int = strawberry.field(
        description=(
            "What was paid, after discounts and vouchers, in minor units. The minimum of a voucher is judged"
            " by what the goods cost before the discounts of these vouchers."
        )
    )
    lines: list[PurchaseLineInput] | None = strawberry.field(
        default_factory=list, description="What was bought, at most 500 lines; rules about goods need them."
    )
    vouchers: list[CheckoutVoucherInput] | None = strawberry.field(
        default_factory=list, description="Used with it, each once, at most 10."
    )
    pay_with: list[WalletPaymentInput] | None = strawberry.field(default_factory=list, description=PAY_WITH)
    paid_with: list[HeldPaymentInput] | None = strawberry.field(default_factory=list, description=PAID_WITH)
    taxes: list[TaxLineInput] | None = strawberry.field(
        default=None, description="The receipt's tax lines, at most 50, for the fiscal record."
    )
    tenders: list[TenderInput] | None = strawberry.field(
        default=None,
        description="What was given at the door, at most 20; they sum to the total less what wallets paid.",
    )
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(description="The vouchers are used and the purchase counts.")
class CheckedOut(PurchaseRecorded):
    vouchers: list[Voucher] = strawberry.field(description="As they are with it, in the basket's order.")


CheckoutResult = Annotated[
    CheckedOut
    | PurchaseClaimed
    | VoucherNotUsable
    | ExpiredCode
    | UnknownCode
    | NotAllowed
    | IdempotencyConflict
    | InsufficientBalance
    | PaymentNotAccepted
    | HoldNotUsable,
    strawberry.union("CheckoutResult", description="All of it, or why nothing of it happened."),
]


@strawberry.type
class CheckoutMutation:
    @strawberry.mutation(
        description=(
            "Vouchers, payment and purchase as one act under one key: all of it happens, or nothing. Vouchers"
            " are used first, then the purchase is decided."
        )
    )
    @refusals_as_problems
    async def checkout(self, info: Info, input: CheckoutInput) -> CheckoutResult:
        member = await served_member(info, input.member)
        async with guard_scans(info):
            result = await checkout.check_out(
                info.context.dependencies.runtime,
                till=till_of(info, input.member),
                member_id=member,
                purchase_input=replace(
                    purchase_input_of(input, external_id=input.external_id),
                    details=receipt_details(input.taxes, input.tenders),
                ),
                basket_vouchers=[_basket_voucher(each) for each in input.vouchers or ()],
                key=input.idempotency_key,
                now=info.context.loaders.now,
                presence=await presence_of(info, input.member),
            )
        vouchers = [await voucher_of(info, voucher) for voucher in result.vouchers]
        return await recorded_of(info, CheckedOut, result.recorded, vouchers=vouchers)


def _basket_voucher(input: CheckoutVoucherInput) -> BasketVoucher:
    voucher_id = None if input.voucher_id is None else decode_voucher_id(input.voucher_id)
    return BasketVoucher(input.code, voucher_id, input.discount)
