"""What service does for a member beside correcting: a reward for nothing, tags by hand, a code sent again,
and somebody enrolled in one conversation.
"""

from datetime import date, datetime
from typing import Annotated

import strawberry

from api.graphql.console.staff_proposals import StaffProposed, proposed_by_caller
from api.graphql.engine.descriptions import CONTACT, IDEMPOTENCY_KEY
from api.graphql.engine.problems import (
    IdempotencyConflict,
    MembershipBeingDeleted,
    NotAllowed,
    SignInRefused,
    TermsNotAccepted,
    refusals_as_problems,
)
from api.graphql.engine.shared_types import Info
from api.graphql.member.actions.enrolment import ConsentInput, purpose_answers
from api.graphql.member.actions.redemption import RewardLocked
from api.graphql.member.sign_in import SignInCodeRequested
from api.graphql.till.customers import Customer, current_customer
from api.graphql.till.joining import AlreadyEnrolled, already_enrolled
from api.graphql.till.till_session import count_look_up, looked_up_or_not_found, service_actor, till_of
from domain.model.people.contacts import Contact
from domain.services.decisions import load_member
from domain.services.errors import InvalidInput
from domain.services.input_checks import MAX_REASON_LENGTH, check_text
from domain.services.ledger.by_service import hand_tags, reward_gifts
from domain.services.operations import gifts
from domain.services.people import field_checks, one_time_codes
from domain.services.people.enrolment import Application
from domain.services.people.member_contacts.contact_change import TypedCode
from domain.services.people.proofs import desk_enrolment

MEMBER = "A membership number, or a customer's id."
REASON = "Why, 1 to 500 characters; kept in the audit trail."


@strawberry.input(description="A reward for nothing.")
class GiveRewardInput:
    member: str = strawberry.field(description=MEMBER)
    reward: str = strawberry.field(description="Its code in the programme file.")
    with_approval: bool = strawberry.field(
        default=False, description="Whether to ask a second person, as FOUR_EYES says is needed."
    )
    reason: str = strawberry.field(description=REASON)
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.input(description="Tags to put on a member, and to take away.")
class ChangeTagsInput:
    member: str = strawberry.field(description=MEMBER)
    add: list[str] = strawberry.field(description="At most 20; letters a-z, digits, dashes, underscores.")
    remove: list[str] = strawberry.field(description="At most 20.")
    reason: str = strawberry.field(description=REASON)
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.input(description="Whom to send a sign-in code again, and where.")
class SendSignInCodeInput:
    member: str = strawberry.field(description=MEMBER)
    by_phone: bool = strawberry.field(
        default=False, description="To their phone, in place of their e-mail address."
    )
    reason: str = strawberry.field(description=REASON)


@strawberry.input(
    description=(
        "Somebody who joins in this conversation. Two calls: first without a code, then with the code that"
        " was sent to their contact, as they tell it."
    )
)
class EnrolInPlaceInput:
    contact: str = strawberry.field(description=CONTACT)
    name: str = strawberry.field(description="1 to 100 characters.")
    birthday: date | None = strawberry.field(default=None, description="Where they give it.")
    locale: str | None = strawberry.field(
        default=None, description="The language of their messages; by default the programme's first."
    )
    terms_version: str = strawberry.field(description="The version that they were read, and accepted.")
    consents: list[ConsentInput] | None = strawberry.field(
        default=None, description="What they agreed to; a purpose left out is not agreed to."
    )
    code: str | None = strawberry.field(default=None, description="Leave it out to have it sent.")
    challenge: str | None = strawberry.field(default=None, description="As the first call answered it.")
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(description="The member has a voucher of it.")
class RewardGiven:
    customer: Customer = strawberry.field(description="The member as they are now.")


@strawberry.type(description="The member has these tags from now on.")
class TagsChanged:
    tags: list[str] = strawberry.field(description="All of them, by code.")


@strawberry.type(description="A code is on its way. It is never told to staff.")
class SignInCodeSent:
    sent_to: str = strawberry.field(description="A hint of the contact.")
    expires_at: datetime = strawberry.field(description="When the code stops working.")


@strawberry.type(description="The membership has begun. Nobody is signed in: they sign in when they like.")
class EnrolledInPlace:
    customer: Customer = strawberry.field(description="The new member.")


GiveRewardResult = Annotated[
    RewardGiven | StaffProposed | RewardLocked | NotAllowed | IdempotencyConflict,
    strawberry.union("GiveRewardResult", description="Given, waiting for a second person, or why not."),
]
ChangeTagsResult = Annotated[
    TagsChanged | NotAllowed | IdempotencyConflict,
    strawberry.union("ChangeTagsResult", description="Changed, or why not."),
]
SendSignInCodeResult = Annotated[
    SignInCodeSent | NotAllowed,
    strawberry.union("SendSignInCodeResult", description="Sent, or why not."),
]
EnrolInPlaceResult = Annotated[
    EnrolledInPlace
    | SignInCodeRequested
    | AlreadyEnrolled
    | SignInRefused
    | TermsNotAccepted
    | MembershipBeingDeleted
    | IdempotencyConflict,
    strawberry.union(
        "EnrolInPlaceResult",
        description="SignInCodeRequested answers the first call, the others the second, or why not.",
    ),
]


