"""One-time codes: sent to a contact, tried, used up. Each belongs to a challenge that the asker is given.

No answer depends on whether a contact is known, so a known and an unknown one take the same time.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from domain.model.people import sign_in as rules
from domain.model.people.contacts import Contact
from domain.model.people.sign_in import HourAllowance
from domain.model.values import dataclass
from domain.services.errors import ContactOutOfReach, InvalidInput, SignInRefused, TooManyRequests
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.senders import CodeMessage, CodeUse
from domain.store.people import contacts, sign_in_codes
from domain.store.people.sign_in_codes import ANY_DEVICE, Challenge, CodeCounts, SignInRecord

SIGN_IN_PURPOSE = "sign_in"
CHALLENGE_BYTES = 16
# Each lost race is a try or a code of another caller, and those are bounded.
MAX_ROUNDS = 16


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class SentCode:
    """A code that was sent: the challenge that it belongs to, and until when it works."""

    challenge: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ProvenContact:
    """A contact that was just proven, by the code of a challenge that is still to be used up."""

    contact: Contact
    record_id: str
    challenge: str
    purpose: str


# ---------------------------------------------------------------- rules
def expect_reach(identity: IdentityRuntime, contact: Contact, *, field: str) -> None:
    """Raise InvalidInput where nothing can be sent to such a contact but to another, else
    ContactOutOfReach.
    """
    try:
        identity.code_sender.expect_reach(contact)
    except ContactOutOfReach as error:
        if error.is_input_fault:
            raise InvalidInput(field, error.message) from None
        raise


def issue_code(
    identity: IdentityRuntime,
    record: SignInRecord,
    contact: Contact,
    *,
    purpose: str,
    challenge: str,
    device: str = ANY_DEVICE,
    now: datetime,
) -> tuple[SignInRecord, str]:
    """Return a contact's record with one more challenge, and its code. Raises TooManyRequests."""
    sent, tried = _hour_allowances(identity, record.counts_of(device), now)
    wait = max(sent.wait, tried.wait)
    if wait > timedelta(0):
        raise TooManyRequests(math.ceil(wait.total_seconds()))
    code = rules.make_code(identity.draw_random(10**rules.DIGITS))
    code_hash = rules.code_hash(
        identity.secret, contact=contact.key, purpose=purpose, challenge=challenge, code=code
    )
    issued = Challenge(challenge, code_hash, purpose, device, now + rules.LIFE)
    standing = (each for each in record.challenges if each.expires_at > now and each.id != challenge)
    counts = CodeCounts((*sent.recent, now), tried.recent)
    return replace(
        record, challenges=(*standing, issued), counts=_with_counts(identity, record, device, counts, now)
    ), code


def _hour_allowances(
    identity: IdentityRuntime, counts: CodeCounts, now: datetime
) -> tuple[HourAllowance, HourAllowance]:
    """Return what the last hour leaves of codes, and of tries."""
    return (
        rules.hour_allowance(counts.sent_at, per_hour=identity.codes_per_hour, now=now),
        rules.hour_allowance(counts.tried_at, per_hour=rules.ATTEMPTS_PER_HOUR, now=now),
    )


def _with_counts(
    identity: IdentityRuntime, record: SignInRecord, device: str, counts: CodeCounts, now: datetime
) -> dict[str, CodeCounts]:
    """Return a record's counts with those of one device replaced, and without those of an hour ago."""
    changed = {**record.counts, device: counts}
    recent = {}
    for name, each in changed.items():
        sent, tried = _hour_allowances(identity, each, now)
        if sent.recent or tried.recent:
            recent[name] = CodeCounts(sent.recent, tried.recent)
    return recent


def _find_challenge(
    record: SignInRecord, *, challenge: str | None, purposes: Collection[str], device: str, now: datetime
) -> Challenge | None:
    """Return the challenge of that name; without a name the newest of the device, else of any device.

    Those of other known devices are left out, so that nobody else uses up their tries.
    """
    waiting = [each for each in record.challenges if each.purpose in purposes and each.expires_at > now]
    if challenge is not None:
        return next((each for each in waiting if each.id == challenge), None)
    own = [each for each in waiting if each.device == device]
    return next(reversed(own or [each for each in waiting if each.device == ANY_DEVICE]), None)


