"""A system's customer, bound to a member by the member's own card."""

from typing import Annotated

import strawberry

from api.graphql.engine.problems import ExpiredCode, NotAllowed, UnknownCode, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.till.customers import Customer, current_customer
from api.graphql.till.till_session import presence_of, served_member, till_of
from domain.services.intake import customer_binding


@strawberry.input(description="Which customer of the calling system is which member.")
class BindCustomerInput:
    customer: str = strawberry.field(
        description="The number that they have in your system, 1 to 128 characters; its hash alone is stored."
    )
    member: str = strawberry.field(description="A visit that began with the member's card, in its 5 minutes.")


@strawberry.type(description="The customer is this member's, until another member's card says otherwise.")
class CustomerBound:
    customer: Customer = strawberry.field(description="The member as they are now.")


BindCustomerResult = Annotated[
    CustomerBound | UnknownCode | ExpiredCode | NotAllowed,
    strawberry.union("BindCustomerResult", description="Bound, or why not."),
]


@strawberry.type
class CustomerBindingMutation:
    @strawberry.mutation(
        description=(
            "Systems: binds a customer to the member who shows their card. From then on `customer:` and the"
            " number is as good as the card for this system: to pay, to hold, to name vouchers by their ids."
            " Asked again it changes nothing."
        )
    )
    @refusals_as_problems
    async def bind_customer(self, info: Info, input: BindCustomerInput) -> BindCustomerResult:
        till, member = till_of(info), await served_member(info, input.member)
        await customer_binding.bind_customer(
            info.context.dependencies.runtime,
            source=till.source,
            actor=till.staff,
            customer=input.customer,
            member_id=member,
            presence=await presence_of(info, input.member),
            now=info.context.loaders.now,
        )
        return CustomerBound(customer=await current_customer(info, member))
