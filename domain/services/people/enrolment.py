"""Enrolment: somebody applies for a membership, which begins with the first sign-in that proves the contact
and brings the token of that very application.

So an application belongs to whoever made it: a stranger's name, consents and inviter never become those of
the person who owns the contact. Several may wait for one contact side by side. Nothing here looks whether
the contact is known: the answer is the same, and so is the time. The code signs in a person who is a member
already; then the application lapses.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime

import orjson

from domain.model.calendar import local_day
from domain.model.event_names import ENROLLED
from domain.model.ledger.decide import (
    code_at_enrolment,
    consent_at_enrolment,
    decide_enrolment,
    new_member,
)
from domain.model.ledger.decision import CodeRefused
from domain.model.ledger.events import Event, Json
from domain.model.ledger.member import Member
from domain.model.people import codes
from domain.model.people import sign_in as rules
from domain.model.people.contacts import Contact
from domain.model.programme import Programme
from domain.model.values import dataclass
from domain.services import code_claims
from domain.services.code_claims import CodeClaim, EnteredCode
from domain.services.decisions import commit_decision
from domain.services.errors import InvalidInput
from domain.services.four_eyes import own_memberships
from domain.services.idempotency import KeyBinding, recall_reply, run_once
from domain.services.people import field_checks
from domain.services.people.consents import AT_ENROLMENT, IN_THE_APP, PurposeAnswer, check_answers
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.one_time_codes import (
    SIGN_IN_PURPOSE,
    expect_reach,
    is_phone_of_member,
    issue_code,
)
from domain.services.people.terms import check_current
from domain.services.senders import CodeMessage
from domain.store import requests
from domain.store.document_store import Write
from domain.store.ledger import members
from domain.store.people import code_tries, contacts, enrolments, sign_in_codes
from domain.store.people.contacts import ContactHolder
from domain.store.people.details import Details
from domain.store.people.enrolments import Reservation, StoredEnrolment
from domain.store.requests import Reply, RequestKey


@dataclass(frozen=True, slots=True)
class Application:
    """What a person who wants to join tells; exactly one of email and phone. The field names go into a stored
    hash; `code`, which is newer, only where there is one.
    """

    name: str
    terms_version: str
    email: str | None = None
    phone: str | None = None
    birthday: date | None = None
    locale: str | None = None
    timezone: str | None = None
    consents: tuple[PurposeAnswer, ...] = ()
    referral_code: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """An application waits: a hint of the contact that a code was sent to, until when the code works, the
    challenge that it belongs to, and the token that begins the membership.
    """

    sent_to: str
    expires_at: datetime
    challenge: str
    enrolment_token: str


@dataclass(frozen=True, slots=True)
class WaitingEnrolment:
    """An application whose contact was just proven, about to begin; `former_holder` had it before. `id` is
    None where it was made with the proof, so that it never waited.
    """

    id: str | None
    contact: Contact
    reservation: Reservation
    former_holder: ContactHolder | None


# ---------------------------------------------------------------- reserving
async def enrol(identity: IdentityRuntime, application: Application, *, key: str, now: datetime) -> Applied:
    """Reserve a membership and send a code.

    The same key and application again answer the same and send nothing. Raises InvalidInput,
    TermsNotAccepted, IdempotencyKeyConflict and TooManyRequests.
    """
    contact = field_checks.read_single_contact(application.email, application.phone)
    request = enrolment_key(identity, contact, application, key=key)
    if (reply := await recall_reply(identity, request, now=now)) is not None:
        return _applied_before(identity, request, reply, contact)
    expect_reach(identity, contact, field=contact.kind)
    reservation = await make_reservation(identity, application, now=now)

    contact_hash = rules.contact_hash(identity.secret, contact.key)

    async def act(key_binding: KeyBinding) -> tuple[Applied, str | None]:
        record = await sign_in_codes.find(identity.store, contact_hash)
        applied = _applied(identity, request, contact, expires_at=now + rules.LIFE)
        record_after, code = issue_code(
            identity, record, contact, purpose=SIGN_IN_PURPOSE, challenge=applied.challenge, now=now
        )
        enrolment_id = rules.token_hash(applied.enrolment_token)
        await identity.store.transact(
            [
                key_binding.write_for({"expires_at": applied.expires_at}),
                sign_in_codes.put_write(record_after, now=now),
                enrolments.put_write(StoredEnrolment(enrolment_id, contact_hash, reservation)),
            ]
        )
        return applied, code

    async def again(reply: Reply) -> tuple[Applied, None]:
        return _applied_before(identity, request, reply, contact), None

    applied, code = await run_once(
        identity, request=request, queue=contact_hash, now=now, act=act, answer_again=again
    )
    if code is not None:
        is_member = await is_phone_of_member(identity, contact, now=now)
        message = CodeMessage(code, reservation.locale, is_member=is_member)
        await identity.code_sender.send_code(contact, message)
    return applied


def enrolment_key(
    identity: IdentityRuntime,
    contact: Contact,
    application: Application,
    *,
    key: str,
    proven_by: Mapping[str, object] | None = None,
) -> RequestKey:
    """Return the identity of an application; `proven_by` is what was brought with it that proves its contact.
    Raises InvalidInput for a bad key.
    """
    field_checks.check_key(key)
    fields = {**asdict(application), "email": None, "phone": None}
    if application.code is None:
        del fields["code"]
    for answer in fields["consents"]:
        if answer["channels"] is None:
            del answer["channels"]
    application_text = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS).decode()
    scope = requests.contact_scope(rules.contact_hash(identity.secret, contact.key))
    request_input: Mapping[str, object] = {
        "application": rules.input_hash(identity.secret, contact.key, application_text),
        **(proven_by or {}),
    }
    return requests.request_key(scope=scope, key=key, operation="enrol", request_input=request_input)


def _applied(
    identity: IdentityRuntime, request: RequestKey, contact: Contact, *, expires_at: datetime
) -> Applied:
    """Return the answer to a request: its challenge and token are made of it, and stored nowhere."""
    made_of = {"request": request.id, "request_input": request.input_hash}
    return Applied(
        contact.masked,
        expires_at,
        rules.enrolment_challenge(identity.secret, **made_of),
        rules.enrolment_token(identity.secret, **made_of),
    )


def _applied_before(
    identity: IdentityRuntime, request: RequestKey, reply: Reply, contact: Contact
) -> Applied:
    expires_at = reply["expires_at"]
    assert isinstance(expires_at, datetime), "the reply is ours"
    return _applied(identity, request, contact, expires_at=expires_at)


async def make_reservation(
    identity: IdentityRuntime, application: Application, *, now: datetime
) -> Reservation:
    """Return what an application says, checked. Raises InvalidInput and TermsNotAccepted."""
    programme = identity.programme
    header = programme.programme
    locale = (
        header.locales[0]
        if application.locale is None
        else field_checks.check_locale(application.locale, programme)
    )
    return Reservation(
        name=field_checks.check_name(application.name),
        locale=locale,
        timezone=header.timezone
        if application.timezone is None
        else field_checks.check_timezone(application.timezone),
        birthday=_check_age(application.birthday, programme, now),
        terms=check_current(programme, application.terms_version),
        consents=check_answers(programme, application.consents, locale=locale, source=AT_ENROLMENT, now=now),
        referred_by=await _find_referrer(identity, programme, application.referral_code),
        at=now,
        code_digests=_read_code(identity, application.code),
    )


def _check_age(birthday: date | None, programme: Programme, now: datetime) -> date | None:
    if birthday is not None:
        return field_checks.check_birthday(birthday, programme, now=now)
    if (minimum_age := programme.programme.minimum_age) is not None:
        raise InvalidInput(
            "birthday", f"Give it: members of this programme are at least {minimum_age} years old."
        )
    return None


def _read_code(identity: IdentityRuntime, code: str | None) -> tuple[str, ...]:
    """Return the digests of a code. Which codes there are, nobody learns who has proven nothing."""
    return code_claims.read_digests(code, identity.all_secrets, field="code") if code is not None else ()


async def _find_referrer(identity: IdentityRuntime, programme: Programme, code: str | None) -> str | None:
    """Return the member whose referral code it is: a member's code is their membership number.

    A code with a wrong check digit is refused, so that a typing error is seen. With a code that no member
    has, the person joins without a referral: they have proven nothing, and may not learn which numbers exist.
    """
    if code is None:
        return None
    if programme.referral is None:
        raise InvalidInput("referralCode", "The programme has no referrals: leave the code out.")
    scanned_code = codes.classify(code[:64])
    if scanned_code.kind is not codes.CodeKind.NUMBER:
        raise InvalidInput(
            "referralCode", "This is no invitation code: it has ten digits. Look for a mistyped one."
        )
    return await contacts.find_member(identity.store, contacts.number_key(scanned_code.text))


# ---------------------------------------------------------------- beginning
async def find_waiting(
    identity: IdentityRuntime, token: str | None, *, proven: Sequence[Contact], now: datetime
) -> WaitingEnrolment | None:
    """Return the application of a token, with the proven contact that it was made for; else None."""
    if token is None:
        return None
    enrolment = await enrolments.find(identity.store, rules.token_hash(token))
    if enrolment is None or now >= enrolment.reservation.at + rules.RESERVATION:
        return None
    for contact in proven:
        hashes = {rules.contact_hash(secret, contact.key) for secret in identity.all_secrets}
        if enrolment.contact_hash in hashes:
            holder = await contacts.find_holder(identity.store, contact.key)
            return WaitingEnrolment(enrolment.id, contact, enrolment.reservation, holder)
    return None


async def begin_membership(
    identity: IdentityRuntime,
    enrolment: WaitingEnrolment,
    *,
    extra_writes: list[Write],
    bind_key: code_claims.KeyBinder = code_claims.bind_no_key,
    member: str,
    now: datetime,
) -> EnteredCode | CodeRefused | None:
    """Begin a membership in one transaction with `extra_writes`; return what came of the code that was given
    with it. `bind_key` makes the writes that bind the request's key. Raises
    ContactInUse, and KeyBound.

    This is one round: the caller tries again where it raises Stale.
    """
    contact, reservation = enrolment.contact, enrolment.reservation
    published = identity.programmes.current()
    number = codes.membership_number(secrets.randbelow(10**12))
    details = _details(contact, reservation)
    applicant = new_member(member, number)
    code = await _judge_code(identity, reservation, applicant, now=now)
    event = _enrolment_event(member, details, reservation, code, at=now)
    decision = decide_enrolment(
        published.programme,
        applicant,
        event,
        consents=_consent_events(event, details),
        code=code_at_enrolment(event, code.spec) if isinstance(code, CodeClaim) else None,
        now=now,
        stock=await identity.stock.stock_state(published.programme, now=now),
        version=published.number,
    )
    claims = [
        *bind_key(code_claims.code_reply(code, decision.row)),
        *extra_writes,
        *([enrolments.begin_write(enrolment.id)] if enrolment.id is not None else []),
        contacts.take_write(contact.key, member, holder=enrolment.former_holder),
        contacts.take_write(contacts.number_key(number), member),
        *_code_writes(identity, reservation, code, member=member, now=now),
    ]
    if reservation.referred_by is not None:
        claims.append(members.count_invited_write(reservation.referred_by))
    issued = await commit_decision(
        identity,
        published,
        decision,
        now=now,
        claims=claims,
        details=details,
        extra_steps=await own_memberships.contact_steps(identity.store, member, [contact.key]),
    )
    if not isinstance(code, CodeClaim):
        return code
    issued_ids = {step.id for step in decision.row.vouchers}
    return EnteredCode(member, decision.row, tuple(one for one in issued if one.id in issued_ids))


async def _judge_code(
    identity: IdentityRuntime, reservation: Reservation, applicant: Member, *, now: datetime
) -> CodeClaim | CodeRefused | None:
    """Return the claim of the code that was given, or why it counts nothing: the membership begins all the
    same.
    """
    if not reservation.code_digests:
        return None
    try:
        return await code_claims.claim_code(
            identity, reservation.code_digests, identity.all_secrets, member=applicant, at=now
        )
    except CodeRefused as refusal:
        return refusal


def _code_writes(
    identity: IdentityRuntime,
    reservation: Reservation,
    code: CodeClaim | CodeRefused | None,
    *,
    member: str,
    now: datetime,
) -> list[Write]:
    """Return the writes that claim a code, or that count a wrong one among the member's tries."""
    if isinstance(code, CodeClaim):
        return code.writes(member=member, now=now)
    if code is None:
        return []
    day = local_day(now, identity.programme.zone)
    return [code_tries.take_write(code_tries.tries_id(member, day), (), reservation.code_digests[0], now=now)]


def _consent_events(event: Event, details: Details) -> list[Event]:
    return [
        consent_at_enrolment(
            event, consent.purpose, source=consent.source, wording_version=consent.wording_version
        )
        for consent in details.consents
        if consent.granted
    ]


def _enrolment_event(
    member: str,
    details: Details,
    reservation: Reservation,
    code: CodeClaim | CodeRefused | None,
    *,
    at: datetime,
) -> Event:
    event_data: dict[str, Json] = {"referredBy": reservation.referred_by}
    if isinstance(code, CodeClaim):
        event_data["code"] = code.spec.name
    return Event(f"enrol:{member}", ENROLLED, at, IN_THE_APP, event_data, profile=details.profile)


def _details(contact: Contact, reservation: Reservation) -> Details:
    return Details(
        name=reservation.name,
        email=contact.value if contact.kind == "email" else None,
        phone=contact.value if contact.kind == "phone" else None,
        birthday=reservation.birthday,
        locale=reservation.locale,
        timezone=reservation.timezone,
        terms=reservation.terms,
        consents=reservation.consents,
    )
