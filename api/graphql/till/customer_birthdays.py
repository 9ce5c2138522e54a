"""A birthday that service corrects: members give theirs once."""

from datetime import date
from typing import Annotated

import strawberry

from api.graphql.engine.problems import NotAllowed, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.till.customers import Customer, current_customer
from api.graphql.till.till_session import looked_up_or_not_found, service_actor, till_of
from domain.services.people import birthdays


@strawberry.input(description="Whose birthday it is, and why it is corrected.")
class CorrectBirthdayInput:
    member: str = strawberry.field(description="A visit, a membership number, or a customer's id.")
    birthday: date | None = strawberry.field(
        description="The day; null where it is not known, which lets the member give it again."
    )
    reason: str = strawberry.field(description="Why, 1 to 500 characters; kept in the audit trail.")


@strawberry.type(description="It is kept. It is celebrated no sooner than 360 days after the last time.")
class BirthdayCorrected:
    customer: Customer = strawberry.field(description="The member as they are now.")


CorrectBirthdayResult = Annotated[
    BirthdayCorrected | NotAllowed,
    strawberry.union("CorrectBirthdayResult", description="Corrected, or why not."),
]


@strawberry.type
class CustomerBirthdayMutation:
    @strawberry.mutation(
        description="Managers: corrects a member's birthday, which members themselves give once."
    )
    @refusals_as_problems
    async def correct_birthday(self, info: Info, input: CorrectBirthdayInput) -> CorrectBirthdayResult:
        loaders = info.context.loaders
        till_of(info).require_manager()
        member = await looked_up_or_not_found(info, input.member)
        await birthdays.correct_birthday(
            info.context.dependencies.runtime,
            actor=service_actor(info),
            member=member,
            birthday=input.birthday,
            reason=input.reason,
            now=loaders.now,
        )
        loaders.forget(member)
        return BirthdayCorrected(customer=await current_customer(info, member))
