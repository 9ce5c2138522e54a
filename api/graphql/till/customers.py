"""A member as staff may see them: no contact, no birthday, no code. Staff find one by number or contact."""

from typing import Annotated

import strawberry

from api.errors import NotFound
from api.graphql.engine.audience import Audience
from api.graphql.engine.ids import encode_id
from api.graphql.engine.paging import After, First
from api.graphql.engine.shared_types import Info, Node
from api.graphql.member.badges import BadgeProgress, badges_of
from api.graphql.member.consents import Consent, MemberAttribute, attributes_of, consents_of
from api.graphql.member.histories import purchase_history
from api.graphql.member.membership import MemberStatus, status_of
from api.graphql.member.points import Wallet, wallets_of
from api.graphql.member.receipts import PurchaseConnection
from api.graphql.member.rewards import MemberRewardConnection, RewardState, member_rewards
from api.graphql.member.tiers import TierProgress, tier_progress
from api.graphql.member.vouchers import VoucherConnection, voucher_history
from api.graphql.till.till_session import count_look_up, note_look_up, note_missed_look_up
from domain.model.programme.attributes import AttributeSetter
from domain.services.ledger import queries
from domain.services.ledger.look_up import look_ups
from domain.services.ledger.purchase_queries import PurchaseFilter
from domain.services.ledger.queries import MemberView
from domain.store.people.sessions import TillRole


@strawberry.type(description="A segment of the programme.")
class CustomerSegment:
    code: str = strawberry.field(description="Its code in the programme file.")
    name: str = strawberry.field(description="In the reader's language.")


@strawberry.type(description="A member as staff may see one: no contact, no birthday, no code.")
class Customer(Node):
    number: str = strawberry.field(description="Membership number with a check digit, as printed on a card.")
    name: str = strawberry.field(
        description="As they gave it; empty for a system without the scope members:read."
    )
    status: MemberStatus = strawberry.field(description="Whether they can earn and redeem.")
    member_view: strawberry.Private[MemberView]
    audience: strawberry.Private[Audience]

    @strawberry.field(
        description="Every wallet of the programme, in its order; the first is the points balance."
    )
    def wallets(self) -> list[Wallet]:
        return wallets_of(self.audience, self.member_view.member)

    @strawberry.field(
        description="What the programme leaves to staff to know of a member, also where it is not known yet."
    )
    def attributes(self, info: Info) -> list[MemberAttribute]:
        if self.audience.is_blind:
            return []
        setters = setters_of(info.context.at_till().role)
        return attributes_of(self.audience, self.member_view.details.attributes, setters)

    @strawberry.field(
        description="Managers: the answer to every purpose, with those before it; null for a cashier."
    )
    def consents(self) -> list[Consent] | None:
        member_view = self.member_view
        return consents_of(self.audience, member_view.member.id, member_view.details.consents)

    @strawberry.field(description="Null where the programme has no tiers.")
    def tier(self) -> TierProgress | None:
        return tier_progress(self.audience, self.member_view.member)

    @strawberry.field(description="The segments that they are in now, in the programme's order.")
    def segments(self) -> list[CustomerSegment]:
        held = self.member_view.member.segments
        return [
            CustomerSegment(code=spec.code, name=self.audience.text(spec.name))
            for spec in self.audience.programme.segments
            if spec.code in held
        ]

    @strawberry.field(
        description=(
            "Stamp cards, challenges and badges, in the programme's order; a secret one only once it is"
            " earned."
        )
    )
    def badges(self) -> list[BadgeProgress]:
        return badges_of(self.audience, self.member_view.member)

    @strawberry.field(
        description="The catalogue for this member, locked or unlocked, in the programme's order."
    )
    async def rewards(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        state: Annotated[
            RewardState | None, strawberry.argument(description="Only rewards in this state; null for all.")
        ] = None,
    ) -> MemberRewardConnection:
        stock = await info.context.loaders.stock_state()
        return member_rewards(
            self.audience, self.member_view.member, stock, first=first, after=after, state=state
        )

    @strawberry.field(description="Newest first; without their codes.")
    async def vouchers(self, info: Info, first: First = 20, after: After = None) -> VoucherConnection:
        return await voucher_history(info, self.member_view.member.id, first=first, after=after)

    @strawberry.field(description="In the stores this employee may see.")
    async def purchases(self, info: Info, first: First = 20, after: After = None) -> PurchaseConnection:
        staff = info.context.at_till()
        store = None if staff.role in ("OPERATOR", "SERVICE") else staff.store
        return await purchase_history(
            info, self.member_view.member.id, first=first, after=after, wanted=PurchaseFilter(store)
        )


@strawberry.type
class CustomerQuery:
    @strawberry.field(
        description="Staff and systems: a member by membership number, e-mail or phone, exactly."
    )
    async def find_customer(
        self,
        info: Info,
        contact: Annotated[
            str,
            strawberry.argument(
                description="A membership number, an e-mail address, or a phone number with its country."
            ),
        ],
    ) -> Customer | None:
        count_look_up(info)
        member = await queries.find_member_by_contact(info.context.dependencies.runtime, contact=contact)
        try:
            customer = None if member is None else await current_customer(info, member)
        except NotFound:
            customer = None
        if customer is None:
            await note_missed_look_up(info, look_ups.key_of(contact))
        else:
            await note_look_up(info, member, look_ups.key_of(contact))
        return customer


def setters_of(role: TillRole) -> frozenset[AttributeSetter]:
    """Return whose attributes an employee or a system sees and sets: operators do it for both."""
    if role == "CLIENT":
        return frozenset({"system"})
    return frozenset({"staff", "system"}) if role == "OPERATOR" else frozenset({"staff"})


async def current_customer(info: Info, member: str) -> Customer:
    """Return a member as staff may see them, as of now."""
    loaders = info.context.loaders
    return customer_of(await loaders.audience(), await loaders.member_view(member))


def customer_of(audience: Audience, member_view: MemberView) -> Customer:
    """Return a member as staff may see them."""
    return Customer(
        id=strawberry.ID(encode_id("Customer", member_view.member.id)),
        number=member_view.member.number,
        name="" if audience.is_blind else member_view.details.name,
        status=status_of(member_view),
        member_view=member_view,
        audience=audience,
    )
