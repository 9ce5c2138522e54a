"""Employees: signing in for a shift, and who is signed in."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.caller import StaffCaller
from api.errors import Unauthenticated
from api.graphql.engine.descriptions import ACCESS_TOKEN, ACCESS_TOKEN_EXPIRES_AT, REFRESH_TOKEN
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.ids import encode_id
from api.graphql.engine.problems import SignInRefused, refusals_as_problems
from api.graphql.engine.shared_types import Info, Node
from api.graphql.member.sign_in import issue_access_token
from api.graphql.member.stores import Store, store_of
from api.rates import address_key
from domain.services.people import staff
from domain.store.people import sessions
from domain.store.people.staff import Employee


@enum_of_words(sessions.StaffRole, description="What an employee may do.")
class StaffRole(Enum):
    CASHIER = strawberry.enum_value("CASHIER", description="Scans, records and refunds in their store.")
    MANAGER = strawberry.enum_value("MANAGER", description="That, and corrections with a reason.")
    OPERATOR = strawberry.enum_value("OPERATOR", description="That, in every store.")


@strawberry.type(description="An employee, at the store of this shift.")
class Staff(Node):
    name: str = strawberry.field(description="As the operator wrote it.")
    role: StaffRole = strawberry.field(description="What they may do.")
    store: Store = strawberry.field(description="Where this shift is.")


@strawberry.input(description="Who begins a shift, and where.")
class StaffSignInInput:
    username: str = strawberry.field(description="Given by the operator.")
    password: str = strawberry.field(description="Theirs.")
    store: str = strawberry.field(description="The store's code.")


@strawberry.type(description="The shift has begun.")
class StaffSignedIn:
    access_token: str = strawberry.field(description=ACCESS_TOKEN)
    access_token_expires_at: datetime = strawberry.field(description=ACCESS_TOKEN_EXPIRES_AT)
    refresh_token: str = strawberry.field(description=REFRESH_TOKEN)
    staff: Staff = strawberry.field(description="Who they are.")


StaffSignInResult = Annotated[
    StaffSignedIn | SignInRefused,
    strawberry.union("StaffSignInResult", description="A shift, or why there is none."),
]


@strawberry.type
class StaffQuery:
    @strawberry.field(description="The signed-in employee.")
    async def staff(self, info: Info) -> Staff:
        return await current_employee(info, info.context.staff())


@strawberry.type
class StaffMutation:
    @strawberry.mutation(description="Exchanges a password for a shift at one store.")
    @refusals_as_problems
    async def staff_sign_in(self, info: Info, input: StaffSignInInput) -> StaffSignInResult:
        dependencies = info.context.dependencies
        result = await staff.sign_in(
            dependencies.runtime,
            username=input.username,
            password=input.password,
            store_code=input.store,
            address=address_key(info.context.address),
            now=info.context.loaders.now,
        )
        access_token = issue_access_token(dependencies, result.opened_session)
        return StaffSignedIn(
            access_token=access_token.token,
            access_token_expires_at=access_token.expires_at,
            refresh_token=result.opened_session.refresh_token,
            staff=_staff_of(
                result.employee,
                role=result.employee.role,
                store=store_of(
                    result.retail_store.code, {result.retail_store.code: result.retail_store.name}
                ),
            ),
        )


async def current_employee(info: Info, caller: StaffCaller) -> Staff:
    """Return the calling employee, at the store of their session."""
    employee = await staff.find(info.context.dependencies.runtime.store, caller.staff_id)
    if employee is None:
        raise Unauthenticated
    names = await info.context.loaders.store_names()
    return _staff_of(employee, role=caller.role, store=store_of(caller.store, names))


def _staff_of(employee: Employee, *, role: sessions.StaffRole, store: Store) -> Staff:
    return Staff(
        id=strawberry.ID(encode_id("Staff", employee.id)),
        name=employee.name,
        role=StaffRole[role],
        store=store,
    )
