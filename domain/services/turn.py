"""The turn: writes down what time brought, and fires what the agenda holds. Nothing depends on its being on
time.

Members are found by when time may next bring something, items of the agenda by when they are due; they are
taken in the order of those instants, so that a late turn ends where a timely one does. Each is a commit of
its own; one that meets somebody else's work is left for the next turn and the rest goes on. So it does where
one fails: a member is looked at again at the next turn, an item of the agenda is parked with its error until
an operator says that it may be tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import random
from collections.abc import Callable, Coroutine, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from domain.model.calendar import milliseconds
from domain.model.ledger import timeline
from domain.model.ledger.decision import DecidedBy, Decision, Refusal
from domain.services.house import House, committed, decided
from domain.services.live import APART
from domain.store import commit
from domain.store.document_store import Busy, DatabaseError, StoreFault
from domain.store.ledger import agenda, members
from domain.store.ledger.agenda import AgendaItem

SIDE_BY_SIDE = 4
AT_ONCE = 1000
EVERY = timedelta(seconds=20)

Progress = Callable[[int, int], None]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Turned:
    """What a turn did: members looked at, rows written, agenda items fired, what met somebody else's work and
    waits, and what failed.
    """

    members: int = 0
    rows: int = 0
    fired: int = 0
    left: int = 0
    failed: int = 0

    def __add__(self, other: Turned) -> Turned:
        return Turned(
            self.members + other.members,
            self.rows + other.rows,
            self.fired + other.fired,
            self.left + other.left,
            self.failed + other.failed,
        )


def quiet(done: int, of: int) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True)
class _Due:
    """A member, or an item of the agenda, at the instant when something may happen to it. Members come before
    items of one instant.
    """

    at: datetime
    id: str
    item: AgendaItem | None = None

    def __lt__(self, other: _Due) -> bool:
        return (self.at, self.item is not None, self.id) < (other.at, other.item is not None, other.id)


_Looked = tuple[Turned, tuple[_Due, ...]]


@dataclass(slots=True)
class _Queue:
    """The soonest of what is due, as a heap: no member who is not here is due before `members_until`, no item
    before `items_until`.
    """

    waiting: list[_Due]
    members_until: datetime | None
    items_until: datetime | None

    def next(self) -> list[_Due]:
        """Take what is next, all of one instant; nothing where something else, not here, may come before
        it.
        """
        batch: list[_Due] = []
        while (
            self.waiting and (not batch or self.waiting[0].at == batch[0].at) and self._ripe(self.waiting[0])
        ):
            batch.append(heapq.heappop(self.waiting))
        return batch

    def _ripe(self, due: _Due) -> bool:
        members = (
            self.members_until is None
            or due.at < self.members_until
            or (due.item is None and due.at == self.members_until)
        )
        return members and (self.items_until is None or due.at <= self.items_until)

    @property
    def whole(self) -> bool:
        """Tell whether all that is due was here."""
        return self.members_until is None and self.items_until is None


# ---------------------------------------------------------------- writes
async def turn(house: House, *, now: datetime, progress: Progress = quiet) -> Turned:
    """Write down all that time has brought to everybody by now, and all that follows from it by now, each
    thing in its order.

    However many are due, a thousand or so are in memory at a time: what was done is due no more, and the next
    are asked for.
    """
    now = milliseconds(now)
    total, done, unmoved = Turned(), 0, set[str]()
    while True:
        queue, failed = await _soonest(house, unmoved, now=now)
        total += Turned(failed=failed)
        while batch := queue.next():
            for due, (turned, follows) in zip(
                batch, await _side_by_side([_look(house, due, now=now) for due in batch]), strict=True
            ):
                total += turned
                if due.item is None and not turned.members:
                    unmoved.add(due.id)
                for one in follows:
                    heapq.heappush(queue.waiting, one)
            done += len(batch)
            progress(done, done + len(queue.waiting))
        if queue.whole:
            return total


async def _soonest(house: House, unmoved: Set[str], *, now: datetime) -> tuple[_Queue, int]:
    """Return the soonest of what is due, and how many items of it cannot be read: they are parked."""
    version = house.programmes.current().number
    passed = await members.find_due(house.store, now=now, version=version, first=AT_ONCE + len(unmoved))
    noted = await agenda.find_due(house.store, now=now, first=AT_ONCE)
    waiting = [_Due(at, id) for id, at in passed.due_at_by_member.items() if id not in unmoved]
    waiting += [_Due(item.event.at, item.id, item) for item in noted.items]
    heapq.heapify(waiting)
    for id, fault in noted.unreadable:
        log.error("turn.item_unreadable", item=id, fault=fault)
        await agenda.park(house.store, id, error=f"unreadable: {fault}")
    return _Queue(waiting, passed.rest_due_at, noted.rest_due_at), len(noted.unreadable)


async def _side_by_side(looks: Sequence[Coroutine[Any, Any, _Looked]]) -> list[_Looked]:
    """Await some at a time, each begun in its order."""
    slots = asyncio.Semaphore(SIDE_BY_SIDE)

    async def look(one: Coroutine[Any, Any, _Looked]) -> _Looked:
        async with slots:
            return await one

    return await asyncio.gather(*(look(one) for one in looks))


async def _look(house: House, due: _Due, *, now: datetime) -> _Looked:
    """Let happen what is due; return what follows by now."""

    async def attempt() -> _Looked:
        return await (_bring(house, due, now=now) if due.item is None else _happen(house, due.item, now=now))

    if due.item is not None and not await agenda.claim(house.store, due.item, now=now):
        return Turned(), ()
    try:
        return await house.store.run_rounds(attempt, queue=due.id if due.item is None else due.item.member)
    except (Busy, StoreFault):
        return Turned(left=1), ()
    except DatabaseError:
        raise
    except Exception as fault:
        log.exception("turn.failed", id=due.id, item=due.item is not None)
        if due.item is not None:
            await agenda.park(house.store, due.id, error=f"fault: {type(fault).__name__}")
        return Turned(failed=1), ()


async def _bring(house: House, due: _Due, *, now: datetime) -> _Looked:
    """Write down what time brought to one member by the instant it is due at; nothing where somebody has."""
    published = house.programmes.current()
    kept = await members.find(house.store, due.id)
    if kept is None or kept.status != "active" or not kept.next_due.is_due(now=now, version=published.number):
        return Turned(), ()
    world = await house.shelf.stock_state(published.programme, now=now)
    decision = timeline.turn(
        published.programme, kept.member, until=due.at, stock=world, version=published.number
    )
    after = commit.next_due_after(published, decision)
    if decision.rows or after != kept.next_due:
        await committed(house, published, decision, now=now)
    elif after.at == due.at:
        return Turned(left=1), ()  # nothing moved: it would be looked at for ever
    return Turned(members=1, rows=len(decision.rows)), _follows(decision, after.at, now=now)


async def _happen(house: House, item: AgendaItem, *, now: datetime) -> _Looked:
    """Let an item of the agenda happen to its member, once: it is marked done in the same transaction, also
    where it is refused.
    """
    published = house.programmes.current()
    kept = await members.find(house.store, item.member)
    if kept is None or kept.status != "active" or kept.member.joined_at is None:
        await house.store.transact([agenda.settle_write(item, now=now, refused="NotFound")])
        return Turned(fired=1), ()
    by: DecidedBy = "time" if item.event.delayed_rule else "decision"
    try:
        decision = await decided(house, published, kept, item.event, now=now, by=by)
    except Refusal as refusal:
        await house.store.transact([agenda.settle_write(item, now=now, refused=type(refusal).__name__)])
        return Turned(fired=1), ()
    await committed(house, published, decision, now=now, claims=[agenda.settle_write(item, now=now)])
    after = commit.next_due_after(published, decision)
    return Turned(rows=len(decision.rows), fired=1), _follows(decision, after.at, now=now)


def _follows(decision: Decision, next_at: datetime | None, *, now: datetime) -> tuple[_Due, ...]:
    later = [one for row in decision.rows for one in row.delayed if one.due <= now]
    items = [
        _Due(one.event.at, one.event.id, AgendaItem(one.event.id, one.member, one.due, one.event))
        for one in later
    ]
    return (
        (*items, _Due(next_at, decision.member.id))
        if next_at is not None and next_at <= now
        else tuple(items)
    )


async def keep_turning(
    house: House, *, clock: Callable[[], datetime], woken: asyncio.Event, heard: Callable[[Exception], None]
) -> None:
    """Take the turn every 20 seconds, and soon after being woken, until cancelled; `heard` is told of one
    that failed, and the next comes.

    What came meanwhile is taken together; of several processes that were woken by the same row, the first
    does it all.
    """
    while True:
        woken.clear()
        try:
            await turn(house, now=clock())
        except Exception as fault:  # noqa: BLE001 - whatever it is, the next turn comes
            heard(fault)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(woken.wait(), EVERY.total_seconds())
        await asyncio.sleep(APART.total_seconds() * random.uniform(1, 3))  # noqa: S311 - no secret: that not all turn at once
