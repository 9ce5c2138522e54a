"""The one write path of everything that moves value: a decision and all that comes of it, in one transaction,
or nothing.

In order: the request's key, so that a key acts once; what claims an identity (a receipt, a voucher's use);
the member where its version still matches; the journal's rows; vouchers, stock, outbox, agenda. The first
that does not take says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.model import timeline
from domain.model.decision import Decision
from domain.store import agenda, journal, members, outbox, stock, vouchers
from domain.store.base import Step, Store, Write
from domain.store.members import Details, Due, ProfileChange
from domain.store.programmes import Published
from domain.store.vouchers import Voucher


async def commit(
    store: Store,
    *,
    published: Published,
    decision: Decision,
    now: datetime,
    request: Write | None = None,
    claims: Sequence[Write] = (),
    details: Details | None = None,
    profile: ProfileChange | None = None,
    also: Sequence[Step] = (),
) -> tuple[Voucher, ...]:
    """Commit a decision; return the vouchers it issued. Raises Stale where what it was decided on moved,
    KeyBound, and what `claims` say.

    `request` binds the caller's key (`requests.bind`); `claims` are writes that must take; `details` begin a
    member; `profile` changes one's details in the same commit; `also` are steps inside the transaction that
    need its session.
    """
    all_of_it = writes(
        store,
        published=published,
        decision=decision,
        now=now,
        request=request,
        claims=claims,
        details=details,
        profile=profile,
    )
    await store.transact(all_of_it, also=also)
    return vouchers.issued_by(all_of_it)


def writes(
    store: Store,
    *,
    published: Published,
    decision: Decision,
    now: datetime,
    request: Write | None = None,
    claims: Sequence[Write] = (),
    details: Details | None = None,
    profile: ProfileChange | None = None,
) -> list[Write]:
    """Return the writes of a decision: the very documents that every commit builds."""
    member = decision.member.id
    due = due_of(published, decision)
    moved = (
        members.born(decision, details, due=due)
        if details is not None
        else members.moved(decision, due=due, profile=profile)
    )
    out = [request] if request is not None else []
    out += [*claims, moved]
    out += [journal.appended(member, row) for row in decision.rows]
    for row in decision.rows:
        out += vouchers.stepped(store, member=member, row=row, programme=published.programme)
        out += outbox.promised(member, row, now=now)
        out += [agenda.noted(later) for later in row.later]
    return out + stock.moved(decision.rows, published.programme)


def due_of(published: Published, decision: Decision) -> Due:
    """Return when time may next bring something to the member after a decision."""
    after = decision.member
    known = max((at for at in (after.decided_at, after.turned_at) if at is not None), default=None)
    at = timeline.next_due(published.programme, after, after=known) if known is not None else None
    return Due(at, published.version)
