"""Corrections by managers: an amount with a reason, in the audit trail."""

from typing import Annotated

import strawberry

from api.graphql.basics import Info
from api.graphql.points import PointEntry, Wallet, entry_of, wallet_of
from api.graphql.problems import IdempotencyConflict, InsufficientBalance, NotAllowed, refusals
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
    BalanceAdjusted | InsufficientBalance | NotAllowed | IdempotencyConflict, strawberry.union("AdjustBalanceResult")
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
            entry=entry_of(reader, done.member_id, done.told), wallet=wallet_of(reader, done.member_id, done.code, done.wallet)
        )
