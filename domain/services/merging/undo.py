"""A merge undone within a day, in one commit of both memberships: the one that was closed is again what it
was, and the other one keeps what came since.

What each was is read from the journals: they fold to every state that ever was.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from domain.model import event_names
from domain.model.ledger.decision import MergeRefused, StateValue
from domain.model.ledger.events import Event, Json, Profile
from domain.model.ledger.member import Member
from domain.model.ledger.merging.moved_state import split, write_state
from domain.model.ledger.state import ledger_restore, ledger_state
from domain.model.values import dataclass
from domain.services import input_checks
from domain.services.decisions import decide_event, event_instant
from domain.services.errors import NotFound
from domain.services.idempotency import KeyBinding, run_once
from domain.services.ledger import queries, turn
from domain.services.ledger.queries import MemberView
from domain.services.merging import joined_details
from domain.services.merging.merge import contact_keys
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.service_actor import ServiceActor
from domain.store import commit
from domain.store.document_store import DocumentStore, Stale, Write
from domain.store.ledger import journal, members, merges
from domain.store.ledger.archived import journal_bases
from domain.store.ledger.members import ProfileChange, StoredMember
from domain.store.ledger.merges import StoredMerge
from domain.store.people import consent_histories, contacts, devices
from domain.store.requests import Reply, RequestKey

UNDONE_WITHIN = timedelta(days=1)
ROWS_READ = 500


@dataclass(frozen=True, slots=True)
class MergeUndone:
    """Both memberships after it: the one that was closed, and the one that had taken it over."""

    reopened: MemberView
    member_view: MemberView


@dataclass(frozen=True, slots=True)
class _UndoCase:
    """A merge to undo: both memberships as stored, and both before it."""

    merge: StoredMerge
    closed: StoredMember
    taking: StoredMember
    source_before: Member
    into_before: Member
    into_after: Member
    moved: Member


# ---------------------------------------------------------------- reads
async def find_closed(identity: IdentityRuntime, *, number: str) -> str:
    """Return the closed membership whose number it was, which leads to another one by now; where it leads to
    itself, that one. Raises NotFound.
    """
    member_id = await contacts.find_member(identity.store, contacts.number_key(number))
    stored_member = await members.find(identity.store, member_id) if member_id is not None else None
    if stored_member is None:
        raise NotFound(number)
    merged = await members.find_many(identity.store, stored_member.merged) if stored_member.merged else {}
    closed = (id for id, each in merged.items() if each.member.number == number)
    return next(closed, stored_member.member.id)


async def _load_case(identity: IdentityRuntime, source: str, *, now: datetime) -> _UndoCase:
    """Return a merge that can be undone. Raises MergeRefused and NotFound."""
    store = identity.store
    closed = await members.find(store, source)
    if closed is None or closed.status == "erased":
        raise NotFound(source)
    merge = await merges.find(store, source)
    if closed.member.merged_into is None or merge is None:
        raise MergeRefused("NOT_MERGED")
    if now - merge.at > UNDONE_WITHIN:
        raise MergeRefused("TOO_LATE")
    if closed.member.seq != merge.seq or closed.member.merged_into != merge.into:
        raise MergeRefused("CHANGED")  # a receipt or a voucher of it was used since, or both were merged on
    taking = await members.find(store, merge.into)
    if taking is None or taking.status != "active":
        raise MergeRefused("CHANGED")
    if taking.erase_at is not None:
        raise MergeRefused("DELETING")
    id = event_names.move_id(source, merge.seq)
    at_close = await _state_before(store, closed.member, closed.member.seq)
    taken_at = await _row_of(store, taking.member, id, since=merge.at)
    if taken_at is None:
        closing_row = await journal.find(store, source, merge.seq)
        assert closing_row is not None, "a merge's row is in the journal"
        await turn.fire_moving(identity, closing_row, now=now)
        raise Stale("the other membership takes it now")
    into_before = await _state_before(store, taking.member, taken_at)
    into_after = await _state_before(store, taking.member, taken_at + 1)
    moved = split(identity.programme, at_close, at=merge.at).moved
    return _UndoCase(merge, closed, taking, at_close, into_before, into_after, moved)


async def _state_before(store: DocumentStore, member: Member, seq: int) -> Member:
    """Return a member as they were before a row of their journal."""
    archived_seq, archived_state = await journal_bases.find_state(store, member.id)
    state: dict[str, StateValue] = {**ledger_state.state_paths(Member("")), **archived_state}
    for first in range(archived_seq + 1, seq, ROWS_READ):
        rows = await journal.find_many(store, member.id, range(first, min(first + ROWS_READ, seq)))
        state = ledger_state.fold_rows([rows[number] for number in sorted(rows)], state)
    nested: Mapping[str, object] = ledger_state.nest(state)
    return ledger_restore.restore_member(
        nested, id=member.id, number=member.number, profile=Profile(), seq=seq - 1
    )


async def _row_of(store: DocumentStore, member: Member, event_id: str, *, since: datetime) -> int | None:
    """Return the row in which an event was decided, of those of the last day."""
    for row in await journal.find_between(store, member.id, start=since, end=since + 2 * UNDONE_WITHIN):
        if row.event.id == event_id:
            return row.seq
    return None


# ---------------------------------------------------------------- writes
async def undo_merge(
    identity: IdentityRuntime,
    *,
    actor: ServiceActor,
    source: str,
    reason: str,
    request: RequestKey,
    now: datetime,
) -> MergeUndone:
    """Open the membership `source` again, with all that it held when it was closed.

    Raises NotAllowed, MergeRefused, InvalidInput, IdempotencyKeyConflict, NotFound, Busy.
    """
    input_checks.check_text(reason, field="reason", max_length=input_checks.MAX_REASON_LENGTH)

    async def act(key_binding: KeyBinding) -> str:
        case = await _load_case(identity, source, now=now)
        for stored_member in (case.closed, case.taking):
            actor.require_service(stored_member)
        into, number = case.taking.member.id, case.closed.member.number
        writes = [
            key_binding.write_for({"member": source, "into": into}),
            *await _undo_writes(identity, case, now=now),
            actor.act_write("MERGE_UNDONE", member=into, subject=number, reason=reason, now=now),
        ]
        await identity.store.transact(writes)
        return into

    async def again(reply: Reply) -> str:
        return str(reply["into"])

    into = await run_once(identity, request=request, queue=source, now=now, act=act, answer_again=again)
    return MergeUndone(
        await queries.load_member_view(identity, member_id=source, now=now),
        await queries.load_member_view(identity, member_id=into, now=now),
    )


async def _undo_writes(identity: IdentityRuntime, case: _UndoCase, *, now: datetime) -> list[Write]:
    """Return the writes of both decisions, and of all that leads to the membership again."""
    store, published, source = identity.store, identity.programmes.current(), case.closed.member.id
    into, key = case.taking.member.id, f"undo:{source}:{case.merge.seq}"
    given_data: dict[str, Json] = {
        "member": source,
        "before": write_state(case.into_before),
        "after": write_state(case.into_after),
        "moved": write_state(case.moved),
    }
    giving = Event(key, event_names.UNMERGED, event_instant(case.taking, now=now), "selo", given_data)
    state: dict[str, Json] = {"member": source, "state": write_state(case.source_before)}
    opening = Event(f"{key}>", event_names.REOPENED, event_instant(case.closed, now=now), "selo", state)
    answers = [
        answer
        for answer in await consent_histories.find(store, into)
        if answer.at <= case.merge.at  # those before the merge
    ]
    details = joined_details.part(case.taking.details, case.closed.details, case.merge.filled, tuple(answers))
    decisions = [
        (await decide_event(identity, published, case.taking, giving, now=now), None),
        (
            await decide_event(identity, published, case.closed, opening, now=now),
            ProfileChange(case.closed.profile_version, case.closed.details),
        ),
    ]
    writes = list[Write]()
    for decision, profile in decisions:
        writes += commit.decision_writes(
            store,
            published=published,
            decision=decision,
            now=now,
            profile=profile,
            subscriptions=identity.subscriptions,
        )
    return [
        *writes,
        members.take_over_write(
            into, ProfileChange(case.taking.profile_version, details), case.closed, undo=True
        ),
        *(members.lead_to_write(alias, source) for alias in case.closed.merged),
        *(contacts.move_write(each, into, to=source) for each in await contact_keys(store, case.closed)),
        *(devices.move_write(device, into, to=source) for device in case.merge.devices),
        merges.forget_write(case.merge),
    ]
