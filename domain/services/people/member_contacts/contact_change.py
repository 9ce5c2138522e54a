"""A member's new e-mail address or phone number: proven first, then set, and the old one held for a week.

Whoever has only an access token changes nothing: a change also takes a code that was sent to a present
contact, or a sign-in of the last ten minutes. A contact that was there before gets a notice with a link that
undoes the change, and the one that was replaced keeps signing in for a week, so that nobody loses a
membership to a thief.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from domain.model.people import sign_in as rules
from domain.model.people.contacts import Contact, ContactKind
from domain.model.values import dataclass
from domain.services.decisions import load_member
from domain.services.errors import ContactOutOfReach, ContactProofNeeded, ContactTaken, SignInRefused
from domain.services.four_eyes import own_memberships
from domain.services.people import field_checks, one_time_codes, profile_changes
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.one_time_codes import ProvenContact, SentCode
from domain.services.people.proofs import order_claims, parked_claims
from domain.services.senders import ChangeNotice
from domain.store.audit import MEMBER_ACTOR, simple_act_write
from domain.store.document_store import Stale, Write
from domain.store.ledger import members
from domain.store.ledger.members import ProfileChange, StoredMember
from domain.store.people import contact_changes, contacts, sessions, sign_in_codes
from domain.store.people.contact_changes import StoredContactChange
from domain.store.people.contacts import ContactHolder
from domain.store.people.details import Details

FRESH_SIGN_IN = timedelta(minutes=10)
HELD_FOR = timedelta(days=7)
UNDO_TOKEN_BYTES = 32
NOTICE_SECONDS = 5.0

log = structlog.get_logger(__name__)


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class TypedCode:
    """A code as somebody typed it, and the challenge that it belongs to; None for the contact's newest."""

    code: str
    challenge: str | None = None


@dataclass(frozen=True, slots=True)
class RequestedChange:
    """A code was sent to the new contact, and one to a present contact where that has to be proven too."""

    sent: SentCode
    current: SentCode | None = None
    current_contact: Contact | None = None


# ---------------------------------------------------------------- rules
def contacts_of(details: Details) -> list[Contact]:
    """Return the contacts that a member has."""
    values = (("email", details.email), ("phone", details.phone))
    return [Contact(kind, value) for kind, value in values if value is not None]  # type: ignore[arg-type]


def contact_of_kind(details: Details, contact: Contact) -> Contact | None:
    """Return the member's contact of the same kind."""
    return next((each for each in contacts_of(details) if each.kind == contact.kind), None)


def with_contact_value(details: Details, kind: ContactKind, value: str | None) -> Details:
    """Return details with another contact of a kind; None for none."""
    return replace(details, email=value) if kind == "email" else replace(details, phone=value)


def reachable_contact(identity: IdentityRuntime, candidates: Iterable[Contact]) -> Contact:
    """Return the first contact that a code can reach. Raises ContactProofNeeded where there is none."""
    for contact in candidates:
        try:
            identity.code_sender.expect_reach(contact)
        except ContactOutOfReach:
            continue
        return contact
    raise ContactProofNeeded


def _change_purpose(member: str, *, is_approved: bool) -> str:
    """Return the purpose of a code for a new contact. One that was asked for right after a sign-in is
    approved: what the sign-in has proven holds as long as the code.
    """
    return f"change:{member}:approved" if is_approved else f"change:{member}"


def _approval_purpose(identity: IdentityRuntime, member: str, new_contact: Contact) -> str:
    """Return the purpose of a code for a present contact: it approves this new contact and no other."""
    return f"approve:{member}:{rules.contact_hash(identity.secret, new_contact.key)}"


def _contact_to_prove(identity: IdentityRuntime, details: Details, new_contact: Contact) -> Contact:
    """Return the present contact that is to approve a new one: that of its kind first, where it can be
    reached. Raises ContactProofNeeded.
    """
    present = sorted(contacts_of(details), key=lambda contact: contact.kind != new_contact.kind)
    return reachable_contact(identity, present)


# ---------------------------------------------------------------- writes
async def request_change(
    identity: IdentityRuntime, *, member: str, session: str, contact: str, locale: str, now: datetime
) -> RequestedChange:
    """Send a code to a new contact, free or taken alike, and to a present one unless the sign-in is fresh.

    Raises InvalidInput, TooManyRequests, ContactProofNeeded, NotFound.
    """
    new_contact = field_checks.read_contact_field(contact)
    one_time_codes.expect_reach(identity, new_contact, field="contact")
    current, current_contact = None, None
    is_approved = await has_fresh_sign_in(identity, session, now)
    if not is_approved:
        details = (await load_member(identity, member)).details
        current_contact = _contact_to_prove(identity, details, new_contact)
        current = await one_time_codes.send_code(
            identity,
            current_contact,
            purpose=_approval_purpose(identity, member, new_contact),
            locale=locale,
            use="approve_contact",
            changed_contact=new_contact,
            now=now,
        )
    sent = await one_time_codes.send_code(
        identity,
        new_contact,
        purpose=_change_purpose(member, is_approved=is_approved),
        locale=locale,
        use="new_contact",
        now=now,
    )
    return RequestedChange(sent, current, current_contact)


