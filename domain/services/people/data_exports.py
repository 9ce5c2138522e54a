"""A member's data, all of it, for the member: asked for, then fetched once with the sign-in of whoever asked,
the member, or an operator or customer service for them.

Secrets are not part of it: tokens, keys of cards, codes of vouchers, hashes. Nor are other people, such as
who invited them. Of employees it says what they did, not who they are. Memberships that were merged into
theirs are theirs too: journals, vouchers and letters stayed there.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from domain.model.club.tastes import Tastes, joined
from domain.model.ledger.decide import at_instant
from domain.model.ledger.decision import JournalRow
from domain.model.ledger.member import Member
from domain.model.values import dataclass
from domain.services.decisions import load_member
from domain.services.errors import NotAllowed, NotFound, TooManyRequests
from domain.services.input_checks import MAX_REASON_LENGTH, check_text
from domain.services.people.service_actor import ServiceActor
from domain.services.runtime import Runtime
from domain.store import audit, look_ups
from domain.store.audit import AuditAct
from domain.store.club import leaderboard_players, recommendation_openings
from domain.store.club.leaderboard_players import Player
from domain.store.club.recommendation_openings import Opening
from domain.store.document_store import EPOCH
from domain.store.figures import member_figures
from domain.store.ledger import journal, journal_rows, members, single_use_codes, vouchers
from domain.store.ledger.archived import journal_bases
from domain.store.ledger.members import StoredMember
from domain.store.ledger.single_use_codes import UsedCode
from domain.store.ledger.vouchers import Voucher
from domain.store.messages import inbox
from domain.store.messages.inbox import Letter
from domain.store.people import (
    consent_histories,
    contact_changes,
    data_exports,
    devices,
    service_notes,
    sessions,
)
from domain.store.people.consent_answers import ConsentAnswer
from domain.store.people.contact_changes import StoredContactChange
from domain.store.people.data_exports import DataExport
from domain.store.people.details import Details
from domain.store.people.devices import Device
from domain.store.people.service_notes import ServiceNote
from domain.store.people.sessions import Session

FETCHED_WITHIN = timedelta(hours=1)
MOST_A_DAY = 5
DAY = timedelta(days=1)
WINDOW = 200


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class MemberRecords:
    """All that stands of a membership beside its journal, vouchers and letters. `merged` are the ids of those
    that were merged into it, which have records of their own. `history_begins_at` where earlier rows are in
    an archive that is away.
    """

    member: Member
    details: Details
    invited_count: int
    earlier_consents: tuple[ConsentAnswer, ...]
    contact_changes: tuple[StoredContactChange, ...]
    devices: tuple[Device, ...]
    sessions: tuple[Session, ...]
    single_use_codes: tuple[UsedCode, ...]
    player: Player | None
    tastes: Tastes
    opened: tuple[Opening, ...]
    staff_acts: tuple[AuditAct, ...]
    look_ups: tuple[AuditAct, ...]
    notes: tuple[ServiceNote, ...]
    merged: tuple[str, ...]
    history_begins_at: datetime | None = None


# ---------------------------------------------------------------- writes
async def ask(runtime: Runtime, *, member_id: str, now: datetime) -> DataExport:
    """Begin an export for a member. Raises NotFound, TooManyRequests beyond five a day."""
    await load_member(runtime, member_id)
    times = await data_exports.find_times(runtime.store, member_id, since=now - DAY)
    if len(times) >= MOST_A_DAY:
        raise TooManyRequests(int((times[-MOST_A_DAY] + DAY - now).total_seconds()) + 1)
    export = DataExport(secrets.token_urlsafe(24), member_id, now, now + FETCHED_WITHIN)
    act = audit.simple_act_write("DATA_EXPORTED", actor="member", now=now, member=member_id)
    await runtime.store.transact([data_exports.open_write(export), act])
    return export


async def claim(runtime: Runtime, *, id: str, member_id: str, now: datetime) -> None:
    """Take an export to be fetched. Raises NotFound where it is somebody else's, fetched, or over."""
    if not await data_exports.claim(runtime.store, id, member_id, now=now):
        raise NotFound(id)


async def ask_by_service(
    runtime: Runtime, *, actor: ServiceActor, member_id: str, reason: str, now: datetime
) -> DataExport:
    """Begin an export of a member's data for service, who hands it to them. Raises NotAllowed, NotFound,
    InvalidInput.
    """
    check_text(reason, field="reason", max_length=MAX_REASON_LENGTH)
    stored_member = await load_member(runtime, member_id)
    actor.require_service(stored_member)
    if actor.role not in ("OPERATOR", "SERVICE"):
        raise NotAllowed("ROLE")
    member, id = stored_member.member.id, secrets.token_urlsafe(24)
    export = DataExport(id, member, now, now + FETCHED_WITHIN, actor.staff)
    act = actor.act_write("DATA_EXPORTED", member=member, subject="", reason=reason, now=now)
    await runtime.store.transact([data_exports.open_write(export), act])
    return export


