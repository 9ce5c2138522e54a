"""Enrolment: with a code that is sent to the contact, or at once where the contact is proven."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import DEVICE_TOKEN, IDEMPOTENCY_KEY, INSTALLATION_ID
from api.graphql.engine.problems import (
    IdempotencyConflict,
    MembershipBeingDeleted,
    SignInRefused,
    TermsNotAccepted,
    refusals_as_problems,
)
from api.graphql.engine.shared_types import Info
from api.graphql.member.consents import ConsentChannel, agreed_channels
from api.graphql.member.sign_in import SignedIn, firebase_contacts, signed_in_answer
from domain.services.errors import InvalidInput
from domain.services.people import enrolment
from domain.services.people.consents import PurposeAnswer
from domain.services.people.enrolment import Application
from domain.services.people.proofs import proven_enrolment
from domain.services.people.sign_in import DeviceInput, MemberSignedIn


@strawberry.input(description="An answer given at enrolment.")
class ConsentInput:
    purpose: str = strawberry.field(description="As `programme.consents` has it.")
    granted: bool = strawberry.field(description="Whether they agree; a purpose left out is not agreed to.")
    wording_version: int = strawberry.field(description="The version of the words that were shown.")
    channels: list[ConsentChannel] | None = strawberry.field(
        default=None,
        description="Where the purpose has channels: those agreed to; left out for all of them.",
    )


@strawberry.input(description="Who wants to become a member.")
class EnrolInput:
    name: str = strawberry.field(description="1 to 100 characters.")
    email: str | None = strawberry.field(
        default=None,
        description=(
            "Exactly one of email and phone; the other can be added later. With `idToken` neither is needed:"
            " then it is the contact that the token proves, the phone where it proves both."
        ),
    )
    phone: str | None = strawberry.field(default=None, description="International, such as +351 912 345 678.")
    birthday: date | None = strawberry.field(
        default=None, description="For birthday awards; can be given later."
    )
    locale: str | None = strawberry.field(
        default=None,
        description="One of `programme.locales`; by default the one that Accept-Language prefers.",
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
            "The number of the member who invites. A number that no member has is no error: then"
            " nobody has invited."
        ),
    )
    code: str | None = strawberry.field(
        default=None,
        description=(
            "The code of a campaign, an influencer or a package. Whether it counts is told by the sign-in"
            " that begins the membership (`enrolmentCode`): with one that does not it begins all the same."
        ),
    )
    contact_proof: str | None = strawberry.field(
        default=None,
        description=(
            "As `NotEnrolled` gave it, for this very contact: then the membership begins at once, without"
            " another code."
        ),
    )
    id_token: str | None = strawberry.field(
        default=None,
        description="Of Firebase Authentication, fresh, in place of `contactProof`: it proves the contact.",
    )
    device_token: str | None = strawberry.field(default=None, description=DEVICE_TOKEN)
    installation_id: str | None = strawberry.field(default=None, description=INSTALLATION_ID)
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(
    description="A code was sent; `signIn` with this code and `enrolmentToken` begins the membership."
)
class Enrolled:
    code_sent_to: str = strawberry.field(description="The contact, as a hint.")
    expires_at: datetime = strawberry.field(description="When the code stops working.")
    enrolment_token: str = strawberry.field(
        description=(
            "Bring it to `signIn` or `signInWithFirebase` within a day: only with it does a sign-in begin"
            " this membership. Keep it on the device, and give it to nobody."
        )
    )
    challenge: str = strawberry.field(description="Bring it to `signIn`: the code belongs to it.")


EnrolResult = Annotated[
    Enrolled | SignedIn | TermsNotAccepted | SignInRefused | MembershipBeingDeleted | IdempotencyConflict,
    strawberry.union(
        "EnrolResult",
        description=(
            "A code is on its way; or, with a proof of the contact, a session; or the terms have changed"
            " meanwhile, or the proof proves nothing (any more)."
        ),
    ),
]


@strawberry.type
class EnrolmentMutation:
    @strawberry.mutation(
        description=(
            "Reserves a membership and sends a code; it begins (member.enrolled) with the sign-in that brings"
            " its enrolmentToken, when the contact is proven. Same answer whether or not the contact is"
            " known. With `contactProof` or `idToken` it is proven: the membership begins at once and the"
            " answer is SignedIn, also for whoever is a member already."
        )
    )
    @refusals_as_problems
    async def enrol(self, info: Info, input: EnrolInput) -> EnrolResult:
        audience = await info.context.loaders.audience()
        application = _application(input, audience)
        if input.contact_proof is not None or input.id_token is not None:
            return await signed_in_answer(info, await _enrol_proven(info, input, application))
        applied = await enrolment.enrol(
            info.context.dependencies.runtime,
            application,
            key=input.idempotency_key,
            now=info.context.loaders.world_now,
        )
        return Enrolled(
            code_sent_to=applied.sent_to,
            expires_at=applied.expires_at,
            enrolment_token=applied.enrolment_token,
            challenge=applied.challenge,
        )


def _application(input: EnrolInput, audience: Audience) -> Application:
    return Application(
        name=input.name,
        terms_version=input.terms_version,
        email=input.email,
        phone=input.phone,
        birthday=input.birthday,
        locale=input.locale or audience.locale,
        timezone=input.timezone,
        consents=purpose_answers(input.consents),
        referral_code=input.referral_code,
        code=input.code,
    )


async def _enrol_proven(info: Info, input: EnrolInput, application: Application) -> MemberSignedIn:
    runtime, now = info.context.dependencies.runtime, info.context.loaders.world_now
    device = DeviceInput(input.installation_id, input.device_token)
    if input.id_token is None:
        assert input.contact_proof is not None, "one of the two was brought"
        return await proven_enrolment.enrol_with_proof(
            runtime,
            application,
            contact_proof=input.contact_proof,
            device=device,
            key=input.idempotency_key,
            now=now,
        )
    if input.contact_proof is not None:
        raise InvalidInput("idToken", "Bring one proof of the contact: leave out idToken or contactProof.")
    return await proven_enrolment.enrol_proven(
        runtime,
        application,
        await firebase_contacts(info, input.id_token),
        device=device,
        key=input.idempotency_key,
        now=now,
    )


def purpose_answers(inputs: list[ConsentInput] | None) -> tuple[PurposeAnswer, ...]:
    """Return what somebody who joins agreed to."""
    return tuple(
        PurposeAnswer(
            answer.purpose, answer.granted, answer.wording_version, agreed_channels(answer.channels)
        )
        for answer in inputs or ()
    )