async def change_contact(
    identity: IdentityRuntime,
    *,
    member: str,
    session: str,
    contact: str,
    typed: TypedCode,
    approval: TypedCode | None = None,
    now: datetime,
) -> None:
    """Make a proven contact the member's.

    Raises SignInRefused, ContactProofNeeded, ContactTaken, InvalidInput and NotFound.
    """
    new_contact = field_checks.read_contact_field(contact)
    is_approved = await has_fresh_sign_in(identity, session, now)
    proofs = []
    if not is_approved and approval is not None:
        proofs.append(await _prove_present(identity, member, new_contact, approval, now))
        is_approved = True
    proven = await one_time_codes.prove_contact(
        identity,
        new_contact,
        typed.code,
        challenge=typed.challenge,
        purposes=[_change_purpose(member, is_approved=each) for each in (True, False)],
        now=now,
    )
    if not is_approved and proven.purpose != _change_purpose(member, is_approved=True):
        raise ContactProofNeeded
    proofs.append(proven)
    undo_token = secrets.token_urlsafe(UNDO_TOKEN_BYTES)

    async def attempt() -> tuple[ContactHolder | None, Details]:
        stored_member = await load_member(identity, member)
        holder = await contacts.find_holder(identity.store, new_contact.key)
        writes = [sign_in_codes.use_write(each.record_id, challenge=each.challenge) for each in proofs]
        is_free = holder is None or not holder.bars(member, now)
        if is_free:
            writes += change_writes(
                identity, stored_member, new_contact, holder=holder, undo_token=undo_token, now=now
            )
            writes += await employee_writes(identity, stored_member, new_contact)
            writes.append(parked_claims.claim_write(identity, [new_contact], member, now=now))
            writes += order_claims.claim_writes(identity, [new_contact], member, now=now)
        try:
            await identity.store.transact(writes)
        except sign_in_codes.CodeGone:
            raise SignInRefused("EXPIRED_CODE") from None
        except contacts.ContactInUse as error:
            raise Stale("somebody has it since") from error
        return None if is_free else holder, stored_member.details

    holder, details_before = await identity.store.run_rounds(attempt, queue=member)
    if holder is None:
        await notify_previous(identity, details_before, new_contact, undo_token=undo_token)
    elif holder.member != member:
        raise ContactTaken


def change_writes(
    identity: IdentityRuntime,
    stored_member: StoredMember,
    new_contact: Contact,
    *,
    holder: ContactHolder | None,
    undo_token: str,
    now: datetime,
) -> list[Write]:
    """Return the writes that give a member a contact, hold the one before it, and let that be undone."""
    member = stored_member.member.id
    previous = contact_of_kind(stored_member.details, new_contact)
    until = now + HELD_FOR
    details = with_contact_value(stored_member.details, new_contact.kind, new_contact.value)
    return [
        contacts.take_write(new_contact.key, member, holder=holder),
        *([contacts.hold_write(previous.key, member, until=until)] if previous is not None else []),
        members.profile_write(member, ProfileChange(stored_member.profile_version, details)),
        *profile_changes.told_writes(identity, stored_member, details, now=now),
        contact_changes.open_write(
            StoredContactChange(
                rules.token_hash(undo_token), member, new_contact.kind, previous, new_contact, now, until
            )
        ),
        simple_act_write(
            "CONTACT_CHANGED", actor=MEMBER_ACTOR, now=now, subject=new_contact.kind, member=member
        ),
    ]


async def employee_writes(
    identity: IdentityRuntime, stored_member: StoredMember, new_contact: Contact
) -> list[Write]:
    """Note the employees of both contacts: whose own membership it is stays so under another contact."""
    previous = contact_of_kind(stored_member.details, new_contact)
    keys = [each.key for each in (new_contact, previous) if each is not None]
    return await own_memberships.contact_writes(identity.store, stored_member.member.id, keys)


async def has_fresh_sign_in(identity: IdentityRuntime, session: str, now: datetime) -> bool:
    """Tell whether a session began in the last ten minutes; a refresh begins none."""
    stored_session = await sessions.find(identity.store, session)
    return (
        stored_session is not None
        and stored_session.is_alive(now)
        and now - stored_session.began_at <= FRESH_SIGN_IN
    )


async def _prove_present(
    identity: IdentityRuntime, member: str, new_contact: Contact, approval: TypedCode, now: datetime
) -> ProvenContact:
    details = (await load_member(identity, member)).details
    return await one_time_codes.prove_contact(
        identity,
        _contact_to_prove(identity, details, new_contact),
        approval.code,
        challenge=approval.challenge,
        purposes=(_approval_purpose(identity, member, new_contact),),
        now=now,
    )


async def notify_previous(
    identity: IdentityRuntime, details_before: Details, new_contact: Contact, *, undo_token: str | None
) -> None:
    """Tell the old contact, else the other one, of the new one. The change stands even where that fails."""
    notified_contact = contact_of_kind(details_before, new_contact) or next(
        iter(contacts_of(details_before)), None
    )
    if notified_contact is not None:
        await notify(identity, notified_contact, ChangeNotice(new_contact, details_before.locale, undo_token))


async def notify(identity: IdentityRuntime, notified_contact: Contact, notice: ChangeNotice) -> None:
    """Send a notice to a contact. What it tells stands even where that fails."""
    try:
        async with asyncio.timeout(NOTICE_SECONDS):
            await identity.code_sender.tell_changed(notified_contact, notice)
    except Exception as error:  # noqa: BLE001 - whatever it is, the change was made
        log.warning("contacts.notice_not_sent", channel=notified_contact.kind, fault=type(error).__name__)
