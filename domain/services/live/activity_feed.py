"""The activity feed of a member: what happened since they last looked, then what happens.

It reads journal rows and letters. A cursor holds both counters, so a client that comes back gets what it
missed, in order and once. Where that is too much, or the cursor is not of this database, it is told to read
everything again. While the database is away, the client waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from heapq import merge
from itertools import accumulate
from operator import itemgetter
from typing import Literal, TypeVar

import structlog

from domain.model.event_names import BADGE_EARNED, REWARD_UNLOCKED, TIER_CHANGED
from domain.model.ledger.decision import JournalRow, VoucherChange
from domain.services.activity_hub import ActivityListener
from domain.services.errors import NotFound
from domain.services.runtime import Runtime
from domain.store.document_store import DatabaseError
from domain.store.ledger import journal, members
from domain.store.ledger.history_entries import HistoryEntry, row_history
from domain.store.messages import inbox
from domain.store.messages.inbox import Letter

T = TypeVar("T")

MAX_REPLAYED = 100
MIN_PAUSE_SECONDS = 0.1
MAX_PAUSE_SECONDS = 5.0

log = structlog.get_logger(__name__)


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True, order=True)
class ActivityCursor:
    """What a client has got: all rows through `seq`, `part` activities of the next row, letters through
    `letter_number`.
    """

    seq: int
    part: int
    letter_number: int


@dataclass(frozen=True, slots=True)
class EntriesActivity:
    """Entries were written."""

    entries: tuple[HistoryEntry, ...]


@dataclass(frozen=True, slots=True)
class AchievementActivity:
    """A reward was unlocked, or a badge was earned: its code."""

    kind: Literal["reward", "badge"]
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
class ResyncRequired:
    """Too much happened to tell one by one: the client must read everything again."""

    reason: str


ActivityDetail = (
    EntriesActivity | AchievementActivity | TierActivity | VoucherActivity | Letter | ResyncRequired
)


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing that happened. `cursor` is what the client has got with it."""

    cursor: ActivityCursor
    happened_at: datetime
    detail: ActivityDetail


# ---------------------------------------------------------------- pure rules
def activities_of(row: JournalRow) -> tuple[ActivityDetail, ...]:
    """Return the activities of a journal row: vouchers, then entries, then what followed from them."""
    details: list[ActivityDetail] = [VoucherActivity(one.id, one.change) for one in row.vouchers]
    if entries := row_history(row):
        details.append(EntriesActivity(entries))
    for event in (row.event, *row.raised):
        event_data = event.data
        if event.name == REWARD_UNLOCKED:
            details.append(AchievementActivity("reward", str(event_data["reward"])))
        elif event.name == BADGE_EARNED:
            details.append(AchievementActivity("badge", str(event_data["badge"])))
        elif event.name == TIER_CHANGED and event_data.get("from") and event_data.get("to"):
            details.append(
                TierActivity(
                    str(event_data["from"]), str(event_data["to"]), str(event_data.get("reason") or "")
                )
            )
    return tuple(details)


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
                ActivityCursor(record.seq, 0, cursor.letter_number)
                if part == len(details)
                else ActivityCursor(record.seq - 1, part, cursor.letter_number)
            )
            activities.append(Activity(cursor, record.event.at, detail))
        cursor = ActivityCursor(record.seq, 0, cursor.letter_number)
    return activities, cursor


# ---------------------------------------------------------------- reads
async def retry_while_away(read: Callable[[], Awaitable[T]]) -> T:
    """Return the result of `read`, tried again while the database is away."""
    pause_seconds = MIN_PAUSE_SECONDS
    while True:
        try:
            return await read()
        except DatabaseError as error:
            log.warning("activity.waits", why=type(error).__name__, again_in_seconds=pause_seconds)
        await asyncio.sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 2, MAX_PAUSE_SECONDS)


async def stream_activity(
    runtime: Runtime, *, member_id: str, after: ActivityCursor | None = None, now: datetime
) -> AsyncGenerator[Activity, None]:
    """Yield what happened to a member after a cursor, or from now on, without end. Raises NotFound."""
    with runtime.activity_hub.listen(member_id) as listener:
        position = await retry_while_away(partial(_current_position, runtime, member_id))
        cursor = position if after is None else after
        listener.seq, listener.letter_number = (
            max(listener.seq, position.seq),
            max(listener.letter_number, position.letter_number),
        )
        while True:
            listener.has_news.clear()
            if listener.must_catch_up:
                listener.must_catch_up = False
                position = await retry_while_away(partial(_current_position, runtime, member_id))
                listener.seq, listener.letter_number = (
                    max(listener.seq, position.seq),
                    max(listener.letter_number, position.letter_number),
                )
            top = ActivityCursor(listener.seq, 0, listener.letter_number)
            if _is_out_of_reach(cursor, top):
                cursor = top
                yield Activity(cursor, now, ResyncRequired("too much has happened since"))
            else:
                new_activities, cursor = await retry_while_away(
                    partial(_read_activities, runtime, member_id, listener, cursor, top)
                )
                for new_activity in new_activities:
                    yield new_activity
            await listener.has_news.wait()


async def _current_position(runtime: Runtime, member: str) -> ActivityCursor:
    stored_member, mailbox = await asyncio.gather(
        members.find(runtime.store, member), inbox.find_mailbox(runtime.store, member)
    )
    if stored_member is None:
        raise NotFound(member)
    return ActivityCursor(stored_member.member.seq, 0, mailbox.letter_count)


def _is_out_of_reach(cursor: ActivityCursor, top: ActivityCursor) -> bool:
    is_ahead = cursor.seq > top.seq or cursor.letter_number > top.letter_number
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
    activities, cursor = _merge_in_order(
        [rows[seq] for seq in sorted(rows)], [letters[n] for n in sorted(letters)], cursor
    )
    for old_number in (one for one in list(listener.rows) if one <= cursor.seq):
        del listener.rows[old_number]
    for old_number in (one for one in list(listener.letters) if one <= cursor.letter_number):
        del listener.letters[old_number]
    return activities, cursor
