"""Purchases at the till: quoted, recorded, found again."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql.badges import BadgeProgress, badges_in
from api.graphql.basics import Info, Problem
from api.graphql.customers import Customer, customer_of
from api.graphql.ids import encode
from api.graphql.points import PointEntry, QuotedEntry, RuleOutcome, WalletTotal, entries_of, outcomes_of, quoted_entry, totals_of
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


@strawberry.input
class PurchaseLineInput:
    sku: str
    name: str | None = None
    category: str | None = None
    quantity: int | None = 1
    amount: int = strawberry.field(description="The line's total.")


@strawberry.input
class QuoteInput:
    member: str = strawberry.field(description="A visit, a membership number, or a customer's id.")
    occurred_at: datetime | None = None
    currency: str
    total: int
    lines: list[PurchaseLineInput] | None = strawberry.field(default_factory=list)


@strawberry.input(
    description="Known by (source, store, externalId): source and store are the session's own. Recorded once, whoever brings it."
)
class PurchaseInput:
    member: str = strawberry.field(description="A visit, a membership number, or a customer's id.")
    external_id: str
    occurred_at: datetime | None = strawberry.field(
        default=None,
        description="Late purchases keep their time: rules and expiry count from it. At most 400 days old, not in the future.",
    )
    currency: str
    total: int
    lines: list[PurchaseLineInput] | None = strawberry.field(default_factory=list)
    idempotency_key: str


@strawberry.type
class Quote:
    customer: Customer
    entries: list[QuotedEntry]
    totals: list[WalletTotal]
    explanation: list[RuleOutcome]
    unlocks: list[MemberReward]
    tier_after: Tier | None


@strawberry.type
class PurchaseRecorded:
    purchase: Purchase
    customer: Customer
    entries: list[PointEntry]
    explanation: list[RuleOutcome]
    unlocked: list[MemberReward]
    earned_badges: list[BadgeProgress]
    tier_change: TierStep | None


@strawberry.type(description="This receipt was recorded before.")
class PurchaseClaimed(Problem):
    same_member: bool
    purchase: Purchase | None


RecordPurchaseResult = Annotated[
    PurchaseRecorded | PurchaseClaimed | ExpiredCode | UnknownCode | NotAllowed | IdempotencyConflict,
    strawberry.union("RecordPurchaseResult"),
]


@strawberry.type
class PurchaseQuery:
    @strawberry.field(description="Staff: what this purchase would earn, by the very code that awards it. Writes nothing.")
    async def quote_purchase(self, info: Info, input: QuoteInput) -> Quote:
        loaders, till = info.context.loaders, till_of(info)
        member = await served(info, input.member, occurred_at=input.occurred_at)
        given = Given("quote", input.total, input.currency, _lines(input.lines), input.occurred_at)
        found = await purchases.quote(info.context.services.house, till=till, member_id=member, given=given, now=loaders.now)
        reader = await loaders.reader()
        return Quote(
            customer=customer_of(reader, found.seen),
            entries=[quoted_entry(reader, entry, found.version) for entry in found.entries],
            totals=totals_of(reader, found.entries),
            explanation=outcomes_of(reader, found.outcomes, found.version),
            unlocks=await _rewards(info, reader, found.seen, found.unlocks),
            tier_after=ladder(reader.programme, reader.locale).get(found.tier_after) if found.tier_after else None,
        )

    @strawberry.field(description="Staff: a receipt of this store.")
    async def purchase(self, info: Info, external_id: str, store: str | None = None, source: str | None = None) -> Purchase | None:
        till = till_of(info)
        if store is not None and store != till.store and till.role != "OPERATOR":
            return None
        found = await reading.purchase(
            info.context.services.house, source=source or till.source, store=store or till.store, external_id=external_id
        )
        return None if found is None else await purchase_of(info, found)


@strawberry.type
class PurchaseMutation:
    @strawberry.mutation
    @refusals
    async def record_purchase(self, info: Info, input: PurchaseInput) -> RecordPurchaseResult:
        loaders, till = info.context.loaders, till_of(info)
        member = await served(info, input.member, occurred_at=input.occurred_at)
        given = Given(input.external_id, input.total, input.currency, _lines(input.lines), input.occurred_at)
        done = await purchases.record(
            info.context.services.house, till=till, member_id=member, given=given, key=input.idempotency_key, now=loaders.now
        )
        loaders.changed(done.seen)
        reader = await loaders.reader()
        return PurchaseRecorded(
            purchase=await purchase_of(info, done.receipted),
            customer=customer_of(reader, done.seen),
            entries=entries_of(reader, member, done.told),
            explanation=outcomes_of(reader, done.outcomes, done.version),
            unlocked=await _rewards(info, reader, done.seen, done.unlocked),
            earned_badges=[badge for badge in (_earned(reader, done.seen, *one) for one in done.badges) if badge is not None],
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
        GivenLine(one.sku, one.amount, 1 if one.quantity is None else one.quantity, one.name, one.category) for one in lines or ()
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
