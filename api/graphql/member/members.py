"""The signed-in member: profile, balances, lists.

A later page of a list needs only the member's id. Where a query asks for such pages alone, the member is not
read.
"""

from datetime import date, datetime
from typing import Annotated

import strawberry

from api.caller import Anonymous, MemberCaller
from api.errors import Unauthenticated
from api.graphql.engine.audience import Audience
from api.graphql.engine.ids import encode_id
from api.graphql.engine.paging import After, First, Since, Until
from api.graphql.engine.scalars import WalletCode
from api.graphql.engine.shared_types import Info, Node, later
from api.graphql.engine.titles import find_spec
from api.graphql.member.badges import BadgeProgress, badges_of
from api.graphql.member.catalogue.purchase_quotes import MemberQuote, PurchaseLineInput, member_quote
from api.graphql.member.club.notifications import NotificationSetting, notifications_of
from api.graphql.member.club.recommendations import (
    DEFAULT_FIRST,
    Recommendation,
    RecommendationsFirst,
    recommendations_for,
)
from api.graphql.member.consents import Consent, MemberAttribute, attributes_of, consents_of
from api.graphql.member.devices.devices import Device, MemberCard, card_of, device_of
from api.graphql.member.histories import asks_pages_only, point_history, purchase_history
from api.graphql.member.live.cursors import cursor_of
from api.graphql.member.membership import (
    MemberPlan,
    MemberStatus,
    Referral,
    plan_held,
    referral_of,
    status_of,
)
from api.graphql.member.messages import MessageConnection, message_history
from api.graphql.member.payment_holds import PaymentHold, live_holds
from api.graphql.member.points import (
    EntryKind,
    PointEntryConnection,
    Wallet,
    kind_words,
    wallets_of,
)
from api.graphql.member.receipts import PurchaseConnection
from api.graphql.member.rewards import (
    MemberReward,
    MemberRewardConnection,
    RewardState,
    member_reward,
    member_rewards,
)
from api.graphql.member.tiers import TierProgress, tier_progress
from api.graphql.member.vouchers import VoucherConnection, VoucherState, voucher_history
from domain.model.ledger.decision import StockState
from domain.services.ledger.entry_history import EntryFilter
from domain.services.ledger.purchase_queries import PurchaseFilter
from domain.services.ledger.queries import MemberView
from domain.services.people import devices


