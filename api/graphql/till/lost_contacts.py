"""A lost contact replaced by service: one manager proposes the new one, another approves it."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql.engine.descriptions import CONTACT
from api.graphql.engine.problems import ContactTaken, NotAllowed, SignInRefused, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.member.sign_in import SignInCodeRequested
from api.graphql.till.customers import Customer, customer_of
from api.graphql.till.till_session import looked_up_or_not_found, service_actor, till_of
from domain.services.ledger import queries
from domain.services.people.member_contacts import contact_service
from domain.services.people.member_contacts.contact_change import TypedCode


@strawberry.input(
    description=(
        "A new contact for a member who lost theirs. Two calls: first without a code, then with the code that"
        " was sent to the new contact, as the member tells it."
    )
)
class ProposeContactInput:
    member: str = strawberry.field(description="A visit, a membership number, or a customer's id.")
    contact: str = strawberry.field(description=CONTACT)
    reason: str = strawberry.field(description="Why, 1 to 500 characters; kept in the audit trail.")
    code: str | None = strawberry.field(default=None, description="Leave it out to have it sent.")
    challenge: str | None = strawberry.field(default=None, description="As the first call answered it.")


@strawberry.input(description="Which proposal of a colleague.")
class ApproveContactInput:
    proposal: str = strawberry.field(description="As `proposeContact` answered it.")


@strawberry.type(description="The contact is proven, and waits for another manager to approve it.")
class ContactProposed:
    proposal: str = strawberry.field(description="Tell it to the colleague who approves.")
    expires_at: datetime = strawberry.field(description="Until when it can be approved.")


@strawberry.type(description="The member has the contact; the one before it and every session ended at once.")
class ContactApproved:
    customer: Customer = strawberry.field(description="The member as they are now.")


ProposeContactResult = Annotated[
    ContactProposed | SignInCodeRequested | SignInRefused | NotAllowed,
    strawberry.union(
        "ProposeContactResult",
        description="SignInCodeRequested answers the first call, the others the second.",
    ),
]
ApproveContactResult = Annotated[
    ContactApproved | ContactTaken | NotAllowed,
    strawberry.union("ApproveContactResult", description="Replaced, or why not."),
]


@strawberry.type
class LostContactMutation:
    @strawberry.mutation(description="Managers: proposes a new contact for a member who lost theirs.")
    @refusals_as_problems
    async def propose_contact(self, info: Info, input: ProposeContactInput) -> ProposeContactResult:
        runtime, actor = info.context.dependencies.runtime, service_actor(info)
        now = info.context.loaders.world_now
        till_of(info).require_manager()
        member = await looked_up_or_not_found(info, input.member)
        if input.code is None:
            locale = (await info.context.loaders.audience()).locale
            sent = await contact_service.request_code(
                runtime, actor=actor, member=member, contact=input.contact, locale=locale, now=now
            )
            return SignInCodeRequested(challenge=sent.challenge, expires_at=sent.expires_at)
        proposal = await contact_service.propose(
            runtime,
            actor=actor,
            member=member,
            contact=input.contact,
            typed=TypedCode(input.code, input.challenge),
            reason=input.reason,
            now=now,
        )
        return ContactProposed(proposal=proposal.id, expires_at=proposal.until)

    @strawberry.mutation(
        description="Managers: approves the contact that a colleague has proposed; nobody approves their own."
    )
    @refusals_as_problems
    async def approve_contact(self, info: Info, input: ApproveContactInput) -> ApproveContactResult:
        runtime, loaders = info.context.dependencies.runtime, info.context.loaders
        till_of(info).require_manager()
        member = await contact_service.approve(
            runtime, actor=service_actor(info), proposal_id=input.proposal[:64], now=loaders.world_now
        )
        member_view = await queries.load_member_view(runtime, member_id=member, now=loaders.now)
        return ContactApproved(customer=customer_of(await loaders.audience(), member_view))
