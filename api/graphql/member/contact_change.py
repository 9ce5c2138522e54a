"""A member's new e-mail address or phone number, and the undoing of one."""

from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.engine.descriptions import CONTACT
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.problems import (
    ContactProofNeeded,
    ContactTaken,
    LinkExpired,
    SignInRefused,
    refusals_as_problems,
)
from api.graphql.engine.shared_types import Info
from api.graphql.member.members import Member, current_member
from api.graphql.member.sign_in import ContactApproval, SignInCodeRequested
from domain.model.people.contacts import ContactKind as ContactKindWord
from domain.services.ledger.parking import crediting
from domain.services.people.member_contacts import contact_change, contact_removal, contact_undo
from domain.services.people.member_contacts.contact_change import RequestedChange, TypedCode


@strawberry.input(
    description=(
        "A new e-mail address or phone number. Two calls: first without a code, then with the code that was"
        " sent there, and, unless the member signed in within the last 10 minutes, with the one that was sent"
        " to a present contact."
    )
)
class ChangeContactInput:
    contact: str = strawberry.field(description=CONTACT)
    code: str | None = strawberry.field(
        default=None, description="The six digits that were sent there; leave it out to have them sent."
    )
    challenge: str | None = strawberry.field(
        default=None, description="As the first call answered it: the code belongs to it."
    )
    current_code: str | None = strawberry.field(
        default=None,
        description="The six digits that were sent to the present contact, where `approval` says so.",
    )
    current_challenge: str | None = strawberry.field(
        default=None, description="As `approval` of the first call answered it: `currentCode` belongs to it."
    )


@enum_of_words(ContactKindWord, description="What a member signs in by.")
class ContactKind(Enum):
    EMAIL = strawberry.enum_value("EMAIL", description="An e-mail address.")
    PHONE = strawberry.enum_value("PHONE", description="A phone number.")


@strawberry.input(
    description=(
        "Which contact is taken away. One call where the member signed in within the last 10 minutes; else"
        " two, the second with the code that the first has sent to a present contact."
    )
)
class RemoveContactInput:
    kind: ContactKind = strawberry.field(description="The contact of this kind.")
    code: str | None = strawberry.field(
        default=None, description="The six digits that were sent; leave it out in the first call."
    )
    challenge: str | None = strawberry.field(default=None, description="As the first call answered it.")


@strawberry.type(
    description="The contact is taken away. It keeps signing in for 7 days, and can be brought back."
)
class ContactRemoved:
    member: Member = strawberry.field(description="The member without it.")


@strawberry.input(description="The token of the link in a notice that a contact was changed.")
class UndoContactChangeInput:
    token: str = strawberry.field(description="What follows `#` in the link.")


@strawberry.type(description="The contact is proven and now belongs to the member.")
class ContactChanged:
    member: Member = strawberry.field(description="The member with it.")


@strawberry.type(
    description=(
        "The contact that was there before is the member's again; what was changed after it is taken back"
        " too."
    )
)
class ContactChangeUndone:
    sessions: int = strawberry.field(description="How many sessions ended: all of the member's.")


ChangeContactResult = Annotated[
    ContactChanged | SignInCodeRequested | SignInRefused | ContactProofNeeded | ContactTaken,
    strawberry.union(
        "ChangeContactResult",
        description="SignInCodeRequested answers the first call, the others the second.",
    ),
]
RemoveContactResult = Annotated[
    ContactRemoved | SignInCodeRequested | SignInRefused | ContactProofNeeded,
    strawberry.union(
        "RemoveContactResult", description="Taken away, or a code was sent that has to come with it."
    ),
]
UndoContactChangeResult = Annotated[
    ContactChangeUndone | LinkExpired,
    strawberry.union("UndoContactChangeResult", description="Undone, or the link has run out."),
]


@strawberry.type
class ContactMutation:
    @strawberry.mutation(
        description=(
            "Without code: sends one to the new contact. With it: the contact changes. Unless the member"
            " signed in within the last 10 minutes (a refresh is no sign-in), a present contact approves it"
            " by a code too. The one that is replaced keeps signing in for 7 days, and gets a link that"
            " undoes the change."
        )
    )
    @refusals_as_problems
    async def change_contact(self, info: Info, input: ChangeContactInput) -> ChangeContactResult:
        caller, loaders = info.context.member(), info.context.loaders
        member, runtime = caller.member_id, info.context.dependencies.runtime
        if input.code is None:
            requested = await contact_change.request_change(
                runtime,
                member=member,
                session=caller.session_id,
                contact=input.contact,
                locale=(await loaders.audience()).locale,
                now=loaders.world_now,
            )
            return _code_requested(requested)
        await contact_change.change_contact(
            runtime,
            member=member,
            session=caller.session_id,
            contact=input.contact,
            typed=TypedCode(input.code, input.challenge),
            approval=TypedCode(input.current_code, input.current_challenge) if input.current_code else None,
            now=loaders.world_now,
        )
        await crediting.credit_member(runtime, member, now=loaders.now)
        loaders.forget(member)
        return ContactChanged(member=await current_member(info, member))

    @strawberry.mutation(
        description=(
            "Takes a contact away; the last one stays. Unless the member signed in within the last 10"
            " minutes, a present contact approves it by a code. It keeps signing in for 7 days, and both"
            " contacts get a link that undoes it."
        )
    )
    @refusals_as_problems
    async def remove_contact(self, info: Info, input: RemoveContactInput) -> RemoveContactResult:
        caller, loaders = info.context.member(), info.context.loaders
        requested = await contact_removal.remove_contact(
            info.context.dependencies.runtime,
            member=caller.member_id,
            session=caller.session_id,
            kind="email" if input.kind is ContactKind.EMAIL else "phone",
            typed=TypedCode(input.code, input.challenge) if input.code is not None else None,
            locale=(await loaders.audience()).locale,
            now=loaders.world_now,
        )
        if requested is not None:
            sent = requested.sent
            approval = ContactApproval(challenge=sent.challenge, code_sent_to=requested.sent_to.masked)
            return SignInCodeRequested(
                challenge=sent.challenge, expires_at=sent.expires_at, approval=approval
            )
        loaders.forget(caller.member_id)
        return ContactRemoved(member=await current_member(info, caller.member_id))

    @strawberry.mutation(
        description=(
            "Undoes a change of contact by the link that its notice holds, within 7 days and once, and ends"
            " every session of the member. Needs no sign-in."
        )
    )
    @refusals_as_problems
    async def undo_contact_change(self, info: Info, input: UndoContactChangeInput) -> UndoContactChangeResult:
        ended = await contact_undo.undo_change(
            info.context.dependencies.runtime, input.token, now=info.context.loaders.world_now
        )
        return ContactChangeUndone(sessions=ended)


def _code_requested(requested: RequestedChange) -> SignInCodeRequested:
    current, contact = requested.current, requested.current_contact
    return SignInCodeRequested(
        challenge=requested.sent.challenge,
        expires_at=requested.sent.expires_at,
        approval=ContactApproval(challenge=current.challenge, code_sent_to=contact.masked)
        if current is not None and contact is not None
        else None,
    )
