"""Corrections by managers, each with a reason in the audit trail: an amount, and freezing a membership."""

from typing import Annotated

import strawberry

from api.graphql.basics import Info
from api.graphql.customers import Customer, customer_of
from api.graphql.descriptions import KEY
from api.graphql.points import PointEntry, Wallet, entry_of, wallet_of
from api.graphql.problems import IdempotencyConflict, InsufficientBalance, NotAllowed, WalletFull, refusals
from api.graphql.scalars import WalletCode
from api.graphql.tills import chosen, till_of
from domain.services import adjustments


@strawberry.input(description="A correction of one wallet of one member.")
class AdjustBalanceInput:
    member: str = strawberry.field(description="A visit, a membership number, or a customer's id.")
    wallet: WalletCode = strawberry.field(description="Which wallet.")
    amount: int = strawberry.field(
        description="Signed: what the wallet gains or loses, in points or minor units."
    )
    reason: str = strawberry.field(description="Why, 1 to 500 characters; kept in the audit trail.")
    idempotency_key: str = strawberry.field(description=KEY)


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
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="Whose membership goes on, and why.")
class UnfreezeMemberInput:
    member: str = strawberry.field(description="A membership number, or a customer's id.")
    reason: str = strawberry.field(description="Why, 1 to 500 characters; kept in the audit trail.")
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.type(description="The membership is frozen.")
class MembershipFrozen:
    customer: Customer = strawberry.field(description="The member as they are now.")


@strawberry.type(description="The membership goes on.")
class MembershipUnfrozen:
    customer: Customer = strawberry.field(description="The member as they are now.")


FreezeMemberResult = Annotated[
    MembershipFrozen | NotAllowed | IdempotencyConflict,
    strawberry.union("FreezeMemberResult", description="Frozen, or why not."),
]
UnfreezeMemberResult = Annotated[
    MembershipUnfrozen | NotAllowed | IdempotencyConflict,
    strawberry.union("UnfreezeMemberResult", description="The membership goes on, or why not."),
]


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
            entry=entry_of(reader, done.member_id, done.told),
            wallet=wallet_of(reader, done.member_id, done.code, done.wallet),
        )

    @strawberry.mutation(
        description="Managers: from now on the member earns, redeems and uses nothing; refunds still apply."
    )
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
