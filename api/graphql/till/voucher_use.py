"""Using a voucher at the till, and undoing a use."""

from typing import Annotated

import strawberry

from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.problems import IdempotencyConflict, NotAllowed, UnknownCode, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.member.vouchers import Voucher, VoucherNotUsable, decode_voucher_id, voucher_of
from api.graphql.till.customers import Customer, customer_of
from api.graphql.till.till_session import guard_scans, till_of
from domain.services.ledger import redemption


@strawberry.input(
    description=(
        "The voucher's terms are judged against the receipt: the recorded purchase of this number, else the"
        " total. Without either nothing is judged, and it is accepted."
    )
)
class UseVoucherInput:
    code: str = strawberry.field(description="What the scanner read, or somebody typed.")
    purchase: str | None = strawberry.field(
        default=None, description="The receipt's number; null where there is none."
    )
    total: int | None = strawberry.field(
        default=None, description="The receipt's total, in minor units; null where it is not known."
    )
    discount: int | None = strawberry.field(
        default=None,
        description=(
            "What was taken off the receipt of `purchase`, in minor units, for the fiscal record; by default"
            " what the voucher's value says of the recorded purchase, else of `total`."
        ),
    )
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.input(description="A voucher that was accepted by mistake.")
class ReverseVoucherUseInput:
    voucher_id: strawberry.ID = strawberry.field(description="Its global id.")
    reason: str = strawberry.field(description="Why, 1 to 500 characters; kept in the audit trail.")
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(description="The voucher is used now: give what it is worth.")
class VoucherAccepted:
    voucher: Voucher = strawberry.field(description="The voucher with it.")
    customer: Customer = strawberry.field(description="Whose it was, as they are now.")
    judged: bool = strawberry.field(
        description="Whether its terms were judged: false where no receipt and no total was named."
    )


@strawberry.type(description="The voucher can be used again.")
class VoucherUseReversed:
    voucher: Voucher = strawberry.field(description="The voucher as it is now.")


UseVoucherResult = Annotated[
    VoucherAccepted | VoucherNotUsable | UnknownCode | NotAllowed | IdempotencyConflict,
    strawberry.union("UseVoucherResult", description="Accepted, or why not."),
]
ReverseVoucherUseResult = Annotated[
    VoucherUseReversed | NotAllowed | VoucherNotUsable | IdempotencyConflict,
    strawberry.union("ReverseVoucherUseResult", description="The voucher can be used again, or why not."),
]


@strawberry.type
class VoucherUseMutation:
    @strawberry.mutation(
        description=(
            "Uses a voucher at this till. The same request again gets the same success; another"
            " request is told when and where it was used."
        )
    )
    @refusals_as_problems
    async def use_voucher(self, info: Info, input: UseVoucherInput) -> UseVoucherResult:
        loaders = info.context.loaders
        async with guard_scans(info):
            result = await redemption.use(
                info.context.dependencies.runtime,
                till=till_of(info),
                code=input.code,
                purchase=input.purchase,
                total=input.total,
                discount=input.discount,
                key=input.idempotency_key,
                now=loaders.now,
            )
        loaders.remember(result.member_view)
        audience = await loaders.audience()
        return VoucherAccepted(
            voucher=await voucher_of(info, result.voucher),
            customer=customer_of(audience, result.member_view),
            judged=result.is_judged,
        )

    @strawberry.mutation(
        description=("Managers, within 15 minutes: undoes the use of a voucher that was accepted by mistake.")
    )
    @refusals_as_problems
    async def reverse_voucher_use(self, info: Info, input: ReverseVoucherUseInput) -> ReverseVoucherUseResult:
        loaders = info.context.loaders
        result = await redemption.reverse(
            info.context.dependencies.runtime,
            till=till_of(info),
            voucher_id=decode_voucher_id(input.voucher_id),
            reason=input.reason,
            key=input.idempotency_key,
            now=loaders.now,
        )
        loaders.remember(result.member_view)
        return VoucherUseReversed(voucher=await voucher_of(info, result.voucher))
