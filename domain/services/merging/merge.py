"""Two memberships of one person become one: `source` is closed, and `into` takes all that it held.

Two commits. The first closes `source` by a row whose TRANSFER entries empty its wallets, schedules the event
of `into` that takes them, and has contacts, number, card and devices lead to `into`. The second is that
event's: it comes at once, or with the next turn where the process dies in between. Receipts and vouchers stay
under `source`: refunds and uses decide there, and what they leave goes on to `into` in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.model import event_names
from domain.model.ledger.decision import MergeRefused
from domain.model.values import dataclass
from domain.services import input_checks
from domain.services.decisions import commit_decision
from domain.services.errors import NotFound
from domain.services.idempotency import KeyBinding, run_once
from domain.services.keyed_decisions import DecidedEvent, decide_new
from domain.services.ledger import queries, turn
from domain.services.ledger.queries import MemberView
from domain.services.merging import joined_details
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.service_actor import ServiceActor
from domain.services.people.sessions import end_all
from domain.store.club import leaderboard_players
from domain.store.document_store import DocumentStore, Stale, Write
from domain.store.ledger import erasures, members, merges
from domain.store.ledger.members import ProfileChange, StoredMember
from domain.store.ledger.merges import StoredMerge
from domain.store.people import consent_histories, contact_changes, contacts, devices, sessions
from domain.store.people.contacts import number_key
from domain.store.requests import Reply, RequestKey


@dataclass(frozen=True, slots=True)
class MembersMerged:
    """The membership that took another one over, as of now, and the number of the one that is closed."""

    member_view: MemberView
    closed_number: str


# ---------------------------------------------------------------- reads
async def contact_keys(store: DocumentStore, stored_member: StoredMember) -> list[str]:
    """Return the keys of the contacts and numbers that lead to a member: their own, those of memberships
    merged into theirs before, and those that are held after a change of any of them.
    """
    merged = await members.find_many(store, stored_member.merged) if stored_member.merged else {}
    keys = [key for each in (stored_member, *merged.values()) for key in own_keys(each)]
    keys += await contact_changes.find_keys(store, [stored_member.member.id, *merged])
    return list(dict.fromkeys(keys))


def own_keys(stored_member: StoredMember) -> list[str]:
    """Return the keys of a member's own contacts and number."""
    details = stored_member.details
    keys = [number_key(stored_member.member.number)]
    keys += [f"email:{details.email}"] if details.email else []
    return keys + ([f"phone:{details.phone}"] if details.phone else [])


async def _load_closable(identity: IdentityRuntime, member: str) -> StoredMember:
    """Return a membership that is not closed yet. Raises MergeRefused and NotFound."""
    stored_member = await members.find(identity.store, member)
    if stored_member is None or stored_member.status == "erased":
        raise NotFound(member)
    if stored_member.status == "merged":
        raise MergeRefused("CLOSED")
    if stored_member.erase_at is not None:
        raise MergeRefused("DELETING")
    return stored_member


# ---------------------------------------------------------------- writes
async def merge(
    identity: IdentityRuntime,
    *,
    actor: ServiceActor,
    source: str,
    into: str,
    reason: str,
    request: RequestKey,
    now: datetime,
) -> MembersMerged:
    """Close the membership `source` and move what it holds to `into`.

    Raises NotAllowed, MergeRefused, InvalidInput, IdempotencyKeyConflict, NotFound, Busy.
    """
    input_checks.check_text(reason, field="reason", max_length=input_checks.MAX_REASON_LENGTH)

    async def act(key_binding: KeyBinding) -> str:
        closing, taking = await _load_closable(identity, source), await _load_closable(identity, into)
        for stored_member in (closing, taking):
            actor.require_service(stored_member)
            if stored_member.member.frozen:
                raise MergeRefused("FROZEN")
        decided = await decide_new(
            identity,
            closing,
            id=f"close:{source}:{closing.member.seq + 1}",
            name=event_names.CLOSED,
            event_data={"into": into},
            source="selo",
            subject=taking,
            now=now,
        )
        ending = await _open_sessions(identity.store, source, now=now)
        writes = await _closing_writes(identity, decided, ending, now=now)
        number = closing.member.number
        writes.append(actor.act_write("MEMBERS_MERGED", member=into, subject=number, reason=reason, now=now))
        await commit_decision(
            identity,
            decided.published,
            decided.decision,
            now=now,
            request=key_binding.write_for({"member": into, "closed": source}),
            claims=writes,
            profile=ProfileChange(closing.profile_version, closing.details),
        )
        identity.session_registry.note_ended(ending, now=now)
        await end_all(identity, f"member:{source}", reason="merged", now=now)  # one that began meanwhile
        await turn.fire_moving(identity, decided.row, now=now)
        return number

    async def again(reply: Reply) -> str:
        # Not `source`: by now its number leads to the other membership.
        closed = await members.find(identity.store, str(reply["closed"]))
        return closed.member.number if closed is not None else ""

    number = await run_once(identity, request=request, queue=source, now=now, act=act, answer_again=again)
    member_view = await queries.load_member_view(identity, member_id=into, now=now)
    return MembersMerged(member_view, number)


async def _closing_writes(
    identity: IdentityRuntime,
    decided: DecidedEvent[StoredMember],
    ending: Sequence[str],
    *,
    now: datetime,
) -> list[Write]:
    """Return the writes beside the ledger: the profile of the membership that stays, and all that led to the
    other one.
    """
    store, closing, taking = identity.store, decided.stored_member, decided.subject
    source, into = closing.member.id, taking.member.id
    joined = joined_details.join(taking.details, closing.details)
    moved_devices = await devices.find_by_member(store, source)
    merge_note = StoredMerge(
        source, into, now, decided.row.seq, joined.filled, tuple(device.id for device in moved_devices)
    )
    return [
        *(erasures.stays_write(each, if_going=Stale("a deletion began")) for each in (source, into)),
        members.take_over_write(into, ProfileChange(taking.profile_version, joined.details), closing),
        *(members.lead_to_write(alias, into) for alias in closing.merged),
        *(contacts.move_write(key, source, to=into) for key in await contact_keys(store, closing)),
        *await leaderboard_players.take_over_writes(store, source, into=into),
        *(devices.move_write(device.id, source, to=into) for device in moved_devices),
        *(sessions.end_write(session, reason="merged", now=now) for session in ending),
        *(consent_histories.add_write(into, answer) for answer in joined.earlier_answers),
        merges.note_write(merge_note),
    ]


async def _open_sessions(store: DocumentStore, member: str, *, now: datetime) -> list[str]:
    all_sessions = await sessions.find_by_subject(store, f"member:{member}")
    return [session.id for session in all_sessions if session.is_alive(now)]
