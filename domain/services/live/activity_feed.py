"""The activity feed of a member: what happened since they last looked, then what happens.

It reads journal rows, letters, and the versions of what stands in neither: the profile, the friends who
joined, the letters that were read. A cursor holds all these counters, so a client that comes back gets what
it missed, in order and once. Where that is too much, or the cursor is not of this database, it is told to
read everything again. While the database is away, the client waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from heapq import merge
from itertools import accumulate
from operator import itemgetter
from typing import Literal, TypeVar

import structlog

from domain.model.event_names import BADGE_EARNED, CHALLENGE_ACCEPTED, REWARD_UNLOCKED, TIER_CHANGED
from domain.model.ledger.decision import JournalRow, VoucherChange
from domain.model.values import dataclass
from domain.services.activity_hub import ActivityListener
from domain.services.errors import NotFound
from domain.services.runtime import Runtime
from domain.store.cancellation import raise_pending_cancellation
from domain.store.document_store import DatabaseError
from domain.store.ledger import journal, members
from domain.store.ledger.history_entries import HistoryEntry, row_history
from domain.store.messages import inbox
from domain.store.messages.inbox import MAX_CHANGED, Letter

T = TypeVar("T")

MAX_REPLAYED = 100
MIN_PAUSE_SECONDS = 0.1
MAX_PAUSE_SECONDS = 5.0

log = structlog.get_logger(__name__)


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class StateVersions:
    """The versions of what no row and no new letter tells; `read` is that of the letters read last."""

    profile: int
    invited: int
    read: int


@dataclass(frozen=True, slots=True)
class ActivityCursor:
    """What a client has got: all rows through `seq`, `part` activities of the next row, letters through
    `letter_number`, and the state of `versions`; None stands for the state of now.
    """

    seq: int
    part: int
    letter_number: int
    versions: StateVersions | None = None


@dataclass(frozen=True, slots=True)
class EntriesActivity:
    """Entries were written."""

    entries: tuple[HistoryEntry, ...]


@dataclass(frozen=True, slots=True)
class AchievementActivity:
    """A reward was unlocked, a badge was earned, or a challenge was taken up: its code."""

    kind: Literal["reward", "badge", "challenge"]
    code: str


@dataclass(frozen=True, slots=True)
class TierActivity:
    """The tier has changed."""

    from_tier: str
    to_tier: str
    reason: str


@dataclass(frozen=True, slots=True)
class VoucherActivity:
    """A voucher was issued, used, given back or cancelled, or it expired."""

    voucher: str
    change: VoucherChange


@dataclass(frozen=True, slots=True)
class ProgressActivity:
    """The member has changed in what has no activity of its own, such as progress toward a badge."""


@dataclass(frozen=True, slots=True)
class ProfileActivity:
    """The profile, the contacts, the terms, a consent or an attribute has changed."""


@dataclass(frozen=True, slots=True)
class ReferralActivity:
    """A friend has joined."""


@dataclass(frozen=True, slots=True)
class LettersActivity:
    """Letters were read or answered: they as they are now."""

    letters: tuple[Letter, ...]


@dataclass(frozen=True, slots=True)
class ResyncRequired:
    """Too much happened to tell one by one: the client must read everything again."""

    reason: str


ActivityDetail = (
    EntriesActivity
    | AchievementActivity
    | TierActivity
    | VoucherActivity
    | ProgressActivity
    | ProfileActivity
    | ReferralActivity
    | Letter
    | LettersActivity
    | ResyncRequired
)


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing that happened. `cursor` is what the client has got with it; `happened_at` is None where the
    database does not say when.
    """

    cursor: ActivityCursor
    happened_at: datetime | None
    detail: ActivityDetail


@dataclass(frozen=True, slots=True)
class _Position:
    """Where a member stands now: the cursor of everything, and which letters were read lately."""

    seq: int
    letter_number: int
    versions: StateVersions
    changed_letters: tuple[tuple[int, int], ...]

    @property
    def cursor(self) -> ActivityCursor:
        return ActivityCursor(self.seq, 0, self.letter_number, self.versions)


