"""What every story that moves value shares: the house, one decision committed, one act a key, and a late
event's own time.

member -> decide -> commit, again where something moved meanwhile; a key that has acted answers as it did
then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from domain.model.calendar import Per, local_day, milliseconds, period_start, start_of
from domain.model.ledger import late_events as pasts
from domain.model.ledger.decide import HistoricalContext, decide
from domain.model.ledger.decision import DecidedBy, Decision, Refusal
from domain.model.ledger.events import Event, Facts
from domain.model.ledger.member import PeriodCount
from domain.services.activity_hub import ActivityHub
from domain.services.errors import IdempotencyKeyConflict, NotAllowed, NotFound
from domain.services.expression_failures import log_failures
from domain.store import commit, requests
from domain.store.audit import ShiftLimitReached
from domain.store.document_store import DatabaseError, DocumentStore, Stale, TransactionStep, Write
from domain.store.ledger import journal, members
from domain.store.ledger.members import Details, ProfileChange, StoredMember
from domain.store.ledger.programmes import NothingPublished, Programmes, PublishedProgramme
from domain.store.ledger.stock import SoldOut, StockCounts
from domain.store.ledger.vouchers import Voucher
from domain.store.requests import KeyBound, Reply, RequestKey

T = TypeVar("T")

REFRESH_SECONDS = 1.0
LATE_LIMIT = timedelta(days=400)
FACT_WINDOWS = (timedelta(days=2), timedelta(days=30), LATE_LIMIT)
_MAX_DAYS: Mapping[Per, int] = {"day": 1, "week": 7, "month": 31, "year": 366}


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class Runtime:
    """One a process: the database, the programmes in memory, what is left on the shelf, and who listens to
    what happens.
    """

    store: DocumentStore
    programmes: Programmes
    stock: StockCounts
    activity_hub: ActivityHub = field(default_factory=ActivityHub)

    @classmethod
    def for_store(cls, store: DocumentStore) -> Runtime:
        """Return the house over a prepared store; `programmes.refresh()` makes it know what rules."""
        return cls(store, Programmes(store), StockCounts(store))

    async def keep_refreshed(self) -> None:
        """Notice new versions and what is left on the shelf, every second, until cancelled."""
        while True:
            try:
                await self.programmes.refresh()
                if any(spec.stock is not None for spec in self.programmes.current().programme.rewards):
                    await self.stock.poll()
            except NothingPublished:
                pass  # somebody will publish one
            except DatabaseError:
                pass  # the database is away; what is in memory rules on
            await asyncio.sleep(REFRESH_SECONDS)


@dataclass(frozen=True, slots=True)
class KeyBinding:
    """How this round binds the caller's key: `lapsed` is set where an old record gives way."""

    request: RequestKey
    now: datetime
    lapsed_expires_at: datetime | None = None

    def write_for(self, reply: Reply) -> Write:
        """Return the write that binds the key to a reply."""
        return requests.bind_write(
            self.request, reply, now=self.now, lapsed_expires_at=self.lapsed_expires_at
        )


# ---------------------------------------------------------------- one act a key
async def run_once(
    runtime: Runtime,
    *,
    request: RequestKey,
    queue: str,
    now: datetime,
    act: Callable[[KeyBinding], Awaitable[T]],
    answer_again: Callable[[Reply], Awaitable[T]],
) -> T:
    """Act once for a key: `act` commits with the binding it is given; where the key has acted, `again`
    answers from the reply.

    A refusal binds nothing. Raises Conflicting where the key has acted on another input, Busy, and what `act`
    raises.
    """
    lapsed_expires_at: list[datetime | None] = [None]

    async def recall_reply() -> Reply | None:
        try:
            return await requests.recall(runtime.store, request, now=now)
        except requests.KeyReused:
            raise IdempotencyKeyConflict from None

    async def attempt() -> T:
        try:
            return await act(KeyBinding(request, now, lapsed_expires_at[0]))
        except KeyBound:
            reply = await recall_reply()
            if reply is None:  # the record has lapsed, or gave way this moment
                lapsed_expires_at[0] = await requests.lapsed_at(runtime.store, request, now=now)
                raise Stale("the key may be bound again") from None
        except Refusal:
            reply = await recall_reply()
            if reply is None:
                raise
        return await answer_again(reply)

    return await runtime.store.run_rounds(attempt, queue=queue)


# ---------------------------------------------------------------- reads
async def load_member(runtime: Runtime, member: str) -> StoredMember:
    """Return a member. Raises NotFound where there is none, or an erased one."""
    stored_member = await members.find(runtime.store, member)
    if stored_member is None or stored_member.status == "erased":
        raise NotFound(member)
    return stored_member


