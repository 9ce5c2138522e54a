"""A contact that a member takes away: one stays, and the one that goes is held for a week, as one that is
replaced.

It takes a sign-in of the last ten minutes, or a code that was sent to a present contact: the one that stays
where it can be reached. Both get a notice; the link in it undoes the removal.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from domain.model.people import sign_in as rules
from domain.model.people.contacts import Contact, ContactKind
from domain.model.values import dataclass
from domain.services.decisions import load_member
from domain.services.errors import InvalidInput, SignInRefused
from domain.services.four_eyes import own_memberships
from domain.services.people import one_time_codes, profile_changes
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.member_contacts.contact_change import (
    HELD_FOR,
    UNDO_TOKEN_BYTES,
    TypedCode,
    contacts_of,
    has_fresh_sign_in,
    notify,
    reachable_contact,
    with_contact_value,
)
from domain.services.people.one_time_codes import SentCode
from domain.services.senders import ChangeNotice
from domain.store.audit import MEMBER_ACTOR, simple_act_write
from domain.store.document_store import Write
from domain.store.ledger import members
from domain.store.ledger.members import ProfileChange, StoredMember
from domain.store.people import contact_changes, contacts, sign_in_codes
from domain.store.people.contact_changes import StoredContactChange
from domain.store.people.details import Details


@dataclass(frozen=True, slots=True)
class RequestedRemoval:
    """A code was sent to a present contact, which approves that another one goes."""

    sent: SentCode
    sent_to: Contact


# ---------------------------------------------------------------- rules
def removed_and_left(details: Details, kind: ContactKind) -> tuple[Contact, Contact]:
    """Return the contact of a kind, and the one that stays. Raises InvalidInput where either is missing."""
    removed = next((contact for contact in contacts_of(details) if contact.kind == kind), None)
    if removed is None:
        raise InvalidInput("kind", "The membership has none of this kind.")
    left = next((contact for contact in contacts_of(details) if contact.kind != kind), None)
    if left is None:
        raise InvalidInput("kind", "It is the only contact: add another one first, or nobody could sign in.")
    return removed, left


def _purpose(identity: IdentityRuntime, member: str, removed: Contact) -> str:
    return f"remove:{member}:{rules.contact_hash(identity.secret, removed.key)}"


# ---------------------------------------------------------------- writes
async def remove_contact(
    identity: IdentityRuntime,
    *,
    member: str,
    session: str,
    kind: ContactKind,
    typed: TypedCode | None,
    locale: str,
    now: datetime,
) -> RequestedRemoval | None:
    """Take a contact away; without a code, and a while after the sign-in, send one instead.

    Raises InvalidInput, SignInRefused, ContactProofNeeded, TooManyRequests and NotFound.
    """
    removed, left = removed_and_left((await load_member(identity, member)).details, kind)
    if typed is None and not await has_fresh_sign_in(identity, session, now):
        return await _request_code(identity, member, removed, left, locale=locale, now=now)
    proof_writes = []
    if typed is not None:
        proven = await one_time_codes.prove_contact(
            identity,
            reachable_contact(identity, (left, removed)),
            typed.code,
            challenge=typed.challenge,
            purposes=(_purpose(identity, member, removed),),
            now=now,
        )
        proof_writes.append(sign_in_codes.use_write(proven.record_id, challenge=proven.challenge))
    undo_token = secrets.token_urlsafe(UNDO_TOKEN_BYTES)

    async def attempt() -> str:
        stored_member = await load_member(identity, member)
        present, _ = removed_and_left(stored_member.details, kind)
        if present != removed:
            raise InvalidInput("kind", "The contact has changed meanwhile: look at it again.")
        writes = await _removal_writes(identity, stored_member, removed, undo_token=undo_token, now=now)
        try:
            await identity.store.transact([*proof_writes, *writes])
        except sign_in_codes.CodeGone:
            raise SignInRefused("EXPIRED_CODE") from None
        return stored_member.details.locale

    told_in = await identity.store.run_rounds(attempt, queue=member)
    for contact in (removed, left):
        await notify(identity, contact, ChangeNotice(removed, told_in, undo_token, is_removal=True))
    return None


async def _request_code(
    identity: IdentityRuntime, member: str, removed: Contact, left: Contact, *, locale: str, now: datetime
) -> RequestedRemoval:
    sent_to = reachable_contact(identity, (left, removed))
    sent = await one_time_codes.send_code(
        identity,
        sent_to,
        purpose=_purpose(identity, member, removed),
        locale=locale,
        use="remove_contact",
        changed_contact=removed,
        now=now,
    )
    return RequestedRemoval(sent, sent_to)


async def _removal_writes(
    identity: IdentityRuntime,
    stored_member: StoredMember,
    removed: Contact,
    *,
    undo_token: str,
    now: datetime,
) -> list[Write]:
    member, until = stored_member.member.id, now + HELD_FOR
    details = with_contact_value(stored_member.details, removed.kind, None)
    return [
        contacts.hold_write(removed.key, member, until=until),
        members.profile_write(member, ProfileChange(stored_member.profile_version, details)),
        *profile_changes.told_writes(identity, stored_member, details, now=now),
        contact_changes.open_write(
            StoredContactChange(rules.token_hash(undo_token), member, removed.kind, removed, None, now, until)
        ),
        simple_act_write("CONTACT_REMOVED", actor=MEMBER_ACTOR, now=now, subject=removed.kind, member=member),
        *await own_memberships.contact_writes(identity.store, member, [removed.key]),
    ]
