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
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from domain.model.calendar import milliseconds
from domain.model.ledger import timeline
from domain.model.ledger.decision import DecidedBy, Decision, Refusal
from domain.model.ledger.events import Event
from domain.services.activity_hub import MAX_CLOCK_SKEW
from domain.services.decisions import commit_decision, decide_event
from domain.services.runtime import Runtime
from domain.store import commit
from domain.store.document_store import Busy, DatabaseError, StoreFault
from domain.store.ledger import agenda, members, receipts
from domain.store.ledger.agenda import AgendaItem

MAX_CONCURRENT = 4
MAX_BATCH = 1000
TURN_INTERVAL = timedelta(seconds=20)

Progress = Callable[[int, int], None]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TurnReport:
    """What a turn did: members looked at, rows written, agenda items fired, what met somebody else's work and
    waits, and what failed.
    """

    member_count: int = 0
    row_count: int = 0
    fired_count: int = 0
    left_count: int = 0
    failed_count: int = 0

    def __add__(self, other: TurnReport) -> TurnReport:
        return TurnReport(
            self.member_count + other.member_count,
            self.row_count + other.row_count,
            self.fired_count + other.fired_count,
            self.left_count + other.left_count,
            self.failed_count + other.failed_count,
        )


def no_progress(done: int, of: int) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True)
class _DueWork:
    """A member, or an item of the agenda, at the instant when something may happen to it. Members come before
    items of one instant.
    """

    due_at: datetime
    id: str
    agenda_item: AgendaItem | None = None

    def __lt__(self, other: _DueWork) -> bool:
        return (self.due_at, self.agenda_item is not None, self.id) < (
            other.due_at,
            other.agenda_item is not None,
            other.id,
        )


_WorkResult = tuple[TurnReport, tuple[_DueWork, ...]]


@dataclass(slots=True)
class _DueQueue:
    """The soonest of what is due, as a heap: no member who is not here is due before `members_until`, no item
    before `items_until`.
    """

    heap: list[_DueWork]
    members_until: datetime | None
    items_until: datetime | None

    def take_next(self) -> list[_DueWork]:
        """Take what is next, all of one instant; nothing where something else, not here, may come before
        it.
        """
        batch: list[_DueWork] = []
        while (
            self.heap
            and (not batch or self.heap[0].due_at == batch[0].due_at)
            and self._is_ripe(self.heap[0])
        ):
            batch.append(heapq.heappop(self.heap))
        return batch

    def _is_ripe(self, due: _DueWork) -> bool:
        is_after_members = (
            self.members_until is None
            or due.due_at < self.members_until
            or (due.agenda_item is None and due.due_at == self.members_until)
        )
        return is_after_members and (self.items_until is None or due.due_at <= self.items_until)

    @property
    def is_complete(self) -> bool:
        """Tell whether all that is due was here."""
        return self.members_until is None and self.items_until is None


# ---------------------------------------------------------------- writes
async def turn(runtime: Runtime, *, now: datetime, progress: Progress = no_progress) -> TurnReport:
    """Write down all that time has brought to everybody by now, and all that follows from it by now, each
    thing in its order.

    However many are due, a thousand or so are in memory at a time: what was done is due no more, and the next
    are asked for.
    """
    now = milliseconds(now)
    report, done_count, unchanged_members = TurnReport(), 0, set[str]()
    while True:
        queue, unreadable_count = await _load_queue(runtime, unchanged_members, now=now)
        report += TurnReport(failed_count=unreadable_count)
        while batch := queue.take_next():
            for due_work, (work_report, following_work) in zip(
                batch, await _gather_limited([_do_work(runtime, due, now=now) for due in batch]), strict=True
            ):
                report += work_report
                if due_work.agenda_item is None and not work_report.member_count:
                    unchanged_members.add(due_work.id)
                for work in following_work:
                    heapq.heappush(queue.heap, work)
            done_count += len(batch)
            progress(done_count, done_count + len(queue.heap))
        if queue.is_complete:
            return report


async def _load_queue(
    runtime: Runtime, unchanged_members: Set[str], *, now: datetime
) -> tuple[_DueQueue, int]:
    """Return the soonest of what is due, and how many items of it cannot be read: they are parked."""
    version = runtime.programmes.current().number
    due_members = await members.find_due(
        runtime.store, now=now, version=version, first=MAX_BATCH + len(unchanged_members)
    )
    due_items = await agenda.find_due(runtime.store, now=now, first=MAX_BATCH)
    heap = [
        _DueWork(at, id) for id, at in due_members.due_at_by_member.items() if id not in unchanged_members
    ]
    heap += [_DueWork(item.event.at, item.id, item) for item in due_items.items]
    heapq.heapify(heap)
    for id, error in due_items.unreadable:
        log.error("turn.item_unreadable", item=id, fault=error)
        await agenda.park(runtime.store, id, error=f"unreadable: {error}")
    return _DueQueue(heap, due_members.rest_due_at, due_items.rest_due_at), len(due_items.unreadable)


async def _gather_limited(works: Sequence[Coroutine[Any, Any, _WorkResult]]) -> list[_WorkResult]:
    """Await some at a time, each begun in its order."""
    slots = asyncio.Semaphore(MAX_CONCURRENT)

    async def run_in_slot(work: Coroutine[Any, Any, _WorkResult]) -> _WorkResult:
        async with slots:
            return await work

    return await asyncio.gather(*(run_in_slot(one) for one in works))


