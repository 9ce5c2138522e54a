"""The live activity of the signed-in member. Missed events are replayed from a cursor."""

import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry

from api.errors import BadInput, Unauthenticated
from api.graphql.engine.descriptions import TIER_STEP_REASON
from api.graphql.engine.ids import from_base64url, to_base64url
from api.graphql.engine.shared_types import Info
from api.graphql.engine.titles import find_spec
from api.graphql.member.badges import BadgeProgress, badge_progress
from api.graphql.member.messages import Message, message_of
from api.graphql.member.points import PointEntry, Wallet, entries_of, wallets_of
from api.graphql.member.rewards import MemberReward, member_reward
from api.graphql.member.tiers import Tier, TierProgress, tier_progress, tiers_by_code
from api.graphql.member.vouchers import Voucher, voucher_of
from domain.model.ledger.decision import VoucherChange
from domain.services import errors
from domain.services.live import activity_feed
from domain.services.live.activity_feed import (
    AchievementActivity,
    ActivityCursor,
    ActivityDetail,
    EntriesActivity,
    ResyncRequired,
    TierActivity,
    VoucherActivity,
)
from domain.services.messages import inbox
from domain.store.messages.inbox import Letter

_CURSOR = re.compile(rb"live:(0|[1-9][0-9]{0,15}):(0|[1-9][0-9]{0,3}):(0|[1-9][0-9]{0,15})")


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


@strawberry.type(description="The member took a challenge up, on this device or another.")
class ChallengeTakenUp:
    badge: BadgeProgress = strawberry.field(description="The challenge as it stands now.")


@strawberry.type(description="The member holds another tier, higher or lower.")
class TierChanged:
    from_: Tier = strawberry.field(name="from", description="The one before.")
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
    | ChallengeTakenUp
    | TierChanged
    | VoucherIssued
    | VoucherUsed
    | VoucherReinstated
    | VoucherCancelled
    | VoucherExpired
    | MessageReceived
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
                    if activity is not None:
                        yield MemberActivityEvent(
                            cursor=write_cursor(event.cursor),
                            occurred_at=event.happened_at,
                            activity=activity,
                        )
        except errors.NotFound:
            raise Unauthenticated from None


# ---------------------------------------------------------------- cursors


def write_cursor(cursor: ActivityCursor) -> str:
    """Return the text of a cursor."""
    return to_base64url(b"live:%d:%d:%d" % (cursor.seq, cursor.part, cursor.letter_number))


def read_cursor(text: str) -> ActivityCursor:
    """Return the cursor in a text. Raises BadInput for any other."""
    match = _CURSOR.fullmatch(from_base64url(text, field="after"))
    if match is None:
        raise BadInput("That is no cursor of memberActivity.", field="after")
    return ActivityCursor(*(int(part) for part in match.groups()))


# ---------------------------------------------------------------- activities


async def _activity_of(info: Info, member: str, change: ActivityDetail) -> MemberActivity | None:
    """Return the activity that a change becomes, with the member as they are now; None where the programme no
    longer has what changed.
    """
    info.context.loaders.reset()
    if isinstance(change, ResyncRequired):
        return Resync(reason=change.reason)
    if isinstance(change, VoucherActivity):
        return await _voucher_activity(info, change)
    loaders = info.context.loaders
    audience, member_view = await loaders.audience(), await loaders.member_view(member)
    match change:
        case EntriesActivity(entries):
            shown = entries_of(audience, member, entries)
            wallets = wallets_of(audience, member_view.member)
            return BalanceChanged(wallets=wallets, entries=shown) if shown else None
        case Letter():
            mailbox = await inbox.find_mailbox(info.context.dependencies.runtime, member_id=member)
            return MessageReceived(
                message=message_of(audience, member_view, change), unread=mailbox.unread_count
            )
        case AchievementActivity("reward", code):
            reward = find_spec(audience.programme.reward, code)
            stock = await loaders.stock_state()
            return (
                None
                if reward is None
                else RewardUnlocked(reward=member_reward(audience, member_view.member, reward, stock))
            )
        case AchievementActivity("badge" | "challenge" as kind, code):
            badge = find_spec(audience.programme.badge, code)
            if badge is None:
                return None
            progress = badge_progress(audience, member_view.member, badge)
            return BadgeEarned(badge=progress) if kind == "badge" else ChallengeTakenUp(badge=progress)
        case TierActivity(origin, to, reason):
            tiers, progress = (
                tiers_by_code(audience.programme, audience.locale),
                tier_progress(audience, member_view.member),
            )
            if progress is None or origin not in tiers or to not in tiers:
                return None
            return TierChanged(from_=tiers[origin], to=tiers[to], reason=reason, tier=progress)
    return None


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
