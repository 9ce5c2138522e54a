"""One-time codes as a story: sent to a contact, tried, used up.

Nothing here looks whether a contact is known, so it is the same work, and the same time, for one that is and
one that is not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime

from domain.model.people import sign_in as rules
from domain.model.people.contacts import Contact
from domain.services.desk import Desk
from domain.services.errors import SignInRefused, TooMany
from domain.store.people import sign_in_codes
from domain.store.people.sign_in_codes import LiveCode, Reservation, SignInRecord

SIGN_IN = "sign_in"
# Each lost race is another's try or another code, and of those there are five and five.
ROUNDS = 16


@dataclass(frozen=True, slots=True)
class Proven:
    """A contact that somebody has just proven; `hashed` names the code to use up. `reserved` is the
    membership that waits for it.
    """

    contact: Contact
    record_id: str
    hashed: str
    reserved: Reservation | None


def changing(member: str) -> str:
    """Return the purpose of a code that proves a member's new contact."""
    return f"change:{member}"


def issued(
    desk: Desk,
    record: SignInRecord,
    contact: Contact,
    *,
    purpose: str,
    now: datetime,
    reserved: Reservation | None = None,
) -> tuple[SignInRecord, str]:
    """Return a contact's record with a new code in the place of any before it, and the code. Raises
    TooMany.
    """
    room = rules.code_allowance(record.sent_at, per_hour=desk.codes_per_hour, now=now)
    if not room.is_free:
        raise TooMany(math.ceil(room.wait.total_seconds()))
    code = rules.make_code(desk.draw(10**rules.DIGITS))
    hashed = rules.code_hash(desk.secret, contact=contact.key, purpose=purpose, code=code)
    live = LiveCode(hashed, purpose, now + rules.LIFE)
    return replace(
        record, sent_at=(*room.sent, now), live=live, reservation=reserved or standing(record, now)
    ), code


def standing(record: SignInRecord, now: datetime) -> Reservation | None:
    """Return the reservation that still waits for its first sign-in."""
    reserved = record.reservation
    return reserved if reserved and now < reserved.at + rules.RESERVATION else None


async def send(desk: Desk, contact: Contact, *, purpose: str, locale: str, now: datetime) -> datetime:
    """Send a code to a contact; return until when it works. Raises TooMany, and what the sender raises that
    cannot reach it.
    """
    desk.sender.expect_reach(contact)
    id = rules.contact_hash(desk.secret, contact.key)
    for _ in range(ROUNDS):
        record = await sign_in_codes.find(desk.store, id)
        after, code = issued(desk, record, contact, purpose=purpose, now=now)
        if await sign_in_codes.put(desk.store, after, now=now):
            await desk.sender.send_code(contact, code, locale)
            return now + rules.LIFE
    raise TooMany(1)


async def prove(desk: Desk, contact: Contact, code: str, *, purpose: str, now: datetime) -> Proven:
    """Try a code. The try is counted before it is judged. Raises SignInRefused with the tries that are
    left.
    """
    id = rules.contact_hash(desk.secret, contact.key)
    for _ in range(ROUNDS):
        record = await sign_in_codes.find(desk.store, id)
        live = record.live
        if live is None or live.purpose != purpose or live.expires_at <= now:
            raise SignInRefused("EXPIRED_CODE")
        if live.attempts >= rules.ATTEMPTS:
            raise SignInRefused("TOO_MANY_ATTEMPTS", attempts_left=0)
        tried = replace(live, attempts=live.attempts + 1)
        if not await sign_in_codes.put(desk.store, replace(record, live=tried), now=now):
            continue
        hashed = rules.code_hash(
            desk.secret, contact=contact.key, purpose=purpose, code=code.replace(" ", "")
        )
        if not rules.hashes_match(hashed, live.code_hash):
            raise SignInRefused("WRONG_CODE", attempts_left=rules.ATTEMPTS - tried.attempts)
        return Proven(contact, id, hashed, standing(record, now))
    raise SignInRefused("TOO_MANY_ATTEMPTS", attempts_left=0)
