"""Somebody enrolled by service, in one conversation: a code goes to their contact, they tell it, and the
membership begins. Nobody is signed in by it: they sign in with their contact when they like.
"""

from __future__ import annotations

from datetime import datetime

from domain.model.people.contacts import Contact
from domain.services.people import field_checks, one_time_codes, sessions
from domain.services.people.enrolment import Application
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.member_contacts.contact_change import TypedCode
from domain.services.people.one_time_codes import SentCode
from domain.services.people.proofs import proven_enrolment
from domain.services.people.service_actor import ServiceActor
from domain.store.document_store import Write
from domain.store.people import contacts, sign_in_codes


async def find_owner(identity: IdentityRuntime, contact: Contact, *, now: datetime) -> str | None:
    """Return the member who has a contact already."""
    return await contacts.find_member(identity.store, contact.key, now=now)


async def request_code(
    identity: IdentityRuntime, *, actor: ServiceActor, contact: Contact, locale: str, now: datetime
) -> SentCode:
    """Send a code to somebody who wants to join. Raises TooManyRequests, InvalidInput, ContactOutOfReach."""
    return await one_time_codes.send_code(
        identity, contact, purpose=_purpose(actor), locale=locale, use="join", now=now
    )


async def enrol(
    identity: IdentityRuntime,
    *,
    actor: ServiceActor,
    application: Application,
    typed: TypedCode,
    key: str,
    now: datetime,
) -> str:
    """Begin the membership of whoever told the code of their contact; return it.

    Raises SignInRefused, TermsNotAccepted, MembershipBeingDeleted, IdempotencyKeyConflict, InvalidInput.
    """
    contact = field_checks.read_single_contact(application.email, application.phone)
    proven = await one_time_codes.prove_contact(
        identity, contact, typed.code, challenge=typed.challenge, purposes=(_purpose(actor),), now=now
    )
    use_code = sign_in_codes.use_write(proven.record_id, challenge=proven.challenge)

    def note(member: str) -> Write:
        return actor.act_write("MEMBER_ENROLLED", member=member, subject=contact.kind, reason="", now=now)

    signed_in = await proven_enrolment.enrol_by_code(
        identity, application, use_code=use_code, note=note, key=key, now=now
    )
    await sessions.end_all(identity, f"member:{signed_in.member}", reason="signed_out", now=now)
    return signed_in.member


def _purpose(actor: ServiceActor) -> str:
    return f"desk:{actor.staff}"
