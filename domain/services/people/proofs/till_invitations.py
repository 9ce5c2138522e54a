"""A code that a till has sent to somebody who wants to join: with it they prove their contact on their own
phone, and begin the membership there.

It is a code to sign in: whoever has it signs in by it, so it is never told to staff.
"""

from __future__ import annotations

from datetime import datetime

from domain.model.people import sign_in as rules
from domain.model.people.contacts import Contact
from domain.services.errors import TooManyRequests
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.one_time_codes import (
    MAX_ROUNDS,
    SIGN_IN_PURPOSE,
    SentCode,
    expect_reach,
    issue_code,
)
from domain.services.senders import CodeMessage
from domain.store.people import sign_in_codes
from domain.store.requests import RequestKey


async def send(
    identity: IdentityRuntime, contact: Contact, *, request: RequestKey, locale: str, now: datetime
) -> SentCode:
    """Send a code to a contact once for a request: asked again, it answers the same while that code works.

    Raises TooManyRequests, InvalidInput and ContactOutOfReach, and what the sender raises where it does not
    leave.
    """
    expect_reach(identity, contact, field="contact")
    contact_hash = rules.contact_hash(identity.secret, contact.key)
    challenge = rules.enrolment_challenge(
        identity.secret, request=request.id, request_input=request.input_hash
    )
    for _ in range(MAX_ROUNDS):
        record = await sign_in_codes.find(identity.store, contact_hash)
        sent = next((each for each in record.challenges if each.id == challenge), None)
        if sent is not None and now < sent.expires_at:
            return SentCode(challenge, sent.expires_at)
        record_after, code = issue_code(
            identity, record, contact, purpose=SIGN_IN_PURPOSE, challenge=challenge, now=now
        )
        if await sign_in_codes.put(identity.store, record_after, now=now):
            await identity.code_sender.send_code(contact, CodeMessage(code, locale, "join"))
            return SentCode(challenge, now + rules.LIFE)
    raise TooManyRequests(1)
