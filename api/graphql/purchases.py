"""Purchases at the till: quoted, recorded, found again."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql.badges import BadgeProgress, badges_in
from api.graphql.basics import Info, Problem
from api.graphql.customers import Customer, customer_of
from api.graphql.descriptions import KEY
from api.graphql.ids import encode
from api.graphql.points import (
    PointEntry,
    QuotedEntry,
    RuleOutcome,
    WalletTotal,
    entries_of,
    outcomes_of,
    quoted_entry,
    totals_of,
)
from api.graphql.problems import ExpiredCode, IdempotencyConflict, NotAllowed, UnknownCode, refusals, told_by
from api.graphql.reader import Reader
from api.graphql.receipts import Purchase, purchase_of
from api.graphql.rewards import MemberReward, member_reward
from api.graphql.tiers import Tier, TierStep, ladder
from api.graphql.tills import served, till_of
from api.graphql.titles import known
from api.texts import say
from domain.model import badges
from domain.services import purchases, reading
from domain.services.given import Given, GivenLine
from domain.services.purchases import Rise
from domain.services.reading import Seen


@strawberry.input(description="A line of the receipt.")
class PurchaseLineInput:
    sku: str = strawberry.field(description="The goods' number, 1 to 128 characters.")
    name: str | None = strawberry.field(default=None, description="At most 200 characters.")
    category: str | None = strawberry.field(
        default=None, description="What rules go by; at most 200 characters."
    )
    quantity: int | None = strawberry.field(default=1, description="From 1.")
    amount: int = strawberry.field(description="The line's total.")


@strawberry.input(description="A purchase that is not recorded.")
class QuoteInput:
    member: str = strawberry.field(description="A visit, a membership number, or a customer's id.")
    occurred_at: datetime | None = strawberry.field(
        default=None, description="When they bought; by default now."
    )
    currency: str = strawberry.field(description="The programme's, ISO 4217.")
    total: int = strawberry.field(description="What is paid, after discounts and vouchers, in minor units.")
    lines: list[PurchaseLineInput] | None = strawberry.field(
        default_factory=list, description="What is bought, at most 500 lines."
    )


@strawberry.input(
    description=(
        "Known by (source, store, externalId): source and store are the session's own. Recorded once, whoever"
        " brings it."
    )
)
class PurchaseInput:
    member: str = strawberry.field(description="A visit, a membership number, or a customer's id.")
    external_id: str = strawberry.field(description="The receipt's number, 1 to 128 characters.")
    occurred_at: datetime | None = strawberry.field(
        default=None,
        description=(
            "Late purchases keep their time: rules and expiry count from it. At most 400 days old, not in the"
            " future."
        ),
    )
    currency: str = strawberry.field(description="The programme's, ISO 4217.")
    total: int = strawberry.field(
        description="What was paid, after discounts and vouchers, in minor units: 0 to 1,000,000,000."
    )
    lines: list[PurchaseLineInput] | None = strawberry.field(
        default_factory=list, description="What was bought, at most 500 lines; rules about goods need them."
    )
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.type(
    description=(
        "What a purchase would earn. Promised to be what recordPurchase gives, if nothing comes in between."
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


@strawberry.type(description="The purchase counts.")
class PurchaseRecorded:
    purchase: Purchase = strawberry.field(description="As it was recorded.")
    customer: Customer = strawberry.field(description="The member as they are now.")
    entries: list[PointEntry] = strawberry.field(description="What it earned.")
    explanation: list[RuleOutcome] = strawberry.field(description="What each rule came to.")
    unlocked: list[MemberReward] = strawberry.field(description="Rewards that it unlocked.")
    earned_badges: list[BadgeProgress] = strawberry.field(description="Badges and levels that it earned.")
    tier_change: TierStep | None = strawberry.field(description="The tier that it reached; null where none.")


@strawberry.type(description="This receipt was recorded before.")
class PurchaseClaimed(Problem):
    same_member: bool = strawberry.field(description="Whether it was recorded for this very member.")
    purchase: Purchase | None = strawberry.field(
        description="As it was recorded; null where it is somebody else's."
    )


RecordPurchaseResult = Annotated[
    PurchaseRecorded | PurchaseClaimed | ExpiredCode | UnknownCode | NotAllowed | IdempotencyConflict,
    strawberry.union("RecordPurchaseResult", description="The purchase, or why it does not count."),
]


@strawberry.type
class PurchaseQuery:
    @strawberry.field(
        description="Staff: what this purchase would earn, by the very code that awards it. Writes nothing."
    )
    async def quote_purchase(self, info: Info, input: QuoteInput) -> Quote:
        loaders, till = info.context.loaders, till_of(info)
        member = await served(info, input.member, occurred_at=input.occurred_at)
        given = Given("quote", input.total, input.currency, _lines(input.lines), input.occurred_at)
        found = await purchases.quote(
            info.context.services.house, till=till, member_id=member, given=given, now=loaders.now
        )
        reader = await loaders.reader()
        return Quote(
            customer=customer_of(reader, found.seen),
            entries=[quoted_entry(reader, entry, found.version) for entry in found.entries],
            totals=totals_of(reader, found.entries),
            explanation=outcomes_of(reader, found.outcomes, found.version),
            unlocks=await _rewards(info, reader, found.seen, found.unlocks),
            tier_after=(
                ladder(reader.programme, reader.locale).get(found.tier_after) if found.tier_after else None
            ),
        )

    @strawberry.field(description="Staff: a receipt of this store.")
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
        found = await reading.purchase(
            info.context.services.house,
            source=source or till.source,
            store=store or till.store,
            external_id=external_id,
        )
        return None if found is None else await purchase_of(info, found)


@strawberry.type
class PurchaseMutation:
    @strawberry.mutation(
        description="A receipt counts once: the member earns what the rules give, and the answer says why."
    )
    @refusals
    async def record_purchase(self, info: Info, input: PurchaseInput) -> RecordPurchaseResult:
        loaders, till = info.context.loaders, till_of(info)
        member = await served(info, input.member, occurred_at=input.occurred_at)
        given = Given(input.external_id, input.total, input.currency, _lines(input.lines), input.occurred_at)
        done = await purchases.record(
            info.context.services.house,
            till=till,
            member_id=member,
            given=given,
            key=input.idempotency_key,
            now=loaders.now,
        )
        loaders.changed(done.seen)
        reader = await loaders.reader()
        return PurchaseRecorded(
            purchase=await purchase_of(info, done.receipted),
            customer=customer_of(reader, done.seen),
            entries=entries_of(reader, member, done.told),
            explanation=outcomes_of(reader, done.outcomes, done.version),
            unlocked=await _rewards(info, reader, done.seen, done.unlocked),
            earned_badges=[
                badge
                for badge in (_earned(reader, done.seen, *one) for one in done.badges)
                if badge is not None
            ],
            tier_change=_step(done.tier_change),
        )


@told_by(purchases.PurchaseClaimed)
async def _claimed(info: Info, reader: Reader, refusal: purchases.PurchaseClaimed) -> PurchaseClaimed:
    whose = "same" if refusal.same_member else "other"
    found = refusal.receipted
    return PurchaseClaimed(
        message=say(f"problem.PurchaseClaimed.{whose}", reader.locale),
        same_member=refusal.same_member,
        purchase=None if found is None else await purchase_of(info, found),
    )


def _lines(lines: list[PurchaseLineInput] | None) -> tuple[GivenLine, ...]:
    return tuple(
        GivenLine(one.sku, one.amount, 1 if one.quantity is None else one.quantity, one.name, one.category)
        for one in lines or ()
    )


async def _rewards(info: Info, reader: Reader, seen: Seen, codes: tuple[str, ...]) -> list[MemberReward]:
    specs = [spec for spec in (known(reader.programme.reward, code) for code in codes) if spec is not None]
    world = await info.context.loaders.world() if specs else None
    return [member_reward(reader, seen.member, spec, world) for spec in specs if world is not None]


def _earned(reader: Reader, seen: Seen, code: str, level: int) -> BadgeProgress | None:
    """Return a badge as it was earned: the level then, all else as it is now."""
    spec = known(reader.programme.badge, code)
    if spec is None:
        return None
    view = badges.view(reader.programme, seen.member, spec, now=reader.now)
    return BadgeProgress(
        id=strawberry.ID(encode("BadgeProgress", f"{seen.member.id}:{code}")),
        badge=badges_in(reader.programme, reader.locale)[code],
        level=level,
        progress=view.progress,
        target=view.target,
        fraction=view.fraction,
        earned_at=view.earned_at,
    )


def _step(rise: Rise | None) -> TierStep | None:
    return None if rise is None else TierStep(from_=rise.origin, to=rise.to, at=rise.at, reason=rise.reason)
