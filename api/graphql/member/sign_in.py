"""Sign-in by one-time code or by Firebase, sessions."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.caller import Anonymous, MemberCaller
from api.errors import NotAvailable
from api.graphql.engine.dependencies import Dependencies
from api.graphql.engine.descriptions import (
    ACCESS_TOKEN,
    ACCESS_TOKEN_EXPIRES_AT,
    CONTACT,
    DEVICE_TOKEN,
    ENROLMENT_TOKEN,
    INSTALLATION_ID,
    REFRESH_TOKEN,
)
from api.graphql.engine.problems import (
    MembershipBeingDeleted,
    NotEnrolled,
    SignInRefused,
    refusals_as_problems,
)
from api.graphql.engine.shared_types import Info
from api.graphql.member.actions.codes import (
    CodeEntered,
    CodeRefused,
    EnrolmentCodeResult,
    code_entered,
    code_refused,
)
from api.graphql.member.members import Member, current_member
from api.tokens import IssuedToken
from domain.model.people.contacts import Contact
from domain.services.code_claims import EnteredCode
from domain.services.ledger.parking import crediting
from domain.services.people import sessions, sign_in
from domain.services.people.sessions import OpenedSession
from domain.services.people.sign_in import DeviceInput, MemberSignedIn


@strawberry.input(description="Where to send a code.")
class RequestSignInCodeInput:
    contact: str = strawberry.field(description=CONTACT)
    device_token: str | None = strawberry.field(default=None, description=DEVICE_TOKEN)


@strawberry.input(description="The code that came, and for which contact.")
class SignInInput:
    contact: str = strawberry.field(description=CONTACT)
    code: str = strawberry.field(description="Six digits; spaces and dashes between them do not matter.")
    challenge: str | None = strawberry.field(
        default=None,
        description=(
            "As `enrol` or `requestSignInCode` answered it: the code is that challenge's, and so are its five"
            " tries. Left out, the contact's newest is meant."
        ),
    )
    enrolment_token: str | None = strawberry.field(default=None, description=ENROLMENT_TOKEN)
    device_token: str | None = strawberry.field(default=None, description=DEVICE_TOKEN)
    installation_id: str | None = strawberry.field(default=None, description=INSTALLATION_ID)


@strawberry.input(description="What Firebase Authentication proved on the phone.")
class SignInWithFirebaseInput:
    id_token: str = strawberry.field(description="As the Firebase library gives it, fresh.")
    enrolment_token: str | None = strawberry.field(default=None, description=ENROLMENT_TOKEN)
    device_token: str | None = strawberry.field(default=None, description=DEVICE_TOKEN)
    installation_id: str | None = strawberry.field(default=None, description=INSTALLATION_ID)


@strawberry.input(description="The token that prolongs a session.")
class RefreshSessionInput:
    refresh_token: str = strawberry.field(
        description=(
            "The newest one. Where no answer came, ask again with the same one, whenever that is: it gets the"
            " same answer, as long as that answer's token was not used."
        )
    )


@strawberry.input(description="Which sessions end.")
class SignOutInput:
    everywhere: bool | None = strawberry.field(
        default=False, description="All of the caller's, on every device, instead of this one."
    )


@strawberry.type(description="A code was sent to a present contact too, by which it approves the new one.")
class ContactApproval:
    challenge: str = strawberry.field(description="Bring it as `currentChallenge`, with `currentCode`.")
    code_sent_to: str = strawberry.field(description="The present contact, as a hint.")


@strawberry.type(description="If somebody can be reached there, a code is on its way.")
class SignInCodeRequested:
    challenge: str = strawberry.field(description="Bring it with the code: the code belongs to it.")
    expires_at: datetime = strawberry.field(description="When the code stops working.")
    approval: ContactApproval | None = strawberry.field(
        default=None,
        description="Of `changeContact` alone, where the sign-in was more than 10 minutes ago; else null.",
    )


@strawberry.type(description="The member is signed in; the rest of the operation runs as this member.")
class SignedIn:
    access_token: str = strawberry.field(description=ACCESS_TOKEN)
    access_token_expires_at: datetime = strawberry.field(description=ACCESS_TOKEN_EXPIRES_AT)
    refresh_token: str = strawberry.field(description=REFRESH_TOKEN)
    device_token: str = strawberry.field(
        description=(
            "Keep it on the device, also after signing out, and bring it to the next sign-in there: strangers"
            " who use up this contact's codes and tries do not shut this device out. It signs nobody in."
        )
    )
    member: Member = strawberry.field(description="Who they are.")
    enrolment_code: EnrolmentCodeResult | None = strawberry.field(
        default=None,
        description=(
            "What came of the code that was given with the enrolment; null where none was, and where this"
            " sign-in began no membership."
        ),
    )


@strawberry.type(description="The session goes on.")
class SessionRefreshed:
    access_token: str = strawberry.field(description=ACCESS_TOKEN)
    access_token_expires_at: datetime = strawberry.field(description=ACCESS_TOKEN_EXPIRES_AT)
    refresh_token: str = strawberry.field(description=REFRESH_TOKEN)


@strawberry.type(description="Done.")
class SignedOut:
    sessions: int = strawberry.field(description="How many sessions ended.")


SignInResult = Annotated[
    SignedIn | SignInRefused | NotEnrolled | MembershipBeingDeleted,
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
    @strawberry.mutation(description="Same answer whether or not the contact is known.")
    @refusals_as_problems
    async def request_sign_in_code(self, info: Info, input: RequestSignInCodeInput) -> SignInCodeRequested:
        audience = await info.context.loaders.audience()
        runtime = info.context.dependencies.runtime
        sent = await sign_in.request_code(
            runtime,
            contact=input.contact,
            locale=audience.locale,
            device_token=input.device_token,
            now=info.context.loaders.world_now,
        )
        return SignInCodeRequested(challenge=sent.challenge, expires_at=sent.expires_at)

    @strawberry.mutation(
        description=(
            "Exchanges a code for a session. Send the access token as `Authorization: Bearer ...`"
            " with every request."
        )
    )
    @refusals_as_problems
    async def sign_in(self, info: Info, input: SignInInput) -> SignInResult:
        result = await sign_in.sign_in(
            info.context.dependencies.runtime,
            contact=input.contact,
            code=input.code,
            challenge=input.challenge,
            device=DeviceInput(input.installation_id, input.device_token, input.enrolment_token),
            now=info.context.loaders.world_now,
        )
        return await signed_in_answer(info, result)

    @strawberry.mutation(
        description=(
            "Exchanges a Firebase Auth ID token (verified phone or e-mail only) for a session of this API."
        )
    )
    @refusals_as_problems
    async def sign_in_with_firebase(self, info: Info, input: SignInWithFirebaseInput) -> SignInResult:
        result = await sign_in.sign_in_proven(
            info.context.dependencies.runtime,
            await firebase_contacts(info, input.id_token),
            device=DeviceInput(input.installation_id, input.device_token, input.enrolment_token),
            now=info.context.loaders.world_now,
        )
        return await signed_in_answer(info, result)

    @strawberry.mutation(
        description=(
            "Exchanges a refresh token for new tokens. Each refresh token works once: the last one again is a"
            " retry until its successor was used, and any older one again ends the session."
        )
    )
    @refusals_as_problems
    async def refresh_session(self, info: Info, input: RefreshSessionInput) -> RefreshSessionResult:
        dependencies = info.context.dependencies
        opened_session = await sessions.refresh(
            dependencies.runtime, input.refresh_token, now=info.context.loaders.world_now
        )
        access_token = issue_access_token(dependencies, opened_session)
        return SessionRefreshed(
            access_token=access_token.token,
            access_token_expires_at=access_token.expires_at,
            refresh_token=opened_session.refresh_token,
        )

    @strawberry.mutation(description="Ends this session, or all of the caller's.")
    async def sign_out(self, info: Info, input: SignOutInput) -> SignedOut:
        caller = info.context.caller
        assert not isinstance(caller, Anonymous), (
            "the table of permissions lets only who is signed in come so far"
        )
        ended_count = await sessions.sign_out(
            info.context.dependencies.runtime,
            caller.session_id,
            everywhere=bool(input.everywhere),
            now=info.context.loaders.world_now,
        )
        return SignedOut(sessions=ended_count)


async def firebase_contacts(info: Info, id_token: str) -> tuple[Contact, ...]:
    """Return the contacts that an ID token of Firebase proves. Raises SignInRefused and NotAvailable."""
    id_tokens = info.context.dependencies.id_tokens
    if id_tokens is None:
        raise NotAvailable("This server has no Firebase project to sign in with.")
    return await id_tokens.proven_contacts(id_token)


async def signed_in_answer(info: Info, result: MemberSignedIn) -> SignedIn:
    """Return a session to the member who has just signed in; the operation goes on as this member. What was
    parked for the contact that they have proven is credited first.
    """
    session = result.opened_session.session
    await crediting.credit_member(
        info.context.dependencies.runtime, result.member, now=info.context.loaders.now
    )
    info.context.loaders.sign_in_as(MemberCaller(result.member, session.id, session.installation))
    access_token = issue_access_token(info.context.dependencies, result.opened_session)
    return SignedIn(
        access_token=access_token.token,
        access_token_expires_at=access_token.expires_at,
        refresh_token=result.opened_session.refresh_token,
        device_token=result.device_token,
        member=await current_member(info, result.member),
        enrolment_code=await _enrolment_code(info, result),
    )


async def _enrolment_code(info: Info, result: MemberSignedIn) -> CodeEntered | CodeRefused | None:
    """Return what came of the code that was given with the enrolment, in the member's language."""
    if isinstance(result.code, EnteredCode):
        return await code_entered(info, result.code)
    if result.code is None:
        return None
    return code_refused(await info.context.loaders.audience(), result.code)


def issue_access_token(dependencies: Dependencies, opened_session: OpenedSession) -> IssuedToken:
    """Return an access token for a session, which ends with the session at the latest."""
    session = opened_session.session
    return dependencies.tokens.access(
        subject=session.owner_id,
        role=session.role.lower() if session.role else "member",
        session=session.id,
        store=session.store,
        device=session.installation,
        own_members=session.own_members,
        until=session.expires_at,
    )
