"""Signing in: by a one-time code, or by contacts that somebody we trust has seen proven. The first sign-in of
somebody who has enrolled begins their membership.

A code works once: of twenty sign-ins at once with the right one, one gets a session and the others are
refused. Only who has proven a contact is told that nobody is enrolled with it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.model.people import sign_in as rules
from domain.model.people.contacts import Contact
from domain.services import fields, one_time, sessions
from domain.services.desk import Desk
from domain.services.enrol import begin_membership
from domain.services.errors import NotEnrolled, SignInRefused
from domain.services.sessions import Opened
from domain.store.document_store import Stale
from domain.store.people import contacts, sign_in_codes


@dataclass(frozen=True, slots=True)
class MemberSignedIn:
    """A member with a session; `enrolled` where their membership began with it."""

    member: str
    opened: Opened
    enrolled: bool


async def request_code(desk: Desk, *, contact: str, locale: str, now: datetime) -> datetime:
    """Send a code to a contact, known or not; return until when it works. Raises InvalidInput and TooMany."""
    return await one_time.send(
        desk, fields.contact(contact), purpose=one_time.SIGN_IN, locale=locale, now=now
    )


async def sign_in(
    desk: Desk, *, contact: str, code: str, installation: str | None = None, now: datetime
) -> MemberSignedIn:
    """Open a session for whoever has the code. Raises SignInRefused, NotEnrolled and InvalidInput."""
    where = fields.installation(installation)
    proven = await one_time.prove(desk, fields.contact(contact), code, purpose=one_time.SIGN_IN, now=now)
    using = sign_in_codes.use_write(proven.record_id, code_hash=proven.hashed)

    async def attempt() -> MemberSignedIn | None:
        known = await contacts.find_member(desk.store, proven.contact.key)
        member = known or secrets.token_hex(16)
        opened = sessions.new_session(desk, "member", member, now=now, installation=where)
        along = [using, *sessions.opening(opened.session)]
        try:
            if known is None and proven.reserved is None:
                await desk.store.transact([using])
                return None
            if known is None and proven.reserved is not None:
                await begin_membership(desk, proven, proven.reserved, along=along, member=member, now=now)
            else:
                await desk.store.transact(along)
        except sign_in_codes.CodeGone:
            raise SignInRefused("EXPIRED_CODE") from None
        except contacts.ContactInUse as fault:
            # Somebody has begun a membership with this contact, or drawn this number: the next round sees it.
            raise Stale("taken meanwhile") from fault
        return MemberSignedIn(member, opened, enrolled=known is None)

    signed_in = await desk.store.run_rounds(attempt, queue=proven.record_id)
    if signed_in is None:
        raise NotEnrolled
    return signed_in


async def sign_in_proven(
    desk: Desk, proven: Sequence[Contact], *, installation: str | None = None, now: datetime
) -> MemberSignedIn:
    """Open a session for whoever holds these contacts, which are proven already: the first that a member has,
    else the first enrolled.

    Raises NotEnrolled and InvalidInput.
    """
    where = fields.installation(installation)
    ids = [rules.contact_hash(desk.secret, contact.key) for contact in proven]

    async def attempt() -> MemberSignedIn | None:
        for contact in proven:
            if (known := await contacts.find_member(desk.store, contact.key)) is not None:
                opened = sessions.new_session(desk, "member", known, now=now, installation=where)
                await desk.store.transact(sessions.opening(opened.session))
                return MemberSignedIn(known, opened, enrolled=False)
        for contact, id in zip(proven, ids, strict=True):
            record = await sign_in_codes.find(desk.store, id)
            if (reserved := one_time.standing(record, now)) is not None:
                member = secrets.token_hex(16)
                opened = sessions.new_session(desk, "member", member, now=now, installation=where)
                used = sign_in_codes.put_write(replace(record, live=None, reservation=None), now=now)
                holder = one_time.Proven(contact, id, "", reserved)
                try:
                    await begin_membership(
                        desk,
                        holder,
                        reserved,
                        along=[used, *sessions.opening(opened.session)],
                        member=member,
                        now=now,
                    )
                except contacts.ContactInUse as fault:
                    raise Stale("taken meanwhile") from fault
                return MemberSignedIn(member, opened, enrolled=True)
        return None

    signed_in = await desk.store.run_rounds(attempt, queue=ids[0])
    if signed_in is None:
        raise NotEnrolled
    return signed_in
