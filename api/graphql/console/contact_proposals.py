"""Contacts that a colleague has proposed for members who lost theirs, to be approved."""

from datetime import datetime

import strawberry

from api.graphql.engine.ids import encode_id
from api.graphql.engine.shared_types import Info
from domain.services.people import staff
from domain.services.people.member_contacts import contact_service


@strawberry.type(description="A new contact of a member that waits for somebody else to approve it.")
class ContactProposal:
    proposal: str = strawberry.field(description="What `approveContact` takes.")
    customer: strawberry.ID = strawberry.field(description="Whose, by the customer's id.")
    contact: str = strawberry.field(description="A hint of it.")
    reason: str = strawberry.field(description="As the colleague gave it.")
    proposed_by: str = strawberry.field(description="The colleague's name.")
    expires_at: datetime = strawberry.field(description="Until when it can be approved.")
    is_own: bool = strawberry.field(description="Whether the caller proposed it, and so cannot approve it.")


@strawberry.type
class ContactProposalQuery:
    @strawberry.field(description="Service: the new contacts that wait for approval, at most 100.")
    async def contact_proposals(self, info: Info) -> list[ContactProposal]:
        runtime, caller = info.context.dependencies.runtime, info.context.staff().staff_id
        stored = await contact_service.list_open(runtime, now=info.context.loaders.world_now)
        names = {each.id: each.name for each in await staff.list_staff(runtime.store)}
        return [
            ContactProposal(
                proposal=each.id,
                customer=strawberry.ID(encode_id("Customer", each.member)),
                contact=each.contact.masked,
                reason=each.reason,
                proposed_by=names.get(each.staff, each.staff),
                expires_at=each.until,
                is_own=each.staff == caller,
            )
            for each in stored
        ]
