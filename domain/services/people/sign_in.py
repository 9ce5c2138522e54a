"""Sign-in by a one-time code, or by contacts that a trusted party has proven.

The first sign-in of an enrolled person begins their membership. A code works once: of twenty sign-ins at once
with the right code, one gets a session. Only a person who has proven a contact is told that nobody is
enrolled with it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.model.people import sign_in as rules
from domain.model.people.contacts import Contact
from domain.services.errors import NotEnrolled, SignInRefused
from domain.services.people import field_checks, one_time_codes, sessions
from domain.services.people.enrolment import begin_membership
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.sessions import OpenedSession
from domain.store.document_store import Stale
from domain.store.people import contacts, sign_in_codes


@dataclass(frozen=True, slots=True)
class MemberSignedIn:
    """A member with a session. `enrolled` tells whether their membership began with it."""

    member: str
    opened_session: OpenedSession
    enrolled: bool


async def request_code(identity: IdentityRuntime, *, contact: str, locale: str, now: datetime) -> datetime:
    """Send a code to a contact, known or not; return until when it works.

    Raises InvalidInput and TooManyRequests.
    """
    return await one_time_codes.send_code(
        identity,
        field_checks.read_contact_field(contact),
        purpose=one_time_codes.SIGN_IN_PURPOSE,
        locale=locale,
        now=now,
    )


async def sign_in(
    identity: IdentityRuntime, *, contact: str, code: str, installation: str | None = None, now: datetime
) -> MemberSignedIn:
    """Open a session for whoever has the code. Raises SignInRefused, NotEnrolled and InvalidInput."""
    installation_id = field_checks.check_installation(installation)
    proven = await one_time_codes.prove_contact(
        identity,
        field_checks.read_contact_field(contact),
        code,
        purpose=one_time_codes.SIGN_IN_PURPOSE,
        now=now,
    )
    use_write = sign_in_codes.use_write(proven.record_id, code_hash=proven.code_hash)

    async def attempt() -> MemberSignedIn | None:
        known_member = await contacts.find_member(identity.store, proven.contact.key)
        member = known_member or secrets.token_hex(16)
        opened_session = sessions.new_session(
            identity, "member", member, now=now, installation=installation_id
        )
        writes = [use_write, *sessions.open_writes(opened_session.session)]
        try:
            if known_member is None and proven.reservation is None:
                await identity.store.transact([use_write])
                return None
            if known_member is None and proven.reservation is not None:
                await begin_membership(
                    identity, proven, proven.reservation, extra_writes=writes, member=member, now=now
                )
            else:
                await identity.store.transact(writes)
        except sign_in_codes.CodeGone:
            raise SignInRefused("EXPIRED_CODE") from None
        except contacts.ContactInUse as error:
            # The contact or the number was taken meanwhile: the next round reads it.
            raise Stale("taken meanwhile") from error
        return MemberSignedIn(member, opened_session, enrolled=known_member is None)

    signed_in = await identity.store.run_rounds(attempt, queue=proven.record_id)
    if signed_in is None:
        raise NotEnrolled
    return signed_in


async def sign_in_proven(
    identity: IdentityRuntime,
    proven_contacts: Sequence[Contact],
    *,
    installation: str | None = None,
    now: datetime,
) -> MemberSignedIn:
    """Open a session for the owner of proven contacts: the first that a member has, else the first enrolled.

    Raises NotEnrolled and InvalidInput.
    """
    installation_id = field_checks.check_installation(installation)
    contact_hashes = [rules.contact_hash(identity.secret, contact.key) for contact in proven_contacts]

    async def attempt() -> MemberSignedIn | None:
        for contact in proven_contacts:
            if (known_member := await contacts.find_member(identity.store, contact.key)) is not None:
                opened_session = sessions.new_session(
                    identity, "member", known_member, now=now, installation=installation_id
                )
                await identity.store.transact(sessions.open_writes(opened_session.session))
                return MemberSignedIn(known_member, opened_session, enrolled=False)
        for contact, contact_hash in zip(proven_contacts, contact_hashes, strict=True):
            record = await sign_in_codes.find(identity.store, contact_hash)
            if (reservation := one_time_codes.pending_reservation(record, now)) is not None:
                member = secrets.token_hex(16)
                opened_session = sessions.new_session(
                    identity, "member", member, now=now, installation=installation_id
                )
                record_write = sign_in_codes.put_write(replace(record, live=None, reservation=None), now=now)
                proven_contact = one_time_codes.ProvenContact(contact, contact_hash, "", reservation)
                try:
                    await begin_membership(
                        identity,
                        proven_contact,
                        reservation,
                        extra_writes=[record_write, *sessions.open_writes(opened_session.session)],
                        member=member,
                        now=now,
                    )
                except contacts.ContactInUse as error:
                    raise Stale("taken meanwhile") from error
                return MemberSignedIn(member, opened_session, enrolled=True)
        return None

    signed_in = await identity.store.run_rounds(attempt, queue=contact_hashes[0])
    if signed_in is None:
        raise NotEnrolled
    return signed_in