# ---------------------------------------------------------------- pure rules
def activities_of(row: JournalRow) -> tuple[ActivityDetail, ...]:
    """Return the activities of a journal row: vouchers, then entries, then what followed from them. A row
    that has none of these is told as progress.
    """
    details: list[ActivityDetail] = [VoucherActivity(one.id, one.change) for one in row.vouchers]
    if entries := row_history(row):
        details.append(EntriesActivity(entries))
    for event in (row.event, *row.raised):
        event_data = event.data
        if event.name == REWARD_UNLOCKED:
            details.append(AchievementActivity("reward", str(event_data["reward"])))
        elif event.name == BADGE_EARNED:
            details.append(AchievementActivity("badge", str(event_data["badge"])))
        elif event.name == CHALLENGE_ACCEPTED:
            details.append(AchievementActivity("challenge", str(event_data["badge"])))
        elif event.name == TIER_CHANGED and event_data.get("from") and event_data.get("to"):
            details.append(
                TierActivity(
                    str(event_data["from"]), str(event_data["to"]), str(event_data.get("reason") or "")
                )
            )
    return tuple(details) or (ProgressActivity(),)


def _merge_in_order(
    rows: Sequence[JournalRow], letters: Sequence[Letter], cursor: ActivityCursor
) -> tuple[list[Activity], ActivityCursor]:
    """Return the activities of rows and letters in the order in which a listener would have got them."""
    # Each source keeps its own order, also where a late event is of an earlier instant than the row before.
    by_row = zip(accumulate((row.event.at for row in rows), max), rows, strict=True)
    by_letter = zip(accumulate((letter.sent_at for letter in letters), max), letters, strict=True)
    sources: tuple[Iterable[tuple[datetime, JournalRow | Letter]], ...] = (by_row, by_letter)
    activities = []
    for _, record in merge(*sources, key=itemgetter(0)):
        if isinstance(record, Letter):
            cursor = replace(cursor, letter_number=record.number)
            activities.append(Activity(cursor, record.sent_at, record))
            continue
        details = activities_of(record)
        for part, detail in list(enumerate(details, start=1))[cursor.part :]:
            cursor = (
                replace(cursor, seq=record.seq, part=0)
                if part == len(details)
                else replace(cursor, seq=record.seq - 1, part=part)
            )
            activities.append(Activity(cursor, record.event.at, detail))
        cursor = replace(cursor, seq=record.seq, part=0)
    return activities, cursor


def _letters_changed_since(position: _Position, version: int) -> tuple[int, ...] | None:
    """Return the numbers of letters that were read after a version of the mailbox; None where it remembers
    too few of them to tell.
    """
    changes = position.changed_letters
    if len(changes) == MAX_CHANGED and changes[0][0] > version + 1:
        return None
    return tuple(dict.fromkeys(number for at, number in changes if at > version))


# ---------------------------------------------------------------- reads
async def retry_while_away(read: Callable[[], Awaitable[T]]) -> T:
    """Return the result of `read`, tried again while the database is away."""
    pause_seconds = MIN_PAUSE_SECONDS
    while True:
        try:
            return await read()
        except DatabaseError as error:
            log.warning("activity.waits", why=type(error).__name__, again_in_seconds=pause_seconds)
        raise_pending_cancellation()
        await asyncio.sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 2, MAX_PAUSE_SECONDS)


async def stream_activity(
    runtime: Runtime, *, member_id: str, after: ActivityCursor | None = None, now: datetime
) -> AsyncGenerator[Activity, None]:
    """Yield what happened to a member after a cursor, or from now on, without end. Raises NotFound."""
    with runtime.activity_hub.listen(member_id) as listener:
        position = await retry_while_away(partial(_current_position, runtime, member_id))
        cursor = position.cursor if after is None else after
        _raise_to(listener, position)
        while True:
            listener.has_news.clear()
            if listener.must_catch_up:
                listener.must_catch_up = False
                position = await retry_while_away(partial(_current_position, runtime, member_id))
                _raise_to(listener, position)
            # A cursor of an earlier release holds no versions: it goes on from those of now.
            cursor = replace(cursor, versions=cursor.versions or position.versions)
            top = ActivityCursor(listener.seq, 0, listener.letter_number, position.versions)
            if _is_out_of_reach(cursor, top):
                cursor = top
                yield Activity(cursor, now, ResyncRequired("too much has happened since"))
            else:
                new_activities, cursor = await retry_while_away(
                    partial(_read_activities, runtime, member_id, listener, cursor, top)
                )
                changes, cursor = await retry_while_away(
                    partial(_read_state_changes, runtime, member_id, position, cursor)
                )
                for new_activity in (*new_activities, *changes):
                    yield new_activity
            await listener.has_news.wait()


