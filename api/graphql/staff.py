"""Employees: who is signed in at this till, and signing in."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.basics import Info, Node
from api.graphql.context import StaffCaller
from api.graphql.descriptions import ACCESS, ACCESS_EXPIRES, REFRESH
from api.graphql.errors import Unauthenticated
from api.graphql.ids import encode
from api.graphql.problems import SignInRefused, refusals
from api.graphql.sign_in import access_of
from api.graphql.stores import Store, store_of
from api.http.rates import network
from domain.services import staff


@strawberry.enum(description="What an employee may do.")
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
    access_token: str = strawberry.field(description=ACCESS)
    access_token_expires_at: datetime = strawberry.field(description=ACCESS_EXPIRES)
    refresh_token: str = strawberry.field(description=REFRESH)
    staff: Staff = strawberry.field(description="Who they are.")


StaffSignInResult = Annotated[
    StaffSignedIn | SignInRefused,
    strawberry.union("StaffSignInResult", description="A shift, or why there is none."),
]


@strawberry.type
class StaffQuery:
    @strawberry.field(description="The signed-in employee.")
    async def staff(self, info: Info) -> Staff:
        return await employee(info, info.context.staff())


@strawberry.type
class StaffMutation:
    @strawberry.mutation(description="A password for a shift at one store.")
    @refusals
    async def staff_sign_in(self, info: Info, input: StaffSignInInput) -> StaffSignInResult:
        services = info.context.services
        found = await staff.sign_in(
            services.desk,
            username=input.username,
            password=input.password,
            store_code=input.store,
            address=network(info.context.address),
            now=info.context.loaders.now,
        )
        issued = access_of(services, found.opened)
        return StaffSignedIn(
            access_token=issued.token,
            access_token_expires_at=issued.expires_at,
            refresh_token=found.opened.refresh_token,
            staff=Staff(
                id=_id(found.employee.id),
                name=found.employee.name,
                role=StaffRole[found.employee.role],
                store=store_of(found.shop.code, {found.shop.code: found.shop.name}),
            ),
        )


async def employee(info: Info, caller: StaffCaller) -> Staff:
    """Return the employee who calls, at the store of their session."""
    found = await staff.find(info.context.services.house.store, caller.staff_id)
    if found is None:
        raise Unauthenticated
    names = await info.context.loaders.store_names()
    return Staff(
        id=_id(found.id), name=found.name, role=StaffRole[caller.role], store=store_of(caller.store, names)
    )


def _id(staff_id: str) -> strawberry.ID:
    return strawberry.ID(encode("Staff", staff_id))
