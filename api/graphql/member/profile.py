"""What members change of their own data: profile, terms, consents."""

from datetime import date
from typing import Annotated, TypeVar

import strawberry
from strawberry.types.unset import UNSET, UnsetType

from api.graphql.engine.problems import TermsNotAccepted, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.member.consents import (
    AttributeInput,
    Consent,
    ConsentChannel,
    agreed_channels,
    answers_of,
    consents_of,
)
from api.graphql.member.members import Member, current_member
from domain.services import attributes
from domain.services.people import consents, profile, terms
from domain.services.people.consents import PurposeAnswer
from domain.services.people.profile import KEEP, KeepMarker, ProfileUpdate

T = TypeVar("T")


@strawberry.input(description="What changes: a field left out stays as it is.")
class UpdateProfileInput:
    name: str | None = strawberry.field(
        default=UNSET, description="1 to 100 characters; it cannot be cleared."
    )
    birthday: date | None = strawberry.field(
        default=UNSET, description="Given once: staff correct one that is wrong."
    )
    locale: str | None = strawberry.field(
        default=UNSET, description="One of `programme.locales`; null for the first of them."
    )
    timezone: str | None = strawberry.field(default=UNSET, description="IANA; null for the programme's.")


@strawberry.input(description="The terms that the member has read and agrees to.")
class AcceptTermsInput:
    version: str = strawberry.field(description="The version that was shown: `programme.terms.version`.")


@strawberry.input(description="The answer to one purpose.")
class SetConsentInput:
    purpose: str = strawberry.field(description="As `programme.consents` has it.")
    granted: bool = strawberry.field(description="Whether they agree.")
    wording_version: int = strawberry.field(description="The version of the words that were shown.")
    channels: list[ConsentChannel] | None = strawberry.field(
        default=None,
        description="Where the purpose has channels: those agreed to; left out for all of them.",
    )


@strawberry.input(description="What the member says of themselves beyond the profile.")
class SetAttributesInput:
    attributes: list[AttributeInput] = strawberry.field(description="Those that change, 50 at most.")


@strawberry.type(description="They are kept.")
class AttributesSet:
    member: Member = strawberry.field(description="The member with them.")


@strawberry.type(description="The profile is kept.")
class ProfileUpdated:
    member: Member = strawberry.field(description="The member with it.")


@strawberry.type(description="They are accepted.")
class TermsAccepted:
    member: Member = strawberry.field(description="The member with them.")


@strawberry.type(description="The answer is kept.")
class ConsentSet:
    consents: list[Consent] = strawberry.field(description="The member's answers to all purposes.")


AcceptTermsResult = Annotated[
    TermsAccepted | TermsNotAccepted,
    strawberry.union(
        "AcceptTermsResult",
        description="Accepted, or the terms have changed meanwhile: show the current ones and ask again.",
    ),
]


@strawberry.type
class ProfileMutation:
    @strawberry.mutation(description="A field left out stays as it is; null clears it.")
    async def update_profile(self, info: Info, input: UpdateProfileInput) -> ProfileUpdated:
        member, loaders = info.context.member().member_id, info.context.loaders
        change = ProfileUpdate(
            name=_value_or_keep(input.name),
            birthday=_value_or_keep(input.birthday),
            locale=_value_or_keep(input.locale),
            timezone=_value_or_keep(input.timezone),
        )
        await profile.update_profile(
            info.context.dependencies.runtime, member=member, change=change, now=loaders.now
        )
        return ProfileUpdated(member=await _updated_member(info, member))

    @strawberry.mutation(description="Sets attributes that the programme leaves to members; the rest stays.")
    async def set_attributes(self, info: Info, input: SetAttributesInput) -> AttributesSet:
        member = info.context.member().member_id
        await attributes.set_attributes(
            info.context.dependencies.runtime,
            member=member,
            answers=answers_of(input.attributes),
            setters=frozenset({"member"}),
            source="app",
            now=info.context.loaders.now,
        )
        return AttributesSet(member=await _updated_member(info, member))

    @strawberry.mutation(description="Agrees to the programme's current terms.")
    @refusals_as_problems
    async def accept_terms(self, info: Info, input: AcceptTermsInput) -> AcceptTermsResult:
        member = info.context.member().member_id
        await terms.accept_terms(info.context.dependencies.runtime, member=member, version=input.version)
        return TermsAccepted(member=await _updated_member(info, member))

    @strawberry.mutation(description="Agrees to one purpose, or withdraws the agreement.")
    async def set_consent(self, info: Info, input: SetConsentInput) -> ConsentSet:
        member, loaders = info.context.member().member_id, info.context.loaders
        answer = PurposeAnswer(
            input.purpose, input.granted, input.wording_version, agreed_channels(input.channels)
        )
        answers = await consents.set_consent(
            info.context.dependencies.runtime, member=member, answer=answer, now=loaders.now
        )
        loaders.forget(member)
        return ConsentSet(consents=consents_of(await loaders.audience(), member, answers))


def _value_or_keep(value: T | UnsetType) -> T | KeepMarker:
    """Return the value of an input field; KEEP where the field was left out."""
    return KEEP if isinstance(value, UnsetType) else value


async def _updated_member(info: Info, member: str) -> Member:
    info.context.loaders.forget(member)
    return await current_member(info, member)