def _raise_to(listener: ActivityListener, position: _Position) -> None:
    listener.seq = max(listener.seq, position.seq)
    listener.letter_number = max(listener.letter_number, position.letter_number)


async def _current_position(runtime: Runtime, member: str) -> _Position:
    stored_member, mailbox = await asyncio.gather(
        members.find(runtime.store, member), inbox.find_mailbox(runtime.store, member)
    )
    if stored_member is None:
        raise NotFound(member)
    versions = StateVersions(
        stored_member.profile_version, stored_member.invited_count, mailbox.changed_version
    )
    return _Position(stored_member.member.seq, mailbox.letter_count, versions, mailbox.changed_letters)


def _is_out_of_reach(cursor: ActivityCursor, top: ActivityCursor) -> bool:
    mine, newest = cursor.versions, top.versions
    is_ahead = cursor.seq > top.seq or cursor.letter_number > top.letter_number
    if mine is not None and newest is not None:
        is_ahead = is_ahead or mine.profile > newest.profile or mine.read > newest.read
    return (
        is_ahead
        or top.seq - cursor.seq > MAX_REPLAYED
        or top.letter_number - cursor.letter_number > MAX_REPLAYED
    )


async def _read_activities(
    runtime: Runtime, member: str, listener: ActivityListener, cursor: ActivityCursor, top: ActivityCursor
) -> tuple[list[Activity], ActivityCursor]:
    """Return the activities up to `top`: from what the listener holds, the rest read from the database."""
    wanted_seqs = range(cursor.seq + 1, top.seq + 1)
    rows: Mapping[int, JournalRow] = {seq: listener.rows[seq] for seq in wanted_seqs if seq in listener.rows}
    if len(rows) < len(wanted_seqs):
        rows = {
            **await journal.find_many(runtime.store, member, [seq for seq in wanted_seqs if seq not in rows]),
            **rows,
        }
    await runtime.programmes.load_versions({row.version for row in rows.values()})
    letters = {
        n: listener.letters[n]
        for n in range(cursor.letter_number + 1, top.letter_number + 1)
        if n in listener.letters
    }
    if len(letters) < top.letter_number - cursor.letter_number:
        letters = {
            one.number: one
            for one in await inbox.find_window(
                runtime.store,
                member,
                before=top.letter_number + 1,
                first=top.letter_number - cursor.letter_number,
            )
        }
    await runtime.programmes.load_versions({letter.version for letter in letters.values()})
    in_order = await runtime.once_texts.put_in(runtime.store, [letters[n] for n in sorted(letters)])
    activities, cursor = _merge_in_order([rows[seq] for seq in sorted(rows)], in_order, cursor)
    for old_number in (one for one in list(listener.rows) if one <= cursor.seq):
        del listener.rows[old_number]
    for old_number in (one for one in list(listener.letters) if one <= cursor.letter_number):
        del listener.letters[old_number]
    return activities, cursor


async def _read_state_changes(
    runtime: Runtime, member: str, position: _Position, cursor: ActivityCursor
) -> tuple[list[Activity], ActivityCursor]:
    """Return what changed beside rows and new letters, up to the versions of a position."""
    versions, newest = cursor.versions or position.versions, position.versions
    activities: list[Activity] = []
    if versions.invited != newest.invited:
        versions = replace(versions, invited=newest.invited)
        activities.append(Activity(replace(cursor, versions=versions), None, ReferralActivity()))
    if versions.profile != newest.profile:
        versions = replace(versions, profile=newest.profile)
        activities.append(Activity(replace(cursor, versions=versions), None, ProfileActivity()))
    if versions.read != newest.read:
        numbers = _letters_changed_since(position, versions.read)
        cursor = replace(cursor, versions=newest)
        if numbers is None:
            activities.append(Activity(cursor, None, ResyncRequired("more letters were read than are told")))
        elif numbers:
            letters = await inbox.find_by_number(runtime.store, member, numbers)
            await runtime.programmes.load_versions({letter.version for letter in letters})
            activities.append(Activity(cursor, None, LettersActivity(tuple(letters))))
    return activities, replace(cursor, versions=newest)
