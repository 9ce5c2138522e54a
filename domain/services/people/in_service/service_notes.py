"""Notes of service about a member: written, read by colleagues, taken away. They go with the person, and are
theirs to be told of.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from domain.services.decisions import load_member
from domain.services.errors import InvalidInput, NotFound
from domain.services.input_checks import MAX_REASON_LENGTH, check_text
from domain.services.people.service_actor import ServiceActor
from domain.services.runtime import Runtime
from domain.store.document_store import Stale
from domain.store.ledger import erasures
from domain.store.people import service_notes
from domain.store.people.service_notes import MOST_NOTES, NoteGone, ServiceNote

LONGEST_NOTE = 1_000


async def list_notes(runtime: Runtime, *, member_id: str) -> list[ServiceNote]:
    """Return the notes about a member, and about those merged into them, newest first. Raises NotFound."""
    stored_member = await load_member(runtime, member_id)
    return await service_notes.find_of_members(
        runtime.store, [stored_member.member.id, *stored_member.merged]
    )


async def add(
    runtime: Runtime, *, actor: ServiceActor, member_id: str, text: str, now: datetime
) -> ServiceNote:
    """Write a note. Raises NotAllowed, InvalidInput, NotFound, Busy."""
    _check(text)

    async def attempt() -> ServiceNote:
        stored_member = await load_member(runtime, member_id)
        actor.require_service(stored_member)
        member = stored_member.member.id
        if await service_notes.count(runtime.store, member) >= MOST_NOTES:
            raise InvalidInput(
                "text", f"A member has at most {MOST_NOTES} notes: take an old one away first."
            )
        note = ServiceNote(secrets.token_hex(16), member, now, actor.staff, text)
        stands = erasures.stands_write(member, if_erased=Stale("the member was erased meanwhile"))
        act = actor.act_write("NOTE_ADDED", member=member, subject="", reason="", now=now)
        await runtime.store.transact([stands, service_notes.add_write(note), act])
        return note

    return await runtime.store.run_rounds(attempt, queue=f"notes:{member_id}")


async def remove(runtime: Runtime, *, actor: ServiceActor, note_id: str, reason: str, now: datetime) -> str:
    """Take a note away; return whose it was. Raises NotAllowed, InvalidInput, NotFound, Busy."""
    check_text(reason, field="reason", max_length=MAX_REASON_LENGTH)
    note = await service_notes.find(runtime.store, note_id)
    if note is None:
        raise NotFound("note")
    stored_member = await load_member(runtime, note.member)
    actor.require_service(stored_member)
    act = actor.act_write("NOTE_REMOVED", member=note.member, subject="", reason=reason, now=now)

    async def attempt() -> None:
        await runtime.store.transact([service_notes.remove_write(note.id), act])

    try:
        await runtime.store.run_rounds(attempt, queue=note.member)
    except NoteGone:
        raise NotFound("note") from None
    return stored_member.member.id


def _check(text: str) -> None:
    # Lines may be ended: what else would a note be.
    check_text(text.replace("\n", " "), field="text", max_length=LONGEST_NOTE)
