"""A lost contact replaced by service, with four eyes: one manager proposes a proven one, another approves.

The contacts of that kind that the member had stop at once, with every session, and no link brings them back:
whoever holds a lost contact may be a thief.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from domain.model.people.contacts import Contact
from domain.services.decisions import load_member
from domain.services.errors import ContactTaken, NotFound, SignInRefused
from domain.services.four_eyes.second_person import require_second_person
from domain.services.input_checks import MAX_REASON_LENGTH, check_text
from domain.services.people import field_checks, one_time_codes, profile_changes
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.member_contacts.contact_change import (
    TypedCode,
    contact_of_kind,
    employee_writes,
    notify_previous,
    with_contact_value,
)
from domain.services.people.member_contacts.contact_undo import end_sessions
from domain.services.people.one_time_codes import SentCode
from domain.services.people.service_actor import ServiceActor
from domain.store.document_store import Stale, Write
from domain.store.ledger import members
from domain.store.ledger.members import ProfileChange, StoredMember
from domain.store.people import contact_changes, contact_proposals, contacts, sign_in_codes
from domain.store.people.contact_proposals import ContactProposal
from domain.store.people.details import Details

PROPOSED_FOR = timedelta(days=1)
MOST_SHOWN = 100


# ---------------------------------------------------------------- proposing
async def request_code(
    identity: IdentityRuntime, *, actor: ServiceActor, member: str, contact: str, locale: str, now: datetime
) -> SentCode:
    """Send a code to the new contact of a member. Raises NotAllowed, InvalidInput, TooManyRequests."""
    actor.require_service(await load_member(identity, member))
    return await one_time_codes.send_code(
        identity,
        field_checks.read_contact_field(contact),
        purpose=_purpose(member),
        locale=locale,
        use="new_contact",
        now=now,
    )


async def propose(
    identity: IdentityRuntime,
    *,
    actor: ServiceActor,
    member: str,
    contact: str,
    typed: TypedCode,
    reason: str,
    now: datetime,
) -> ContactProposal:
    """Propose a contact that its code proves. Raises NotAllowed, SignInRefused, InvalidInput."""
    actor.require_service(await load_member(identity, member))
    check_text(reason, field="reason", max_length=MAX_REASON_LENGTH)
    new_contact = field_checks.read_contact_field(contact)
    proof = await _prove(identity, member, new_contact, typed, now)
    proposal = ContactProposal(
        secrets.token_hex(16), member, new_contact, actor.staff, reason, now + PROPOSED_FOR
    )

    async def attempt() -> None:
        try:
            await identity.store.transact(
                [
                    proof,
                    contact_proposals.propose_write(proposal),
                    actor.act_write(
                        "CONTACT_PROPOSED", member=member, subject=new_contact.kind, reason=reason, now=now
                    ),
                ]
            )
        except sign_in_codes.CodeGone:
            raise SignInRefused("EXPIRED_CODE") from None

    await identity.store.run_rounds(attempt, queue=member)
    return proposal


def _purpose(member: str) -> str:
    return f"service:{member}"


async def _prove(
    identity: IdentityRuntime, member: str, new_contact: Contact, typed: TypedCode, now: datetime
) -> Write:
    """Return the write that uses up the code which proves a new contact. Raises SignInRefused."""
    proven = await one_time_codes.prove_contact(
        identity,
        new_contact,
        typed.code,
        challenge=typed.challenge,
        purposes=(_purpose(member),),
        now=now,
    )
    return sign_in_codes.use_write(proven.record_id, challenge=proven.challenge)


# ---------------------------------------------------------------- approving
async def list_open(identity: IdentityRuntime, *, now: datetime) -> list[ContactProposal]:
    """Return the first hundred proposals that can be approved, those that lapse first before the others."""
    return await contact_proposals.find_open(identity.store, now=now, first=MOST_SHOWN)


async def approve(identity: IdentityRuntime, *, actor: ServiceActor, proposal_id: str, now: datetime) -> str:
    """Give a member the contact that a colleague has proposed; return the member.

    Raises NotAllowed, SecondPersonNeeded, ContactTaken, NotFound.
    """
    proposal = await contact_proposals.find(identity.store, proposal_id, now=now)
    if proposal is None:
        raise NotFound("proposal")
    member, new_contact = proposal.member, proposal.contact
    await require_second_person(
        identity.store,
        asker=proposal.staff,
        asked_at=proposal.until - PROPOSED_FOR,
        approver=actor.staff,
        now=now,
    )
    approval = contact_proposals.approve_write(proposal.id)
    try:
        await _replace(identity, actor, member, new_contact, reason=proposal.reason, proof=approval, now=now)
    except contact_proposals.ProposalGone:
        raise NotFound("proposal") from None
    return member


# ---------------------------------------------------------------- by the shell
async def replace(
    identity: IdentityRuntime,
    *,
    actor: ServiceActor,
    member: str,
    contact: str,
    typed: TypedCode,
    reason: str,
    now: datetime,
) -> None:
    """Give a member the contact that its code proves, in one act: of whoever runs the system. Raises
    SignInRefused, ContactTaken, InvalidInput and NotFound.
    """
    check_text(reason, field="reason", max_length=MAX_REASON_LENGTH)
    new_contact = field_checks.read_contact_field(contact)
    proof = await _prove(identity, member, new_contact, typed, now)
    try:
        await _replace(identity, actor, member, new_contact, reason=reason, proof=proof, now=now)
    except sign_in_codes.CodeGone:
        raise SignInRefused("EXPIRED_CODE") from None


# ---------------------------------------------------------------- what both do
async def _replace(
    identity: IdentityRuntime,
    actor: ServiceActor,
    member: str,
    new_contact: Contact,
    *,
    reason: str,
    proof: Write,
    now: datetime,
) -> None:
    """Replace a contact with `proof` in the same transaction, end every session, and tell the contacts."""

    async def attempt() -> Details:
        stored_member = await load_member(identity, member)
        actor.require_service(stored_member)
        replaced = actor.act_write(
            "CONTACT_REPLACED", member=member, subject=new_contact.kind, reason=reason, now=now
        )
        writes = [
            proof,
            *await _replace_writes(identity, stored_member, new_contact, now=now),
            replaced,
        ]
        try:
            await identity.store.transact(writes)
        except contacts.ContactInUse as error:
            raise Stale("somebody has it since") from error
        return stored_member.details

    details_before = await identity.store.run_rounds(attempt, queue=member)
    await end_sessions(identity, member, now)
    await notify_previous(identity, details_before, new_contact, undo_token=None)


async def _replace_writes(
    identity: IdentityRuntime, stored_member: StoredMember, new_contact: Contact, *, now: datetime
) -> list[Write]:
    """Return the writes that give a member a contact, and take away every other of its kind for good."""
    member = stored_member.member.id
    holder = await contacts.find_holder(identity.store, new_contact.key)
    if holder is not None and holder.bars(member, now):
        raise ContactTaken
    previous = contact_of_kind(stored_member.details, new_contact)
    changes = [
        change
        for change in await contact_changes.find_open(identity.store, member, now=now)
        if change.kind == new_contact.kind
    ]
    former = {each.key for change in changes for each in (change.old, change.new) if each is not None}
    former |= {previous.key} if previous is not None else set()
    details = with_contact_value(stored_member.details, new_contact.kind, new_contact.value)
    return [
        contacts.take_write(new_contact.key, member, holder=holder),
        *(contacts.release_write(key, member) for key in sorted(former - {new_contact.key})),
        *(contact_changes.undo_write(each.id, now=now) for each in changes),
        members.profile_write(member, ProfileChange(stored_member.profile_version, details)),
        *profile_changes.told_writes(identity, stored_member, details, now=now),
        *await employee_writes(identity, stored_member, new_contact),
    ]
