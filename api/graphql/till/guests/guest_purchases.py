"""A guest's purchase: recorded without a member, and claimed later by the code on the receipt."""

from typing import Annotated

import strawberry

from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.problems import IdempotencyConflict, NotAllowed, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.till.guests.claimed_receipts import PurchaseClaimed
from api.graphql.till.joining import ParkedSale, ParkedSaleInput, parked_sale_of, sale_input_of
from api.graphql.till.till_session import till_of
from domain.model.code_spelling import grouped
from domain.services.ledger.parking import guest_sales


@strawberry.input(description="What somebody bought who shows no card.")
class RecordGuestPurchaseInput:
    sale: ParkedSaleInput = strawberry.field(description="The sale.")
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(
    description=(
        "The sale waits for whoever enters the code: print it on the receipt. Refunds of it are refunds as of"
        " any receipt, and it may still be recorded for a member who turns out to be there."
    )
)
class GuestPurchaseRecorded:
    code: str = strawberry.field(
        description="In groups of four. The same receipt has the same code whenever it is asked for."
    )
    sale: ParkedSale = strawberry.field(description="What waits, and what it would earn.")


RecordGuestPurchaseResult = Annotated[
    GuestPurchaseRecorded | PurchaseClaimed | NotAllowed | IdempotencyConflict,
    strawberry.union("RecordGuestPurchaseResult", description="The code, or why there is none."),
]


@strawberry.type
class GuestPurchaseMutation:
    @strawberry.mutation(
        description=(
            "Staff and systems: keeps a guest's purchase for 90 days, for whoever enters its code first"
            " (`claimReceipt`). It counts once, on its own date."
        )
    )
    @refusals_as_problems
    async def record_guest_purchase(
        self, info: Info, input: RecordGuestPurchaseInput
    ) -> RecordGuestPurchaseResult:
        runtime = info.context.dependencies.runtime
        recorded = await guest_sales.record_guest_sale(
            runtime,
            till=till_of(info),
            purchase_input=sale_input_of(input.sale),
            all_secrets=runtime.all_secrets,
            key=input.idempotency_key,
            now=info.context.loaders.now,
        )
        audience = await info.context.loaders.audience()
        return GuestPurchaseRecorded(
            code=grouped(recorded.code), sale=parked_sale_of(audience, recorded.sale)
        )
