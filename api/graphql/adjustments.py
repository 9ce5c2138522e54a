"""Corrections by managers, each with a reason in the audit trail: an amount, and freezing a membership."""

from typing import Annotated

import strawberry

from api.graphql.basics import Info
from api.graphql.customers import Customer, customer_of
from api.graphql.points import PointEntry, Wallet, entry_of, wallet_of
from api.graphql.problems import IdempotencyConflict, InsufficientBalance, NotAllowed, WalletFull, refusals
from api.graphql.scalars import WalletCode
from api.graphql.tills import chosen, till_of
from domain.services import adjustments


@strawberry.input
class AdjustBalanceInput:
    member: str
    wallet: WalletCode
    amount: int
    reason: str
    idempotency_key: str


@strawberry.type
class BalanceAdjusted:
    entry: PointEntry
    wallet: Wallet


AdjustBalanceResult = Annotated[
    BalanceAdjusted | InsufficientBalance | WalletFull | NotAllowed | IdempotencyConflict, strawberry.union("AdjustBalanceResult")
]


@strawberry.input
class FreezeMemberInput:
    member: str
    reason: str
    idempotency_key: str


@strawberry.input
class UnfreezeMemberInput:
    member: str
    reason: str
    idempotency_key: str


@strawberry.type
class MembershipFrozen:
    customer: Customer


@strawberry.type
class MembershipUnfrozen:
    customer: Customer


FreezeMemberResult = Annotated[MembershipFrozen | NotAllowed | IdempotencyConflict, strawberry.union("FreezeMemberResult")]
UnfreezeMemberResult = Annotated[MembershipUnfrozen | NotAllowed | IdempotencyConflict, strawberry.union("UnfreezeMemberResult")]


@strawberry.type
class AdjustmentMutation:
    @strawberry.mutation(description="Managers: a correction with a reason, in the audit trail.")
    @refusals
    async def adjust_balance(self, info: Info, input: AdjustBalanceInput) -> AdjustBalanceResult:
        loaders, till = info.context.loaders, till_of(info)
        till.need_manager()
        done = await adjustments.adjust(
            info.context.services.house,
            till=till,
            member_id=await chosen(info, input.member),
            wallet=input.wallet,
            amount=input.amount,
            reason=input.reason,
            key=input.idempotency_key,
            now=loaders.now,
        )
        reader = await loaders.reader()
        return BalanceAdjusted(
            entry=entry_of(reader, done.member_id, done.told), wallet=wallet_of(reader, done.member_id, done.code, done.wallet)
        )

    @strawberry.mutation(description="Managers: from now on the member earns, redeems and uses nothing; refunds still apply.")
    @refusals
    async def freeze_member(self, info: Info, input: FreezeMemberInput) -> FreezeMemberResult:
        return MembershipFrozen(customer=await _freezing(info, input, freeze=True))

    @strawberry.mutation(description="Managers: a frozen membership goes on.")
    @refusals
    async def unfreeze_member(self, info: Info, input: UnfreezeMemberInput) -> UnfreezeMemberResult:
        return MembershipUnfrozen(customer=await _freezing(info, input, freeze=False))


async def _freezing(info: Info, given: FreezeMemberInput | UnfreezeMemberInput, *, freeze: bool) -> Customer:
    loaders, till = info.context.loaders, till_of(info)
    till.need_manager()
    change = adjustments.freeze if freeze else adjustments.unfreeze
    seen = await change(
        info.context.services.house,
        till=till,
        member_id=await chosen(info, given.member),
        reason=given.reason,
        key=given.idempotency_key,
        now=loaders.now,
    )
    return customer_of(await loaders.reader(), seen)