async def is_phone_of_member(identity: IdentityRuntime, contact: Contact, *, now: datetime) -> bool:
    """Tell whether a member has a phone. Only for whoever sends there: the answer to the asker stays the
    same.
    """
    return (
        contact.kind == "phone"
        and await contacts.find_member(identity.store, contact.key, now=now) is not None
    )


# ---------------------------------------------------------------- writes
async def send_code(
    identity: IdentityRuntime,
    contact: Contact,
    *,
    purpose: str,
    locale: str,
    device: str = ANY_DEVICE,
    use: CodeUse = "sign_in",
    changed_contact: Contact | None = None,
    reward: str | None = None,
    now: datetime,
) -> SentCode:
    """Send a code to a contact.

    Raises TooManyRequests, InvalidInput and ContactOutOfReach, and what the sender raises where it does not
    leave.
    """
    expect_reach(identity, contact, field="contact")
    contact_hash = rules.contact_hash(identity.secret, contact.key)
    challenge = rules.new_challenge(secrets.token_bytes(CHALLENGE_BYTES))
    for _ in range(MAX_ROUNDS):
        record = await sign_in_codes.find(identity.store, contact_hash)
        record_after, code = issue_code(
            identity, record, contact, purpose=purpose, challenge=challenge, device=device, now=now
        )
        if await sign_in_codes.put(identity.store, record_after, now=now):
            is_member = await is_phone_of_member(identity, contact, now=now)
            message = CodeMessage(code, locale, use, changed_contact, is_member, reward)
            await identity.code_sender.send_code(contact, message)
            return SentCode(challenge, now + rules.LIFE)
    raise TooManyRequests(1)


async def prove_contact(
    identity: IdentityRuntime,
    contact: Contact,
    code: str,
    *,
    challenge: str | None,
    purposes: Collection[str],
    device: str = ANY_DEVICE,
    now: datetime,
) -> ProvenContact:
    """Try a code. The try is counted before it is checked, but what cannot be a code costs none.

    Raises SignInRefused with the tries left.
    """
    contact_hash = rules.contact_hash(identity.secret, contact.key)
    digits = rules.read_code(code)
    for _ in range(MAX_ROUNDS):
        record = await sign_in_codes.find(identity.store, contact_hash)
        waiting = _find_challenge(record, challenge=challenge, purposes=purposes, device=device, now=now)
        if waiting is None:
            raise SignInRefused("EXPIRED_CODE")
        counts = record.counts_of(waiting.device)
        sent, tried = _hour_allowances(identity, counts, now)
        attempts_left = min(rules.ATTEMPTS - waiting.attempts, tried.left)
        if attempts_left <= 0:
            raise SignInRefused("TOO_MANY_ATTEMPTS", attempts_left=0)
        if digits is None:
            raise SignInRefused("WRONG_CODE", attempts_left=attempts_left)
        counts_after = CodeCounts(sent.recent, (*tried.recent, now))
        record_after = replace(
            record,
            challenges=tuple(
                replace(each, attempts=each.attempts + 1) if each.id == waiting.id else each
                for each in record.challenges
            ),
            counts=_with_counts(identity, record, waiting.device, counts_after, now),
        )
        if not await sign_in_codes.put(identity.store, record_after, now=now):
            continue
        code_hash = rules.code_hash(
            identity.secret,
            contact=contact.key,
            purpose=waiting.purpose,
            challenge=waiting.id,
            code=digits,
        )
        if not rules.hashes_match(code_hash, waiting.code_hash):
            raise SignInRefused("WRONG_CODE", attempts_left=attempts_left - 1)
        return ProvenContact(contact, contact_hash, waiting.id, waiting.purpose)
    raise SignInRefused("TOO_MANY_ATTEMPTS", attempts_left=0)
