"""Another e-mail address or phone number for a member: first proven, then theirs, and the one before it free again, in one commit."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain.model.contacts import Contact
from domain.services import fields, one_time
from domain.services.desk import Desk
from domain.services.errors import ContactTaken, SignInRefused
from domain.services.house import member_of
from domain.services.one_time import Proven
from domain.store import contacts, members, sign_in_codes
from domain.store.base import Stale, Write
from domain.store.members import Details, ProfileChange


# ---------------------------------------------------------------- rules
def held(details: Details, contact: Contact) -> str | None:
    """Return the contact of that kind that a member has."""
    return details.email if contact.kind == "email" else details.phone


def moved_to(details: Details, contact: Contact) -> Details:
    """Return details with another contact of its kind."""
    return replace(details, email=contact.value) if contact.kind == "email" else replace(details, phone=contact.value)


# ---------------------------------------------------------------- writes
async def ask(desk: Desk, *, member: str, contact: str, locale: str, now: datetime) -> datetime:
    """Send a code to a new contact; return until when it works. The same for one that is free and one that is taken."""
    return await one_time.send(desk, fields.contact(contact), purpose=one_time.changing(member), locale=locale, now=now)


async def change(desk: Desk, *, member: str, contact: str, code: str, now: datetime) -> None:
    """Make a proven contact the member's. Raises SignInRefused, ContactTaken, InvalidInput and NotFound."""
    proven = await one_time.prove(desk, fields.contact(contact), code, purpose=one_time.changing(member), now=now)

    async def attempt() -> bool:
        kept = await member_of(desk.house, member)
        holder = await contacts.member_of(desk.store, proven.contact.key)
        writes = [sign_in_codes.using(proven.record_id, hashed=proven.hashed)]
        if holder is None:
            writes += _moving(kept.details, proven, member)
            writes.append(members.profile_changed(member, ProfileChange(kept.profile_version, moved_to(kept.details, proven.contact))))
        try:
            await desk.store.transact(writes)
        except sign_in_codes.CodeGone:
            raise SignInRefused("EXPIRED_CODE") from None
        except contacts.ContactHeld as taken:
            raise Stale("somebody has it since") from taken
        return holder in (None, member)

    if not await desk.store.rounds(attempt, queue=member):
        raise ContactTaken


def _moving(details: Details, proven: Proven, member: str) -> list[Write]:
    taking = contacts.taking(proven.contact.key, member)
    before = held(details, proven.contact)
    return [taking] if before is None else [taking, contacts.leaving(Contact(proven.contact.kind, before).key, member)]
