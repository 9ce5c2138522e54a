"""What employees set of a member: the attributes that the programme leaves to staff."""

from typing import Annotated

import strawberry

from api.graphql.engine.descriptions import MEMBER_NAMED
from api.graphql.engine.problems import NotAllowed, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.member.consents import AttributeInput, answers_of
from api.graphql.till.customers import Customer, current_customer, setters_of
from api.graphql.till.till_session import looked_up_or_not_found, till_of
from domain.services import attributes


@strawberry.input(description="What staff know of a member.")
class SetCustomerAttributesInput:
    member: str = strawberry.field(description=MEMBER_NAMED)
    attributes: list[AttributeInput] = strawberry.field(description="Those that change, 50 at most.")


@strawberry.type(description="They are kept.")
class CustomerAttributesSet:
    customer: Customer = strawberry.field(description="The member with them.")


SetCustomerAttributesResult = Annotated[
    CustomerAttributesSet | NotAllowed,
    strawberry.union("SetCustomerAttributesResult", description="Kept, or why not."),
]


@strawberry.type
class CustomerAttributeMutation:
    @strawberry.mutation(
        description=(
            "Staff set what the programme leaves to staff, a system what it leaves to systems; the rest"
            " stays."
        )
    )
    @refusals_as_problems
    async def set_customer_attributes(
        self, info: Info, input: SetCustomerAttributesInput
    ) -> SetCustomerAttributesResult:
        loaders, till = info.context.loaders, till_of(info)
        member = await looked_up_or_not_found(info, input.member)
        names = ", ".join(attribute.name for attribute in input.attributes)
        await attributes.set_attributes(
            info.context.dependencies.runtime,
            member=member,
            answers=answers_of(input.attributes),
            setters=setters_of(info.context.at_till().role),
            source=till.source,
            now=loaders.now,
            check=till.require_other_member,
            audit=lambda decision: till.audit_writes(decision, "ATTRIBUTES", now=loaders.now, subject=names),
        )
        loaders.forget(member)
        return CustomerAttributesSet(customer=await current_customer(info, member))
