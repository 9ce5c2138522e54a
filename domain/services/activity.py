"""What happened to a member since they last looked, and then as it happens: from the journal's rows and the
inbox's letters.

A cursor holds both counters, so whoever comes back is told what they missed, in order and once. Where that is
too much, or the cursor is from another time, they are told to read everything afresh. While the database is
away, they are kept waiting for the rest.
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
from domain.services.errors import NotFound
from domain.services.house import House
from domain.services.live import Listener
from domain.store.document_store import DatabaseError
from domain.store.ledger import journal, members
from domain.store.ledger.members import HistoryEntry, row_history
from domain.store.messages import inbox
from domain.store.messages.inbox import Letter

T = TypeVar("T")

REPLAYED_AT_MOST = 100
SHORTEST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0

log = structlog.get_logger(__name__)


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """What was told: all journal rows through `seq`, of the next its first `part` activities, and all letters
    through `n`.
    """

    seq: int
    part: int
    n: int


@dataclass(frozen=True, slots=True)
class Moved:
    """Entries were written."""

    entries: tuple[HistoryEntry, ...]


@dataclass(frozen=True, slots=True)
class Gained:
    """A reward was unlocked, or a badge earned: its code."""

    kind: Literal["reward", "badge"]
    code: str


@dataclass(frozen=True, slots=True)
class Climbed:
    """Another tier is held."""

    origin: str
    to: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stepped:
    """A voucher came to be, was used, had its use taken back, was given back, or lapsed."""

    voucher: str
    change: VoucherChange


@dataclass(frozen=True, slots=True)
class Missed:
    """More happened than is told one by one: read everything afresh."""

    reason: str


What = Moved | Gained | Climbed | Stepped | Letter | Missed


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened; `cursor` says what has been told with it."""

    cursor: Cursor
    at: datetime
    what: What


# ---------------------------------------------------------------- pure rules
def told_of(row: JournalRow) -> tuple[What, ...]:
    """Return what a member is told of a journal row: vouchers, then points, then what followed from them."""
    out: list[What] = [Stepped(one.id, one.change) for one in row.vouchers]
    if entries := row_history(row):
        out.append(Moved(entries))
    for event in (row.event, *row.raised):
        data = event.data
        if event.name == REWARD_UNLOCKED:
            out.append(Gained("reward", str(data["reward"])))
        elif event.name == BADGE_EARNED:
            out.append(Gained("badge", str(data["badge"])))
        elif event.name == TIER_CHANGED and data.get("from") and data.get("to"):
            out.append(Climbed(str(data["from"]), str(data["to"]), str(data.get("reason") or "")))
    return tuple(out)


def _in_order(
    rows: Sequence[JournalRow], letters: Sequence[Letter], cursor: Cursor
) -> tuple[list[Happening], Cursor]:
    """Return what rows and letters tell, as they came: one who missed them is told as one who listened all
    along.
    """
    # Each line keeps its own order, also where a late event's time lies before that of the row before it.
    by_row = zip(accumulate((row.event.at for row in rows), max), rows, strict=True)
    by_letter = zip(accumulate((letter.sent_at for letter in letters), max), letters, strict=True)
    lines: tuple[Iterable[tuple[datetime, JournalRow | Letter]], ...] = (by_row, by_letter)
    out = []
    for _, came in merge(*lines, key=itemgetter(0)):
        if isinstance(came, Letter):
            cursor = replace(cursor, n=came.number)
            out.append(Happening(cursor, came.sent_at, came))
            continue
        what = told_of(came)
        for part, one in list(enumerate(what, start=1))[cursor.part :]:
            cursor = (
                Cursor(came.seq, 0, cursor.n) if part == len(what) else Cursor(came.seq - 1, part, cursor.n)
            )
            out.append(Happening(cursor, came.event.at, one))
        cursor = Cursor(came.seq, 0, cursor.n)
    return out, cursor


# ---------------------------------------------------------------- reads
async def patiently(read: Callable[[], Awaitable[T]]) -> T:
    """Return what `read` gives, asking again while the database is away: nothing is lost on whoever listens
    meanwhile.
    """
    pause = SHORTEST_PAUSE_SECONDS
    while True:
        try:
            return await read()
        except DatabaseError as fault:
            log.warning("activity.waits", why=type(fault).__name__, again_in_seconds=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


async def activity(
    house: House, *, member_id: str, after: Cursor | None = None, now: datetime
) -> AsyncGenerator[Happening, None]:
    """Yield what happened to a member after a cursor, or from now on, without end. Raises NotFound."""
    with house.live.listening(member_id) as listener:
        stands = await patiently(partial(_standing, house, member_id))
        cursor = stands if after is None else after
        listener.seq, listener.n = max(listener.seq, stands.seq), max(listener.n, stands.n)
        while True:
            listener.heard.clear()
            if listener.missed:
                listener.missed = False
                stands = await patiently(partial(_standing, house, member_id))
                listener.seq, listener.n = max(listener.seq, stands.seq), max(listener.n, stands.n)
            top = Cursor(listener.seq, 0, listener.n)
            if _out_of_reach(cursor, top):
                cursor = top
                yield Happening(cursor, now, Missed("too much has happened since"))
            else:
                told, cursor = await patiently(partial(_told, house, member_id, listener, cursor, top))
                for happening in told:
                    yield happening
            await listener.heard.wait()


async def _standing(house: House, member: str) -> Cursor:
    kept, box = await asyncio.gather(
        members.find(house.store, member), inbox.find_mailbox(house.store, member)
    )
    if kept is None:
        raise NotFound(member)
    return Cursor(kept.member.seq, 0, box.letter_count)


def _out_of_reach(cursor: Cursor, top: Cursor) -> bool:
    ahead = cursor.seq > top.seq or cursor.n > top.n
    return ahead or top.seq - cursor.seq > REPLAYED_AT_MOST or top.n - cursor.n > REPLAYED_AT_MOST


async def _told(
    house: House, member: str, listener: Listener, cursor: Cursor, top: Cursor
) -> tuple[list[Happening], Cursor]:
    """Return what is new up to the top: what the listener has in hand, the rest read."""
    wanted = range(cursor.seq + 1, top.seq + 1)
    there: Mapping[int, JournalRow] = {seq: listener.rows[seq] for seq in wanted if seq in listener.rows}
    if len(there) < len(wanted):
        there = {
            **await journal.find_many(house.store, member, [seq for seq in wanted if seq not in there]),
            **there,
        }
    await house.programmes.load_versions({row.version for row in there.values()})
    letters = {n: listener.letters[n] for n in range(cursor.n + 1, top.n + 1) if n in listener.letters}
    if len(letters) < top.n - cursor.n:
        letters = {
            one.number: one
            for one in await inbox.find_window(house.store, member, before=top.n + 1, first=top.n - cursor.n)
        }
    await house.programmes.load_versions({letter.version for letter in letters.values()})
    found, cursor = _in_order(
        [there[seq] for seq in sorted(there)], [letters[n] for n in sorted(letters)], cursor
    )
    for taken in (one for one in list(listener.rows) if one <= cursor.seq):
        del listener.rows[taken]
    for taken in (one for one in list(listener.letters) if one <= cursor.n):
        del listener.letters[taken]
    return found, cursor
