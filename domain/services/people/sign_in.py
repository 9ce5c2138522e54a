"""Sign-in by a one-time code, or by contacts that a trusted party has proven.

A sign-in that brings the token of an enrolment begins that membership; no other sign-in begins one. Whoever
has proven a contact of no member is given a proof, with which `proofs.proven_enrolment` begins one. A code
works once: of twenty sign-ins at once with the right code, one gets a session. Only a person who has proven a
contact is told that nobody is enrolled with it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import field
from datetime import datetime

from domain.model.ledger.decision import CodeRefused
from domain.model.people import sign_in as rules
from domain.model.people.contacts import Contact
from domain.model.values import dataclass
from domain.services.code_claims import CodeReply, EnteredCode
from domain.services.errors import SignInRefused
from domain.services.people import field_checks, known_devices, one_time_codes, sessions
from domain.services.people.deletion.keep_offers import expect_stays
from domain.services.people.enrolment import WaitingEnrolment, begin_membership, find_waiting
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.one_time_codes import SentCode
from domain.services.people.proofs import contact_proofs, order_claims, parked_claims
from domain.services.people.sessions import OpenedSession
from domain.store.document_store import Stale, Write
from domain.store.ledger import erasures
from domain.store.people import contacts, sign_in_codes
from domain.store.people.enrolments import Reservation


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
class ProvenApplication:
    """An application that was made with the proof of its contact, so that it begins at once.

    Its session and its device's token are made of its request. `bind` makes the writes that bind the
    request's key to the member, whether the membership began, and what came of the code that was given.
    """

    contact: Contact
    reservation: Reservation
    session_bytes: bytes = field(repr=False)
    device_token: str = field(repr=False)
    bind: Callable[[str, bool, CodeReply], list[Write]]


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
    proof = contact_proofs.new_proof(now=now)

    async def attempt() -> MemberSignedIn | None:
        try:
            signed_in = await open_member_session(identity, [contact_read], device, [use_write], now=now)
            if signed_in is None:
                proof_write = sign_in_codes.turn_to_proof_write(
                    proven.record_id, challenge=proven.challenge, proof=proof.challenge
                )
                await identity.store.transact([proof_write])
        except sign_in_codes.CodeGone:
            raise SignInRefused("EXPIRED_CODE") from None
        return signed_in

    signed_in = await identity.store.run_rounds(attempt, queue=proven.record_id)
    if signed_in is None:
        raise proof.not_enrolled()
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

    queue = rules.contact_hash(identity.secret, proven_contacts[0].key)
    proof = contact_proofs.new_proof(now=now)

    async def attempt() -> MemberSignedIn | None:
        signed_in = await open_member_session(identity, proven_contacts, device, [], now=now)
        if signed_in is None:
            proof_write = await contact_proofs.keep_write(identity, queue, proof, now=now)
            await identity.store.transact([proof_write])
        return signed_in

    signed_in = await identity.store.run_rounds(attempt, queue=queue)
    if signed_in is None:
        raise proof.not_enrolled()
    return signed_in


async def open_member_session(
    identity: IdentityRuntime,
    proven_contacts: Sequence[Contact],
    device: DeviceInput,
    writes: list[Write],
    *,
    application: ProvenApplication | None = None,
    now: datetime,
) -> MemberSignedIn | None:
    """Open a session in one transaction with `writes`: of the member who has a proven contact, else of the
    membership that begins with it, by the enrolment that waits or by `application`. None, and nothing
    written, where nobody is enrolled.

    This is one round: the caller tries again where it raises Stale. Raises KeyBound, and
    MembershipBeingDeleted, which uses up the proof in `writes`.
    """
    known_member = await _find_owner(identity, proven_contacts, now)
    enrolment = (
        await _find_enrolment(identity, proven_contacts, device, application, now)
        if known_member is None
        else None
    )
    if known_member is None and enrolment is None:
        return None
    member = known_member or secrets.token_hex(16)
    opened_session = sessions.new_session(
        identity,
        "member",
        member,
        now=now,
        installation=device.installation,
        random=None if application is None else application.session_bytes,
    )
    new_token = None if application is None else application.device_token
    device_token = await known_devices.token_for(
        identity, member, device.device_token, new_token=new_token, now=now
    )
    proofs, stays = writes, [] if known_member is None else [erasures.stays_write(known_member)]
    writes = [
        *stays,
        *proofs,
        *sessions.open_writes(opened_session.session),
        device_token.write,
        parked_claims.claim_write(identity, proven_contacts, member, now=now),
        *order_claims.claim_writes(identity, proven_contacts, member, now=now),
    ]
    try:
        code = await _write_session(identity, member, enrolment, application, writes, now=now)
    except contacts.ContactInUse as error:
        # The contact or the number was taken meanwhile: the next round reads it.
        raise Stale("taken meanwhile") from error
    except erasures.DeletionChanged as error:
        await expect_stays(identity, member, proofs, now=now)
        raise Stale("kept meanwhile") from error
    return MemberSignedIn(member, opened_session, enrolment is not None, device_token.token, code)


async def _find_enrolment(
    identity: IdentityRuntime,
    proven_contacts: Sequence[Contact],
    device: DeviceInput,
    application: ProvenApplication | None,
    now: datetime,
) -> WaitingEnrolment | None:
    """Return the application that was made with the proof, else the one that the device has a token of."""
    if application is None:
        return await find_waiting(identity, device.enrolment_token, proven=proven_contacts, now=now)
    holder = await contacts.find_holder(identity.store, application.contact.key)
    return WaitingEnrolment(None, application.contact, application.reservation, holder)


async def _write_session(
    identity: IdentityRuntime,
    member: str,
    enrolment: WaitingEnrolment | None,
    application: ProvenApplication | None,
    writes: list[Write],
    *,
    now: datetime,
) -> EnteredCode | CodeRefused | None:
    """Write a session, and begin the membership where one waits; return what came of its code."""

    def bind_key(code: CodeReply) -> list[Write]:
        return [] if application is None else application.bind(member, enrolment is not None, code)

    if enrolment is None:
        await identity.store.transact([*bind_key(CodeReply()), *writes])
        return None
    return await begin_membership(
        identity,
        enrolment,
        bind_key=bind_key,
        extra_writes=writes,
        member=member,
        now=identity.programme_time.at(now),
    )


async def _find_owner(
    identity: IdentityRuntime, proven_contacts: Sequence[Contact], now: datetime
) -> str | None:
    """Return the member of the first contact that a member has: a merge moves those of one that it closes."""
    for contact in proven_contacts:
        if (member := await contacts.find_member(identity.store, contact.key, now=now)) is not None:
            return member
    return None