async def _do_work(runtime: Runtime, due_work: _DueWork, *, now: datetime) -> _WorkResult:
    """Let happen what is due; return what follows by now."""

    async def attempt() -> _WorkResult:
        return await (
            _write_turn(runtime, due_work, now=now)
            if due_work.agenda_item is None
            else _fire_item(runtime, due_work.agenda_item, now=now)
        )

    if due_work.agenda_item is not None and not await agenda.claim(
        runtime.store, due_work.agenda_item, now=now
    ):
        return TurnReport(), ()
    try:
        return await runtime.store.run_rounds(
            attempt, queue=due_work.id if due_work.agenda_item is None else due_work.agenda_item.member
        )
    except (Busy, StoreFault):
        return TurnReport(left_count=1), ()
    except DatabaseError:
        raise
    except Exception as error:
        log.exception("turn.failed", id=due_work.id, item=due_work.agenda_item is not None)
        if due_work.agenda_item is not None:
            await agenda.park(runtime.store, due_work.id, error=f"fault: {type(error).__name__}")
        return TurnReport(failed_count=1), ()


async def _write_turn(runtime: Runtime, due_work: _DueWork, *, now: datetime) -> _WorkResult:
    """Write down what time brought to one member by the instant it is due at; nothing where somebody has."""
    published = runtime.programmes.current()
    stored_member = await members.find(runtime.store, due_work.id)
    if (
        stored_member is None
        or stored_member.status != "active"
        or not stored_member.next_due.is_due(now=now, version=published.number)
    ):
        return TurnReport(), ()
    stock = await runtime.stock.stock_state(published.programme, now=now)
    decision = timeline.turn(
        published.programme,
        stored_member.member,
        until=due_work.due_at,
        stock=stock,
        version=published.number,
    )
    next_due = commit.next_due_after(published, decision)
    if decision.rows or next_due != stored_member.next_due:
        await commit_decision(runtime, published, decision, now=now)
    elif next_due.at == due_work.due_at:
        return TurnReport(left_count=1), ()  # nothing moved: it would be looked at for ever
    return TurnReport(member_count=1, row_count=len(decision.rows)), _following_work(
        decision, next_due.at, now=now
    )


async def _fire_item(runtime: Runtime, agenda_item: AgendaItem, *, now: datetime) -> _WorkResult:
    """Let an item of the agenda happen to its member, once: it is marked done in the same transaction, also
    where it is refused.
    """
    published = runtime.programmes.current()
    stored_member = await members.find(runtime.store, agenda_item.member)
    if stored_member is None or stored_member.status != "active" or stored_member.member.joined_at is None:
        await runtime.store.transact([agenda.settle_write(agenda_item, now=now, refused="NotFound")])
        return TurnReport(fired_count=1), ()
    decided_by: DecidedBy = "time" if agenda_item.event.delayed_rule else "decision"
    receipt_id = receipts.of_event(agenda_item.event)
    try:
        event = await _with_remaining(runtime, agenda_item.event, receipt_id)
        decision = await decide_event(
            runtime, published, stored_member, event, now=now, decided_by=decided_by
        )
    except Refusal as refusal:
        await runtime.store.transact(
            [agenda.settle_write(agenda_item, now=now, refused=type(refusal).__name__)]
        )
        return TurnReport(fired_count=1), ()
    claims = [agenda.settle_write(agenda_item, now=now)]
    if receipt_id is not None:
        claims.append(receipts.delayed_write(receipt_id, decision.row))
    await commit_decision(runtime, published, decision, now=now, claims=claims)
    next_due = commit.next_due_after(published, decision)
    return TurnReport(row_count=len(decision.rows), fired_count=1), _following_work(
        decision, next_due.at, now=now
    )


async def _with_remaining(runtime: Runtime, event: Event, receipt_id: str | None) -> Event:
    """Return a delayed part of a purchase with what is kept of the purchase by now."""
    receipt = None if receipt_id is None else await receipts.find(runtime.store, receipt_id)
    if receipt is None or receipt.remaining is None:
        return event
    return replace(event, purchase=receipt.remaining)


def _following_work(decision: Decision, next_at: datetime | None, *, now: datetime) -> tuple[_DueWork, ...]:
    delayed_events = [one for row in decision.rows for one in row.delayed if one.due <= now]
    item_work = [
        _DueWork(one.event.at, one.event.id, AgendaItem(one.event.id, one.member, one.due, one.event))
        for one in delayed_events
    ]
    return (
        (*item_work, _DueWork(next_at, decision.member.id))
        if next_at is not None and next_at <= now
        else tuple(item_work)
    )


async def keep_turning(
    runtime: Runtime,
    *,
    clock: Callable[[], datetime],
    woken: asyncio.Event,
    on_error: Callable[[Exception], None],
) -> None:
    """Take the turn every 20 seconds, and soon after being woken, until cancelled; `heard` is told of one
    that failed, and the next comes.

    What came meanwhile is taken together; of several processes that were woken by the same row, the first
    does it all.
    """
    while True:
        woken.clear()
        try:
            await turn(runtime, now=clock())
        except Exception as error:  # noqa: BLE001 - whatever it is, the next turn comes
            on_error(error)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(woken.wait(), TURN_INTERVAL.total_seconds())
        await asyncio.sleep(MAX_CLOCK_SKEW.total_seconds() * random.uniform(1, 3))  # noqa: S311 - no secret: that not all turn at once
