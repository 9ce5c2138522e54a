"""A membership deleted by its member, by a fresh code, or by service whom they asked: effective at once for
sign-in, and final after `erasure.after` of the programme. Until then whoever signs in by one of its contacts
may keep it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.model.calendar import add, milliseconds
from domain.model.people.contacts import Contact
from domain.model.values import dataclass
from domain.services.decisions import load_member
from domain.services.errors import ContactProofNeeded, NotFound, SignInRefused
from domain.services.input_checks import MAX_REASON_LENGTH, check_text
from domain.services.people import field_checks, known_devices, one_time_codes, sessions
from domain.services.people.deletion.keep_offers import find_offered
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.member_contacts.contact_change import (
    TypedCode,
    contacts_of,
    has_fresh_sign_in,
    reachable_contact,
)
from domain.services.people.one_time_codes import SentCode
from domain.services.people.service_actor import ServiceActor
from domain.services.people.sign_in import DeviceInput, MemberSignedIn
from domain.store.audit import MEMBER_ACTOR, simple_act_write
from domain.store.document_store import Stale, Write
from domain.store.ledger import erasures
from domain.store.ledger.erasures import DeletionChanged
from domain.store.people import devices, sign_in_codes
from domain.store.people.details import Details


@dataclass(frozen=True, slots=True)
class RequestedDeletion:
    """A code was sent to a contact of the member, with which the deletion begins."""

    sent: SentCode
    sent_to: Contact


async def delete(
    identity: IdentityRuntime,
    *,
    member: str,
    session: str,
    typed: TypedCode | None,
    locale: str,
    now: datetime,
) -> datetime | RequestedDeletion:
    """Have a membership deleted, and end its sessions; return when that is final. Without a code, send one.

    Where no contact can be sent a code, a sign-in of the last ten minutes does. Raises SignInRefused,
    ContactProofNeeded, TooManyRequests and NotFound.
    """
    details = (await load_member(identity, member)).details
    proof: list[Write] = []
    if typed is not None:
        proof = [await _prove(identity, member, details, typed, now)]
    else:
        try:
            return await _request_code(identity, member, details, locale=locale, now=now)
        except ContactProofNeeded:
            if not await has_fresh_sign_in(identity, session, now):
                raise

    request = simple_act_write("DELETION_REQUESTED", actor=MEMBER_ACTOR, now=now, member=member)
    try:
        return await _begin(identity, member, [*proof, request], now=now)
    except sign_in_codes.CodeGone:
        raise SignInRefused("EXPIRED_CODE") from None


async def delete_by_service(
    identity: IdentityRuntime, member: str, *, actor: ServiceActor, reason: str, now: datetime
) -> datetime:
    """Have a membership deleted whose member asked service for it, and end its sessions; return when that is
    final. Until then the member can keep it by signing in, and service by `keep_by_service`.

    Raises NotAllowed, InvalidInput, NotFound.
    """
    check_text(reason, field="reason", max_length=MAX_REASON_LENGTH)
    stored_member = await load_member(identity, member)
    actor.require_service(stored_member)
    member = stored_member.member.id
    request = actor.act_write("DELETION_REQUESTED", member=member, subject="", reason=reason, now=now)
    return await _begin(identity, member, [request], now=now)


async def keep_by_service(
    identity: IdentityRuntime, member: str, *, actor: ServiceActor, reason: str, now: datetime
) -> None:
    """Undo a deletion that is not final, also one that the member began; nothing where there is none.

    Raises NotAllowed, InvalidInput, NotFound.
    """
    check_text(reason, field="reason", max_length=MAX_REASON_LENGTH)

    async def attempt() -> None:
        stored_member = await load_member(identity, member)
        actor.require_service(stored_member)
        deletion = await erasures.find_deletion(identity.store, stored_member.member.id)
        if deletion is None:
            return
        undone = actor.act_write(
            "DELETION_UNDONE", member=deletion.member, subject="", reason=reason, now=now
        )
        try:
            await identity.store.transact([erasures.keep_write(deletion), undone])
        except DeletionChanged as error:
            raise Stale("the deletion has changed") from error

    await identity.store.run_rounds(attempt, queue=member)


async def _begin(
    identity: IdentityRuntime, member: str, writes: Sequence[Write], *, now: datetime
) -> datetime:
    """Begin a deletion with `writes` in its transaction, and end the member's sessions; return when it is
    final. Raises NotFound, and what the writes raise.
    """

    async def attempt() -> datetime:
        stored_member = await load_member(identity, member)
        if stored_member.member.id != member:
            raise NotFound(member)  # it was merged meanwhile, and goes with the one that took it over
        if stored_member.erase_at is not None:
            return stored_member.erase_at
        programme = identity.programme
        erase_at = add(milliseconds(now), programme.erasure.after, programme.zone)
        try:
            await identity.store.transact([*writes, erasures.request_write(member, erase_at=erase_at)])
        except DeletionChanged as error:
            raise Stale("the deletion has changed") from error
        return erase_at

    erase_at = await identity.store.run_rounds(attempt, queue=member)
    await devices.remove_all(identity.store, member)
    await sessions.end_all(identity, f"member:{member}", reason="deleted", now=now)
    return erase_at


def _purpose(member: str) -> str:
    return f"delete:{member}"


async def _request_code(
    identity: IdentityRuntime, member: str, details: Details, *, locale: str, now: datetime
) -> RequestedDeletion:
    contact = reachable_contact(identity, contacts_of(details))
    sent = await one_time_codes.send_code(
        identity, contact, purpose=_purpose(member), locale=locale, use="delete_membership", now=now
    )
    return RequestedDeletion(sent, contact)


async def _prove(
    identity: IdentityRuntime, member: str, details: Details, typed: TypedCode, now: datetime
) -> Write:
    proven = await one_time_codes.prove_contact(
        identity,
        reachable_contact(identity, contacts_of(details)),
        typed.code,
        challenge=typed.challenge,
        purposes=(_purpose(member),),
        now=now,
    )
    return sign_in_codes.use_write(proven.record_id, challenge=proven.challenge)


async def keep(
    identity: IdentityRuntime, keep_token: str, *, device: DeviceInput, now: datetime
) -> MemberSignedIn:
    """Undo a deletion by the token that a sign-in was given, and open a session. Raises SignInRefused."""
    field_checks.check_installation(device.installation)

    async def attempt() -> MemberSignedIn:
        deletion = await find_offered(identity, keep_token, now=now)
        if deletion is None:
            raise SignInRefused("EXPIRED_CODE")
        member = deletion.member
        opened_session = sessions.new_session(
            identity, "member", member, now=now, installation=device.installation
        )
        device_token = await known_devices.token_for(identity, member, device.device_token, now=now)
        try:
            await identity.store.transact(
                [
                    erasures.keep_write(deletion),
                    simple_act_write("DELETION_UNDONE", actor=MEMBER_ACTOR, now=now, member=member),
                    *sessions.open_writes(opened_session.session),
                    device_token.write,
                ]
            )
        except DeletionChanged as error:
            raise Stale("the deletion has changed") from error
        return MemberSignedIn(member, opened_session, False, device_token.token)

    return await identity.store.run_rounds(attempt)
