"""What a purchase would earn, as its member asks: the very code that awards it, without the commit."""

from collections.abc import Iterable

import strawberry

from api.errors import BadInput
from api.graphql.engine.audience import Audience
from api.graphql.engine.shared_types import Info
from api.graphql.engine.titles import find_spec
from api.graphql.member.explanations import RuleOutcome, outcomes_of
from api.graphql.member.points import QuotedEntry, WalletTotal, quoted_entries, totals_of
from api.graphql.member.rewards import MemberReward, member_reward
from api.graphql.member.tiers import Tier, tiers_by_code
from domain.services.ledger import purchase_input, purchases
from domain.services.ledger.purchase_input import PurchaseInputLine
from domain.services.ledger.queries import MemberView

# A quote has no receipt yet.
QUOTED = "quote"


@strawberry.input(description="A line of the receipt.")
class PurchaseLineInput:
    sku: str = strawberry.field(description="The goods' number, 1 to 128 characters.")
    name: str | None = strawberry.field(default=None, description="At most 200 characters.")
    category: str | None = strawberry.field(
        default=None, description="What rules go by; at most 200 characters."
    )
    quantity: int | None = strawberry.field(default=1, description="From 1.")
    amount: int = strawberry.field(description="The line's total.")


@strawberry.type(
    description="What a purchase would earn the member now: a till gives the same, if nothing happens before."
)
class MemberQuote:
    entries: list[QuotedEntry] = strawberry.field(description="What would be written.")
    totals: list[WalletTotal] = strawberry.field(description="What that comes to by wallet.")
    explanation: list[RuleOutcome] = strawberry.field(description="What each rule would come to.")
    unlocks: list[MemberReward] = strawberry.field(description="Rewards that it would unlock.")
    tier_after: Tier | None = strawberry.field(
        description="The tier that it would reach; null where it changes none."
    )


def input_lines(lines: Iterable[PurchaseLineInput] | None) -> tuple[PurchaseInputLine, ...]:
    """Return the lines of an input as the domain takes them."""
    return tuple(
        PurchaseInputLine(
            line.sku, line.amount, 1 if line.quantity is None else line.quantity, line.name, line.category
        )
        for line in lines or ()
    )


async def member_quote(
    info: Info, member: str, *, total: int, lines: list[PurchaseLineInput] | None, store: str | None
) -> MemberQuote:
    """Return what a purchase would bring the member who asks. Raises BadInput."""
    loaders = info.context.loaders
    audience = await loaders.audience()
    if store is not None and store not in await loaders.store_names():
        raise BadInput("There is no store of this code.", field="store")
    quote = await purchases.quote_own(
        info.context.dependencies.runtime,
        member_id=member,
        purchase_input=purchase_input.PurchaseInput(
            QUOTED, total, audience.programme.programme.currency, input_lines(lines), None
        ),
        store=store,
        now=loaders.now,
    )
    return MemberQuote(
        entries=quoted_entries(audience, quote.entries, quote.version),
        totals=totals_of(audience, quote.entries),
        explanation=outcomes_of(audience, quote.outcomes, quote.version),
        unlocks=await unlocked_rewards(info, audience, quote.member_view, quote.unlocked_rewards),
        tier_after=tiers_by_code(audience.programme, audience.locale).get(quote.tier_after or ""),
    )


async def unlocked_rewards(
    info: Info, audience: Audience, member_view: MemberView, codes: tuple[str, ...]
) -> list[MemberReward]:
    """Return rewards by their codes, as a member stands to them now."""
    specs = [
        spec for spec in (find_spec(audience.programme.reward, code) for code in codes) if spec is not None
    ]
    stock = await info.context.loaders.stock_state() if specs else None
    return [member_reward(audience, member_view.member, spec, stock) for spec in specs if stock is not None]
