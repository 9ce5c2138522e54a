"""A member's new e-mail address or phone number: proven first, then set, and the old one freed.

The old contact gets a notice, so that nobody loses a membership unnoticed.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

import structlog

from domain.model.people.contacts import Contact, ContactKind
from domain.services.decisions import load_member
from domain.services.errors import ContactTaken, SignInRefused
from domain.services.people import field_checks, one_time_codes, own_memberships
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.one_time_codes import ProvenContact
from domain.store.audit import MEMBER_ACTOR, simple_act_write
from domain.store.document_store import Stale, Write
from domain.store.ledger import members
from domain.store.ledger.members import Details, ProfileChange
from domain.store.people import contacts, sign_in_codes

NOTICE_SECONDS = 5.0

log = structlog.get_logger(__name__)


# ---------------------------------------------------------------- rules
def contact_value(details: Details, contact: Contact) -> str | None:
    """Return the member's contact of the same kind."""
    return details.email if contact.kind == "email" else details.phone


def with_contact(details: Details, contact: Contact) -> Details:
    """Return details with another contact of its kind."""
    return (
        replace(details, email=contact.value)
        if contact.kind == "email"
        else replace(details, phone=contact.value)
    )


# ---------------------------------------------------------------- writes
async def request_change(
    identity: IdentityRuntime, *, member: str, contact: str, locale: str, now: datetime
) -> datetime:
    """Send a code to a new contact, free or taken alike; return until when the code works."""
    return await one_time_codes.send_code(
        identity,
        field_checks.read_contact_field(contact),
        purpose=one_time_codes.contact_change_purpose(member),
        locale=locale,
        now=now,
    )


async def change_contact(
    identity: IdentityRuntime, *, member: str, contact: str, code: str, now: datetime
) -> None:
    """Make a proven contact the member's. Raises SignInRefused, ContactTaken, InvalidInput and NotFound."""
    proven = await one_time_codes.prove_contact(
        identity,
        field_checks.read_contact_field(contact),
        code,
        purpose=one_time_codes.contact_change_purpose(member),
        now=now,
    )

    async def attempt() -> tuple[str | None, Details]:
        stored_member = await load_member(identity, member)
        holder = await contacts.find_member(identity.store, proven.contact.key)
        writes = [sign_in_codes.use_write(proven.record_id, code_hash=proven.code_hash)]
        if holder is None:
            writes += _contact_writes(stored_member.details, proven, member)
            writes += await _employee_writes(identity, stored_member.details, proven, member)
            writes.append(
                members.profile_write(
                    member,
                    ProfileChange(
                        stored_member.profile_version, with_contact(stored_member.details, proven.contact)
                    ),
                )
            )
            writes.append(
                simple_act_write(
                    "CONTACT_CHANGED", actor=MEMBER_ACTOR, now=now, subject=proven.contact.kind, member=member
                )
            )
        try:
            await identity.store.transact(writes)
        except sign_in_codes.CodeGone:
            raise SignInRefused("EXPIRED_CODE") from None
        except contacts.ContactInUse as error:
            raise Stale("somebody has it since") from error
        return holder, stored_member.details

    holder, details_before = await identity.store.run_rounds(attempt, queue=member)
    if holder is None:
        await _notify_previous(identity, details_before, proven.contact)
    elif holder != member:
        raise ContactTaken


async def _notify_previous(identity: IdentityRuntime, details_before: Details, new_contact: Contact) -> None:
    """Tell the old contact, else the other one, of the new one. The change stands even where that fails."""
    old_value = contact_value(details_before, new_contact)
    other_kind: ContactKind = "phone" if new_contact.kind == "email" else "email"
    notified_contact = (
        Contact(new_contact.kind, old_value)
        if old_value is not None
        else Contact(other_kind, details_before.phone or details_before.email or "")
    )
    if not notified_contact.value:
        return
    try:
        async with asyncio.timeout(NOTICE_SECONDS):
            await identity.code_sender.tell_changed(notified_contact, new_contact, details_before.locale)
    except Exception as error:  # noqa: BLE001 - whatever it is, the change was made
        log.warning("contacts.notice_not_sent", channel=notified_contact.kind, fault=type(error).__name__)


def _contact_writes(details: Details, proven: ProvenContact, member: str) -> list[Write]:
    take_write = contacts.take_write(proven.contact.key, member)
    previous_value = contact_value(details, proven.contact)
    return (
        [take_write]
        if previous_value is None
        else [take_write, contacts.release_write(Contact(proven.contact.kind, previous_value).key, member)]
    )


async def _employee_writes(
    identity: IdentityRuntime, details: Details, proven: ProvenContact, member: str
) -> list[Write]:
    """Note the employees of both contacts: whose own membership it is stays so under another contact."""
    previous_value = contact_value(details, proven.contact)
    previous = [] if previous_value is None else [Contact(proven.contact.kind, previous_value).key]
    return await own_memberships.contact_writes(identity.store, member, [proven.contact.key, *previous])
