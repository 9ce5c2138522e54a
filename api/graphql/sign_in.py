"""Becoming a member and proving to be one: enrolment, one-time codes, sessions."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from api.graphql.basics import Info
from api.graphql.context import Anonymous, MemberCaller
from api.graphql.descriptions import ACCESS, ACCESS_EXPIRES, CONTACT, INSTALLATION, KEY, REFRESH
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


@strawberry.input(description="An answer given at enrolment.")
class ConsentInput:
    purpose: str = strawberry.field(description="As `programme.consents` has it.")
    granted: bool = strawberry.field(description="Whether they agree; a purpose left out is not agreed to.")
    wording_version: int = strawberry.field(description="The version of the words that were shown.")


@strawberry.input(description="Who wants to become a member.")
class EnrolInput:
    name: str = strawberry.field(description="1 to 100 characters.")
    email: str | None = strawberry.field(
        default=None, description="Exactly one of email and phone; the other can be added later."
    )
    phone: str | None = strawberry.field(default=None, description="International, such as +351 912 345 678.")
    birthday: date | None = strawberry.field(
        default=None, description="For birthday awards; can be given later."
    )
    locale: str | None = strawberry.field(
        default=None,
        description="One of `programme.locales`; by default the one that Accept-Language likes best.",
    )
    timezone: str | None = strawberry.field(
        default=None, description="IANA, such as Europe/Lisbon; by default the programme's."
    )
    terms_version: str = strawberry.field(
        description="The version that was shown: `programme.terms.version`."
    )
    consents: list[ConsentInput] | None = strawberry.field(
        default_factory=list, description="Answers to `programme.consents`."
    )
    referral_code: str | None = strawberry.field(
        default=None,
        description=(
            "The number of the member who invites. One that nobody has is not told: then nobody has invited."
        ),
    )
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="Where to send a code.")
class RequestSignInCodeInput:
    contact: str = strawberry.field(description=CONTACT)


@strawberry.input(description="The code that came, and for which contact.")
class SignInInput:
    contact: str = strawberry.field(description=CONTACT)
    code: str = strawberry.field(description="Six digits.")
    installation_id: str | None = strawberry.field(default=None, description=INSTALLATION)


@strawberry.input(description="What Firebase Authentication proved on the phone.")
class SignInWithFirebaseInput:
    id_token: str = strawberry.field(description="As the Firebase library gives it, fresh.")
    installation_id: str | None = strawberry.field(default=None, description=INSTALLATION)


@strawberry.input(description="What a session is prolonged with.")
class RefreshSessionInput:
    refresh_token: str = strawberry.field(
        description=(
            "The newest one. Where no answer came, ask again with the same one within 10 seconds: it gets the"
            " same answer."
        )
    )


@strawberry.input(description="Which sessions end.")
class SignOutInput:
    everywhere: bool | None = strawberry.field(
        default=False, description="All of the caller's, on every device, instead of this one."
    )


@strawberry.type(description="A code was sent; `signIn` with it begins the membership.")
class Enrolled:
    code_sent_to: str = strawberry.field(description="The contact, as a hint.")
    expires_at: datetime = strawberry.field(description="When the code stops working.")


@strawberry.type(description="If somebody can be reached there, a code is on its way.")
class SignInCodeRequested:
    expires_at: datetime = strawberry.field(description="When the code stops working.")


@strawberry.type(description="The member is signed in; the rest of the operation is theirs.")
class SignedIn:
    access_token: str = strawberry.field(description=ACCESS)
    access_token_expires_at: datetime = strawberry.field(description=ACCESS_EXPIRES)
    refresh_token: str = strawberry.field(description=REFRESH)
    member: Member = strawberry.field(description="Who they are.")


@strawberry.type(description="The session goes on.")
class SessionRefreshed:
    access_token: str = strawberry.field(description=ACCESS)
    access_token_expires_at: datetime = strawberry.field(description=ACCESS_EXPIRES)
    refresh_token: str = strawberry.field(description=REFRESH)


@strawberry.type(description="Done.")
class SignedOut:
    sessions: int = strawberry.field(description="How many sessions ended.")


EnrolResult = Annotated[
    Enrolled | TermsNotAccepted | IdempotencyConflict,
    strawberry.union("EnrolResult", description="A code is on its way, or the terms have changed meanwhile."),
]
SignInResult = Annotated[
    SignedIn | SignInRefused | NotEnrolled,
    strawberry.union("SignInResult", description="A session, or why there is none."),
]
RefreshSessionResult = Annotated[
    SessionRefreshed | SignInRefused,
    strawberry.union(
        "RefreshSessionResult", description="New tokens, or the session has ended: sign in again."
    ),
]


@strawberry.type
class SignInMutation:
    @strawberry.mutation(
        description=(
            "Reserves a membership and sends a code; it begins (member.enrolled) with the first sign-in, when"
            " the contact is proven. Same answer whether or not the contact is known."
        )
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
            consents=tuple(
                Answer(one.purpose, one.granted, one.wording_version) for one in input.consents or ()
            ),
            referral_code=input.referral_code,
        )
        sent = await enrol.enrol(
            info.context.services.desk, application, key=input.idempotency_key, now=reader.now
        )
        return Enrolled(code_sent_to=sent.sent_to, expires_at=sent.expires_at)

    @strawberry.mutation(description="Same answer whether or not the contact is known.")
    @refusals
    async def request_sign_in_code(self, info: Info, input: RequestSignInCodeInput) -> SignInCodeRequested:
        reader = await info.context.loaders.reader()
        desk = info.context.services.desk
        expires_at = await sign_in.request_code(
            desk, contact=input.contact, locale=reader.locale, now=reader.now
        )
        return SignInCodeRequested(expires_at=expires_at)

    @strawberry.mutation(
        description=(
            "A code for a session. The access token goes into `Authorization: Bearer ...` of every request."
        )
    )
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

    @strawberry.mutation(
        description="A Firebase Auth ID token (verified phone or e-mail only) for our own session."
    )
    @refusals
    async def sign_in_with_firebase(self, info: Info, input: SignInWithFirebaseInput) -> SignInResult:
        services = info.context.services
        if services.id_tokens is None:
            raise NotAvailable("This server has no Firebase project to sign in with.")
        proven = await services.id_tokens.proven(input.id_token)
        found = await sign_in.sign_in_proven(
            services.desk, proven, installation=input.installation_id, now=info.context.loaders.now
        )
        return await _signed_in(info, found)

    @strawberry.mutation(
        description="Rotates: each refresh token works once; using an old one again ends the session."
    )
    @refusals
    async def refresh_session(self, info: Info, input: RefreshSessionInput) -> RefreshSessionResult:
        services = info.context.services
        opened = await sessions.refresh(services.desk, input.refresh_token, now=info.context.loaders.now)
        issued = access_of(services, opened)
        return SessionRefreshed(
            access_token=issued.token,
            access_token_expires_at=issued.expires_at,
            refresh_token=opened.refresh_token,
        )

    @strawberry.mutation(description="Ends this session, or all of the caller's.")
    async def sign_out(self, info: Info, input: SignOutInput) -> SignedOut:
        caller = info.context.caller
        assert not isinstance(caller, Anonymous), (
            "the table of permissions lets only who is signed in come so far"
        )
        ended = await sessions.sign_out(
            info.context.services.desk,
            caller.session_id,
            everywhere=bool(input.everywhere),
            now=info.context.loaders.now,
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
