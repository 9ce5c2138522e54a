"""Purchases at the till: quoting, recording, finding."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Protocol, TypeVar

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import IDEMPOTENCY_KEY, MEMBER_NAMED
from api.graphql.engine.problems import (
    ExpiredCode,
    IdempotencyConflict,
    InsufficientBalance,
    NotAllowed,
    PaymentNotAccepted,
    UnknownCode,
    refusals_as_problems,
)
from api.graphql.engine.shared_types import Info
from api.graphql.engine.titles import find_spec
from api.graphql.member.badges import BadgeProgress, badge_progress
from api.graphql.member.catalogue.purchase_quotes import (
    QUOTED,
    PurchaseLineInput,
    input_lines,
    unlocked_rewards,
)
from api.graphql.member.explanations import RuleOutcome, outcomes_of
from api.graphql.member.payment_holds import PAID_WITH, HeldPaymentInput, HoldNotUsable, hold_payments
from api.graphql.member.payments import Payable, WalletPart, payables_of, payment_of
from api.graphql.member.points import (
    PointEntry,
    QuotedEntry,
    WalletTotal,
    entries_of,
    quoted_entries,
    totals_of,
)
from api.graphql.member.receipts import Purchase, purchase_of
from api.graphql.member.rewards import MemberReward
from api.graphql.member.tiers import Tier, TierStep, tiers_by_code
from api.graphql.till.customers import Customer, customer_of
from api.graphql.till.guests.claimed_receipts import PurchaseClaimed
from api.graphql.till.receipt_details import TaxLineInput, TenderInput, receipt_details
from api.graphql.till.till_session import (
    count_look_up,
    look_up_of,
    note_look_up,
    note_missed_look_up,
    presence_of,
    served_member,
    till_of,
)
from domain.model.ledger.events import WalletPayment
from domain.model.ledger.payments import paid_otherwise
from domain.services.errors import UnknownCode as NobodyByThatCode
from domain.services.ledger import purchase_input as purchase_inputs
from domain.services.ledger import purchase_queries, purchases
from domain.services.ledger.purchases import PurchaseTierChange

RecordedT = TypeVar("RecordedT", bound="PurchaseRecorded")


@strawberry.input(description="What one wallet pays of a purchase.")
class WalletPaymentInput:
    wallet: str = strawberry.field(description="Its code; `payable` of a quote says which there are.")
    units: int = strawberry.field(
        description="In points, or minor units of the wallet's currency: a multiple of its step."
    )


PAY_WITH = (
    "What wallets pay of it: each once, at most 5. The purchase takes all of it, or is refused whole. It"
    " takes a visit that began with a card's code, in its 5 minutes."
)


@strawberry.input(description="A purchase that is not recorded.")
class QuoteInput:
    member: str = strawberry.field(description=MEMBER_NAMED)
    occurred_at: datetime | None = strawberry.field(
        default=None, description="When they bought; by default now."
    )
    currency: str = strawberry.field(description="The programme's, ISO 4217.")
    total: int = strawberry.field(description="What is paid, after discounts and vouchers, in minor units.")
    lines: list[PurchaseLineInput] | None = strawberry.field(
        default_factory=list, description="What is bought, at most 500 lines."
    )
    pay_with: list[WalletPaymentInput] | None = strawberry.field(
        default_factory=list,
        description="What wallets would pay of it; what does not fit is BAD_INPUT, and says what would.",
    )
    paid_with: list[HeldPaymentInput] | None = strawberry.field(
        default_factory=list, description="Holds that would pay for it."
    )


@strawberry.input(
    description=(
        "Known by (source, store, externalId): source and store are the session's own. Recorded once, whoever"
        " brings it."
    )
)
class PurchaseInput:
    member: str = strawberry.field(description=MEMBER_NAMED)
    external_id: str = strawberry.field(description="The receipt's number, 1 to 128 characters.")
    occurred_at: datetime | None = strawberry.field(
        default=None,
        description=(
            "Late purchases keep their time: rules and expiry count from it. At most 400 days old; up to 2"
            " minutes ahead counts as now. Left out, it is now."
        ),
    )
    currency: str = strawberry.field(description="The programme's, ISO 4217.")
    total: int = strawberry.field(
        description="What was paid, after discounts and vouchers, in minor units: 0 to 1,000,000,000."
    )
    lines: list[PurchaseLineInput] | None = strawberry.field(
        default_factory=list, description="What was bought, at most 500 lines; rules about goods need them."
    )
    pay_with: list[WalletPaymentInput] | None = strawberry.field(default_factory=list, description=PAY_WITH)
    paid_with: list[HeldPaymentInput] | None = strawberry.field(default_factory=list, description=PAID_WITH)
    taxes: list[TaxLineInput] | None = strawberry.field(
        default=None,
        description="The receipt's tax lines, at most 50; kept as they are for the fiscal record.",
    )
    tenders: list[TenderInput] | None = strawberry.field(
        default=None,
        description=(
            "What was given at the door, at most 20; they sum to the total less what wallets paid. Left out,"
            " all of that counts as paid otherwise."
        ),
    )
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(
    description=(
        "What a purchase would earn: the same as recordPurchase gives, if nothing happens in between."
    )
)
class Quote:
    customer: Customer = strawberry.field(description="The member as they are now.")
    entries: list[QuotedEntry] = strawberry.field(description="What would be written.")
    totals: list[WalletTotal] = strawberry.field(description="What that comes to by wallet.")
    explanation: list[RuleOutcome] = strawberry.field(description="What each rule would come to.")
    unlocks: list[MemberReward] = strawberry.field(description="Rewards that it would unlock.")
    tier_after: Tier | None = strawberry.field(
        description="The tier that it would reach; null where it changes none."
    )
    payable: list[Payable] = strawberry.field(
        description="The most that can be paid with each wallet that pays, in the programme's order."
    )
    payment: list[WalletPart] = strawberry.field(description="What wallets would pay by `payWith`.")
    paid: int = strawberry.field(description="What is left of `total` to be paid otherwise.")


@strawberry.type(description="The purchase counts.")
class PurchaseRecorded:
    purchase: Purchase = strawberry.field(description="As it was recorded.")
    customer: Customer = strawberry.field(description="The member as they are now.")
    entries: list[PointEntry] = strawberry.field(description="What it earned.")
    explanation: list[RuleOutcome] = strawberry.field(description="What each rule came to.")
    unlocked: list[MemberReward] = strawberry.field(description="Rewards that it unlocked.")
    earned_badges: list[BadgeProgress] = strawberry.field(description="Badges and levels that it earned.")
    tier_change: TierStep | None = strawberry.field(
        description="The tier step that it caused; null where it caused none."
    )


RecordPurchaseResult = Annotated[
    PurchaseRecorded
    | PurchaseClaimed
    | ExpiredCode
    | UnknownCode
    | NotAllowed
    | IdempotencyConflict
    | InsufficientBalance
    | PaymentNotAccepted
    | HoldNotUsable,
    strawberry.union("RecordPurchaseResult", description="The purchase, or why it does not count."),
]


@strawberry.type
class PurchaseQuery:
    @strawberry.field(
        description=(
            "Staff and systems: what this purchase would earn, by the very code that awards it. Writes"
            " nothing, but for the trail of look-ups where a number or a contact names the member."
        )
    )
    async def quote_purchase(self, info: Info, input: QuoteInput) -> Quote:
        loaders, till = info.context.loaders, till_of(info)
        member = await _quoted_member(info, input)
        purchase_input = purchase_input_of(input, external_id=QUOTED, occurred_at=input.occurred_at)
        quote = await purchases.quote(
            info.context.dependencies.runtime,
            till=till,
            member_id=member,
            purchase_input=purchase_input,
            now=loaders.now,
        )
        if (key := look_up_of(info, input.member)) is not None:
            await note_look_up(info, member, key)
        audience = await loaders.audience()
        available = {code: one.available for code, one in quote.member_view.member.wallets.items()}
        return Quote(
            customer=customer_of(audience, quote.member_view),
            entries=quoted_entries(audience, quote.entries, quote.version),
            totals=totals_of(audience, quote.entries),
            explanation=outcomes_of(audience, quote.outcomes, quote.version),
            unlocks=await unlocked_rewards(info, audience, quote.member_view, quote.unlocked_rewards),
            tier_after=(
                tiers_by_code(audience.programme, audience.locale).get(quote.tier_after)
                if quote.tier_after
                else None
            ),
            payable=payables_of(audience, quote.payable, available),
            payment=payment_of(audience, quote.purchase),
            paid=paid_otherwise(quote.purchase),
        )

    @strawberry.field(description="Staff and systems: a receipt of this store.")
    async def purchase(
        self,
        info: Info,
        external_id: Annotated[str, strawberry.argument(description="The receipt's number.")],
        store: Annotated[
            str | None,
            strawberry.argument(
                description="The store's code; by default this till's. Another one is for operators."
            ),
        ] = None,
        source: Annotated[
            str | None,
            strawberry.argument(description="The kind of system that brought it; by default till."),
        ] = None,
    ) -> Purchase | None:
        till = till_of(info)
        if store is not None and store != till.store and till.role != "OPERATOR":
            return None
        if source is not None and source != till.source and till.role == "CLIENT":
            return None
        recorded_purchase = await purchase_queries.find_purchase(
            info.context.dependencies.runtime,
            source=source or till.source,
            store=store or till.store,
            external_id=external_id,
        )
        return None if recorded_purchase is None else await purchase_of(info, recorded_purchase)


async def _quoted_member(info: Info, input: QuoteInput) -> str:
    """Return the member of a quote. By a number or a contact the quote is a look-up."""
    if (key := look_up_of(info, input.member)) is None:
        return await served_member(info, input.member, occurred_at=input.occurred_at)
    count_look_up(info)
    try:
        return await served_member(info, input.member)
    except NobodyByThatCode:
        await note_missed_look_up(info, key)
        raise


@strawberry.type
class PurchaseMutation:
    @strawberry.mutation(
        description="A receipt counts once: the member earns what the rules give, and the answer says why."
    )
    @refusals_as_problems
    async def record_purchase(self, info: Info, input: PurchaseInput) -> RecordPurchaseResult:
        loaders, till = info.context.loaders, till_of(info, input.member)
        member = await served_member(info, input.member, occurred_at=input.occurred_at)
        purchase_input = replace(
            purchase_input_of(input, external_id=input.external_id, occurred_at=input.occurred_at),
            details=receipt_details(input.taxes, input.tenders),
        )
        result = await purchases.record(
            info.context.dependencies.runtime,
            till=till,
            member_id=member,
            purchase_input=purchase_input,
            key=input.idempotency_key,
            now=loaders.now,
            presence=await presence_of(info, input.member) if input.pay_with else "unproven",
        )
        return await recorded_of(info, PurchaseRecorded, result)


async def recorded_of(
    info: Info, kind: Callable[..., RecordedT], result: purchases.PurchaseRecorded, **more: object
) -> RecordedT:
    """Return what a purchase brought, as an answer of this kind, with what it says more."""
    info.context.loaders.remember(result.member_view)
    audience, member = await info.context.loaders.audience(), result.member_view.member.id
    return kind(
        purchase=await purchase_of(info, result.purchase),
        customer=customer_of(audience, result.member_view),
        entries=entries_of(audience, member, result.history),
        explanation=outcomes_of(audience, result.outcomes, result.version),
        unlocked=await unlocked_rewards(info, audience, result.member_view, result.unlocked_rewards),
        earned_badges=_earned_badges(audience, result),
        tier_change=_tier_step(result.tier_change),
        **more,
    )


class PurchaseFields(Protocol):
    """What every input of a purchase has."""

    currency: str
    total: int
    lines: list[PurchaseLineInput] | None
    pay_with: list[WalletPaymentInput] | None
    paid_with: list[HeldPaymentInput] | None


def purchase_input_of(
    input: PurchaseFields, *, external_id: str, occurred_at: datetime | None = None
) -> purchase_inputs.PurchaseInput:
    """Return the purchase of an input, without what it says of taxes and tenders."""
    pay_with = tuple(WalletPayment(part.wallet, part.units) for part in input.pay_with or ())
    return purchase_inputs.PurchaseInput(
        external_id,
        input.total,
        input.currency,
        input_lines(input.lines),
        occurred_at,
        pay_with,
        hold_payments(input.paid_with),
    )


def _earned_badges(audience: Audience, result: purchases.PurchaseRecorded) -> list[BadgeProgress]:
    """Return the badges that a purchase earned, each at the level that it reached."""
    return [
        badge_progress(audience, result.member_view.member, spec, level=level)
        for code, level in result.badges
        if (spec := find_spec(audience.programme.badge, code)) is not None
    ]


def _tier_step(rise: PurchaseTierChange | None) -> TierStep | None:
    return (
        None
        if rise is None
        else TierStep(
            previous=rise.from_tier,
            from_=rise.from_tier,
            to=rise.to_tier,
            at=rise.changed_at,
            reason=rise.reason,
        )
    )
