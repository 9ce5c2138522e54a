"""The turn: writes what time brought to members, and fires what is due in the agenda. It may come late.

Members are found by their next due instant, agenda items by theirs. Both are taken in that order, so that
a late turn ends where a timely one does. Each is a commit of its own. One that meets another writer is left
for the next turn. Where one fails, a member is tried again at the next turn, and an agenda item is parked
with its error until an operator retries it.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import random
from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from domain.model import event_names
from domain.model.calendar import milliseconds
from domain.model.ledger import timeline
from domain.model.ledger.decision import DecidedBy, Decision, JournalRow, Refusal
from domain.model.ledger.events import Event
from domain.model.values import dataclass
from domain.services.activity_hub import MAX_CLOCK_SKEW
from domain.services.concurrency import gather_limited
from domain.services.decisions import commit_decision, decide_event
from domain.services.ledger.parking.crediting import credit_due
from domain.services.runtime import Runtime
from domain.store import commit, counters, tracing
from domain.store.cancellation import raise_pending_cancellation
from domain.store.document_store import Busy, DatabaseError, StoreFault
from domain.store.ledger import agenda, members, receipts
from domain.store.ledger.agenda import AgendaItem
from domain.store.ledger.due import due_members
from domain.store.ledger.members import StoredMember

MAX_CONCURRENT = 4
MAX_BATCH = 1000
TURN_INTERVAL = timedelta(seconds=20)

Progress = Callable[[int, int], None]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TurnReport:
    """What a turn did: members and rows written, items fired, how many were left, how many failed."""

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
    """A member, or an agenda item, due at an instant. At the same instant members come before items."""

    due_at: datetime
    id: str
    agenda_item: AgendaItem | None = None

    def __lt__(self, other: _DueWork) -> bool:
        return (self.due_at, self.agenda_item is not None, self.id) < (
            other.due_at,
            other.agenda_item is not None,
            other.id,
        )


@dataclass(frozen=True, slots=True)
class _WorkResult:
    """What one piece of work did, and the work that follows from it by now."""

    report: TurnReport
    following: tuple[_DueWork, ...] = ()


@dataclass(slots=True)
class _DueQueue:
    """The soonest due work, as a heap.

    No member outside it is due before `members_until`, no item outside it before `items_until`. The
    `unreadable_count` items that cannot be read were parked.
    """

    heap: list[_DueWork]
    members_until: datetime | None
    items_until: datetime | None
    unreadable_count: int = 0

    def take_next(self) -> list[_DueWork]:
        """Take all work of the next instant; none where work outside the heap may come before it."""
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
        """Tell whether the heap held all that is due."""
        return self.members_until is None and self.items_until is None


# ---------------------------------------------------------------- writes
async def turn(runtime: Runtime, *, now: datetime, progress: Progress = no_progress) -> TurnReport:
    """Write all that time has brought by now, and all that follows from it by now, in the order of time.

    A thousand pieces of work or so are in memory at a time; the next are read once those are done.
    """
    now = milliseconds(now)
    credited = await credit_due(runtime, now=now, first=MAX_BATCH)
    report = TurnReport(fired_count=credited.count("credited"), left_count=credited.count("left"))
    done_count, unchanged_members = 0, set[str]()
    while True:
        queue = await _load_queue(runtime, unchanged_members, now=now)
        report += TurnReport(failed_count=queue.unreadable_count)
        while batch := queue.take_next():
            results = await gather_limited(
                [_do_work(runtime, due_work, now=now) for due_work in batch], limit=MAX_CONCURRENT
            )
            for due_work, result in zip(batch, results, strict=True):
                report += result.report
                if due_work.agenda_item is None and not result.report.member_count:
                    unchanged_members.add(due_work.id)
                for work in result.following:
                    heapq.heappush(queue.heap, work)
            done_count += len(batch)
            progress(done_count, done_count + len(queue.heap))
        if queue.is_complete:
            return report


async def _load_queue(runtime: Runtime, unchanged_members: Set[str], *, now: datetime) -> _DueQueue:
    """Return the soonest due work, and park the items that cannot be read."""
    due = await due_members.find_due(runtime.store, now=now, first=MAX_BATCH + len(unchanged_members))
    due_items = await agenda.find_due(runtime.store, now=now, first=MAX_BATCH)
    heap = [_DueWork(at, id) for id, at in due.due_at_by_member.items() if id not in unchanged_members]
    heap += [_DueWork(item.event.at, item.id, item) for item in due_items.items]
    heapq.heapify(heap)
    for id, error in due_items.unreadable:
        log.error("turn.item_unreadable", item=id, fault=error)
        await agenda.park(runtime.store, id, error=f"unreadable: {error}")
    return _DueQueue(heap, due.rest_due_at, due_items.rest_due_at, len(due_items.unreadable))


async def _do_work(
    runtime: Runtime, due_work: _DueWork, *, now: datetime, is_queued: bool = True
) -> _WorkResult:
    """Do what is due, in the queue of its member; where it fails, report it."""

    async def attempt() -> _WorkResult:
        return await (
            _write_turn(runtime, due_work, now=now)
            if due_work.agenda_item is None
            else _fire_item(runtime, due_work.agenda_item, now=now)
        )

    if due_work.agenda_item is not None and not await agenda.claim(
        runtime.store, due_work.agenda_item, now=now
    ):
        return _WorkResult(TurnReport())
    try:
        member = due_work.id if due_work.agenda_item is None else due_work.agenda_item.member
        return await runtime.store.run_rounds(attempt, queue=member if is_queued else None)
    except (Busy, StoreFault):
        return _WorkResult(TurnReport(left_count=1))
    except DatabaseError:
        raise
    except Exception as error:
        log.exception("turn.failed", id=due_work.id, item=due_work.agenda_item is not None)
        if due_work.agenda_item is not None:
            await agenda.park(runtime.store, due_work.id, error=f"fault: {type(error).__name__}")
        return _WorkResult(TurnReport(failed_count=1))


async def _write_turn(runtime: Runtime, due_work: _DueWork, *, now: datetime) -> _WorkResult:
    """Write what time brought to a member by `due_at`; nothing where another process has written it."""
    published = runtime.programmes.current()
    stored_member = await members.find(runtime.store, due_work.id)
    if (
        stored_member is None
        or stored_member.status != "active"
        or not runtime.programmes.may_be_due(stored_member, now=now)
    ):
        return _WorkResult(TurnReport())
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
        return _WorkResult(TurnReport(left_count=1))  # nothing changed: it would be due for ever
    report = TurnReport(member_count=1, row_count=len(decision.rows))
    return _WorkResult(report, _following_work(decision, next_due.at, now=now))


async def _fire_item(runtime: Runtime, agenda_item: AgendaItem, *, now: datetime) -> _WorkResult:
    """Fire an agenda item once: it is marked as done in the same transaction, also where it is refused."""
    published = runtime.programmes.current()
    stored_member = await members.find(runtime.store, agenda_item.member)
    if agenda_item.event.delayed_rule is None:  # what a receipt's rule gives later is decided where that is
        stored_member = await members.find_open(runtime.store, agenda_item.member)
    if stored_member is None or not _can_act(stored_member):
        await runtime.store.transact([agenda.settle_write(agenda_item, now=now, refused="NotFound")])
        return _WorkResult(TurnReport(fired_count=1))
    decided_by: DecidedBy = "time" if agenda_item.event.delayed_rule else "decision"
    receipt_id = receipts.of_event(agenda_item.event)
    try:
        event = await _with_remaining(runtime, agenda_item.event, receipt_id)
        if event.name in event_names.MOVING_EVENTS:  # it is taken now, whatever was decided meanwhile
            event = replace(event, at=max(event.at, stored_member.member.decided_at or event.at))
        decision = await decide_event(
            runtime, published, stored_member, event, now=now, decided_by=decided_by
        )
    except Refusal as refusal:
        await runtime.store.transact(
            [agenda.settle_write(agenda_item, now=now, refused=type(refusal).__name__)]
        )
        return _WorkResult(TurnReport(fired_count=1))
    claims = [agenda.settle_write(agenda_item, now=now)]
    if receipt_id is not None:
        claims.append(receipts.delayed_write(receipt_id, decision.row))
    await commit_decision(runtime, published, decision, now=now, claims=claims)
    next_due = commit.next_due_after(published, decision)
    report = TurnReport(row_count=len(decision.rows), fired_count=1)
    return _WorkResult(report, _following_work(decision, next_due.at, now=now))


def _can_act(stored_member: StoredMember) -> bool:
    has_joined = stored_member.status == "active" and stored_member.member.joined_at is not None
    return has_joined or stored_member.status == "merged"


async def fire_moving(runtime: Runtime, row: JournalRow, *, now: datetime) -> None:
    """Fire at once what a row of a closed membership moves on. Where that fails, the next turn does it. The
    caller may stand in the queue of the member who takes it.
    """
    for delayed in row.delayed:
        if delayed.event.name in event_names.MOVING_EVENTS:
            event = delayed.event
            agenda_item = AgendaItem(event.id, delayed.member, delayed.due, event)
            due_work = _DueWork(event.at, event.id, agenda_item)
            await _do_work(runtime, due_work, now=now, is_queued=False)


async def fire_waiting_moves(runtime: Runtime, closed: Sequence[str], *, now: datetime) -> None:
    """Fire what waits to move from closed memberships. Raises Busy where some of it cannot be taken yet."""
    for member in closed:
        for move in await agenda.find_waiting_moves(runtime.store, member, first=MAX_BATCH):
            await _do_work(runtime, _DueWork(move.event.at, move.id, move), now=now)
        if await agenda.find_waiting_moves(runtime.store, member, first=1):
            raise Busy


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
    and_then: Callable[[datetime], Awaitable[object]] | None = None,
) -> None:
    """Take the turn every 20 seconds, and soon after being woken, until cancelled; `and_then` follows each.

    `on_error` gets the error of a turn that failed; the next turn comes all the same. What came meanwhile is
    taken together. Of several processes woken by the same row, the first does all the work.
    """
    while True:
        woken.clear()
        try:
            with counters.TURN_SECONDS.time(), tracing.span("turn"):
                report = await turn(runtime, now=clock())
                if and_then is not None:
                    await and_then(clock())
            _note_turn(runtime, report, now=clock())
        except Exception as error:  # noqa: BLE001 - whatever it is, the next turn comes
            on_error(error)
        raise_pending_cancellation()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TURN_INTERVAL.total_seconds()):
                await woken.wait()
        await asyncio.sleep(MAX_CLOCK_SKEW.total_seconds() * random.uniform(1, 3))  # noqa: S311 - no secret: processes must not turn all at once


def _note_turn(runtime: Runtime, report: TurnReport, *, now: datetime) -> None:
    runtime.last_turn.ended_at = now
    counters.TURN_ENDED_AT.set(now.timestamp())
    for what, number in (
        ("members", report.member_count),
        ("rows", report.row_count),
        ("items", report.fired_count),
        ("left", report.left_count),
        ("failed", report.failed_count),
    ):
        counters.TURN_WORK.labels(what).inc(number)
