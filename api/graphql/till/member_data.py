"""A person's data, taken for them or erased by whoever runs the system."""

from typing import Annotated

import strawberry

from api.errors import NotFound
from api.graphql.engine.problems import NotAllowed, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.member.actions.data_export import DataExport, data_export_of
from api.graphql.till.till_session import (
    looked_up_by_service,
    looked_up_or_not_found,
    service_actor,
    till_of,
)
from domain.services.erasure import erasing
from domain.services.people import data_exports


@strawberry.input(description="Whose data, and why.")
class ExportMemberDataInput:
    member: str = strawberry.field(description="A visit, a membership number, or a customer's id.")
    reason: str = strawberry.field(
        description="Who asked for it and how, 1 to 500 characters; it is kept in the audit trail."
    )


ExportMemberDataResult = Annotated[
    DataExport | NotAllowed,
    strawberry.union("ExportMemberDataResult", description="Ready to be fetched, or why not."),
]


@strawberry.input(description="Who is erased, and why.")
class EraseMemberInput:
    member: str = strawberry.field(description="A visit, a membership number, or a customer's id.")
    reason: str = strawberry.field(
        description="Who asked for it and how, 1 to 500 characters, without the person's name: it is kept."
    )


@strawberry.type(description="The person is erased for good; figures stay under a random id.")
class MemberErased:
    balances: int = strawberry.field(description="How many balances were written off.")
    vouchers: int = strawberry.field(description="How many open vouchers ended.")


EraseMemberResult = Annotated[
    MemberErased | NotAllowed,
    strawberry.union("EraseMemberResult", description="Erased, or why not."),
]


@strawberry.type
class MemberDataMutation:
    @strawberry.mutation(
        description=(
            "Service: prepares all that is stored of a member, as `exportMyData` does, for one who asks and"
            " cannot sign in. Hand it to nobody else."
        )
    )
    @refusals_as_problems
    async def export_member_data(self, info: Info, input: ExportMemberDataInput) -> ExportMemberDataResult:
        till_of(info).require_service_desk()
        export = await data_exports.ask_by_service(
            info.context.dependencies.runtime,
            actor=service_actor(info),
            member_id=await looked_up_by_service(info, input.member),
            reason=input.reason,
            now=info.context.loaders.world_now,
        )
        return data_export_of(export)

    @strawberry.mutation(
        description="Operators: erases a person, at once and for good. Balances and vouchers go with them."
    )
    @refusals_as_problems
    async def erase_member(self, info: Info, input: EraseMemberInput) -> EraseMemberResult:
        loaders = info.context.loaders
        till_of(info).require_operator()
        member = await looked_up_or_not_found(info, input.member)
        erased = await erasing.erase_by_service(
            info.context.dependencies.runtime,
            member,
            actor=service_actor(info),
            reason=input.reason,
            now=loaders.now,
        )
        if erased is None:
            raise NotFound
        loaders.forget(member)
        return MemberErased(balances=erased.entry_count, vouchers=erased.voucher_count)
