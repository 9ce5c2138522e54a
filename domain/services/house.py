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
from domain.services.errors import Conflicting, NotAllowed, NotFound
from domain.services.failures import log_failed
from domain.services.live import Live
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

EVERY_SECONDS = 1.0
LOOK_BACK = timedelta(days=400)
FACTS_WITHIN = (timedelta(days=2), timedelta(days=30), LOOK_BACK)
_DAYS: Mapping[Per, int] = {"day": 1, "week": 7, "month": 31, "year": 366}


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class House:
    """One a process: the database, the programmes in memory, what is left on the shelf, and who listens to
    what happens.
    """

    store: DocumentStore
    programmes: Programmes
    shelf: StockCounts
    live: Live = field(default_factory=Live)

    @classmethod
    def of(cls, store: DocumentStore) -> House:
        """Return the house over a prepared store; `programmes.refresh()` makes it know what rules."""
        return cls(store, Programmes(store), StockCounts(store))

    async def follow(self) -> None:
        """Notice new versions and what is left on the shelf, every second, until cancelled."""
        while True:
            try:
                await self.programmes.refresh()
                if any(spec.stock is not None for spec in self.programmes.current().programme.rewards):
                    await self.shelf.poll()
            except NothingPublished:
                pass  # somebody will publish one
            except DatabaseError:
                pass  # the database is away; what is in memory rules on
            await asyncio.sleep(EVERY_SECONDS)


@dataclass(frozen=True, slots=True)
class Binding:
    """How this round binds the caller's key: `lapsed` is set where an old record gives way."""

    request: RequestKey
    now: datetime
    lapsed: datetime | None = None

    def to(self, reply: Reply) -> Write:
        """Return the write that binds the key to a reply."""
        return requests.bind_write(self.request, reply, now=self.now, lapsed_expires_at=self.lapsed)


# ---------------------------------------------------------------- one act a key
async def once(
    house: House,
    *,
    request: RequestKey,
    queue: str,
    now: datetime,
    act: Callable[[Binding], Awaitable[T]],
    again: Callable[[Reply], Awaitable[T]],
) -> T:
    """Act once for a key: `act` commits with the binding it is given; where the key has acted, `again`
    answers from the reply.

    A refusal binds nothing. Raises Conflicting where the key has acted on another input, Busy, and what `act`
    raises.
    """
    lapsed: list[datetime | None] = [None]

    async def recalled() -> Reply | None:
        try:
            return await requests.recall(house.store, request, now=now)
        except requests.KeyReused:
            raise Conflicting from None

    async def attempt() -> T:
        try:
            return await act(Binding(request, now, lapsed[0]))
        except KeyBound:
            reply = await recalled()
            if reply is None:  # the record has lapsed, or gave way this moment
                lapsed[0] = await requests.lapsed_at(house.store, request, now=now)
                raise Stale("the key may be bound again") from None
        except Refusal:
            reply = await recalled()
            if reply is None:
                raise
        return await again(reply)

    return await house.store.run_rounds(attempt, queue=queue)


# ---------------------------------------------------------------- reads
async def member_of(house: House, member: str) -> StoredMember:
    """Return a member. Raises NotFound where there is none, or an erased one."""
    kept = await members.find(house.store, member)
    if kept is None or kept.status == "erased":
        raise NotFound(member)
    return kept


def moment(kept: StoredMember, *, now: datetime, occurred_at: datetime | None = None) -> datetime:
    """Return an event's time: its own, or now; never before what was decided while the caller stood in the
    queue.
    """
    if occurred_at is not None:
        return milliseconds(occurred_at)
    return max(milliseconds(now), kept.member.decided_at or milliseconds(now))


async def decided(
    house: House,
    published: PublishedProgramme,
    kept: StoredMember,
    event: Event,
    *,
    now: datetime,
    past: HistoricalContext | None = None,
    by: DecidedBy = "input",
) -> Decision:
    """Decide an event of a member by the programme that rules, a late one by that of its own time. Raises a
    Refusal.
    """
    world = await house.shelf.stock_state(published.programme, now=now)
    past = past or await past_of(house, kept, event)
    clock = max(now, event.at)
    return decide(
        published.programme,
        kept.member,
        event,
        now=clock,
        stock=world,
        history=past,
        version=published.number,
        by=by,
    )


async def past_of(house: House, kept: StoredMember, event: Event) -> HistoricalContext | None:
    """Return what a late event goes by; None for one that is not late. Looks back over 400 days at most."""
    member = kept.member
    if member.decided_at is None or event.at >= member.decided_at or event.delayed_rule is not None:
        return None
    ruled = await house.programmes.version_at(event.at)
    programme = ruled.programme
    pers = {
        bound.per
        for rule in programme.rules_on(event.name)
        for bound in (rule.limit, rule.cap)
        if bound is not None
    }
    day = local_day(event.at, programme.zone)
    starts = [period_start(day, per) for per in pers if per != "ever"]
    start = max(start_of(min([day, *starts]), programme.zone), event.at - LOOK_BACK)
    end = max(
        [
            event.at,
            *(
                start_of(period_start(day, per), programme.zone) + timedelta(days=_DAYS[per])
                for per in pers
                if per != "ever"
            ),
        ]
    )
    rows = await journal.find_between(house.store, member.id, start=start, end=end)
    found = pasts.history_from_rows(programme, rows, at=event.at, version=ruled.number)
    facts = (
        found.facts
        if any(row.event.at <= event.at for row in rows)
        else await _facts_before(house, member.id, event.at)
    )
    return HistoricalContext(programme, facts, _with_ever(found.counts, member.counters), ruled.number)


async def _facts_before(house: House, member: str, at: datetime) -> Facts:
    """Return the facts of the last row before an instant, in windows that widen: most late events are late by
    little.
    """
    for within in FACTS_WITHIN:
        if rows := await journal.find_between(house.store, member, start=at - within, end=at):
            return rows[-1].facts
    return Facts()


def _with_ever(
    found: Mapping[str, tuple[PeriodCount, ...]], kept: Mapping[str, tuple[PeriodCount, ...]]
) -> dict[str, tuple[PeriodCount, ...]]:
    """Return counts of periods as found in the journal's window, and those for ever as the member keeps
    them.
    """
    out = {rule: tuple(one for one in counts if one.per != "ever") for rule, counts in found.items()}
    for rule, counts in kept.items():
        out[rule] = (*out.get(rule, ()), *(one for one in counts if one.per == "ever"))
    return out


# ---------------------------------------------------------------- writes
async def committed(
    house: House,
    published: PublishedProgramme,
    decision: Decision,
    *,
    now: datetime,
    request: Write | None = None,
    claims: Sequence[Write] = (),
    details: Details | None = None,
    profile: ProfileChange | None = None,
    also: Sequence[TransactionStep] = (),
) -> tuple[Voucher, ...]:
    """Commit a decision; return the vouchers it issued. Raises Stale, KeyBound, and what `claims` say."""
    try:
        issued = await commit.commit(
            house.store,
            published=published,
            decision=decision,
            now=now,
            request=request,
            claims=claims,
            details=details,
            profile=profile,
            extra_steps=also,
        )
    except ShiftLimitReached:
        raise NotAllowed("SHIFT_LIMIT") from None
    except SoldOut:
        house.shelf.mark_stale()
        raise
    log_failed(decision, house.programmes.loaded_or_current)
    return issued
