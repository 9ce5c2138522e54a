"""Claiming a guest's receipt by its code: the purchase that is the member's now, or why it is not."""

from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.problems import refusals_as_problems, renders
from api.graphql.engine.shared_types import Info, Problem
from api.graphql.member.actions.redemption import MEMBER_NOW
from api.graphql.member.members import Member, current_member
from api.graphql.member.receipts import Purchase, purchase_of
from api.texts import say
from domain.services.ledger.parking import receipt_claims


@enum_of_words(receipt_claims.ReceiptRefusalReason, description="Why a receipt is not credited.")
class ReceiptRefusalReason(Enum):
    UNKNOWN = strawberry.enum_value("UNKNOWN", description="No receipt has this code.")
    CLAIMED = strawberry.enum_value("CLAIMED", description="It counts for somebody else, or waits for them.")
    RETURNED = strawberry.enum_value("RETURNED", description="All of it was taken back.")
    OVER = strawberry.enum_value("OVER", description="Its 90 days are over.")
    OWN_SALE = strawberry.enum_value(
        "OWN_SALE", description="The member is an employee who recorded it, or was told its code."
    )
    TOO_MANY_TRIES = strawberry.enum_value(
        "TOO_MANY_TRIES",
        description="10 wrong codes in a day, of any kind: `retryAfter` says when the next is heard.",
    )
    FROZEN = strawberry.enum_value("FROZEN", description="The membership is frozen.")


@strawberry.input(description="The code on a receipt as the member types it.")
class ClaimReceiptInput:
    code: str = strawberry.field(description="Case, spaces and dashes do not matter.")


@strawberry.type(description="The receipt is the member's.")
class ReceiptClaimed:
    purchase: Purchase = strawberry.field(description="As it counts, on its own date.")
    counted_before: bool = strawberry.field(description="Whether it had counted for this member before.")
    member_id: strawberry.Private[str]

    @strawberry.field(description=MEMBER_NOW)
    async def member(self, info: Info) -> Member:
        return await current_member(info, self.member_id)


@strawberry.type(description="The receipt is not credited.")
class ReceiptRefused(Problem):
    reason: ReceiptRefusalReason = strawberry.field(description="Why.")
    tries_left: int | None = strawberry.field(
        description="How many wrong codes are heard today still; null where none was counted."
    )
    retry_after: int | None = strawberry.field(
        description="In how many seconds the next code is heard; null where waiting does not help."
    )


ClaimReceiptResult = Annotated[
    ReceiptClaimed | ReceiptRefused,
    strawberry.union("ClaimReceiptResult", description="The purchase, or why it does not count."),
]


@strawberry.type
class ReceiptClaimMutation:
    @strawberry.mutation(
        description=(
            "Credits a guest's receipt by the code that the till printed: once, on the purchase's own date,"
            " to whoever enters it first. The same code again answers the same purchase, so it needs no key."
        )
    )
    @refusals_as_problems
    async def claim_receipt(self, info: Info, input: ClaimReceiptInput) -> ClaimReceiptResult:
        loaders, member = info.context.loaders, info.context.member().member_id
        runtime = info.context.dependencies.runtime
        claimed = await receipt_claims.claim_receipt(
            runtime, member_id=member, code=input.code, all_secrets=runtime.all_secrets, now=loaders.now
        )
        loaders.forget_ledger(member)
        return ReceiptClaimed(
            purchase=await purchase_of(info, claimed.purchase),
            counted_before=claimed.counted_before,
            member_id=member,
        )


@renders(receipt_claims.ReceiptRefused)
def _refused(_info: Info, audience: Audience, refusal: receipt_claims.ReceiptRefused) -> ReceiptRefused:
    return ReceiptRefused(
        message=say(f"receipt.{refusal.reason}", audience.locale),
        reason=ReceiptRefusalReason[refusal.reason],
        tries_left=refusal.tries_left,
        retry_after=refusal.retry_after,
    )