@strawberry.type(description="The signed-in member, as they see themselves.")
class Member(Node):
    number: str = strawberry.field(description="Membership number with a check digit, as printed on a card.")
    name: str = strawberry.field(description="As they gave it.")
    email: str | None = strawberry.field(
        description="Null where none was given; one of e-mail and phone is always there."
    )
    phone: str | None = strawberry.field(
        description="E.164, such as +351912345678; null where none was given."
    )
    birthday: date | None = strawberry.field(description="Null where it was not given.")
    locale: str = strawberry.field(
        description=(
            "The language of every text in this member's answers and messages; one of `programme.locales`."
        )
    )
    timezone: str = strawberry.field(description="IANA, such as Europe/Lisbon: for quiet hours.")
    status: MemberStatus = strawberry.field(description="Whether they can earn and redeem.")
    joined_at: datetime = strawberry.field(description="When the membership began.")
    terms_accepted: str | None = strawberry.field(
        description=(
            "The version that was accepted last; ask the member again if it is not"
            " `programme.terms.version`. Null where none was accepted."
        )
    )
    member_id: strawberry.Private[str]
    member_view: strawberry.Private[MemberView]
    audience: strawberry.Private[Audience]

    @strawberry.field(description="The programme's first wallet: the points balance.")
    def balance(self) -> Wallet:
        return wallets_of(self.audience, self.member_view.member)[0]

    @strawberry.field(description="Every wallet of the programme, in its order.")
    def wallets(self) -> list[Wallet]:
        return wallets_of(self.audience, self.member_view.member)

    @strawberry.field(description="What is held for orders that are being paid, what ends first at the top.")
    def holds(self) -> list[PaymentHold]:
        return live_holds(self.audience, self.member_view.member)

    @strawberry.field(description="What the wallets gained and lost, newest first.")
    async def point_history(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        wallet: Annotated[
            WalletCode | None,
            strawberry.argument(
                description=(
                    "Only the entries of this wallet, a list with cursors of its own; null for all wallets."
                )
            ),
        ] = None,
        kinds: Annotated[
            list[EntryKind] | None,
            strawberry.argument(description="Only entries of these kinds; null for all."),
        ] = None,
        since: Since = None,
        until: Until = None,
        store: Annotated[
            str | None,
            strawberry.argument(
                description="Only entries of purchases made, or vouchers used, in the store of this code."
            ),
        ] = None,
    ) -> PointEntryConnection:
        is_filtered = kinds or since or until or store is not None
        wanted = EntryFilter(kind_words(kinds), since, until, store) if is_filtered else None
        return await point_history(
            info, self.member_id, first=first, after=after, wallet=wallet, wanted=wanted
        )

    @strawberry.field(description="Null where the programme has no tiers.")
    def tier(self) -> TierProgress | None:
        return tier_progress(self.audience, self.member_view.member)

    @strawberry.field(description="In the programme's order; a secret one only once it is earned.")
    def badges(self) -> list[BadgeProgress]:
        return badges_of(self.audience, self.member_view.member, self.member_view.details.declined)

    @strawberry.field(
        description="The catalogue for this member, locked or unlocked, in the programme's order."
    )
    def rewards(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        state: Annotated[
            RewardState | None, strawberry.argument(description="Only rewards in this state; null for all.")
        ] = None,
    ) -> MemberRewardConnection:
        def of(stock: StockState) -> MemberRewardConnection:
            return member_rewards(
                self.audience, self.member_view.member, stock, first=first, after=after, state=state
            )

        async def read() -> MemberRewardConnection:
            return of(await info.context.loaders.stock_state())

        known = info.context.loaders.known_stock_state()
        return later(read()) if known is None else of(known)

    @strawberry.field(
        description="One reward of the catalogue; null where there is none of this code that can be redeemed."
    )
    async def reward(
        self,
        info: Info,
        code: Annotated[str, strawberry.argument(description="Its code in the programme file.")],
    ) -> MemberReward | None:
        spec = find_spec(self.audience.programme.reward, code)
        if spec is None or spec.cost is None:
            return None
        stock = await info.context.loaders.stock_state()
        return member_reward(self.audience, self.member_view.member, spec, stock)

    @strawberry.field(
        description=(
            "For you: products and rewards, each with its reason, what speaks most for it first. Without the"
            " consent `profiling` what is popular alone."
        )
    )
    async def recommendations(
        self, info: Info, first: RecommendationsFirst = DEFAULT_FIRST
    ) -> list[Recommendation]:
        return await recommendations_for(info, self.member_view, self.audience, first=first)

    @strawberry.field(description="Newest first.")
    async def purchases(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        store: Annotated[
            str | None, strawberry.argument(description="Only purchases in the store of this code.")
        ] = None,
        since: Since = None,
        until: Until = None,
    ) -> PurchaseConnection:
        wanted = PurchaseFilter(store, since, until)
        return await purchase_history(info, self.member_id, first=first, after=after, wanted=wanted)

    @strawberry.field(
        description=("What a purchase would earn now, by the very code that awards it. Writes nothing.")
    )
    async def quote(
        self,
        info: Info,
        total: Annotated[int, strawberry.argument(description="In minor units of the programme's currency.")],
        lines: Annotated[
            list[PurchaseLineInput] | None,
            strawberry.argument(
                description="What is bought, at most 500 lines; rules about goods need them."
            ),
        ] = None,
        store: Annotated[
            str | None, strawberry.argument(description="The code of the store; null for none.")
        ] = None,
    ) -> MemberQuote:
        return await member_quote(info, self.member_id, total=total, lines=lines, store=store)

    @strawberry.field(description="Newest first.")
    async def vouchers(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        state: Annotated[
            VoucherState | None,
            strawberry.argument(
                description=(
                    "Only vouchers in this state; null for all. With it a page may be short, or empty,"
                    " although more follow."
                )
            ),
        ] = None,
    ) -> VoucherConnection:
        return await voucher_history(info, self.member_id, first=first, after=after, state=state)

    @strawberry.field(
        description=(
            "A short-lived code that identifies the member at the till, derived for this session's device:"
            " reading it writes nothing. It never authorises spending."
        )
    )
    async def card(self, info: Info) -> MemberCard:
        dependencies, caller = info.context.dependencies, info.context.caller
        card = await devices.make_card(
            dependencies.runtime.store,
            member=self.member_id,
            number=self.number,
            installation=caller.device_id if isinstance(caller, MemberCaller) else None,
            key=dependencies.card_keys[0],
            now=info.context.loaders.world_now,
        )
        return card_of(self.member_id, card)

    @strawberry.field(description="Registered installations, the one seen last first.")
    async def devices(self, info: Info) -> list[Device]:
        return [
            device_of(kept)
            for kept in await devices.list_devices(info.context.dependencies.runtime.store, self.member_id)
        ]

    @strawberry.field(description="The inbox, newest first.")
    async def messages(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        unread: Annotated[
            bool | None,
            strawberry.argument(description="Only unread ones, or only those that were read; null for all."),
        ] = None,
    ) -> MessageConnection:
        return await message_history(info, self.member_id, first=first, after=after, unread=unread)

    @strawberry.field(
        description=(
            "The cursor of this answer: subscribe to `memberActivity` with it as `after`, and"
            " nothing that happens between reading and subscribing is missed."
        )
    )
    async def activity_cursor(self, info: Info) -> str:
        mailbox = await info.context.loaders.mailbox(self.member_id)
        return cursor_of(self.member_view, mailbox)

    @strawberry.field(description="Null where the programme has none.")
    def referral(self, info: Info) -> Referral | None:
        return referral_of(info, self.audience, self.member_view)

    @strawberry.field(description="Paid membership; null where the member has none.")
    def plan(self) -> MemberPlan | None:
        return plan_held(self.audience, self.member_view)

    @strawberry.field(
        description="What the programme knows of them beyond the profile, or would like to; in its order."
    )
    def attributes(self) -> list[MemberAttribute]:
        return attributes_of(self.audience, self.member_view.details.attributes)

    @strawberry.field(description="Which messages they want, and by which channel.")
    def notifications(self) -> list[NotificationSetting]:
        return notifications_of(self.audience, self.member_view.details)

    @strawberry.field(description="The answer to every purpose, also to those never answered.")
    def consents(self) -> list[Consent]:
        return consents_of(self.audience, self.member_id, self.member_view.details.consents)


