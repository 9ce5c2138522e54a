"""A member as staff may see one: no contact, no birthday, no code. Staff find one by what the member says or
shows.
"""

from typing import Annotated

import strawberry

from api.graphql.basics import Info, Node
from api.graphql.histories import purchase_history
from api.graphql.ids import encode
from api.graphql.members import MemberStatus, status_of
from api.graphql.paging import After, First
from api.graphql.points import Wallet, wallets_of
from api.graphql.reader import Reader
from api.graphql.receipts import PurchaseConnection
from api.graphql.rewards import MemberRewardConnection, RewardState, member_rewards
from api.graphql.tiers import TierProgress, tier_progress
from api.graphql.vouchers import VoucherConnection, voucher_history
from domain.services import reading
from domain.services.reading import Seen


@strawberry.type(description="A member as staff may see one: no contact, no birthday, no code.")
class Customer(Node):
    number: str = strawberry.field(description="Membership number with a check digit, as printed on a card.")
    name: str = strawberry.field(description="As they gave it.")
    status: MemberStatus = strawberry.field(description="Whether they can earn and redeem.")
    seen: strawberry.Private[Seen]
    reader: strawberry.Private[Reader]

    @strawberry.field(
        description="Every wallet of the programme, in its order; the first is the points balance."
    )
    def wallets(self) -> list[Wallet]:
        return wallets_of(self.reader, self.seen.member)

    @strawberry.field(description="Null where the programme has no tiers.")
    def tier(self) -> TierProgress | None:
        return tier_progress(self.reader, self.seen.member)

    @strawberry.field(description="The catalogue as this member stands to it, in the programme's order.")
    async def rewards(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        state: Annotated[
            RewardState | None, strawberry.argument(description="Only those; null for all.")
        ] = None,
    ) -> MemberRewardConnection:
        world = await info.context.loaders.world()
        return member_rewards(self.reader, self.seen.member, world, first=first, after=after, state=state)

    @strawberry.field(description="Newest first; without their codes.")
    async def vouchers(self, info: Info, first: First = 20, after: After = None) -> VoucherConnection:
        return await voucher_history(info, self.seen.member.id, first=first, after=after)

    @strawberry.field(description="In the stores this employee may see.")
    async def purchases(self, info: Info, first: First = 20, after: After = None) -> PurchaseConnection:
        staff = info.context.staff()
        store = None if staff.role == "OPERATOR" else staff.store
        return await purchase_history(info, self.seen.member.id, first=first, after=after, store=store)


@strawberry.type
class CustomerQuery:
    @strawberry.field(description="Staff: a member by membership number, e-mail or phone, exactly.")
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
        member = await reading.known_as(info.context.services.house, contact=contact)
        return None if member is None else await customer(info, member)


async def customer(info: Info, member: str) -> Customer:
    """Return a member as staff may see one, as they are now."""
    loaders = info.context.loaders
    return customer_of(await loaders.reader(), await loaders.seen(member))


def customer_of(reader: Reader, seen: Seen) -> Customer:
    """Return a member as staff may see one."""
    return Customer(
        id=strawberry.ID(encode("Customer", seen.member.id)),
        number=seen.member.number,
        name=seen.details.name,
        status=status_of(seen),
        seen=seen,
        reader=reader,
    )
