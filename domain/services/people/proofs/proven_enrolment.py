"""Enrolment with a proven contact: the membership begins at once, with a session.

What proves it is the proof that a sign-in without a membership was given (`contact_proofs`), or a trusted
party that has proven contacts. It ends where every sign-in does, in `open_member_session`. A retry under the
same key is given the very session that was opened, until the client has gone on from it.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import cast

from domain.model.ledger.decision import CodeRefusalReason, CodeRefused
from domain.model.people import sign_in as rules
from domain.model.people.contacts import Contact
from domain.services.code_claims import CodeReply, EnteredCode, load_entered
from domain.services.errors import InvalidInput, SignInRefused
from domain.services.idempotency import KeyBinding, recall_reply, run_once
from domain.services.keyed_decisions import load_bound_row
from domain.services.people import field_checks, known_devices, sessions
from domain.services.people.enrolment import (
    Application,
    enrolment_key,
    make_reservation,
)
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.proofs import contact_proofs
from domain.services.people.sign_in import (
    NO_DEVICE,
    DeviceInput,
    MemberSignedIn,
    ProvenApplication,
    open_member_session,
)
from domain.store.document_store import Write
from domain.store.people import sign_in_codes
from domain.store.requests import Reply, RequestKey

SALT_BYTES = 16


async def enrol_with_proof(
    identity: IdentityRuntime,
    application: Application,
    *,
    contact_proof: str,
    device: DeviceInput,
    key: str,
    now: datetime,
) -> MemberSignedIn:
    """Begin a membership with the proof of its contact, and open a session.

    The proof works once; the same key and input again answer the same. Raises SignInRefused, InvalidInput,
    TermsNotAccepted and IdempotencyKeyConflict, and uses up no proof then.
    """
    contact = field_checks.read_single_contact(application.email, application.phone)
    proven_by = {"proof": rules.token_hash(contact_proof), "installation": device.installation}
    request = enrolment_key(identity, contact, application, key=key, proven_by=proven_by)
    contact_hash = rules.contact_hash(identity.secret, contact.key)

    async def use_proof() -> list[Write]:
        return [await contact_proofs.use_write(identity, contact_hash, contact_proof, now=now)]

    return await _join(identity, application, request, [contact], use_proof, device=device, now=now)


async def enrol_proven(
    identity: IdentityRuntime,
    application: Application,
    proven_contacts: Sequence[Contact],
    *,
    device: DeviceInput,
    key: str,
    now: datetime,
) -> MemberSignedIn:
    """Begin a membership for the owner of proven contacts, and open a session. The application names one of
    them, else the first is meant.

    Raises as `enrol_with_proof` does.
    """
    contact = _chosen_contact(application, proven_contacts)
    proven_by = {"proof": "id_token", "installation": device.installation}
    request = enrolment_key(identity, contact, application, key=key, proven_by=proven_by)

    async def use_nothing() -> list[Write]:
        return []

    proven = [contact, *(each for each in proven_contacts if each != contact)]
    return await _join(identity, application, request, proven, use_nothing, device=device, now=now)


async def enrol_by_code(
    identity: IdentityRuntime,
    application: Application,
    *,
    use_code: Write,
    note: Callable[[str], Write],
    key: str,
    now: datetime,
) -> MemberSignedIn:
    """Begin a membership whose contact was proven by a code at a desk, which `use_code` uses up, and open a
    session, for whoever asks to end it. `note` returns what a new membership is noted by, in the same commit.
    Raises as `enrol_with_proof` does.
    """
    contact = field_checks.read_single_contact(application.email, application.phone)
    request = enrolment_key(identity, contact, application, key=key, proven_by={"proof": "code"})

    async def use_proof() -> list[Write]:
        return [use_code]

    return await _join(
        identity, application, request, [contact], use_proof, device=NO_DEVICE, note=note, now=now
    )


def _chosen_contact(application: Application, proven_contacts: Sequence[Contact]) -> Contact:
    if application.email is None and application.phone is None:
        return proven_contacts[0]
    contact = field_checks.read_single_contact(application.email, application.phone)
    if contact not in proven_contacts:
        raise InvalidInput(
            contact.kind,
            "The ID token does not prove this contact. Leave it out, or give the one that it proves.",
        )
    return contact


async def _join(
    identity: IdentityRuntime,
    application: Application,
    request: RequestKey,
    proven: Sequence[Contact],
    use_proof: Callable[[], Awaitable[list[Write]]],
    *,
    device: DeviceInput,
    note: Callable[[str], Write] | None = None,
    now: datetime,
) -> MemberSignedIn:
    """Begin the membership of the first proven contact once for a key; a member's contact signs in."""
    field_checks.check_installation(device.installation)
    if (reply := await recall_reply(identity, request, now=now)) is not None:
        return await _joined_before(identity, request, reply, device, now=now)
    reservation = await make_reservation(identity, application, now=now)
    salt = secrets.token_hex(SALT_BYTES)

    async def act(key_binding: KeyBinding) -> MemberSignedIn:
        def bind(member: str, enrolled: bool, code: CodeReply) -> list[Write]:
            reply = {"member": member, "enrolled": enrolled, "salt": salt}
            binding = key_binding.write_for({**reply, "refused": code.refused, "seq": code.seq})
            return [binding, *([note(member)] if note is not None and enrolled else [])]

        made_of = _made_of(request, salt)
        proven_application = ProvenApplication(
            proven[0],
            reservation,
            rules.joined_session(identity.secret, **made_of),
            rules.joined_device_token(identity.secret, **made_of),
            bind,
        )
        writes = await use_proof()
        try:
            signed_in = await open_member_session(
                identity, proven, device, writes, application=proven_application, now=now
            )
        except sign_in_codes.CodeGone:
            raise SignInRefused("EXPIRED_CODE") from None
        assert signed_in is not None, "an application that is proven begins"
        return signed_in

    return await run_once(
        identity,
        request=request,
        queue=rules.contact_hash(identity.secret, proven[0].key),
        now=now,
        act=act,
        answer_again=lambda reply: _joined_before(identity, request, reply, device, now=now),
    )


def _made_of(request: RequestKey, salt: str) -> Mapping[str, str]:
    return {"request": request.id, "request_input": request.input_hash, "salt": salt}


async def _joined_before(
    identity: IdentityRuntime, request: RequestKey, reply: Reply, device: DeviceInput, *, now: datetime
) -> MemberSignedIn:
    """Return the session that the key has opened. Raises SignInRefused(SESSION_ENDED)."""
    member, made_of = str(reply["member"]), _made_of(request, str(reply["salt"]))
    opened_session = await sessions.reopen(
        identity, rules.joined_session(identity.secret, **made_of), now=now
    )
    new_token = rules.joined_device_token(identity.secret, **made_of)
    device_token = await known_devices.token_for(
        identity, member, device.device_token, new_token=new_token, now=now
    )
    return MemberSignedIn(
        member,
        opened_session,
        bool(reply["enrolled"]),
        device_token.token,
        await _code_before(identity, member, reply),
    )


async def _code_before(
    identity: IdentityRuntime, member: str, reply: Reply
) -> EnteredCode | CodeRefused | None:
    """Return what came of the code that was given with the enrolment."""
    if reply["refused"] is not None:
        return CodeRefused(cast(CodeRefusalReason, reply["refused"]))
    if reply["seq"] is None:
        return None
    return await load_entered(identity, member, await load_bound_row(identity, member, reply))