@strawberry.type
class MemberQuery:
    @strawberry.field(
        description=(
            "The signed-in member. Without one the whole answer is lost to UNAUTHENTICATED: a screen that"
            " also shows what is public asks `viewer`."
        )
    )
    async def me(self, info: Info) -> Member:
        return await _signed_in_member(info, info.context.member().member_id)

    @strawberry.field(
        description=(
            "The signed-in member; null where nobody is signed in, or staff. An access token that is not"
            " accepted any more is UNAUTHENTICATED here, and what else was asked is answered."
        )
    )
    async def viewer(self, info: Info) -> Member | None:
        caller = info.context.caller
        if isinstance(caller, Anonymous) and caller.token_refused:
            raise Unauthenticated
        if not isinstance(caller, MemberCaller):
            return None
        return await _signed_in_member(info, caller.member_id)


async def _signed_in_member(info: Info, member_id: str) -> Member:
    return _unloaded_member(member_id) if asks_pages_only(info) else await current_member(info, member_id)


async def current_member(info: Info, member_id: str) -> Member:
    """Return a member as they see themselves, as they are now."""
    loaders = info.context.loaders
    member_view = await loaders.member_view(member_id)
    return member_of(await loaders.audience(), member_view)


def member_of(audience: Audience, member_view: MemberView) -> Member:
    """Return a member as they see themselves."""
    member, details = member_view.member, member_view.details
    assert member.joined_at is not None, "a membership has begun where there is a member"
    return Member(
        id=strawberry.ID(encode_id("Member", member.id)),
        number=member.number,
        name=details.name,
        email=details.email,
        phone=details.phone,
        birthday=details.birthday,
        locale=details.locale,
        timezone=details.timezone,
        status=status_of(member_view),
        joined_at=member.joined_at,
        terms_accepted=details.terms,
        member_id=member.id,
        member_view=member_view,
        audience=audience,
    )


# ---------------------------------------------------------------- later pages


def _unloaded_member(member_id: str) -> Member:
    """Return a member with nothing but an id, which is all that later pages of lists need."""
    member = Member.__new__(Member)
    member.id, member.member_id = strawberry.ID(encode_id("Member", member_id)), member_id
    return member
