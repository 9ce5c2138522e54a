"""Redeeming a reward, and giving its voucher back."""

from typing import Annotated

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.problems import IdempotencyConflict, refusals_as_problems
from api.graphql.engine.shared_types import Info, Problem
from api.graphql.engine.titles import find_spec
from api.graphql.member.members import Member, current_member
from api.graphql.member.points import Wallet, wallets_after
from api.graphql.member.rewards import Lock, decode_reward_id, locks_of
from api.graphql.member.vouchers import Voucher, VoucherNotUsable, decode_voucher_id, voucher_of
from api.texts import say
from domain.model.ledger import decision
from domain.services.ledger import redemption

# The description that two answers share.
MEMBER_NOW = (
    "The member as they are now: whatever else it changed, such as rewards out of reach, is told in the same"
    " answer."
)


@strawberry.input(description="Which reward the member spends on.")
class RedeemRewardInput:
    reward_id: strawberry.ID = strawberry.field(description="`reward.id`, not that of the MemberReward.")
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.input(description="An unused voucher of the member's own.")
class CancelVoucherInput:
    voucher_id: strawberry.ID = strawberry.field(description="Its global id.")
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(description="The reward is the member's.")
class RewardRedeemed:
    voucher: Voucher = strawberry.field(description="What to show at the till.")
    wallets: list[Wallet] = strawberry.field(
        description="As they were right after it, also where the same key is answered again."
    )

    @strawberry.field(description=MEMBER_NOW)
    async def member(self, info: Info) -> Member:
        return await current_member(info, info.context.member().member_id)


@strawberry.type(description="It cannot be redeemed now.")
class RewardLocked(Problem):
    missing: int = strawberry.field(
        description=(
            "Still missing to afford it, in points or minor units of its cost's wallet; 0 where affordable."
        )
    )
    locks: list[Lock] = strawberry.field(description="Why, each reason with what would unlock it.")


@strawberry.type(description="The voucher is cancelled and its cost returned.")
class VoucherGivenBack:
    voucher: Voucher = strawberry.field(description="The voucher as it is now.")
    wallets: list[Wallet] = strawberry.field(
        description="As they were right after it, also where the same key is answered again."
    )

    @strawberry.field(description=MEMBER_NOW)
    async def member(self, info: Info) -> Member:
        return await current_member(info, info.context.member().member_id)


RedeemRewardResult = Annotated[
    RewardRedeemed | RewardLocked | IdempotencyConflict,
    strawberry.union("RedeemRewardResult", description="The voucher, or why there is none."),
]
CancelVoucherResult = Annotated[
    VoucherGivenBack | VoucherNotUsable | IdempotencyConflict,
    strawberry.union(
        "CancelVoucherResult",
        description="Given back, or why it cannot be: used, expired, cancelled before, or given for nothing.",
    ),
]


@strawberry.type
class RedemptionMutation:
    @strawberry.mutation(description="Spends points on a reward; answers the voucher for it.")
    @refusals_as_problems
    async def redeem_reward(self, info: Info, input: RedeemRewardInput) -> RedeemRewardResult:
        loaders, member = info.context.loaders, info.context.member().member_id
        reward = decode_reward_id(input.reward_id)
        try:
            result = await redemption.redeem(
                info.context.dependencies.runtime,
                member_id=member,
                reward=reward,
                key=input.idempotency_key,
                now=loaders.now,
            )
        except decision.RewardLocked as refusal:
            return reward_locked(await loaders.audience(), reward, refusal)
        loaders.forget_ledger(member)
        audience = await loaders.audience()
        return RewardRedeemed(
            voucher=await voucher_of(info, result.voucher),
            wallets=wallets_after(audience, member, result.wallets),
        )

    @strawberry.mutation(
        description="Gives an unused voucher back: its points return to the lots they came from."
    )
    @refusals_as_problems
    async def cancel_voucher(self, info: Info, input: CancelVoucherInput) -> CancelVoucherResult:
        loaders, member = info.context.loaders, info.context.member().member_id
        voucher = decode_voucher_id(input.voucher_id)
        result = await redemption.cancel(
            info.context.dependencies.runtime,
            member_id=member,
            voucher_id=voucher,
            key=input.idempotency_key,
            now=loaders.now,
        )
        loaders.forget_ledger(member)
        audience = await loaders.audience()
        return VoucherGivenBack(
            voucher=await voucher_of(info, result.voucher),
            wallets=wallets_after(audience, member, result.wallets),
        )


def reward_locked(audience: Audience, reward: str, refusal: decision.RewardLocked) -> RewardLocked:
    """Return why a reward is locked, in the reader's language."""
    spec = find_spec(audience.programme.reward, reward)
    return RewardLocked(
        message=say("problem.RewardLocked", audience.locale),
        missing=sum(lock.missing for lock in refusal.locks),
        locks=locks_of(audience, spec, refusal.locks) if spec is not None else [],
    )
