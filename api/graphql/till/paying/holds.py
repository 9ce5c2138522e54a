"""Holding a payment for an order, and giving it up: for tills with the member there, and for members."""

from typing import Annotated

import strawberry

from api.caller import MemberCaller
from api.errors import BadInput
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
from api.graphql.member.payment_holds import (
    HoldNotUsable,
    HoldRefused,
    HoldUse,
    PaymentHold,
    decode_hold,
    payment_hold,
)
from api.graphql.member.points import Wallet, wallets_after
from api.graphql.till.till_session import presence_of, served_member, till_of
from domain.model.ledger.holding.effects import DEFAULT_MINUTES
from domain.model.ledger.lots import FiscalUse
from domain.services.ledger import holds
from domain.services.ledger.till import Presence, Till


@strawberry.input(description="What to hold of a wallet, and for which order.")
class HoldPaymentInput:
    member: str | None = strawberry.field(
        default=None,
        description=(
            "For tills: a visit that began with a card's code, in its 5 minutes. A member leaves it out and"
            " holds of their own."
        ),
    )
    wallet: str = strawberry.field(description="Its code; `payable` of a quote says which there are.")
    amount: int = strawberry.field(
        description="In points, or minor units of the wallet's currency: a multiple of its step."
    )
    order: str = strawberry.field(
        description="The order's number, 1 to 128 characters. What is held for it already is replaced."
    )
    total: int = strawberry.field(
        description="What the order comes to before this, in minor units of the currency."
    )
    ttl_minutes: int = strawberry.field(
        default=DEFAULT_MINUTES, description="How long it is held: 1 to 10,080 minutes, seven days."
    )
    use: HoldUse = strawberry.field(default=HoldUse.DISCOUNT, description="What it is for the books.")
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.input(description="Which hold is given up.")
class ReleaseHoldInput:
    hold: strawberry.ID = strawberry.field(description="Its id, as `holdPayment` answered it.")
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(description="It is held until it is captured, released, or its time is over.")
class PaymentHeld:
    hold: PaymentHold = strawberry.field(description="As it was held.")
    wallets: list[Wallet] = strawberry.field(
        description="As they were right after it, also where the same key is answered again."
    )


@strawberry.type(description="What was held can be spent again, and the hold pays for nothing any more.")
class HoldReleased:
    wallets: list[Wallet] = strawberry.field(
        description="As they were right after it, also where the same key is answered again."
    )


HoldPaymentResult = Annotated[
    PaymentHeld
    | InsufficientBalance
    | PaymentNotAccepted
    | HoldRefused
    | ExpiredCode
    | UnknownCode
    | NotAllowed
    | IdempotencyConflict,
    strawberry.union("HoldPaymentResult", description="What is held, or why nothing is."),
]
ReleaseHoldResult = Annotated[
    HoldReleased | HoldNotUsable | NotAllowed | IdempotencyConflict,
    strawberry.union("ReleaseHoldResult", description="Released, or why there is nothing to release."),
]


@strawberry.type
class HoldMutation:
    @strawberry.mutation(
        description=(
            "Sets an amount of a wallet aside while an order is paid: nobody spends it meanwhile, and the"
            " purchase that names it in `paidWith` is paid with it."
        )
    )
    @refusals_as_problems
    async def hold_payment(self, info: Info, input: HoldPaymentInput) -> HoldPaymentResult:
        till, member, presence = await _holder(info, input.member)
        held = await holds.place(
            info.context.dependencies.runtime,
            till=till,
            member_id=member,
            hold_input=_hold_input(input),
            key=input.idempotency_key,
            now=info.context.loaders.now,
            presence=presence,
        )
        info.context.loaders.forget_ledger(member)
        audience = await info.context.loaders.audience()
        return PaymentHeld(
            hold=payment_hold(audience, held.member, held.placed),
            wallets=wallets_after(audience, held.member, held.wallets),
        )

    @strawberry.mutation(
        description=(
            "Gives up what is held: for the member whose it is, or at the store that held it. What has lapsed"
            " meanwhile lapses."
        )
    )
    @refusals_as_problems
    async def release_hold(self, info: Info, input: ReleaseHoldInput) -> ReleaseHoldResult:
        member, label = decode_hold(input.hold, field="hold")
        caller, till = info.context.caller, None
        if isinstance(caller, MemberCaller):
            member = caller.member_id  # another member's hold is not found among theirs
        else:
            till = till_of(info)
        released = await holds.release(
            info.context.dependencies.runtime,
            till=till,
            member_id=member,
            label=label,
            key=input.idempotency_key,
            now=info.context.loaders.now,
        )
        info.context.loaders.forget_ledger(released.member)
        audience = await info.context.loaders.audience()
        return HoldReleased(wallets=wallets_after(audience, released.member, released.wallets))


def _hold_input(input: HoldPaymentInput) -> holds.HoldInput:
    fiscal: FiscalUse = "PAYMENT" if input.use is HoldUse.PAYMENT else "DISCOUNT"
    return holds.HoldInput(input.wallet, input.amount, input.order, input.total, input.ttl_minutes, fiscal)


async def _holder(info: Info, member: str | None) -> tuple[Till | None, str, Presence]:
    """Return whose wallet it is, the till that acts for them, and whether they are there. Raises BadInput."""
    caller = info.context.caller
    if isinstance(caller, MemberCaller):
        if member is not None:
            raise BadInput("Leave it out: you hold of your own.", field="member")
        return None, caller.member_id, "unproven"
    if member is None:
        raise BadInput("Name the member, by a visit.", field="member")
    return till_of(info), await served_member(info, member), await presence_of(info, member)
