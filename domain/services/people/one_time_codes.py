"""One-time codes: sent to a contact, tried, used up.

Nothing here looks whether a contact is known, so a known and an unknown contact take the same time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime

from domain.model.people import sign_in as rules
from domain.model.people.contacts import Contact
from domain.services.errors import SignInRefused, TooManyRequests
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.people import sign_in_codes
from domain.store.people.sign_in_codes import LiveCode, Reservation, SignInRecord

SIGN_IN_PURPOSE = "sign_in"
# Each lost race is a try or a code of another caller; five of each are allowed.
MAX_ROUNDS = 16


@dataclass(frozen=True, slots=True)
class ProvenContact:
    """A contact that was just proven. `code_hash` names the code to use up.

    `reservation` is the membership that waits for the contact.
    """

    contact: Contact
    record_id: str
    code_hash: str
    reservation: Reservation | None


def contact_change_purpose(member: str) -> str:
    """Return the purpose of a code that proves a member's new contact."""
    return f"change:{member}"


def issue_code(
    identity: IdentityRuntime,
    record: SignInRecord,
    contact: Contact,
    *,
    purpose: str,
    now: datetime,
    reservation: Reservation | None = None,
) -> tuple[SignInRecord, str]:
    """Return a contact's record with a new code that replaces any before it, and the code. Raises
    TooManyRequests.
    """
    allowance = rules.code_allowance(record.sent_at, per_hour=identity.codes_per_hour, now=now)
    if not allowance.is_free:
        raise TooManyRequests(math.ceil(allowance.wait.total_seconds()))
    code = rules.make_code(identity.draw_random(10**rules.DIGITS))
    code_hash = rules.code_hash(identity.secret, contact=contact.key, purpose=purpose, code=code)
    live_code = LiveCode(code_hash, purpose, now + rules.LIFE)
    return replace(
        record,
        sent_at=(*allowance.sent, now),
        live=live_code,
        reservation=reservation or pending_reservation(record, now),
    ), code


def pending_reservation(record: SignInRecord, now: datetime) -> Reservation | None:
    """Return the reservation that still waits for its first sign-in."""
    reservation = record.reservation
    return reservation if reservation and now < reservation.at + rules.RESERVATION else None


async def send_code(
    identity: IdentityRuntime, contact: Contact, *, purpose: str, locale: str, now: datetime
) -> datetime:
    """Send a code to a contact; return until when it works.

    Raises TooManyRequests, and what the sender raises where it cannot reach the contact.
    """
    identity.code_sender.expect_reach(contact)
    contact_hash = rules.contact_hash(identity.secret, contact.key)
    for _ in range(MAX_ROUNDS):
        record = await sign_in_codes.find(identity.store, contact_hash)
        record_after, code = issue_code(identity, record, contact, purpose=purpose, now=now)
        if await sign_in_codes.put(identity.store, record_after, now=now):
            await identity.code_sender.send_code(contact, code, locale)
            return now + rules.LIFE
    raise TooManyRequests(1)


async def prove_contact(
    identity: IdentityRuntime, contact: Contact, code: str, *, purpose: str, now: datetime
) -> ProvenContact:
    """Try a code. The try is counted before it is checked. Raises SignInRefused with the tries left."""
    contact_hash = rules.contact_hash(identity.secret, contact.key)
    for _ in range(MAX_ROUNDS):
        record = await sign_in_codes.find(identity.store, contact_hash)
        live_code = record.live
        if live_code is None or live_code.purpose != purpose or live_code.expires_at <= now:
            raise SignInRefused("EXPIRED_CODE")
        if live_code.attempts >= rules.ATTEMPTS:
            raise SignInRefused("TOO_MANY_ATTEMPTS", attempts_left=0)
        tried_code = replace(live_code, attempts=live_code.attempts + 1)
        if not await sign_in_codes.put(identity.store, replace(record, live=tried_code), now=now):
            continue
        code_hash = rules.code_hash(
            identity.secret, contact=contact.key, purpose=purpose, code=code.replace(" ", "")
        )
        if not rules.hashes_match(code_hash, live_code.code_hash):
            raise SignInRefused("WRONG_CODE", attempts_left=rules.ATTEMPTS - tried_code.attempts)
        return ProvenContact(contact, contact_hash, code_hash, pending_reservation(record, now))
    raise SignInRefused("TOO_MANY_ATTEMPTS", attempts_left=0)
