"""A member's real events decided again, by the same `decide`.

`replay_as_ruled` goes row by row through the journal, each by the version that ruled and at its own instant:
it gives exactly what is stored. `replay_draft` hands the same events to a draft: what came from outside and
from other members is as it was, what time and decisions bring is the draft's. A part of a purchase that was
left for later is decided where the journal has it, or when it is due where the journal has none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from datetime import datetime

from domain.model.event_names import CORRECTED, MOVING_EVENTS
from domain.model.figures.backtest.history import (
    MemberHistory,
    RulingVersions,
    is_brought_by_time,
    is_scheduled,
)
from domain.model.figures.backtest.replayed_events import OTHERS_EVENTS, ReplayedEvents, reads_private
from domain.model.figures.backtest.sold_out import NEVER_SOLD_OUT, NOTHING, SoldOutTimes
from domain.model.ledger.decide import decide
from domain.model.ledger.decision import (
    AlreadySo,
    DecidedBy,
    Decision,
    DelayedEvent,
    JournalRow,
    Refusal,
    StockState,
)
from domain.model.ledger.events import Event
from domain.model.ledger.late_events import HistoricalContext, RowTrace, TraceIndex
from domain.model.ledger.member import Member
from domain.model.ledger.next_due import TICK
from domain.model.ledger.timeline import turn, turned_until
from domain.model.programme import Programme
from domain.model.values import dataclass, evolve

DRAFT_VERSION = 0  # no published version has it


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """An event of the past that would be refused now, and the name of the refusal."""

    event: str
    refusal: str


@dataclass
class Replay:
    """A member on the way through their history. `rows` are those decided again, from `start` on."""

    history: MemberHistory
    versions: RulingVersions
    since: datetime | None
    with_changes: bool
    rows: list[JournalRow] = field(default_factory=list, init=False)
    refused: list[RefusedEvent] = field(default_factory=list, init=False)
    from_others: int = field(default=0, init=False)
    sold_out_count: int = field(default=0, init=False)
    private_count: int = field(default=0, init=False)
    pending: dict[str, DelayedEvent] = field(default_factory=dict, init=False)
    _traces: list[RowTrace] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.start = self.history.first_heard(self.since)
        self.member: Member = self.history.fold(self.start)
        self.events = ReplayedEvents(self.history)
        for row in self.history.rows[: self.start]:
            self._note(row)

    @property
    def stored_rows(self) -> Sequence[JournalRow]:
        """The rows that are stored of the same time."""
        return self.history.rows[self.start :]

    def decide(
        self, programme: Programme, event: Event, *, version: int, by: DecidedBy, stock: StockState
    ) -> Decision:
        """Decide an event of the member as they stand. Raises a Refusal."""
        return decide(
            programme,
            self.member,
            event,
            now=max(event.at, self.member.decided_at or event.at),
            stock=stock,
            history=self._context(programme, event, version),
            version=version,
            by=by,
            with_changes=self.with_changes,
        )

    def take(self, decision: Decision) -> None:
        """Go on from a decision."""
        self.member = decision.member
        for row in decision.rows:
            self.rows.append(row)
            self._note(row)

    def _note(self, row: JournalRow) -> None:
        self._traces.append(RowTrace.from_row(row))
        self.events.receipts.note(row)
        self.pending.pop(row.event.id, None)
        for delayed in row.delayed:
            if delayed.member == self.history.id and delayed.event.name not in MOVING_EVENTS:
                self.pending[delayed.event.id] = delayed

    def _context(self, programme: Programme, event: Event, version: int) -> HistoricalContext | None:
        """Return what a refund, a correction or a late event goes by."""
        if event.refund is not None:
            bought = event.refund.purchase.version
            return HistoricalContext(self.versions.programmes.get(bought, programme), version=bought)
        decided_at = self.member.decided_at
        if decided_at is None or event.at >= decided_at:
            return None
        index = TraceIndex(programme.zone)
        for trace in self._traces:
            index.add(trace)
        return index.history(programme, at=event.at, version=version)


# ---------------------------------------------------------------- as it was ruled


class _AsRuled:
    """A replay by the versions that ruled. What was sold out is read off the stored rows: a limited reward
    that stands unlocked there was not, one that should and does not was.
    """

    def __init__(self, replay: Replay) -> None:
        self.replay = replay
        self.sold_out = list[tuple[Event, StockState]]()
        self._stock = NOTHING
        self._unlocked = replay.member.unlocked

    def run(self) -> None:
        rows, place = self.replay.history.rows, self.replay.start
        while place < len(rows):
            end = self._end_of_instant(place) if is_brought_by_time(rows[place]) else place + 1
            for row in rows[place:end]:
                self._unlocked = _unlocked_after(row, self._unlocked)
            attempt = self._time(place) if is_brought_by_time(rows[place]) else self._event(place)
            programme = self.replay.versions.programmes[rows[place].version]
            self.replay.take(self._as_stored(attempt, programme))
            self.sold_out.append((rows[place].event, self._stock))
            place = end

    def _end_of_instant(self, place: int) -> int:
        rows, end = self.replay.history.rows, place + 1
        while (
            end < len(rows) and is_brought_by_time(rows[end]) and rows[end].event.at == rows[place].event.at
        ):
            end += 1
        return end

    def _time(self, place: int) -> Callable[[StockState], Decision]:
        row, replay = self.replay.history.rows[place], self.replay
        before = turned_to(replay.member, row.event.at - TICK)
        programme = replay.versions.programmes[row.version]
        return lambda stock: turn(programme, before, until=row.event.at, stock=stock, version=row.version)

    def _event(self, place: int) -> Callable[[StockState], Decision]:
        replay, row = self.replay, self.replay.history.rows[place]
        version = replay.versions.at(row.event.at) if row.event.name == CORRECTED else row.version
        programme = replay.versions.programmes[version]
        replay.member = turned_to(replay.member, row.event.at)
        if is_scheduled(row):
            event = replay.events.receipts.with_remaining(replay.pending[row.event.id].event)
        else:
            event = replay.events.event(programme, replay.member, place)
        return lambda stock: replay.decide(programme, event, version=version, by=row.by, stock=stock)

    def _as_stored(self, attempt: Callable[[StockState], Decision], programme: Programme) -> Decision:
        limited = frozenset([spec.code for spec in programme.rewards if spec.stock is not None])
        if not limited:
            return attempt(NOTHING)
        try:
            decision = attempt(self._stock)
            wrong = (decision.member.unlocked ^ self._unlocked) & limited
        except Refusal:
            decision, wrong = None, self._stock.sold_out
        if wrong or decision is None:
            self._stock = StockState(self._stock.sold_out ^ wrong)
            decision = attempt(self._stock)
        self.replay.sold_out_count += bool(self._stock.sold_out)
        return decision


def _unlocked_after(row: JournalRow, unlocked: frozenset[str]) -> frozenset[str]:
    changed = row.changes.get("unlocked")
    return frozenset(map(str, changed)) if isinstance(changed, list) else unlocked


def turned_to(member: Member, at: datetime) -> Member:
    """Return a member for whom time is known to have brought nothing up to an instant."""
    until = turned_until(member)
    return member if until is None or until >= at else evolve(member, turned_at=at)


def replay_as_ruled(
    history: MemberHistory, versions: RulingVersions, *, since: datetime | None = None
) -> Replay:
    """Decide a member's rows again by the versions that ruled, in the journal's order and at each row's own
    instants. Raises a Refusal where one of them would be refused.
    """
    replay = Replay(history, versions, since, with_changes=True)
    _AsRuled(replay).run()
    return replay


def sold_out_as_stored(
    history: MemberHistory, versions: RulingVersions, *, since: datetime | None = None
) -> SoldOutTimes:
    """Return when limited rewards were sold out, as far as a member's rows tell it: they are decided as it
    was ruled.
    """
    ruled = _AsRuled(Replay(history, versions, since, with_changes=False))
    ruled.run()
    in_time = sorted(ruled.sold_out, key=lambda noted: noted[0].at)
    return SoldOutTimes(
        {event.id: stock for event, stock in in_time},
        [event.at for event, _ in in_time],
        [stock for _, stock in in_time],
    )


# ---------------------------------------------------------------- under a draft


class _Draft:
    def __init__(self, replay: Replay, programme: Programme, stock: SoldOutTimes) -> None:
        self.replay, self.programme, self.stock = replay, programme, stock
        # The journal has a place for it; or none, where it was refused or a turn is behind.
        self._to_come = {delayed.event.id for row in replay.history.rows for delayed in row.delayed}

    def run(self) -> None:
        replay, heard_at = self.replay, self.replay.member.decided_at
        for place in range(replay.start, len(replay.history.rows)):
            row = replay.history.rows[place]
            decided_at = row.changes.get("decided_at")
            heard_at = decided_at if isinstance(decided_at, datetime) else heard_at
            if is_brought_by_time(row):
                continue
            self._to_come.discard(row.event.id)
            self._bring_to(row.event.at, heard_at)
            if not is_scheduled(row):
                replay.from_others += row.by == "decision" and row.event.name in OTHERS_EVENTS
                self._decide_stored(place, row)
            elif row.event.id in replay.pending:
                self._decide_scheduled(replay.pending[row.event.id])
        self._bring_to(None, replay.history.until)

    def _bring_to(self, at: datetime | None, heard_at: datetime | None) -> None:
        """Bring what is due before an event is decided: for a late one, up to when it was heard of."""
        if heard_at is not None:
            self._bring_scheduled(heard_at)
            if at != heard_at:
                self._bring_time(heard_at)

    def _decide_stored(self, place: int, row: JournalRow) -> None:
        replay = self.replay
        try:
            event = replay.events.event(self.programme, replay.member, place)
            self._decide(event, row.by)
        except AlreadySo:
            pass
        except Refusal as refusal:
            name = getattr(refusal, "name", type(refusal).__name__)
            replay.refused.append(RefusedEvent(row.event.name, str(name)))
        else:
            replay.events.note_vouchers(row, replay.rows[-1])

    def _decide(self, event: Event, by: DecidedBy) -> None:
        replay = self.replay
        stock = self.stock.at_event(event)
        replay.sold_out_count += bool(stock.sold_out)
        replay.private_count += reads_private(self.programme, event.name)
        replay.take(replay.decide(self.programme, event, version=DRAFT_VERSION, by=by, stock=stock))

    def _bring_scheduled(self, until: datetime) -> None:
        """Decide what the draft leaves for later and is due. What was left for later then has its place."""
        pending = self.replay.pending
        while due := [one for id, one in pending.items() if id not in self._to_come and one.due <= until]:
            self._decide_scheduled(min(due, key=lambda delayed: (delayed.due, delayed.event.id)))

    def _decide_scheduled(self, delayed: DelayedEvent) -> None:
        self.replay.pending.pop(delayed.event.id)
        self._decide(self.replay.events.receipts.with_remaining(delayed.event), "time")

    def _bring_time(self, until: datetime) -> None:
        replay = self.replay
        stock = self.stock.at(until)
        replay.take(
            turn(
                self.programme,
                replay.member,
                until=until,
                stock=stock,
                version=DRAFT_VERSION,
                with_changes=replay.with_changes,
            )
        )


def replay_draft(
    history: MemberHistory,
    versions: RulingVersions,
    draft: Programme,
    *,
    since: datetime | None = None,
    stock: SoldOutTimes = NEVER_SOLD_OUT,
    with_changes: bool = False,
) -> Replay:
    """Decide what happened to a member from an instant on again, by a draft. `since` None: from their first
    event on.
    """
    replay = Replay(history, versions, since, with_changes)
    _Draft(replay, draft, stock).run()
    return replay
