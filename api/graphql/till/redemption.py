"""Redeeming a reward at the till, for a member who confirms it by a code that is sent to their contact."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.problems import (
    ExpiredCode,
    IdempotencyConflict,
    NotAllowed,
    SignInRefused,
    UnknownCode,
    refusals_as_problems,
)
from api.graphql.engine.shared_types import Info
from api.graphql.member.actions.redemption import RewardLocked, reward_locked
from api.graphql.member.points import Wallet, wallets_after
from api.graphql.member.rewards import decode_reward_id
from api.graphql.member.vouchers import Voucher, voucher_of
from api.graphql.till.customers import Customer, customer_of
from api.graphql.till.till_session import looked_up_at_till, served_member, till_of
from domain.model.ledger import decision
from domain.services.ledger.at_till import confirmed_redemption
from domain.services.people.proofs import redemption_codes
from domain.store.document_store import Write

SERVED = "A visit, a membership number, or a customer's id."
REWARD_ID = "`reward.id`, not that of the MemberReward."


@strawberry.input(description="Which reward a member wants, who shows no card.")
class RequestRedemptionCodeInput:
    member: str = strawberry.field(description=SERVED)
    reward_id: strawberry.ID = strawberry.field(description=REWARD_ID)


@strawberry.input(description="The code that came to the member, as they tell it.")
class RedeemForCustomerInput:
    member: str = strawberry.field(description=SERVED)
    reward_id: strawberry.ID = strawberry.field(description=REWARD_ID)
    code: str = strawberry.field(description="Six digits; spaces and dashes between them do not matter.")
    challenge: str = strawberry.field(description="As `requestRedemptionCode` answered it.")
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(description="The code is on its way to the member, with the reward's title.")
class RedemptionCodeSent:
    challenge: str = strawberry.field(description="Bring it with the code: the code belongs to it.")
    code_sent_to: str = strawberry.field(description="The member's contact, as a hint.")
    expires_at: datetime = strawberry.field(description="When the code stops working.")


@strawberry.type(description="The reward is the member's, and the till may use its voucher now.")
class RedeemedForCustomer:
    voucher: Voucher = strawberry.field(description="The voucher, without its code.")
    customer: Customer = strawberry.field(description="The member as they are now.")
    wallets: list[Wallet] = strawberry.field(
        description="As they were right after it, also where the same key is answered again."
    )
    visit: str = strawberry.field(
        description="Names the member to `checkout` like a visit that began with their card."
    )
    visit_expires_at: datetime = strawberry.field(description="When the visit is over: in 5 minutes.")


RequestRedemptionCodeResult = Annotated[
    RedemptionCodeSent | RewardLocked | NotAllowed | UnknownCode | ExpiredCode,
    strawberry.union(
        "RequestRedemptionCodeResult", description="A code is on its way, or why none was sent."
    ),
]
RedeemForCustomerResult = Annotated[
    RedeemedForCustomer
    | RewardLocked
    | SignInRefused
    | NotAllowed
    | UnknownCode
    | ExpiredCode
    | IdempotencyConflict,
    strawberry.union("RedeemForCustomerResult", description="The voucher, or why there is none."),
]


@strawberry.type
class ConfirmedRedemptionMutation:
    @strawberry.mutation(
        description=(
            "Sends a member a code by which they confirm that a reward is redeemed at this store; it is for"
            " this reward alone, and signs nobody in. Nothing is sent where the reward is locked."
        )
    )
    @refusals_as_problems
    async def request_redemption_code(
        self, info: Info, input: RequestRedemptionCodeInput
    ) -> RequestRedemptionCodeResult:
        runtime, till, now = info.context.dependencies.runtime, till_of(info), info.context.loaders.now
        member, reward = await looked_up_at_till(info, input.member), _reward_of(input.reward_id)
        try:
            title = await confirmed_redemption.check(
                runtime, till=till, member_id=member, reward=reward, now=now
            )
        except decision.RewardLocked as refusal:
            return reward_locked(await info.context.loaders.audience(), reward, refusal)
        sent = await redemption_codes.send(
            runtime,
            member_id=member,
            reward=reward,
            title=title,
            store=till.store,
            now=info.context.loaders.world_now,
        )
        return RedemptionCodeSent(
            challenge=sent.challenge, code_sent_to=sent.sent_to, expires_at=sent.expires_at
        )

    @strawberry.mutation(
        description="Spends a member's points on a reward, which they confirm by the code sent to them."
    )
    @refusals_as_problems
    async def redeem_for_customer(self, info: Info, input: RedeemForCustomerInput) -> RedeemForCustomerResult:
        runtime, till, now = info.context.dependencies.runtime, till_of(info), info.context.loaders.now
        world_now = info.context.loaders.world_now
        member, reward = await served_member(info, input.member), _reward_of(input.reward_id)

        async def prove() -> list[Write]:
            return await redemption_codes.prove(
                runtime,
                member_id=member,
                reward=reward,
                store=till.store,
                code=input.code,
                challenge=input.challenge,
                now=world_now,
            )

        try:
            redeemed = await confirmed_redemption.redeem(
                runtime,
                till=till,
                member_id=member,
                reward=reward,
                prove=prove,
                key=input.idempotency_key,
                began_at=world_now,
                now=now,
            )
        except decision.RewardLocked as refusal:
            return reward_locked(await info.context.loaders.audience(), reward, refusal)
        return await _redeemed_answer(info, redeemed)


async def _redeemed_answer(info: Info, redeemed: confirmed_redemption.TillRedemption) -> RedeemedForCustomer:
    info.context.loaders.remember(redeemed.member_view)
    staff, audience = info.context.at_till(), await info.context.loaders.audience()
    member = redeemed.member_view.member.id
    visit = info.context.dependencies.tokens.visit(
        member=member,
        store=staff.store,
        session=staff.session_id,
        at=redeemed.visit_began_at,
        card=True,  # the code proves their presence as a card does
    )
    return RedeemedForCustomer(
        voucher=await voucher_of(info, redeemed.voucher),
        customer=customer_of(audience, redeemed.member_view),
        wallets=wallets_after(audience, member, redeemed.wallets),
        visit=visit.token,
        visit_expires_at=visit.expires_at,
    )


def _reward_of(reward_id: str) -> str:
    return decode_reward_id(reward_id)
