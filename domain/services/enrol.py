"""Joining: a membership is reserved for a contact, and begins with the first sign-in that proves it.

Nothing here looks whether the contact is known: the answer is the same, and so is the time. Who is a member
already is signed in by the code, and their reservation comes to nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime

import orjson

from domain.model.event_names import ENROLLED
from domain.model.ledger.decide import decide, new_member
from domain.model.ledger.events import Event
from domain.model.people import codes
from domain.model.people import sign_in as rules
from domain.model.people.contacts import Contact
from domain.model.programme import Programme
from domain.services import fields
from domain.services.consents import AT_ENROLMENT, IN_THE_APP, Answer, given
from domain.services.desk import Desk
from domain.services.errors import Conflicting, InvalidInput
from domain.services.house import Binding, committed, once
from domain.services.one_time import SIGN_IN, Proven, issued
from domain.services.terms import expect_current
from domain.store import requests
from domain.store.document_store import Write
from domain.store.ledger import members
from domain.store.ledger.members import Details
from domain.store.people import contacts, sign_in_codes
from domain.store.people.sign_in_codes import Reservation
from domain.store.requests import Reply, RequestKey


@dataclass(frozen=True, slots=True)
class Application:
    """What somebody says who wants to join; exactly one of email and phone."""

    name: str
    terms_version: str
    email: str | None = None
    phone: str | None = None
    birthday: date | None = None
    locale: str | None = None
    timezone: str | None = None
    consents: tuple[Answer, ...] = ()
    referral_code: str | None = None


@dataclass(frozen=True, slots=True)
class CodeSent:
    """A code is on its way: to where, as a hint, and until when it works."""

    sent_to: str
    expires_at: datetime


# ---------------------------------------------------------------- reserving
async def enrol(desk: Desk, application: Application, *, key: str, now: datetime) -> CodeSent:
    """Reserve a membership and send a code. The same key and application again answer the same and send
    nothing.

    Raises InvalidInput, TermsNotAccepted, Conflicting and TooMany.
    """
    contact = fields.one_contact(application.email, application.phone)
    request = _request(desk, contact, application, fields.key(key))
    if (answered := await _recalled(desk, request, contact, now)) is not None:
        return answered
    desk.sender.expect_reach(contact)
    reserved = await _reservation(desk, application, now)

    id = rules.contact_hash(desk.secret, contact.key)

    async def act(binding: Binding) -> tuple[CodeSent, str | None]:
        record = await sign_in_codes.find(desk.store, id)
        after, code = issued(desk, record, contact, purpose=SIGN_IN, now=now, reserved=reserved)
        sent = CodeSent(contact.masked, now + rules.LIFE)
        await desk.store.transact(
            [binding.to({"expires_at": sent.expires_at}), sign_in_codes.put_write(after, now=now)]
        )
        return sent, code

    async def again(reply: Reply) -> tuple[CodeSent, None]:
        return _answer(reply, contact), None

    sent, code = await once(desk.house, request=request, queue=id, now=now, act=act, again=again)
    if code is not None:
        await desk.sender.send_code(contact, code, reserved.locale)
    return sent


def _request(desk: Desk, contact: Contact, application: Application, key: str) -> RequestKey:
    said = orjson.dumps(
        {**asdict(application), "email": None, "phone": None}, option=orjson.OPT_SORT_KEYS
    ).decode()
    scope = requests.contact_scope(rules.contact_hash(desk.secret, contact.key))
    asked: Mapping[str, object] = {"application": rules.input_hash(desk.secret, contact.key, said)}
    return requests.request_key(scope=scope, key=key, operation="enrol", request_input=asked)


async def _recalled(desk: Desk, request: RequestKey, contact: Contact, now: datetime) -> CodeSent | None:
    try:
        reply = await requests.recall(desk.store, request, now=now)
    except requests.KeyReused:
        raise Conflicting from None
    return None if reply is None else _answer(reply, contact)


def _answer(reply: Reply, contact: Contact) -> CodeSent:
    expires_at = reply["expires_at"]
    assert isinstance(expires_at, datetime), "the reply is ours"
    return CodeSent(contact.masked, expires_at)


async def _reservation(desk: Desk, application: Application, now: datetime) -> Reservation:
    programme = desk.programme
    header = programme.programme
    locale = header.locales[0] if application.locale is None else fields.locale(application.locale, programme)
    return Reservation(
        name=fields.name(application.name),
        locale=locale,
        timezone=header.timezone if application.timezone is None else fields.timezone(application.timezone),
        birthday=None
        if application.birthday is None
        else fields.birthday(application.birthday, zone=programme.zone, now=now),
        terms=expect_current(programme, application.terms_version),
        consents=given(programme, application.consents, locale=locale, source=AT_ENROLMENT, now=now),
        referred_by=await _inviter(desk, programme, application.referral_code),
        at=now,
    )


async def _inviter(desk: Desk, programme: Programme, code: str | None) -> str | None:
    """Return the member whose referral code it is: a member's code is their membership number.

    A code whose check digit is wrong is refused, whoever mistyped it is told. One that nobody has joins
    without an invitation: whoever asks here has proven nothing, and may not learn which numbers there are.
    """
    if code is None:
        return None
    if programme.referral is None:
        raise InvalidInput("referralCode", "The programme has no referrals: leave the code out.")
    told = codes.classify(code[:64])
    if told.kind is not codes.CodeKind.NUMBER:
        raise InvalidInput(
            "referralCode", "This is no invitation code: it has ten digits. Look for a mistyped one."
        )
    return await contacts.find_member(desk.store, contacts.number_key(told.text))


# ---------------------------------------------------------------- beginning
async def begin_membership(
    desk: Desk, proven: Proven, reserved: Reservation, *, along: list[Write], member: str, now: datetime
) -> None:
    """Begin a membership in one transaction with the writes that come along. Raises ContactHeld where
    somebody has the contact.

    One round: the caller takes it again where it is Stale.
    """
    published = desk.house.programmes.current()
    number = codes.membership_number(secrets.randbelow(10**12))
    details = Details(
        name=reserved.name,
        email=proven.contact.value if proven.contact.kind == "email" else None,
        phone=proven.contact.value if proven.contact.kind == "phone" else None,
        birthday=reserved.birthday,
        locale=reserved.locale,
        timezone=reserved.timezone,
        terms=reserved.terms,
        consents=reserved.consents,
    )
    event = Event(
        id=f"enrol:{member}",
        name=ENROLLED,
        at=now,
        source=IN_THE_APP,
        data={"referredBy": reserved.referred_by},
        profile=details.profile,
    )
    world = await desk.house.shelf.stock_state(published.programme, now=now)
    decision = decide(
        published.programme,
        new_member(member, number),
        event,
        now=now,
        stock=world,
        version=published.number,
    )
    claims = [
        *along,
        contacts.take_write(proven.contact.key, member),
        contacts.take_write(contacts.number_key(number), member),
    ]
    if reserved.referred_by is not None:
        claims.append(members.count_invited_write(reserved.referred_by))
    await committed(desk.house, published, decision, now=now, claims=claims, details=details)
