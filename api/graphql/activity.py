"""What happens to the signed-in member, as it happens: each event with a cursor that replays what was
missed.
"""

import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry

from api.graphql.badges import BadgeProgress, badge_progress
from api.graphql.basics import Info
from api.graphql.descriptions import STEP
from api.graphql.errors import BadInput, Unauthenticated
from api.graphql.ids import from_text, to_text
from api.graphql.messages import Message, message_of
from api.graphql.points import PointEntry, Wallet, entries_of, wallets_of
from api.graphql.rewards import MemberReward, member_reward
from api.graphql.tiers import Tier, TierProgress, ladder, tier_progress
from api.graphql.titles import known
from api.graphql.vouchers import Voucher, voucher_of
from domain.model.decision import VoucherChange
from domain.services import activity as happenings
from domain.services import errors, inbox
from domain.services.activity import Climbed, Cursor, Gained, Missed, Moved, Stepped, What
from domain.store.inbox import Letter

_CURSOR = re.compile(rb"live:(0|[1-9][0-9]{0,15}):(0|[1-9][0-9]{0,3}):(0|[1-9][0-9]{0,15})")


@strawberry.type(description="Entries were written: points awarded, spent, given back, lapsed or corrected.")
class BalanceChanged:
    wallets: list[Wallet] = strawberry.field(description="All wallets as they are now.")
    entries: list[PointEntry] = strawberry.field(description="What was written, as the history shows it.")


@strawberry.type(description="A reward came within reach.")
class RewardUnlocked:
    reward: MemberReward = strawberry.field(description="The reward as the member stands to it now.")


@strawberry.type(description="A badge, or its next level, was earned.")
class BadgeEarned:
    badge: BadgeProgress = strawberry.field(description="The badge as it stands now.")


@strawberry.type(description="The member holds another tier, higher or lower.")
class TierChanged:
    from_: Tier = strawberry.field(name="from", description="The one before.")
    to: Tier = strawberry.field(description="The one held since.")
    reason: str = strawberry.field(description=STEP)
    tier: TierProgress = strawberry.field(description="Where the member stands now.")


@strawberry.type(description="It came to be: redeemed, or given by a rule.")
class VoucherIssued:
    voucher: Voucher = strawberry.field(description="The voucher as it is now.")


@strawberry.type(description="It was used at a till.")
class VoucherUsed:
    voucher: Voucher = strawberry.field(description="The voucher as it is now.")


@strawberry.type(description="Its use was taken back at the till: it can be used again.")
class VoucherReinstated:
    voucher: Voucher = strawberry.field(description="The voucher as it is now.")


@strawberry.type(description="The member gave it back, unused.")
class VoucherCancelled:
    voucher: Voucher = strawberry.field(description="The voucher as it is now.")


@strawberry.type(
    description="It lapsed unused. Told once that is written down, within a minute of `expiresAt`."
)
class VoucherExpired:
    voucher: Voucher = strawberry.field(description="The voucher as it is now.")


@strawberry.type(description="A message came into the inbox.")
class MessageReceived:
    message: Message = strawberry.field(description="The message.")
    unread: int = strawberry.field(description="How many are unread with it.")


@strawberry.type(
    description=(
        "More happened than is told one by one, or the cursor is from another time: read every screen afresh."
        " What happens from then on follows as usual."
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
    | Resync,
    strawberry.union(
        "MemberActivity",
        description="What can happen. New kinds may be added: leave alone what the app does not know.",
    ),
]


@strawberry.type(description="One thing that happened.")
class MemberActivityEvent:
    cursor: str = strawberry.field(description="Keep it: `after` with it goes on behind this event.")
    occurred_at: datetime = strawberry.field(
        description="When it happened, which may be long before it is told."
    )
    activity: MemberActivity = strawberry.field(description="What happened.")


@strawberry.type(description="What is told by itself, over WebSocket.")
class Subscription:
    @strawberry.subscription(
        description=(
            "What happens to the signed-in member, as it happens (graphql-transport-ws). `after` replays what"
            " was missed; Resync says to read everything afresh. Each activity says what happened, and shows"
            " the thing as it is by now: of several that are replayed, the last is true."
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
        member, house = info.context.member().member_id, info.context.services.house
        start = None if after is None else read_cursor(after)
        stream = happenings.activity(house, member_id=member, after=start, now=info.context.loaders.now)
        try:
            async with aclosing(stream):
                async for happening in stream:
                    told = await happenings.patiently(partial(_told, info, member, happening.what))
                    if told is not None:
                        yield MemberActivityEvent(
                            cursor=write_cursor(happening.cursor), occurred_at=happening.at, activity=told
                        )
        except errors.NotFound:
            raise Unauthenticated from None


# --- cursors
# ---------------------------------------------------------------------------------------------------------


def write_cursor(cursor: Cursor) -> str:
    """Return a cursor as clients keep it."""
    return to_text(b"live:%d:%d:%d" % (cursor.seq, cursor.part, cursor.n))


def read_cursor(text: str) -> Cursor:
    """Return the cursor in a text. Raises BadInput for any other."""
    found = _CURSOR.fullmatch(from_text(text, field="after"))
    if found is None:
        raise BadInput("That is no cursor of memberActivity.", field="after")
    return Cursor(*(int(part) for part in found.groups()))


# --- what is told
# ----------------------------------------------------------------------------------------------------


async def _told(info: Info, member: str, what: What) -> MemberActivity | None:
    """Return what a screen is told, with the member as they are now; None for what the programme knows no
    more.
    """
    info.context.loaders.renew()
    if isinstance(what, Missed):
        return Resync(reason=what.reason)
    if isinstance(what, Stepped):
        return await _voucher(info, what)
    loaders = info.context.loaders
    reader, seen = await loaders.reader(), await loaders.seen(member)
    match what:
        case Moved(entries):
            return BalanceChanged(
                wallets=wallets_of(reader, seen.member), entries=entries_of(reader, member, entries)
            )
        case Letter():
            box = await inbox.mailbox(info.context.services.house, member_id=member)
            return MessageReceived(message=message_of(reader, seen, what), unread=box.unread)
        case Gained("reward", code):
            reward = known(reader.programme.reward, code)
            world = await loaders.world()
            return (
                None
                if reward is None
                else RewardUnlocked(reward=member_reward(reader, seen.member, reward, world))
            )
        case Gained("badge", code):
            badge = known(reader.programme.badge, code)
            return None if badge is None else BadgeEarned(badge=badge_progress(reader, seen.member, badge))
        case Climbed(origin, to, reason):
            rungs, stands = ladder(reader.programme, reader.locale), tier_progress(reader, seen.member)
            if stands is None or origin not in rungs or to not in rungs:
                return None
            return TierChanged(from_=rungs[origin], to=rungs[to], reason=reason, tier=stands)
    return None


async def _voucher(info: Info, what: Stepped) -> MemberActivity | None:
    found = await info.context.loaders.voucher(what.voucher)
    return None if found is None else _STEPS[what.change](voucher=await voucher_of(info, found))


_STEPS: Mapping[VoucherChange, Callable[..., MemberActivity]] = {
    "issued": VoucherIssued,
    "used": VoucherUsed,
    "reversed": VoucherReinstated,
    "cancelled": VoucherCancelled,
    "expired": VoucherExpired,
}
