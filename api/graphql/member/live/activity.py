"""The live activity of the signed-in member. Missed events are replayed from a cursor."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry

from api.errors import Unauthenticated
from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import TIER_STEP_REASON, deprecated_on
from api.graphql.engine.shared_types import Info
from api.graphql.engine.titles import find_spec
from api.graphql.member.badges import BadgeProgress, badge_progress, badges_of
from api.graphql.member.consents import Consent, MemberAttribute, attributes_of, consents_of
from api.graphql.member.live.cursors import read_cursor, write_cursor
from api.graphql.member.members import Member, current_member
from api.graphql.member.membership import Referral, referral_of
from api.graphql.member.messages import Message, message_of
from api.graphql.member.points import PointEntry, Wallet, entries_of, wallets_of
from api.graphql.member.rewards import MemberReward, member_reward
from api.graphql.member.tiers import Tier, TierProgress, tier_progress, tiers_by_code
from api.graphql.member.vouchers import Voucher, voucher_of
from domain.model.ledger.decision import VoucherChange
from domain.model.ledger.member import Member as LedgerMember
from domain.services import errors
from domain.services.ledger.queries import MemberView
from domain.services.live import activity_feed
from domain.services.live.activity_feed import (
    AchievementActivity,
    ActivityDetail,
    EntriesActivity,
    LettersActivity,
    ProfileActivity,
    ReferralActivity,
    ResyncRequired,
    TierActivity,
    VoucherActivity,
)
from domain.store.messages.inbox import Letter


@strawberry.type(description="Entries were written: points awarded, spent, given back, lapsed or corrected.")
class BalanceChanged:
    wallets: list[Wallet] = strawberry.field(description="All wallets as they are now.")
    entries: list[PointEntry] = strawberry.field(description="What was written, as the history shows it.")


@strawberry.type(description="A reward came within reach.")
class RewardUnlocked:
    reward: MemberReward = strawberry.field(description="The reward for this member, as it is now.")


@strawberry.type(description="A badge, or its next level, was earned.")
class BadgeEarned:
    badge: BadgeProgress = strawberry.field(description="The badge as it stands now.")


@strawberry.type(description="The member holds another tier, higher or lower.")
class TierChanged:
    previous: Tier = strawberry.field(description="The one before.")
    from_: Tier = strawberry.field(
        name="from",
        description="The one before.",
        deprecation_reason=f"Use `previous`. {deprecated_on(2026, 11, 29)}",
    )
    to: Tier = strawberry.field(description="The one held since.")
    reason: str = strawberry.field(description=TIER_STEP_REASON)
    tier: TierProgress = strawberry.field(description="Where the member stands now.")


@strawberry.type(description="A voucher was issued: redeemed by the member, or given by a rule.")
class VoucherIssued:
    voucher: Voucher = strawberry.field(description="The voucher as it is now.")


@strawberry.type(description="It was used at a till.")
class VoucherUsed:
    voucher: Voucher = strawberry.field(description="The voucher as it is now.")


@strawberry.type(description="The till undid its use: it can be used again.")
class VoucherReinstated:
    voucher: Voucher = strawberry.field(description="The voucher as it is now.")


@strawberry.type(description="The member gave it back unused, or a refund took back what it was given for.")
class VoucherCancelled:
    voucher: Voucher = strawberry.field(description="The voucher as it is now.")


@strawberry.type(
    description=("It expired unused. The event comes once this is written, within a minute of `expiresAt`.")
)
class VoucherExpired:
    voucher: Voucher = strawberry.field(description="The voucher as it is now.")


@strawberry.type(description="A message came into the inbox.")
class MessageReceived:
    message: Message = strawberry.field(description="The message.")
    unread: int = strawberry.field(description="How many are unread with it.")


@strawberry.type(description="Messages were read or answered, on another device too.")
class MessagesChanged:
    messages: list[Message] = strawberry.field(description="They as they are now.")
    unread: int = strawberry.field(description="How many of the whole inbox are unread.")


@strawberry.type(description="A challenge was taken up, and counts from now on.")
class ChallengeTakenUp:
    badge: BadgeProgress = strawberry.field(description="The challenge as it stands now.")


@strawberry.type(
    description=(
        "Something happened that has no kind of its own: progress toward a tier, a badge or a challenge, a"
        " plan that began or ended, a membership that was frozen, a reward that is locked again. What it"
        " changed stands in the event's `member`."
    )
)
class ProgressChanged:
    tier: TierProgress | None = strawberry.field(description="Null where the programme has no tiers.")
    badges: list[BadgeProgress] = strawberry.field(description="All badges as they stand now.")


@strawberry.type(
    description=(
        "The profile, a contact, the accepted terms, a consent or an attribute changed, perhaps on another"
        " device or by service staff. The profile stands in the event's `member`."
    )
)
class ProfileChanged:
    consents: list[Consent] = strawberry.field(description="The answer to every purpose, as it is now.")
    attributes: list[MemberAttribute] = strawberry.field(description="All attributes as they are now.")


@strawberry.type(description="A friend joined by the member's invitation.")
class ReferralChanged:
    referral: Referral | None = strawberry.field(
        description="As it stands now; null where the programme has none any more."
    )


@strawberry.type(
    description=(
        "More happened than is replayed one by one, or the cursor is from another time: read"
        " every screen again. What happens from then on follows as usual."
    )
)
class Resync:
    reason: str = strawberry.field(description="For a log, in English.")


MemberActivity = Annotated[
    BalanceChanged
    | RewardUnlocked
    | BadgeEarned
    | TierChanged
    | VoucherIssued
    | VoucherUsed
    | VoucherReinstated
    | VoucherCancelled
    | VoucherExpired
    | MessageReceived
    | MessagesChanged
    | ChallengeTakenUp
    | ProgressChanged
    | ProfileChanged
    | ReferralChanged
    | Resync,
    strawberry.union(
        "MemberActivity",
        description="What can happen. New kinds may be added: ignore a kind that the app does not know.",
    ),
]


@strawberry.type(description="One thing that happened.")
class MemberActivityEvent:
    cursor: str = strawberry.field(
        description="Keep it: a subscription with it as `after` goes on behind this event."
    )
    occurred_at: datetime = strawberry.field(
        description="When it happened, which may be long before the event arrives."
    )
    activity: MemberActivity = strawberry.field(description="What happened.")

    @strawberry.field(
        description=(
            "The member as they are when the event is sent, with whatever the app shows of them: a cache that"
            " takes it in with each event shows what a new query would."
        )
    )
    async def member(self, info: Info) -> Member:
        return await current_member(info, info.context.member().member_id)


@strawberry.type(description="What the server sends by itself, over WebSocket.")
class Subscription:
    @strawberry.subscription(
        description=(
            "What happens to the signed-in member, as it happens (graphql-transport-ws). `after`"
            " replays what was missed; Resync tells the app to read everything again. Each"
            " activity says what happened, and shows the object as it is when the event is"
            " sent: of several replayed events, the last shows the true state."
        )
    )
    async def member_activity(
        self,
        info: Info,
        after: Annotated[
            str | None,
            strawberry.argument(
                description=(
                    "The cursor of the last event that the app has seen, or `me.activityCursor`; null for"
                    " what happens from now on."
                )
            ),
        ] = None,
    ) -> AsyncGenerator[MemberActivityEvent, None]:
        member, runtime = info.context.member().member_id, info.context.dependencies.runtime
        start = None if after is None else read_cursor(after)
        stream = activity_feed.stream_activity(
            runtime, member_id=member, after=start, now=info.context.loaders.now
        )
        try:
            async with aclosing(stream):
                async for event in stream:
                    activity = await activity_feed.retry_while_away(
                        partial(_activity_of, info, member, event.detail)
                    )
                    yield MemberActivityEvent(
                        cursor=write_cursor(event.cursor),
                        occurred_at=event.happened_at or info.context.loaders.now,
                        activity=activity,
                    )
        except errors.NotFound:
            raise Unauthenticated from None


# ---------------------------------------------------------------- activities


async def _activity_of(info: Info, member: str, change: ActivityDetail) -> MemberActivity:
    """Return the activity that a change becomes, with the member as they are now. Where the programme no
    longer has what changed, or hides it, it is progress.
    """
    info.context.loaders.reset()
    if isinstance(change, ResyncRequired):
        return Resync(reason=change.reason)
    member_view = await info.context.loaders.member_view(member)
    audience = await info.context.loaders.audience()
    match change:
        case VoucherActivity():
            activity = await _voucher_activity(info, change)
        case Letter() | LettersActivity():
            activity = await _letter_activity(info, audience, member_view, change)
        case AchievementActivity():
            activity = await _achievement_activity(info, audience, member_view.member, change)
        case EntriesActivity(entries):
            shown = entries_of(audience, member, entries)
            wallets = wallets_of(audience, member_view.member)
            activity = BalanceChanged(wallets=wallets, entries=shown) if shown else None
        case TierActivity():
            activity = _tier_activity(audience, member_view.member, change)
        case ProfileActivity():
            activity = ProfileChanged(
                consents=consents_of(audience, member, member_view.details.consents),
                attributes=attributes_of(audience, member_view.details.attributes),
            )
        case ReferralActivity():
            activity = ReferralChanged(referral=referral_of(info, audience, member_view))
        case _:
            activity = None
    return activity or _progress(audience, member_view.member)


def _progress(audience: Audience, member: LedgerMember) -> ProgressChanged:
    return ProgressChanged(tier=tier_progress(audience, member), badges=badges_of(audience, member))


async def _letter_activity(
    info: Info, audience: Audience, member_view: MemberView, change: Letter | LettersActivity
) -> MemberActivity:
    mailbox = await info.context.loaders.mailbox(member_view.member.id)
    if isinstance(change, Letter):
        return MessageReceived(message=message_of(audience, member_view, change), unread=mailbox.unread_count)
    messages = [message_of(audience, member_view, letter) for letter in change.letters]
    return MessagesChanged(messages=messages, unread=mailbox.unread_count)


async def _achievement_activity(
    info: Info, audience: Audience, member: LedgerMember, change: AchievementActivity
) -> MemberActivity | None:
    if change.kind == "reward":
        reward = find_spec(audience.programme.reward, change.code)
        if reward is None:
            return None
        stock = await info.context.loaders.stock_state()
        return RewardUnlocked(reward=member_reward(audience, member, reward, stock))
    badge = find_spec(audience.programme.badge, change.code)
    if badge is None:
        return None
    progress = badge_progress(audience, member, badge)
    return BadgeEarned(badge=progress) if change.kind == "badge" else ChallengeTakenUp(badge=progress)


def _tier_activity(audience: Audience, member: LedgerMember, change: TierActivity) -> MemberActivity | None:
    tiers = tiers_by_code(audience.programme, audience.locale)
    progress = tier_progress(audience, member)
    if progress is None or change.from_tier not in tiers or change.to_tier not in tiers:
        return None
    return TierChanged(
        previous=tiers[change.from_tier],
        from_=tiers[change.from_tier],
        to=tiers[change.to_tier],
        reason=change.reason,
        tier=progress,
    )


async def _voucher_activity(info: Info, step: VoucherActivity) -> MemberActivity | None:
    voucher = await info.context.loaders.voucher(step.voucher)
    return (
        None if voucher is None else _VOUCHER_ACTIVITIES[step.change](voucher=await voucher_of(info, voucher))
    )


_VOUCHER_ACTIVITIES: Mapping[VoucherChange, Callable[..., MemberActivity]] = {
    "issued": VoucherIssued,
    "used": VoucherUsed,
    "reversed": VoucherReinstated,
    "cancelled": VoucherCancelled,
    "expired": VoucherExpired,
}
