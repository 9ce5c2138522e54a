"""Becoming a member and proving to be one: enrolment, one-time codes, sessions."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from api.graphql.basics import Info
from api.graphql.context import Anonymous, MemberCaller
from api.graphql.errors import NotAvailable
from api.graphql.members import Member, me
from api.graphql.problems import IdempotencyConflict, NotEnrolled, SignInRefused, TermsNotAccepted, refusals
from api.graphql.services import Services
from api.tokens import Issued
from domain.services import enrol, sessions, sign_in
from domain.services.consents import Answer
from domain.services.enrol import Application
from domain.services.sessions import Opened
from domain.services.sign_in import MemberSignedIn


@strawberry.input
class ConsentInput:
    purpose: str
    granted: bool
    wording_version: int


@strawberry.input
class EnrolInput:
    name: str
    email: str | None = strawberry.field(default=None, description="Exactly one of email and phone; the other can be added later.")
    phone: str | None = None
    birthday: date | None = None
    locale: str | None = None
    timezone: str | None = None
    terms_version: str
    consents: list[ConsentInput] | None = strawberry.field(default_factory=list)
    referral_code: str | None = strawberry.field(
        default=None, description="The number of the member who invites. One that nobody has is not told: then nobody has invited."
    )
    idempotency_key: str


@strawberry.input
class RequestSignInCodeInput:
    contact: str


@strawberry.input
class SignInInput:
    contact: str
    code: str
    installation_id: str | None = None


@strawberry.input
class SignInWithFirebaseInput:
    id_token: str
    installation_id: str | None = None


@strawberry.input
class RefreshSessionInput:
    refresh_token: str


@strawberry.input
class SignOutInput:
    everywhere: bool | None = False


@strawberry.type
class Enrolled:
    code_sent_to: str
    expires_at: datetime


@strawberry.type
class SignInCodeRequested:
    expires_at: datetime


@strawberry.type
class SignedIn:
    access_token: str
    access_token_expires_at: datetime
    refresh_token: str
    member: Member


@strawberry.type
class SessionRefreshed:
    access_token: str
    access_token_expires_at: datetime
    refresh_token: str


@strawberry.type
class SignedOut:
    sessions: int


EnrolResult = Annotated[Enrolled | TermsNotAccepted | IdempotencyConflict, strawberry.union("EnrolResult")]
SignInResult = Annotated[SignedIn | SignInRefused | NotEnrolled, strawberry.union("SignInResult")]
RefreshSessionResult = Annotated[SessionRefreshed | SignInRefused, strawberry.union("RefreshSessionResult")]


@strawberry.type
class SignInMutation:
    @strawberry.mutation(
        description="Reserves a membership and sends a code; it begins (member.enrolled) with the first sign-in, when the contact is "
        "proven. Same answer whether or not the contact is known."
    )
    @refusals
    async def enrol(self, info: Info, input: EnrolInput) -> EnrolResult:
        reader = await info.context.loaders.reader()
        application = Application(
            name=input.name,
            terms_version=input.terms_version,
            email=input.email,
            phone=input.phone,
            birthday=input.birthday,
            locale=input.locale or reader.locale,
            timezone=input.timezone,
            consents=tuple(Answer(one.purpose, one.granted, one.wording_version) for one in input.consents or ()),
            referral_code=input.referral_code,
        )
        sent = await enrol.enrol(info.context.services.desk, application, key=input.idempotency_key, now=reader.now)
        return Enrolled(code_sent_to=sent.sent_to, expires_at=sent.expires_at)

    @strawberry.mutation(description="Same answer whether or not the contact is known.")
    @refusals
    async def request_sign_in_code(self, info: Info, input: RequestSignInCodeInput) -> SignInCodeRequested:
        reader = await info.context.loaders.reader()
        desk = info.context.services.desk
        expires_at = await sign_in.request_code(desk, contact=input.contact, locale=reader.locale, now=reader.now)
        return SignInCodeRequested(expires_at=expires_at)

    @strawberry.mutation
    @refusals
    async def sign_in(self, info: Info, input: SignInInput) -> SignInResult:
        found = await sign_in.sign_in(
            info.context.services.desk,
            contact=input.contact,
            code=input.code,
            installation=input.installation_id,
            now=info.context.loaders.now,
        )
        return await _signed_in(info, found)

    @strawberry.mutation(description="A Firebase Auth ID token (verified phone or e-mail only) for our own session.")
    @refusals
    async def sign_in_with_firebase(self, info: Info, input: SignInWithFirebaseInput) -> SignInResult:
        services = info.context.services
        if services.id_tokens is None:
            raise NotAvailable("This server has no Firebase project to sign in with.")
        proven = await services.id_tokens.proven(input.id_token)
        found = await sign_in.sign_in_proven(services.desk, proven, installation=input.installation_id, now=info.context.loaders.now)
        return await _signed_in(info, found)

    @strawberry.mutation(description="Rotates: each refresh token works once; using an old one again ends the session.")
    @refusals
    async def refresh_session(self, info: Info, input: RefreshSessionInput) -> RefreshSessionResult:
        services = info.context.services
        opened = await sessions.refresh(services.desk, input.refresh_token, now=info.context.loaders.now)
        issued = access_of(services, opened)
        return SessionRefreshed(access_token=issued.token, access_token_expires_at=issued.expires_at, refresh_token=opened.refresh_token)

    @strawberry.mutation
    async def sign_out(self, info: Info, input: SignOutInput) -> SignedOut:
        caller = info.context.caller
        assert not isinstance(caller, Anonymous), "the table of permissions lets only who is signed in come so far"
        ended = await sessions.sign_out(
            info.context.services.desk, caller.session_id, everywhere=bool(input.everywhere), now=info.context.loaders.now
        )
        return SignedOut(sessions=ended)


async def _signed_in(info: Info, found: MemberSignedIn) -> SignedIn:
    """Return a session to whoever has just signed in; the rest of the operation is theirs."""
    session = found.opened.session
    info.context.loaders.become(MemberCaller(found.member, session.id, session.installation))
    issued = access_of(info.context.services, found.opened)
    return SignedIn(
        access_token=issued.token,
        access_token_expires_at=issued.expires_at,
        refresh_token=found.opened.refresh_token,
        member=await me(info, found.member),
    )


def access_of(services: Services, opened: Opened) -> Issued:
    """Return an access token for a session; it ends with the session at the latest."""
    session = opened.session
    return services.tokens.access(
        subject=session.who,
        role=session.role.lower() if session.role else "member",
        session=session.id,
        store=session.store,
        device=session.installation,
        own_members=session.own_members,
        until=session.until,
    )
