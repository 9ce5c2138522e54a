"""Retention: members who did nothing of their own for as long as the programme says are warned, then erased.

A purchase, a redemption, an answer, a sign-in or the app in use counts; what time brings or service does is
none of it. The warning is `member.inactive`, on which the programme has a rule with a message.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from domain.model import event_names
from domain.model.calendar import Span, add, local_day, milliseconds
from domain.model.ledger.events import Event
from domain.model.values import dataclass
from domain.services.decisions import commit_decision, decide_event, event_instant
from domain.services.erasure.erasing import ErasureActor, erase
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.document_store import EPOCH, Busy, DatabaseError, StoreFault
from domain.store.ledger import inactivity, members
from domain.store.ledger.archived import journal_bases
from domain.store.ledger.inactivity import LastActivity
from domain.store.people import sessions

MAX_BATCH = 200
WARNED_BEFORE = timedelta(days=30)
LOOKED_AT_EVERY = timedelta(days=20)  # less than a session lasts, which is the trace of an app in use
ACTOR = "retention"
# What service does to a member is no sign of life.
BY_SERVICE = frozenset(
    {event_names.ADJUSTED, event_names.GIVEN, event_names.TAGGED, event_names.FROZEN, event_names.UNFROZEN}
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RetentionRound:
    """What a round did: members looked at, warned and erased, and those that failed."""

    looked_at_count: int = 0
    warned_count: int = 0
    erased_count: int = 0
    failed_count: int = 0


async def run_round(identity: IdentityRuntime, *, now: datetime) -> RetentionRound:
    """Look at the members who are due, a batch at most. Nothing where the programme has no term."""
    retention, now = identity.programme.retention, milliseconds(now)
    if retention is None:
        return RetentionRound()
    results = list[str]()
    for known in await inactivity.find_due(identity.store, now=now, first=MAX_BATCH):
        try:
            results.append(await _review(identity, known, retention.inactive, now=now))
        except (Busy, StoreFault):
            continue  # it is due still
        except DatabaseError:
            raise
        except Exception:
            log.exception("retention.failed", member=known.member)
            results.append("failed")
    return RetentionRound(
        len(results), results.count("warned"), results.count("erased"), results.count("failed")
    )


async def _review(identity: IdentityRuntime, known: LastActivity, term: Span, *, now: datetime) -> str:
    """Warn a member, erase them, or note when to look again; return which."""
    member = known.member
    active_at = await _last_active(identity, known, now=now)
    over_at = add(active_at, term, identity.programme.zone)
    warned_at = known.warned_at if known.warned_at is not None and known.warned_at >= active_at else None
    if warned_at is not None and now >= max(over_at, warned_at + WARNED_BEFORE):
        await erase(identity, member, by=ErasureActor("retention", ACTOR), now=now)
        return "erased"
    if warned_at is None and now >= over_at - WARNED_BEFORE:
        await _warn(identity, member, active_at, max(over_at, now + WARNED_BEFORE), now=now)
        return "warned"
    next_at = over_at - WARNED_BEFORE if warned_at is None else max(over_at, warned_at + WARNED_BEFORE)
    write = inactivity.review_write(
        member,
        active_at=active_at,
        warned_at=warned_at,
        review_at=min(next_at, now + LOOKED_AT_EVERY),
    )
    await identity.store.transact([write])
    return "noted"


async def _last_active(identity: IdentityRuntime, known: LastActivity, *, now: datetime) -> datetime:
    """Return when a member was active last: by their ledger, their sessions, or as it was known."""
    act = await inactivity.find_last_act(
        identity.store, known.member, since=known.active_at or EPOCH, besides=BY_SERVICE
    )
    if known.active_at is None and act is None:
        act = await journal_bases.find_last_act(identity.store, known.member, besides=BY_SERVICE)
    own = await sessions.find_by_subject(identity.store, f"member:{known.member}")
    instants = [act, known.active_at, *(session.tokens.rotated_at for session in own)]
    return max((at for at in instants if at is not None), default=now)


async def _warn(
    identity: IdentityRuntime, member: str, active_at: datetime, erased_at: datetime, *, now: datetime
) -> None:
    """Raise member.inactive, and note that it was, in one transaction."""

    async def attempt() -> None:
        stored_member = await members.find(identity.store, member)
        if stored_member is None or stored_member.status == "erased":
            return
        published = identity.programmes.current()
        day = local_day(erased_at, published.programme.zone)
        event = Event(
            f"{event_names.INACTIVE}:{member}:{day}",
            event_names.INACTIVE,
            event_instant(stored_member, now=now),
            "selo",
            {"on": str(day)},
        )
        decision = await decide_event(identity, published, stored_member, event, now=now, decided_by="time")
        review_at = min(erased_at, now + LOOKED_AT_EVERY)
        write = inactivity.review_write(member, active_at=active_at, warned_at=now, review_at=review_at)
        await commit_decision(identity, published, decision, now=now, claims=[write])

    await identity.store.run_rounds(attempt, queue=member)
