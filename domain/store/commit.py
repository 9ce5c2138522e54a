"""The one write path of everything that moves value: a decision and its consequences, in one transaction.

In order: the request's key, so that a key acts once; what claims an identity (a receipt, a voucher's use);
the member where its version still matches; the journal's rows; vouchers, outbox, agenda, stock; the mark that
the rows are to be counted in figures. The first that does not take says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.model.ledger import timeline
from domain.model.ledger.decision import Decision
from domain.store.document_store import DocumentStore, TransactionStep, Write
from domain.store.figures import due as figures_due
from domain.store.ledger import agenda, journal, members, stock, vouchers
from domain.store.ledger.members import NextDue, ProfileChange
from domain.store.ledger.programmes import PublishedProgramme
from domain.store.ledger.vouchers import Voucher
from domain.store.messages import outbox_writes
from domain.store.messages.outbox_writes import NO_SUBSCRIPTIONS, Subscriptions
from domain.store.people.details import Details


async def commit(
    store: DocumentStore,
    *,
    published: PublishedProgramme,
    decision: Decision,
    now: datetime,
    request: Write | None = None,
    claims: Sequence[Write] = (),
    details: Details | None = None,
    profile: ProfileChange | None = None,
    extra_steps: Sequence[TransactionStep] = (),
    subscriptions: Subscriptions = NO_SUBSCRIPTIONS,
) -> tuple[Voucher, ...]:
    """Commit a decision; return the vouchers it issued.

    `request` binds the caller's key (`requests.bind_write`); `claims` are writes that must match; `details`
    create a member; `profile` changes their details in the same commit; `extra_steps` need the
    transaction's session; `subscriptions` are the webhooks that are told of events without a rule. Raises
    Stale where what it was decided on has changed, KeyBound, and the faults of `claims`.
    """
    all_writes = decision_writes(
        store,
        published=published,
        decision=decision,
        now=now,
        request=request,
        claims=claims,
        details=details,
        profile=profile,
        subscriptions=subscriptions,
    )
    await store.transact(all_writes, extra_steps=extra_steps)
    return vouchers.issued_by(all_writes)


def decision_writes(
    store: DocumentStore,
    *,
    published: PublishedProgramme,
    decision: Decision,
    now: datetime,
    request: Write | None = None,
    claims: Sequence[Write] = (),
    details: Details | None = None,
    profile: ProfileChange | None = None,
    subscriptions: Subscriptions = NO_SUBSCRIPTIONS,
) -> list[Write]:
    """Return the writes of a decision, as every commit sends them."""
    member = decision.member.id
    next_due = next_due_after(published, decision)
    member_write = (
        members.create_write(decision, details, next_due=next_due)
        if details is not None
        else members.update_write(decision, next_due=next_due, profile=profile)
    )
    pending_writes = [request] if request is not None else []
    pending_writes += [*claims, member_write]
    pending_writes += [journal.append_write(member, row) for row in decision.rows]
    for row in decision.rows:
        pending_writes += vouchers.step_writes(store, member=member, row=row, programme=published.programme)
        pending_writes += outbox_writes.promise_writes(member, row, now=now, subscriptions=subscriptions)
        pending_writes += [agenda.schedule_write(later) for later in row.delayed]
    pending_writes += stock.count_writes(decision.rows, published.programme)
    if decision.rows:
        pending_writes.append(figures_due.mark_write(member, decision.member.seq, now=now))
    return pending_writes


def next_due_after(published: PublishedProgramme, decision: Decision) -> NextDue:
    """Return when time may next bring something to the member after a decision."""
    member = decision.member
    last_known_at = max((at for at in (member.decided_at, member.turned_at) if at is not None), default=None)
    next_due_at = (
        timeline.next_due(published.programme, member, after=last_known_at)
        if last_known_at is not None
        else None
    )
    return NextDue(next_due_at, published.number)
