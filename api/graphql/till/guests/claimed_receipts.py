"""A receipt that was recorded before, or of which something was returned while it waited for its member."""

from enum import Enum

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.problems import renders
from api.graphql.engine.shared_types import Info, Problem
from api.graphql.member.receipts import Purchase, purchase_of
from api.texts import say
from domain.services.ledger import purchases


@strawberry.enum(description="What became of a receipt that was recorded before.")
class ClaimedReceiptState(Enum):
    RECORDED = strawberry.enum_value("RECORDED", description="It counts for a member.")
    PARTLY_RETURNED = strawberry.enum_value(
        "PARTLY_RETURNED",
        description="It waited for its member, and a part was returned: the rest counts by its code, or for"
        " the contact that was given, while it waits.",
    )
    RETURNED = strawberry.enum_value(
        "RETURNED", description="It waited for its member, and all of it was returned: it gives nothing."
    )


_STATES = {"part": ClaimedReceiptState.PARTLY_RETURNED, "whole": ClaimedReceiptState.RETURNED}


@strawberry.type(description="This receipt was recorded before.")
class PurchaseClaimed(Problem):
    same_member: bool = strawberry.field(description="Whether it was recorded for this very member.")
    purchase: Purchase | None = strawberry.field(
        description="As it was recorded; null where it is somebody else's."
    )
    receipt_state: ClaimedReceiptState = strawberry.field(description="Whether it counts, or was returned.")


@renders(purchases.PurchaseClaimed)
async def _purchase_claimed(
    info: Info, audience: Audience, refusal: purchases.PurchaseClaimed
) -> PurchaseClaimed:
    whose = refusal.returned or ("same" if refusal.same_member else "other")
    recorded_purchase = refusal.purchase
    return PurchaseClaimed(
        message=say(f"problem.PurchaseClaimed.{whose}", audience.locale),
        same_member=refusal.same_member,
        purchase=None if recorded_purchase is None else await purchase_of(info, recorded_purchase),
        receipt_state=_STATES.get(refusal.returned or "", ClaimedReceiptState.RECORDED),
    )