@strawberry.type
class MemberActMutation:
    @strawberry.mutation(
        description=(
            "Service: gives a member a reward for nothing. What is worth more than one may give alone in a"
            " day is NotAllowed, reason FOUR_EYES: ask a second person by `withApproval`."
        )
    )
    @refusals_as_problems
    async def give_reward(self, info: Info, input: GiveRewardInput) -> GiveRewardResult:
        runtime, loaders, till = info.context.dependencies.runtime, info.context.loaders, till_of(info)
        member = await looked_up_or_not_found(info, input.member)
        if input.with_approval:
            proposal = await gifts.propose_gift(
                runtime,
                till=till,
                member_id=member,
                reward=input.reward,
                reason=input.reason,
                key=input.idempotency_key,
                now=loaders.world_now,
            )
            return await proposed_by_caller(info, proposal)
        await reward_gifts.give(
            runtime,
            till=till,
            member_id=member,
            reward=input.reward,
            reason=input.reason,
            key=input.idempotency_key,
            now=loaders.now,
        )
        loaders.forget(member)
        return RewardGiven(customer=await current_customer(info, member))

    @strawberry.mutation(description="Service: puts tags on a member by hand, and takes others away.")
    @refusals_as_problems
    async def change_tags(self, info: Info, input: ChangeTagsInput) -> ChangeTagsResult:
        loaders = info.context.loaders
        member = await looked_up_or_not_found(info, input.member)
        await hand_tags.change(
            info.context.dependencies.runtime,
            till=till_of(info),
            member_id=member,
            add=input.add,
            remove=input.remove,
            reason=input.reason,
            key=input.idempotency_key,
            now=loaders.now,
        )
        loaders.forget(member)
        customer = await current_customer(info, member)
        return TagsChanged(tags=sorted(customer.member_view.member.tags))

    @strawberry.mutation(
        description="Service: has a sign-in code sent again to a contact of the member; nobody here sees it."
    )
    @refusals_as_problems
    async def send_sign_in_code(self, info: Info, input: SendSignInCodeInput) -> SendSignInCodeResult:
        runtime, actor = info.context.dependencies.runtime, service_actor(info)
        now = info.context.loaders.world_now
        check_text(input.reason, field="reason", max_length=MAX_REASON_LENGTH)
        stored_member = await load_member(runtime, await looked_up_or_not_found(info, input.member))
        actor.require_service(stored_member)
        details = stored_member.details
        value = details.phone if input.by_phone else details.email
        if value is None:
            raise InvalidInput("byPhone", "The member has no such contact.")
        contact = Contact("phone" if input.by_phone else "email", value)
        sent = await one_time_codes.send_code(
            runtime, contact, purpose=one_time_codes.SIGN_IN_PURPOSE, locale=details.locale, now=now
        )
        act = actor.act_write(
            "SIGN_IN_CODE_SENT",
            member=stored_member.member.id,
            subject=contact.kind,
            reason=input.reason,
            now=now,
        )
        await runtime.store.transact([act])
        return SignInCodeSent(sent_to=contact.masked, expires_at=sent.expires_at)

    @strawberry.mutation(
        description="Service: enrols somebody in one conversation, once they have proven their contact."
    )
    @refusals_as_problems
    async def enrol_in_place(self, info: Info, input: EnrolInPlaceInput) -> EnrolInPlaceResult:
        runtime, actor, now = info.context.dependencies.runtime, service_actor(info), info.context.loaders.now
        count_look_up(info)
        contact = field_checks.read_contact_field(input.contact)
        locales = runtime.programme.programme.locales
        locale = (
            locales[0] if input.locale is None else field_checks.check_locale(input.locale, runtime.programme)
        )
        known = await desk_enrolment.find_owner(runtime, contact, now=now)
        if known is not None:
            return await already_enrolled(info, known, input.contact)
        if input.code is None:
            sent = await desk_enrolment.request_code(
                runtime, actor=actor, contact=contact, locale=locale, now=info.context.loaders.world_now
            )
            return SignInCodeRequested(challenge=sent.challenge, expires_at=sent.expires_at)
        application = Application(
            name=input.name,
            terms_version=input.terms_version,
            email=contact.value if contact.kind == "email" else None,
            phone=contact.value if contact.kind == "phone" else None,
            birthday=input.birthday,
            locale=locale,
            consents=purpose_answers(input.consents),
        )
        member = await desk_enrolment.enrol(
            runtime,
            actor=actor,
            application=application,
            typed=TypedCode(input.code, input.challenge),
            key=input.idempotency_key,
            now=info.context.loaders.world_now,
        )
        return EnrolledInPlace(customer=await current_customer(info, member))
