"""What members change of what is known of them: profile, contacts, terms, consents."""

from datetime import date
from typing import Annotated, TypeVar

import strawberry
from strawberry.types.unset import UNSET, UnsetType

from api.graphql.basics import Info
from api.graphql.consents import Consent, consents_of
from api.graphql.members import Member, me
from api.graphql.problems import ContactTaken, SignInRefused, TermsNotAccepted, refusals
from api.graphql.sign_in import SignInCodeRequested
from domain.services import consents, contacts, profile, terms
from domain.services.consents import Answer
from domain.services.profile import KEEP, Keep, ProfileUpdate

T = TypeVar("T")


@strawberry.input
class UpdateProfileInput:
    name: str | None = UNSET
    birthday: date | None = UNSET
    locale: str | None = UNSET
    timezone: str | None = UNSET


@strawberry.input
class ChangeContactInput:
    contact: str
    code: str | None = None


@strawberry.input
class AcceptTermsInput:
    version: str


@strawberry.input
class SetConsentInput:
    purpose: str
    granted: bool
    wording_version: int


@strawberry.type
class ProfileUpdated:
    member: Member


@strawberry.type
class ContactChanged:
    member: Member


@strawberry.type
class TermsAccepted:
    member: Member


@strawberry.type
class ConsentSet:
    consents: list[Consent]


ChangeContactResult = Annotated[
    ContactChanged | SignInCodeRequested | SignInRefused | ContactTaken, strawberry.union("ChangeContactResult")
]
AcceptTermsResult = Annotated[TermsAccepted | TermsNotAccepted, strawberry.union("AcceptTermsResult")]


@strawberry.type
class ProfileMutation:
    @strawberry.mutation
    async def update_profile(self, info: Info, input: UpdateProfileInput) -> ProfileUpdated:
        member, loaders = info.context.member().member_id, info.context.loaders
        change = ProfileUpdate(
            name=_given(input.name), birthday=_given(input.birthday), locale=_given(input.locale), timezone=_given(input.timezone)
        )
        await profile.update(info.context.services.desk, member=member, change=change, now=loaders.now)
        return ProfileUpdated(member=await _afterwards(info, member))

    @strawberry.mutation(description="Without code: sends one to the new contact. With it: the contact changes.")
    @refusals
    async def change_contact(self, info: Info, input: ChangeContactInput) -> ChangeContactResult:
        member, loaders, desk = info.context.member().member_id, info.context.loaders, info.context.services.desk
        if input.code is None:
            locale = (await loaders.reader()).locale
            expires_at = await contacts.ask(desk, member=member, contact=input.contact, locale=locale, now=loaders.now)
            return SignInCodeRequested(expires_at=expires_at)
        await contacts.change(desk, member=member, contact=input.contact, code=input.code, now=loaders.now)
        return ContactChanged(member=await _afterwards(info, member))

    @strawberry.mutation
    @refusals
    async def accept_terms(self, info: Info, input: AcceptTermsInput) -> AcceptTermsResult:
        member = info.context.member().member_id
        await terms.accept(info.context.services.desk, member=member, version=input.version)
        return TermsAccepted(member=await _afterwards(info, member))

    @strawberry.mutation
    async def set_consent(self, info: Info, input: SetConsentInput) -> ConsentSet:
        member, loaders = info.context.member().member_id, info.context.loaders
        answer = Answer(input.purpose, input.granted, input.wording_version)
        given = await consents.set_consent(info.context.services.desk, member=member, answer=answer, now=loaders.now)
        loaders.forget(member)
        return ConsentSet(consents=consents_of(await loaders.reader(), member, given))


def _given(value: T | UnsetType) -> T | Keep:
    """Return what an input field says: left out means as it was."""
    return KEEP if isinstance(value, UnsetType) else value


async def _afterwards(info: Info, member: str) -> Member:
    info.context.loaders.forget(member)
    return await me(info, member)
