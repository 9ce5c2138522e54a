"""Corrections at the till: a recorded receipt put right."""

from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.problems import (
    IdempotencyConflict,
    NotAllowed,
    UnknownPurchase,
    refusals_as_problems,
    renders,
)
from api.graphql.engine.shared_types import Info, Problem
from api.graphql.member.catalogue.purchase_quotes import PurchaseLineInput, input_lines
from api.graphql.member.points import PointEntry, Wallet, WalletTotal, entries_of, totals_of, wallets_after
from api.graphql.member.receipts import Purchase, purchase_of
from api.graphql.member.vouchers import Voucher, voucher_of
from api.graphql.till.till_session import till_of
from api.texts import amount_text, say
from domain.model.ledger import decision
from domain.services.ledger import queries
from domain.services.ledger.returns import corrections
from domain.services.ledger.returns.corrections import CorrectionRequest


@strawberry.input(
    description=(
        "The receipt is decided again for the total that is right, at its own time; the difference is"
        " written. Refunds go by the corrected receipt."
    )
)
class CorrectPurchaseInput:
    external_id: str = strawberry.field(description="The receipt's number.")
    store: str | None = strawberry.field(
        default=None,
        description=(
            "Where it was bought, the store's code; by default this one. Another one is for managers."
        ),
    )
    total: int = strawberry.field(
        description="What was paid, after discounts and vouchers, in minor units: as it should have been."
    )
    lines: list[PurchaseLineInput] | None = strawberry.field(
        default=None,
        description=(
            "What was bought, at most 500 lines; left out, the lines that are known share in the new total as"
            " they did in theirs."
        ),
    )
    reason: str | None = strawberry.field(
        default=None, description="Why, 1 to 500 characters; kept in the audit trail."
    )
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(description="The receipt says what is right.")
class PurchaseCorrected:
    purchase: Purchase = strawberry.field(description="The purchase with the right total.")
    changed: bool = strawberry.field(
        description="False where it was right already: then nothing was written."
    )
    entries: list[PointEntry] = strawberry.field(
        description="The difference, as entries of the history; empty where it earns the same."
    )
    totals: list[WalletTotal] = strawberry.field(description="What that comes to by wallet.")
    wallets: list[Wallet] = strawberry.field(description="The member's wallets right after it.")


@enum_of_words(decision.CorrectionRefusalReason, description="Why a receipt cannot be corrected so.")
class CorrectionRefusalReason(Enum):
    RETURNED = strawberry.enum_value("RETURNED", description="All of it was returned: record a new receipt.")
    BELOW_RETURNED = strawberry.enum_value(
        "BELOW_RETURNED",
        description="It is not more than refunds took back already, in all or of a line: refund the rest.",
    )
    PAID_AND_RETURNED = strawberry.enum_value(
        "PAID_AND_RETURNED",
        description="Wallets paid a part and a part was returned: refund the rest and record a new receipt.",
    )
    VOUCHER_MINIMUM = strawberry.enum_value(
        "VOUCHER_MINIMUM", description="A voucher that was used on it asks for more: reverse its use first."
    )
    VOUCHER_USED = strawberry.enum_value(
        "VOUCHER_USED", description="A voucher that it gave would go, and is used: refund the receipt."
    )
    PAYMENT = strawberry.enum_value(
        "PAYMENT",
        description="What wallets paid does not fit the total: refund all of it and record a new receipt.",
    )


@strawberry.type(description="The receipt stays as it is; the message says what can be done instead.")
class CorrectionRefused(Problem):
    refusal_reason: CorrectionRefusalReason = strawberry.field(description="Which of these.")
    returned: int = strawberry.field(description="How much of it was returned already, in minor units.")
    voucher: Voucher | None = strawberry.field(
        description="The voucher that stands in the way; null where none does."
    )


CorrectPurchaseResult = Annotated[
    PurchaseCorrected | CorrectionRefused | UnknownPurchase | NotAllowed | IdempotencyConflict,
    strawberry.union("CorrectPurchaseResult", description="The correction, or why there is none."),
]


@renders(decision.CorrectionRefused)
async def _refused(info: Info, audience: Audience, refusal: decision.CorrectionRefused) -> CorrectionRefused:
    runtime, currency = info.context.dependencies.runtime, audience.programme.programme.currency
    known = await queries.find_vouchers(runtime, voucher_ids=[refusal.voucher] if refusal.voucher else [])
    voucher = await voucher_of(info, known[refusal.voucher]) if refusal.voucher in known else None
    amount = amount_text(refusal.returned, currency=currency, locale=audience.locale)
    title = voucher.title if voucher is not None else ""
    return CorrectionRefused(
        message=say(
            f"problem.CorrectionRefused.{refusal.reason}", audience.locale, amount=amount, voucher=title
        ),
        refusal_reason=CorrectionRefusalReason[refusal.reason],
        returned=refusal.returned,
        voucher=voucher,
    )


@strawberry.type
class CorrectionMutation:
    @strawberry.mutation(
        description=(
            "Puts the total of a receipt right. Whoever recorded it may for ten minutes, a manager at any"
            " time."
        )
    )
    @refusals_as_problems
    async def correct_purchase(self, info: Info, input: CorrectPurchaseInput) -> CorrectPurchaseResult:
        loaders = info.context.loaders
        result = await corrections.correct(
            info.context.dependencies.runtime,
            till=till_of(info),
            correction=CorrectionRequest(
                input.external_id,
                input.total,
                None if input.lines is None else input_lines(input.lines),
                input.store,
            ),
            reason=input.reason,
            key=input.idempotency_key,
            now=loaders.now,
        )
        audience = await loaders.audience()
        return PurchaseCorrected(
            purchase=await purchase_of(info, result.purchase),
            changed=result.is_changed,
            entries=entries_of(audience, result.member_id, result.history),
            totals=totals_of(audience, result.entries),
            wallets=wallets_after(audience, result.member_id, result.wallets),
        )
