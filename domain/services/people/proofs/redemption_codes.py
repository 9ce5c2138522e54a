"""A code by which a member has a reward redeemed at a till, without a phone to show a card with.

It is sent to a contact of theirs, with the reward's title, and works for that reward at that store alone: a
code to sign in never redeems, and this one never signs in.
"""

from __future__ import annotations

from datetime import datetime

from domain.model.people.contacts import Contact
from domain.model.values import dataclass
from domain.services.decisions import load_member
from domain.services.errors import ContactOutOfReach, InvalidInput
from domain.services.people import one_time_codes
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.member_contacts.contact_change import contacts_of
from domain.store.document_store import Write
from domain.store.people import sign_in_codes
from domain.store.people.details import Details


@dataclass(frozen=True, slots=True)
class SentRedemptionCode:
    """A code that was sent to a member: a hint of the contact, its challenge, and until when it works."""

    sent_to: str
    challenge: str
    expires_at: datetime


async def send(
    identity: IdentityRuntime, *, member_id: str, reward: str, title: str, store: str, now: datetime
) -> SentRedemptionCode:
    """Send a code to a member's first contact that a sender reaches.

    Raises NotFound, ContactOutOfReach and TooManyRequests.
    """
    details = (await load_member(identity, member_id)).details
    contact = _reached_contact(identity, details)
    sent = await one_time_codes.send_code(
        identity,
        contact,
        purpose=_purpose(member_id, reward, store),
        locale=details.locale,
        use="redeem",
        reward=title,
        now=now,
    )
    return SentRedemptionCode(contact.masked, sent.challenge, sent.expires_at)


async def prove(
    identity: IdentityRuntime,
    *,
    member_id: str,
    reward: str,
    store: str,
    code: str,
    challenge: str | None,
    now: datetime,
) -> list[Write]:
    """Try a code; return the write that uses it up, which raises CodeGone. Raises SignInRefused."""
    details = (await load_member(identity, member_id)).details
    proven = await one_time_codes.prove_contact(
        identity,
        _reached_contact(identity, details),
        code,
        challenge=challenge,
        purposes=(_purpose(member_id, reward, store),),
        now=now,
    )
    return [sign_in_codes.use_write(proven.record_id, challenge=proven.challenge)]


def _purpose(member_id: str, reward: str, store: str) -> str:
    return f"redeem:{member_id}:{store}:{reward}"


def _reached_contact(identity: IdentityRuntime, details: Details) -> Contact:
    """Return the member's first contact that a sender reaches, a phone before an address. Raises
    ContactOutOfReach.
    """
    for contact in sorted(contacts_of(details), key=lambda contact: contact.kind != "phone"):
        try:
            one_time_codes.expect_reach(identity, contact, field="member")
        except (ContactOutOfReach, InvalidInput):
            continue
        return contact
    raise ContactOutOfReach("No contact of this member can be sent a code. Ask them to show their card.")
