"""Decides one event of a member and commits the decision. On a conflict the caller begins its round again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from domain.model.calendar import milliseconds
from domain.model.ledger.decide import decide
from domain.model.ledger.decision import DecidedBy, Decision
from domain.model.ledger.events import Event
from domain.model.ledger.late_events import HistoricalContext
from domain.model.values import evolve
from domain.services.errors import NotAllowed, NotFound
from domain.services.expression_failures import log_failures
from domain.services.late_event_history import late_event_history
from domain.services.runtime import Runtime
from domain.store import commit
from domain.store.audit import ApprovalNeeded, ShiftLimitReached
from domain.store.counters import DECISIONS
from domain.store.document_store import TransactionStep, Write
from domain.store.ledger import members
from domain.store.ledger.members import ProfileChange, StoredMember
from domain.store.ledger.programmes import PublishedProgramme
from domain.store.ledger.stock import SoldOut
from domain.store.ledger.vouchers import Voucher
from domain.store.people.details import Details


# ---------------------------------------------------------------- pure rules
def event_instant(
    stored_member: StoredMember, *, now: datetime, occurred_at: datetime | None = None
) -> datetime:
    """Return the instant of an event: `occurred_at`, else now, but not before the member's last decision.

    An `occurred_at` ahead of `now` comes from a fast clock and means now.
    """
    if occurred_at is not None and occurred_at <= now:
        return milliseconds(occurred_at)
    return max(milliseconds(now), stored_member.member.decided_at or milliseconds(now))


# ---------------------------------------------------------------- reads
async def load_member(runtime: Runtime, member: str) -> StoredMember:
    """Return a member, and of a merged membership the one that took it over. Raises NotFound where there is
    none, or an erased one.
    """
    stored_member = await members.find_open(runtime.store, member)
    if stored_member is None or stored_member.status == "erased":
        raise NotFound(member)
    return stored_member


async def is_same_member(runtime: Runtime, member: str, other: str) -> bool:
    """Tell whether two ids are of one member, perhaps of memberships that were merged."""
    if member == other:
        return True
    stored = [await members.find_open(runtime.store, each) for each in (member, other)]
    return stored[0] is not None and stored[1] is not None and stored[0].member.id == stored[1].member.id


async def load_owner(runtime: Runtime, member: str) -> StoredMember:
    """Return the member whose journal holds a receipt or a voucher, also a merged one, which is frozen where
    the one that took it over is. Raises NotFound.
    """
    stored_member = await members.find(runtime.store, member)
    if stored_member is None or stored_member.status == "erased":
        raise NotFound(member)
    if stored_member.member.merged_into is None:
        return stored_member
    is_frozen = (await load_member(runtime, member)).member.frozen
    return replace(stored_member, member=evolve(stored_member.member, frozen=is_frozen))


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
    """Decide an event by the current programme, a late one by the programme of its time. Raises a Refusal."""
    stock = await runtime.stock.stock_state(published.programme, now=now)
    history = history or await late_event_history(runtime, stored_member, event)
    return decide(
        published.programme,
        stored_member.member,
        event,
        now=max(now, event.at),
        stock=stock,
        history=history,
        version=published.number,
        by=decided_by,
    )


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
    """Commit a decision; return the vouchers it issued. Raises Stale, KeyBound, and what `claims` raise."""
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
            subscriptions=runtime.subscriptions,
        )
    except ShiftLimitReached:
        raise NotAllowed("SHIFT_LIMIT") from None
    except ApprovalNeeded:
        raise NotAllowed("FOUR_EYES") from None
    except SoldOut:
        runtime.stock.mark_stale()
        raise
    note_committed(runtime, decision)
    return issued


def note_committed(runtime: Runtime, decision: Decision) -> None:
    """Count a committed decision, and keep what this process knows of its member."""
    runtime.known_histories.note_committed(decision.member.id, decision.rows)
    for row in decision.rows:
        DECISIONS.labels(row.event.name).inc()
    log_failures(decision, runtime.programmes.loaded_or_current)
