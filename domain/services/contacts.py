"""Another e-mail address or phone number for a member: first proven, then theirs, and the one before it free
again, in one commit.

Whoever holds the one that they had is told, so that nobody loses a membership to somebody else's hands
without a word.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

import structlog

from domain.model.people.contacts import Contact, ContactKind
from domain.services import fields, one_time
from domain.services.desk import Desk
from domain.services.errors import ContactTaken, SignInRefused
from domain.services.house import member_of
from domain.services.one_time import Proven
from domain.store.audit import MEMBER_ACTOR, simple_act_write
from domain.store.document_store import Stale, Write
from domain.store.ledger import members
from domain.store.ledger.members import Details, ProfileChange
from domain.store.people import contacts, sign_in_codes

NOTICE_SECONDS = 5.0

log = structlog.get_logger(__name__)


# ---------------------------------------------------------------- rules
def held(details: Details, contact: Contact) -> str | None:
    """Return the contact of that kind that a member has."""
    return details.email if contact.kind == "email" else details.phone


def moved_to(details: Details, contact: Contact) -> Details:
    """Return details with another contact of its kind."""
    return (
        replace(details, email=contact.value)
        if contact.kind == "email"
        else replace(details, phone=contact.value)
    )


# ---------------------------------------------------------------- writes
async def ask(desk: Desk, *, member: str, contact: str, locale: str, now: datetime) -> datetime:
    """Send a code to a new contact; return until when it works. The same for one that is free and one that is
    taken.
    """
    return await one_time.send(
        desk, fields.contact(contact), purpose=one_time.changing(member), locale=locale, now=now
    )


async def change(desk: Desk, *, member: str, contact: str, code: str, now: datetime) -> None:
    """Make a proven contact the member's. Raises SignInRefused, ContactTaken, InvalidInput and NotFound."""
    proven = await one_time.prove(
        desk, fields.contact(contact), code, purpose=one_time.changing(member), now=now
    )

    async def attempt() -> tuple[str | None, Details]:
        kept = await member_of(desk.house, member)
        holder = await contacts.find_member(desk.store, proven.contact.key)
        writes = [sign_in_codes.use_write(proven.record_id, code_hash=proven.hashed)]
        if holder is None:
            writes += _moving(kept.details, proven, member)
            writes.append(
                members.profile_write(
                    member, ProfileChange(kept.profile_version, moved_to(kept.details, proven.contact))
                )
            )
            writes.append(
                simple_act_write(
                    "CONTACT_CHANGED", actor=MEMBER_ACTOR, now=now, subject=proven.contact.kind, member=member
                )
            )
        try:
            await desk.store.transact(writes)
        except sign_in_codes.CodeGone:
            raise SignInRefused("EXPIRED_CODE") from None
        except contacts.ContactInUse as taken:
            raise Stale("somebody has it since") from taken
        return holder, kept.details

    holder, before = await desk.store.run_rounds(attempt, queue=member)
    if holder is None:
        await _tell(desk, before, proven.contact)
    elif holder != member:
        raise ContactTaken


async def _tell(desk: Desk, before: Details, new: Contact) -> None:
    """Tell the contact that gave way, else the other one, that there is a new one. The change stands, whether
    or not that leaves.
    """
    old = held(before, new)
    other: ContactKind = "phone" if new.kind == "email" else "email"
    told = Contact(new.kind, old) if old is not None else Contact(other, before.phone or before.email or "")
    if not told.value:
        return
    try:
        async with asyncio.timeout(NOTICE_SECONDS):
            await desk.sender.tell_changed(told, new, before.locale)
    except Exception as fault:  # noqa: BLE001 - whatever it is, the change was made
        log.warning("contacts.notice_not_sent", channel=told.kind, fault=type(fault).__name__)


def _moving(details: Details, proven: Proven, member: str) -> list[Write]:
    taking = contacts.take_write(proven.contact.key, member)
    before = held(details, proven.contact)
    return (
        [taking]
        if before is None
        else [taking, contacts.release_write(Contact(proven.contact.kind, before).key, member)]
    )
