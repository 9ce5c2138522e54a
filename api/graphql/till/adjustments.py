"""Corrections by managers, each with a reason in the audit trail: of a balance, and freezing a membership."""

from typing import Annotated

import strawberry

from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.problems import (
    IdempotencyConflict,
    InsufficientBalance,
    NotAllowed,
    WalletFull,
    refusals_as_problems,
)
from api.graphql.engine.scalars import WalletCode
from api.graphql.engine.shared_types import Info
from api.graphql.member.points import PointEntry, Wallet, entry_of, wallet_of
from api.graphql.till.customers import Customer, customer_of
from api.graphql.till.till_session import looked_up_or_not_found, till_of
from domain.services.ledger import adjustments


@strawberry.input(description="A correction of one wallet of one member.")
class AdjustBalanceInput:
    member: str = strawberry.field(description="A visit, a membership number, or a customer's id.")
    wallet: WalletCode = strawberry.field(description="Which wallet.")
    amount: int = strawberry.field(
        description="Signed: what the wallet gains or loses, in points or minor units."
    )
    reason: str = strawberry.field(
        description="Why, 1 to 500 characters; kept in the audit trail, and read by the member."
    )
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(description="The correction was made.")
class BalanceAdjusted:
    entry: PointEntry = strawberry.field(description="As the member's history shows it.")
    wallet: Wallet = strawberry.field(description="The wallet right after it.")


AdjustBalanceResult = Annotated[
    BalanceAdjusted | InsufficientBalance | WalletFull | NotAllowed | IdempotencyConflict,
    strawberry.union("AdjustBalanceResult", description="The correction, or why there is none."),
]


@strawberry.input(description="Whom to freeze, and why.")
class FreezeMemberInput:
    member: str = strawberry.field(description="A visit, a membership number, or a customer's id.")
    reason: str = strawberry.field(description="Why, 1 to 500 characters; kept in the audit trail.")
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.input(description="Whose membership to unfreeze, and why.")
class UnfreezeMemberInput:
    member: str = strawberry.field(description="A membership number, or a customer's id.")
    reason: str = strawberry.field(description="Why, 1 to 500 characters; kept in the audit trail.")
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(description="The membership is frozen.")
class MembershipFrozen:
    customer: Customer = strawberry.field(description="The member as they are now.")


@strawberry.type(description="The membership is no longer frozen.")
class MembershipUnfrozen:
    customer: Customer = strawberry.field(description="The member as they are now.")


FreezeMemberResult = Annotated[
    MembershipFrozen | NotAllowed | IdempotencyConflict,
    strawberry.union("FreezeMemberResult", description="Frozen, or why not."),
]
UnfreezeMemberResult = Annotated[
    MembershipUnfrozen | NotAllowed | IdempotencyConflict,
    strawberry.union("UnfreezeMemberResult", description="The membership is no longer frozen, or why not."),
]


@strawberry.type
class AdjustmentMutation:
    @strawberry.mutation(description="Managers: corrects a balance, with a reason for the audit trail.")
    @refusals_as_problems
    async def adjust_balance(self, info: Info, input: AdjustBalanceInput) -> AdjustBalanceResult:
        loaders, till = info.context.loaders, till_of(info)
        till.require_manager()
        result = await adjustments.adjust(
            info.context.dependencies.runtime,
            till=till,
            member_id=await looked_up_or_not_found(info, input.member),
            wallet=input.wallet,
            amount=input.amount,
            reason=input.reason,
            key=input.idempotency_key,
            now=loaders.now,
        )
        return await balance_adjusted(info, result)

    @strawberry.mutation(
        description="Managers: from now on the member earns, redeems and uses nothing; refunds still apply."
    )
    @refusals_as_problems
    async def freeze_member(self, info: Info, input: FreezeMemberInput) -> FreezeMemberResult:
        return MembershipFrozen(customer=await _set_frozen(info, input, frozen=True))

    @strawberry.mutation(description="Managers: ends the freezing of a membership.")
    @refusals_as_problems
    async def unfreeze_member(self, info: Info, input: UnfreezeMemberInput) -> UnfreezeMemberResult:
        return MembershipUnfrozen(customer=await _set_frozen(info, input, frozen=False))


async def balance_adjusted(info: Info, result: adjustments.BalanceAdjusted) -> BalanceAdjusted:
    """Return a correction as it was made."""
    audience = await info.context.loaders.audience()
    return BalanceAdjusted(
        entry=entry_of(audience, result.member_id, result.history_entry),
        wallet=wallet_of(audience, result.member_id, result.wallet_code, result.wallet),
    )


async def _set_frozen(
    info: Info, request: FreezeMemberInput | UnfreezeMemberInput, *, frozen: bool
) -> Customer:
    loaders, till = info.context.loaders, till_of(info)
    till.require_manager()
    change = adjustments.freeze if frozen else adjustments.unfreeze
    member_view = await change(
        info.context.dependencies.runtime,
        till=till,
        member_id=await looked_up_or_not_found(info, request.member),
        reason=request.reason,
        key=request.idempotency_key,
        now=loaders.now,
    )
    return customer_of(await loaders.audience(), member_view)
