"""What members ask of service about their data: to be deleted, or kept after all."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql.engine.problems import NotAllowed, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.till.customers import Customer, current_customer
from api.graphql.till.till_session import looked_up_by_service, service_actor
from domain.services.people.deletion import deletion

REASON = (
    "Who asked for it and how you know, 1 to 500 characters, without the person's name; kept in the trail."
)


@strawberry.input(description="Whose membership is deleted, and why.")
class DeleteCustomerInput:
    member: str = strawberry.field(description="A membership number, or a customer's id.")
    reason: str = strawberry.field(description=REASON)


@strawberry.input(description="Whose membership is kept, and why.")
class KeepCustomerInput:
    member: str = strawberry.field(description="A membership number, or a customer's id.")
    reason: str = strawberry.field(description=REASON)


@strawberry.type(description="The membership is being deleted: every session of the member has ended.")
class CustomerDeleted:
    erased_at: datetime = strawberry.field(
        description="When it is gone for good. Until then `keepCustomer`, or the member's sign-in, undoes it."
    )
    customer: Customer = strawberry.field(description="The member as they are now.")


@strawberry.type(description="The membership is not being deleted any more.")
class CustomerKept:
    customer: Customer = strawberry.field(description="The member as they are now.")


DeleteCustomerResult = Annotated[
    CustomerDeleted | NotAllowed,
    strawberry.union("DeleteCustomerResult", description="It is being deleted, or why not."),
]
KeepCustomerResult = Annotated[
    CustomerKept | NotAllowed, strawberry.union("KeepCustomerResult", description="It is kept, or why not.")
]


@strawberry.type
class MemberRequestMutation:
    @strawberry.mutation(
        description=(
            "Service: has a membership deleted whose member asked for it. It can be undone until it is final,"
            " after the programme's `erasure.after`; `eraseMember` is for at once."
        )
    )
    @refusals_as_problems
    async def delete_customer(self, info: Info, input: DeleteCustomerInput) -> DeleteCustomerResult:
        loaders = info.context.loaders
        member = await looked_up_by_service(info, input.member)
        erased_at = await deletion.delete_by_service(
            info.context.dependencies.runtime,
            member,
            actor=service_actor(info),
            reason=input.reason,
            now=loaders.now,
        )
        loaders.forget(member)
        return CustomerDeleted(erased_at=erased_at, customer=await current_customer(info, member))

    @strawberry.mutation(
        description="Service: keeps a membership that is being deleted, until that is final."
    )
    @refusals_as_problems
    async def keep_customer(self, info: Info, input: KeepCustomerInput) -> KeepCustomerResult:
        loaders = info.context.loaders
        member = await looked_up_by_service(info, input.member)
        await deletion.keep_by_service(
            info.context.dependencies.runtime,
            member,
            actor=service_actor(info),
            reason=input.reason,
            now=loaders.now,
        )
        loaders.forget(member)
        return CustomerKept(customer=await current_customer(info, member))
