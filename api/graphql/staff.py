"""Employees: who is signed in at this till, and signing in."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.basics import Info, Node
from api.graphql.context import StaffCaller
from api.graphql.errors import Unauthenticated
from api.graphql.ids import encode
from api.graphql.problems import SignInRefused, refusals
from api.graphql.sign_in import access_of
from api.graphql.stores import Store, store_of
from domain.services import staff


@strawberry.enum
class StaffRole(Enum):
    CASHIER = "CASHIER"
    MANAGER = "MANAGER"
    OPERATOR = "OPERATOR"


@strawberry.type
class Staff(Node):
    name: str
    role: StaffRole
    store: Store


@strawberry.input
class StaffSignInInput:
    username: str
    password: str
    store: str


@strawberry.type
class StaffSignedIn:
    access_token: str
    access_token_expires_at: datetime
    refresh_token: str
    staff: Staff


StaffSignInResult = Annotated[StaffSignedIn | SignInRefused, strawberry.union("StaffSignInResult")]


@strawberry.type
class StaffQuery:
    @strawberry.field(description="The signed-in employee.")
    async def staff(self, info: Info) -> Staff:
        return await employee(info, info.context.staff())


@strawberry.type
class StaffMutation:
    @strawberry.mutation
    @refusals
    async def staff_sign_in(self, info: Info, input: StaffSignInInput) -> StaffSignInResult:
        services = info.context.services
        found = await staff.sign_in(
            services.desk,
            username=input.username,
            password=input.password,
            store_code=input.store,
            address=info.context.address,
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
    return Staff(id=_id(found.id), name=found.name, role=StaffRole[caller.role], store=store_of(caller.store, names))


def _id(staff_id: str) -> strawberry.ID:
    return strawberry.ID(encode("Staff", staff_id))
