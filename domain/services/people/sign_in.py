"""Sign-in by a one-time code, or by contacts that a trusted party has proven.

A sign-in that brings the token of an enrolment begins that membership; no other sign-in begins one. A code
works once: of twenty sign-ins at once with the right code, one gets a session. Only a person who has proven a
contact is told that nobody is enrolled with it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.model.ledger.decision import CodeRefused
from domain.model.people import sign_in as rules
from domain.model.people.contacts import Contact
from domain.services.code_claims import EnteredCode
from domain.services.errors import NotEnrolled, SignInRefused
from domain.services.people import field_checks, known_devices, one_time_codes, sessions
from domain.services.people.enrolment import begin_membership, find_waiting
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.one_time_codes import SentCode
from domain.services.people.sessions import OpenedSession
from domain.store.document_store import Stale, Write
from domain.store.people import contacts, sign_in_codes


@dataclass(frozen=True, slots=True)
class DeviceInput:
    """What a client tells of itself when it signs in: its installation's id, the token by which its device is
    known, and the token of the enrolment that this sign-in is to begin.
    """

    installation: str | None = None
    device_token: str | None = None
    enrolment_token: str | None = None


NO_DEVICE = DeviceInput()


@dataclass(frozen=True, slots=True)
class MemberSignedIn:
    """A member with a session. `enrolled` tells whether their membership began with it, `device_token` is the
    one by which their device is known from now on, `code` what came of the code that was given with the
    enrolment.
    """

    member: str
    opened_session: OpenedSession
    enrolled: bool
    device_token: str
    code: EnteredCode | CodeRefused | None = None


async def request_code(
    identity: IdentityRuntime, *, contact: str, locale: str, device_token: str | None = None, now: datetime
) -> SentCode:
    """Send a code to a contact, known or not.

    Raises InvalidInput and TooManyRequests. Strangers do not use up what is left for a known device.
    """
    contact_read = field_checks.read_contact_field(contact)
    return await one_time_codes.send_code(
        identity,
        contact_read,
        purpose=one_time_codes.SIGN_IN_PURPOSE,
        locale=locale,
        device=await known_devices.find_known(identity, contact_read, device_token, now=now),
        now=now,
    )


async def sign_in(
    identity: IdentityRuntime,
    *,
    contact: str,
    code: str,
    challenge: str | None = None,
    device: DeviceInput = NO_DEVICE,
    now: datetime,
) -> MemberSignedIn:
    """Open a session for whoever has the code of a challenge; without its name, of the contact's newest.

    Raises SignInRefused, NotEnrolled and InvalidInput.
    """
    field_checks.check_installation(device.installation)
    contact_read = field_checks.read_contact_field(contact)
    proven = await one_time_codes.prove_contact(
        identity,
        contact_read,
        code,
        challenge=challenge,
        purposes=(one_time_codes.SIGN_IN_PURPOSE,),
        device=await known_devices.find_known(identity, contact_read, device.device_token, now=now),
        now=now,
    )
    use_write = sign_in_codes.use_write(proven.record_id, challenge=proven.challenge)

    async def attempt() -> MemberSignedIn | None:
        try:
            signed_in = await _open_session(identity, [contact_read], device, [use_write], now=now)
            if signed_in is None:
                await identity.store.transact([use_write])
        except sign_in_codes.CodeGone:
            raise SignInRefused("EXPIRED_CODE") from None
        return signed_in

    signed_in = await identity.store.run_rounds(attempt, queue=proven.record_id)
    if signed_in is None:
        raise NotEnrolled
    return signed_in


async def sign_in_proven(
    identity: IdentityRuntime,
    proven_contacts: Sequence[Contact],
    *,
    device: DeviceInput = NO_DEVICE,
    now: datetime,
) -> MemberSignedIn:
    """Open a session for the owner of proven contacts: the first that a member has, else the one enrolled.

    Raises NotEnrolled and InvalidInput.
    """
    field_checks.check_installation(device.installation)

    async def attempt() -> MemberSignedIn | None:
        return await _open_session(identity, proven_contacts, device, [], now=now)

    queue = rules.contact_hash(identity.secret, proven_contacts[0].key)
    signed_in = await identity.store.run_rounds(attempt, queue=queue)
    if signed_in is None:
        raise NotEnrolled
    return signed_in


async def _open_session(
    identity: IdentityRuntime,
    proven_contacts: Sequence[Contact],
    device: DeviceInput,
    writes: list[Write],
    *,
    now: datetime,
) -> MemberSignedIn | None:
    """Open a session in one transaction with `writes`; None, and nothing written, where nobody is enrolled.

    This is one round: the caller tries again where it raises Stale.
    """
    known_member = await _find_owner(identity, proven_contacts, now)
    enrolment = (
        await find_waiting(identity, device.enrolment_token, proven=proven_contacts, now=now)
        if known_member is None
        else None
    )
    if known_member is None and enrolment is None:
        return None
    member = known_member or secrets.token_hex(16)
    opened_session = sessions.new_session(
        identity, "member", member, now=now, installation=device.installation
    )
    device_token = await known_devices.token_for(identity, member, device.device_token, now=now)
    code: EnteredCode | CodeRefused | None = None
    writes = [*writes, *sessions.open_writes(opened_session.session), device_token.write]
    try:
        if enrolment is None:
            await identity.store.transact(writes)
        else:
            code = await begin_membership(identity, enrolment, extra_writes=writes, member=member, now=now)
    except contacts.ContactInUse as error:
        # The contact or the number was taken meanwhile: the next round reads it.
        raise Stale("taken meanwhile") from error
    return MemberSignedIn(member, opened_session, enrolment is not None, device_token.token, code)


async def _find_owner(
    identity: IdentityRuntime, proven_contacts: Sequence[Contact], now: datetime
) -> str | None:
    """Return the member of the first contact that a member has."""
    for contact in proven_contacts:
        if (member := await contacts.find_member(identity.store, contact.key, now=now)) is not None:
            return member
    return None