async def claim_for_service(runtime: Runtime, *, id: str, staff: str, now: datetime) -> str:
    """Take an export that service asked for, to be fetched by them; return whose data it has. Raises
    NotFound where it is somebody else's, fetched, or over.
    """
    member = await data_exports.claim_of_staff(runtime.store, id, staff, now=now)
    if member is None:
        raise NotFound(id)
    return member


async def note_by_service(
    runtime: Runtime, *, actor: ServiceActor, member_id: str, reason: str, now: datetime
) -> None:
    """Note in the audit trail that service takes a member's data for them, and why."""
    act = actor.act_write("DATA_EXPORTED", member=member_id, subject="", reason=reason, now=now)
    await runtime.store.transact([act])


# ---------------------------------------------------------------- reads
async def load_records(runtime: Runtime, *, member_id: str, now: datetime) -> MemberRecords:
    """Return what stands of a member. Raises NotFound."""
    stored_member = await load_member(runtime, member_id)
    member = at_instant(runtime.programme, stored_member.member, now=now)
    return await _read_records(runtime, stored_member, member, now=now)


async def iterate_merged(
    runtime: Runtime, records: MemberRecords, *, now: datetime
) -> AsyncIterator[MemberRecords]:
    """Yield what stands of the memberships that were merged into a member's, the first one first."""
    for id in records.merged:
        stored_member = await members.find(runtime.store, id)
        if stored_member is not None and stored_member.status == "merged":
            yield await _read_records(runtime, stored_member, stored_member.member, now=now)


async def _read_records(
    runtime: Runtime, stored_member: StoredMember, member: Member, *, now: datetime
) -> MemberRecords:
    store, id, until = runtime.store, member.id, now + DAY
    return MemberRecords(
        member=member,
        details=stored_member.details,
        invited_count=stored_member.invited_count,
        earlier_consents=await consent_histories.find(store, id),
        contact_changes=tuple(await contact_changes.find_open(store, id, now=now)),
        devices=tuple(await devices.find_by_member(store, id)),
        sessions=tuple(await sessions.find_by_subject(store, f"member:{id}")),
        single_use_codes=await single_use_codes.find_used(store, id),
        player=(await leaderboard_players.find_many(store, [id])).get(id),
        tastes=joined(await member_figures.find_tastes(store, [id])),
        opened=(await recommendation_openings.find(store, id)).opened,
        staff_acts=tuple(await audit.find_beside_ledger(store, id)),
        look_ups=tuple(await look_ups.find_look_ups(store, since=EPOCH, until=until, member=id)),
        notes=tuple(await service_notes.find_of_members(store, [id])),
        merged=stored_member.merged,
        history_begins_at=stored_member.archived.before
        if stored_member.archived and not store.archive
        else None,
    )


async def iterate_rows(runtime: Runtime, member: Member) -> AsyncIterator[JournalRow]:
    """Yield the rows of a member's journal in their order; those in the archive where it is here."""
    archived_seq = await journal_bases.find_seq(runtime.store, member.id)
    if archived_seq and runtime.store.archive is not None:
        rows_of = runtime.store.archive.rows_of
        archived = await asyncio.to_thread(rows_of, member.id, until_seq=archived_seq)
        for row in map(journal_rows.read_row, archived):
            await runtime.programmes.load_versions({row.version})
            yield row
    for first in range(archived_seq + 1, member.seq + 1, WINDOW):
        seqs = range(first, min(first + WINDOW, member.seq + 1))
        rows = await journal.find_many(runtime.store, member.id, seqs)
        await runtime.programmes.load_versions({row.version for row in rows.values()})
        for seq in sorted(rows):
            yield rows[seq]


async def iterate_vouchers(runtime: Runtime, member: Member) -> AsyncIterator[Voucher]:
    """Yield a member's vouchers, oldest first."""
    for first in range(1, member.issued + 1, WINDOW):
        window = await vouchers.find_by_member(runtime.store, member.id, before=first + WINDOW, first=WINDOW)
        await runtime.programmes.load_versions({voucher.version for voucher in window})
        for voucher in reversed(window):
            yield voucher


async def iterate_letters(runtime: Runtime, member: Member) -> AsyncIterator[Letter]:
    """Yield the letters of a member's inbox, oldest first."""
    mailbox = await inbox.find_mailbox(runtime.store, member.id)
    for first in range(1, mailbox.letter_count + 1, WINDOW):
        letters = await inbox.find_window(runtime.store, member.id, before=first + WINDOW, first=WINDOW)
        await runtime.programmes.load_versions({letter.version for letter in letters})
        letters = await runtime.once_texts.put_in(runtime.store, letters)
        for letter in sorted(letters, key=lambda each: each.number):
            yield letter