def event_instant(
    stored_member: StoredMember, *, now: datetime, occurred_at: datetime | None = None
) -> datetime:
    """Return an event's time: its own, or now; never before what was decided while the caller stood in the
    queue.
    """
    if occurred_at is not None:
        return milliseconds(occurred_at)
    return max(milliseconds(now), stored_member.member.decided_at or milliseconds(now))


async def decide_event(
    runtime: Runtime,
    published: PublishedProgramme,
    stored_member: StoredMember,
    event: Event,
    *,
    now: datetime,
    history: HistoricalContext | None = None,
    decided_by: DecidedBy = "input",
) -> Decision:
    """Decide an event of a member by the programme that rules, a late one by that of its own time. Raises a
    Refusal.
    """
    stock = await runtime.stock.stock_state(published.programme, now=now)
    history = history or await late_event_history(runtime, stored_member, event)
    decided_at = max(now, event.at)
    return decide(
        published.programme,
        stored_member.member,
        event,
        now=decided_at,
        stock=stock,
        history=history,
        version=published.number,
        by=decided_by,
    )


async def late_event_history(
    runtime: Runtime, stored_member: StoredMember, event: Event
) -> HistoricalContext | None:
    """Return what a late event goes by; None for one that is not late. Looks back over 400 days at most."""
    member = stored_member.member
    if member.decided_at is None or event.at >= member.decided_at or event.delayed_rule is not None:
        return None
    published = await runtime.programmes.version_at(event.at)
    programme = published.programme
    periods = {
        bound.per
        for rule in programme.rules_on(event.name)
        for bound in (rule.limit, rule.cap)
        if bound is not None
    }
    event_day = local_day(event.at, programme.zone)
    starts = [period_start(event_day, per) for per in periods if per != "ever"]
    start = max(start_of(min([event_day, *starts]), programme.zone), event.at - LATE_LIMIT)
    end = max(
        [
            event.at,
            *(
                start_of(period_start(event_day, per), programme.zone) + timedelta(days=_MAX_DAYS[per])
                for per in periods
                if per != "ever"
            ),
        ]
    )
    rows = await journal.find_between(runtime.store, member.id, start=start, end=end)
    history = pasts.history_from_rows(programme, rows, at=event.at, version=published.number)
    facts = (
        history.facts
        if any(row.event.at <= event.at for row in rows)
        else await _last_facts_before(runtime, member.id, event.at)
    )
    return HistoricalContext(
        programme, facts, _with_lifetime_counts(history.counts, member.counters), published.number
    )


async def _last_facts_before(runtime: Runtime, member: str, at: datetime) -> Facts:
    """Return the facts of the last row before an instant, in windows that widen: most late events are late by
    little.
    """
    for window in FACT_WINDOWS:
        if rows := await journal.find_between(runtime.store, member, start=at - window, end=at):
            return rows[-1].facts
    return Facts()


def _with_lifetime_counts(
    window_counts: Mapping[str, tuple[PeriodCount, ...]], member_counts: Mapping[str, tuple[PeriodCount, ...]]
) -> dict[str, tuple[PeriodCount, ...]]:
    """Return counts of periods as found in the journal's window, and those for ever as the member keeps
    them.
    """
    counts_by_rule = {
        rule: tuple(one for one in counts if one.per != "ever") for rule, counts in window_counts.items()
    }
    for rule, counts in member_counts.items():
        counts_by_rule[rule] = (*counts_by_rule.get(rule, ()), *(one for one in counts if one.per == "ever"))
    return counts_by_rule


# ---------------------------------------------------------------- writes
async def commit_decision(
    runtime: Runtime,
    published: PublishedProgramme,
    decision: Decision,
    *,
    now: datetime,
    request: Write | None = None,
    claims: Sequence[Write] = (),
    details: Details | None = None,
    profile: ProfileChange | None = None,
    extra_steps: Sequence[TransactionStep] = (),
) -> tuple[Voucher, ...]:
    """Commit a decision; return the vouchers it issued. Raises Stale, KeyBound, and what `claims` say."""
    try:
        issued = await commit.commit(
            runtime.store,
            published=published,
            decision=decision,
            now=now,
            request=request,
            claims=claims,
            details=details,
            profile=profile,
            extra_steps=extra_steps,
        )
    except ShiftLimitReached:
        raise NotAllowed("SHIFT_LIMIT") from None
    except SoldOut:
        runtime.stock.mark_stale()
        raise
    log_failures(decision, runtime.programmes.loaded_or_current)
    return issued
