"""Stores and staff: added, moved, shut out; operators and second factors take a second person."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql.console.staff_proposals import StaffProposed, proposed_by_caller
from api.graphql.engine.descriptions import CONTACT, IDEMPOTENCY_KEY
from api.graphql.engine.problems import IdempotencyConflict, NotAllowed, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.member.stores import Store, store_of
from api.graphql.till.staff import StaffRole
from api.graphql.till.till_session import till_of
from domain.services.errors import InvalidInput
from domain.services.errors import NotAllowed as Refused
from domain.services.input_checks import MAX_REASON_LENGTH, check_text
from domain.services.operations import workforce
from domain.services.people import staff, stores
from domain.store.operations.staff_proposals import StaffProposal
from domain.store.people.sessions import StaffRole as RoleWord
from domain.store.people.staff import Employee as StoredEmployee

MOST_SHOWN = 500
REASON = "Why, 1 to 500 characters; kept in the audit trail."
_ROLES: dict[StaffRole, RoleWord] = {
    StaffRole.CASHIER: "CASHIER",
    StaffRole.MANAGER: "MANAGER",
    StaffRole.OPERATOR: "OPERATOR",
    StaffRole.SERVICE: "SERVICE",
    StaffRole.ANALYST: "ANALYST",
}


@strawberry.type(description="An employee as operators see one: no password, no contact.")
class Employee:
    username: str = strawberry.field(description="What they sign in with.")
    name: str = strawberry.field(description="Their name.")
    role: StaffRole = strawberry.field(description="What they may do.")
    stores: list[Store] = strawberry.field(
        description="Where they may sign in; none for all stores, or for who works at the console alone."
    )
    has_second_factor: bool = strawberry.field(description="Whether they have enrolled one.")
    is_enrolling: bool = strawberry.field(
        description="Whether they have a set-up key that they have not used yet."
    )
    disabled_at: datetime | None = strawberry.field(
        description="When they were shut out; null for who is in."
    )
    created_at: datetime = strawberry.field(description="When they were put on the list.")
    made_by: str | None = strawberry.field(
        description="Who put them there: a username, or `cli:NAME`; null where it was not noted."
    )
    is_self: bool = strawberry.field(description="Whether it is the caller.")


@strawberry.input(description="A new employee.")
class AddEmployeeInput:
    username: str = strawberry.field(description="1 to 64 letters a-z, digits, dots, dashes or underscores.")
    name: str = strawberry.field(description="Their name, 1 to 100 characters.")
    role: StaffRole = strawberry.field(description="OPERATOR takes a second person.")
    stores: list[str] | None = strawberry.field(
        default=None, description="Codes of the stores where they may sign in; all, where none is named."
    )
    password: str = strawberry.field(
        description="10 characters or more, not among the commonest. Tell it to them yourself."
    )
    member_number: str | None = strawberry.field(
        default=None, description="Their own membership, which they then cannot serve."
    )
    email: str | None = strawberry.field(
        default=None, description="Theirs: a membership that has it is their own."
    )
    phone: str | None = strawberry.field(default=None, description=CONTACT)
    reason: str = strawberry.field(description=REASON)
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.input(description="Where an employee works from now on.")
class MoveEmployeeInput:
    username: str = strawberry.field(description="Whom.")
    stores: list[str] = strawberry.field(description="Codes of stores; none for all.")
    reason: str = strawberry.field(description=REASON)


@strawberry.input(description="Which employee, and why.")
class EmployeeInput:
    username: str = strawberry.field(description="Whom.")
    reason: str = strawberry.field(description=REASON)


@strawberry.input(description="Another password of an employee.")
class ChangeEmployeePasswordInput:
    username: str = strawberry.field(description="Whose.")
    password: str = strawberry.field(description="10 characters or more, not among the commonest.")
    reason: str = strawberry.field(description=REASON)


@strawberry.input(description="Whose second factor is taken away.")
class ResetSecondFactorInput:
    username: str = strawberry.field(description="Whose.")
    reason: str = strawberry.field(description=REASON)
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.input(description="A new store.")
class AddStoreInput:
    code: str = strawberry.field(
        description="1 to 64 letters a-z, digits, dashes or underscores, as receipts name it."
    )
    name: str = strawberry.field(description="As people know it.")
    reason: str = strawberry.field(description=REASON)


@strawberry.input(description="Another name of a store; its code stays.")
class RenameStoreInput:
    code: str = strawberry.field(description="Which store.")
    name: str = strawberry.field(description="As people know it.")
    reason: str = strawberry.field(description=REASON)


@strawberry.type(description="The employee is on the list.")
class EmployeeAdded:
    employee: Employee = strawberry.field(description="As they are now.")
    setup_key: str | None = strawberry.field(
        description=(
            "For who enrols a second factor: works once, for 7 days; shown this once, and to the same request"
            " sent again while it works. Else null."
        )
    )


@strawberry.type(description="It is so from now on; sessions ended where they had to.")
class EmployeeChanged:
    employee: Employee = strawberry.field(description="As they are now.")
    setup_key: str | None = strawberry.field(
        description="Of a second factor that was never enrolled: shown this once. Else null."
    )


@strawberry.type(description="The store is as it was asked to be.")
class StoreSaved:
    store: Store = strawberry.field(description="As it is now.")


AddEmployeeResult = Annotated[
    EmployeeAdded | StaffProposed | NotAllowed | IdempotencyConflict,
    strawberry.union(
        "AddEmployeeResult", description="On the list; or, for an operator, waiting for a second person."
    ),
]
ChangeEmployeeResult = Annotated[
    EmployeeChanged | NotAllowed,
    strawberry.union("ChangeEmployeeResult", description="Changed, or why not."),
]
ResetSecondFactorResult = Annotated[
    StaffProposed | EmployeeChanged | NotAllowed | IdempotencyConflict,
    strawberry.union(
        "ResetSecondFactorResult",
        description="Waiting for a second person; or changed, for who has not enrolled yet.",
    ),
]


@strawberry.type
class WorkforceQuery:
    @strawberry.field(
        description="Operators: everybody on the list, shut out or not, by username; at most 500."
    )
    async def employees(self, info: Info) -> list[Employee]:
        everybody = await staff.list_staff(info.context.dependencies.runtime.store)
        usernames = {each.id: each.username for each in everybody}
        names = await info.context.loaders.store_names()
        caller = info.context.staff().staff_id
        return [_employee_of(each, usernames, names, caller) for each in everybody[:MOST_SHOWN]]

    @strawberry.field(description="Operators: every store, by code; at most 500.")
    async def stores(self, info: Info) -> list[Store]:
        all_stores = await stores.list_stores(info.context.dependencies.runtime.store)
        return [store_of(each.code, {each.code: each.name}) for each in all_stores[:MOST_SHOWN]]


@strawberry.type
class WorkforceMutation:
    @strawberry.mutation(
        description="Operators: puts somebody on the list; an operator once a second one approves."
    )
    @refusals_as_problems
    async def add_employee(self, info: Info, input: AddEmployeeInput) -> AddEmployeeResult:
        till, runtime, now = till_of(info), info.context.dependencies.runtime, info.context.loaders.world_now
        wanted = workforce.WantedEmployee(
            username=input.username,
            name=input.name,
            role=_ROLES[input.role],
            store_codes=tuple(input.stores or ()),
            password=input.password,
            member_number=input.member_number,
            email=input.email,
            phone=input.phone,
        )
        added = await workforce.add_employee(
            runtime, till=till, wanted=wanted, reason=input.reason, key=input.idempotency_key, now=now
        )
        if isinstance(added, StaffProposal):
            return await proposed_by_caller(info, added)
        return EmployeeAdded(employee=await _shown(info, added.username), setup_key=added.setup_key)

    @strawberry.mutation(
        description="Operators: has an employee sign in at other stores; their sessions end."
    )
    @refusals_as_problems
    async def move_employee(self, info: Info, input: MoveEmployeeInput) -> ChangeEmployeeResult:
        actor = _acting_on(info, input.reason)
        await staff.move(
            info.context.dependencies.runtime,
            input.username,
            tuple(input.stores),
            actor=actor,
            reason=input.reason,
            now=info.context.loaders.world_now,
        )
        return EmployeeChanged(employee=await _shown(info, input.username), setup_key=None)

    @strawberry.mutation(
        description="Operators: shuts an employee out, and ends their sessions. Nobody shuts themselves out."
    )
    @refusals_as_problems
    async def disable_employee(self, info: Info, input: EmployeeInput) -> ChangeEmployeeResult:
        actor, runtime = _acting_on(info, input.reason), info.context.dependencies.runtime
        employee = await staff.find_by_username(runtime.store, input.username)
        if employee is not None and employee.id == actor:
            raise InvalidInput("username", "Nobody shuts themselves out: ask another operator.")
        now = info.context.loaders.world_now
        await staff.disable(runtime, input.username, actor=actor, reason=input.reason, now=now)
        return EmployeeChanged(employee=await _shown(info, input.username), setup_key=None)

    @strawberry.mutation(description="Operators: lets an employee in again, with the password they had.")
    @refusals_as_problems
    async def enable_employee(self, info: Info, input: EmployeeInput) -> ChangeEmployeeResult:
        actor, now = _acting_on(info, input.reason), info.context.loaders.world_now
        runtime = info.context.dependencies.runtime
        employee = await staff.find_by_username(runtime.store, input.username)
        if employee is not None and employee.role == "OPERATOR":
            # Whoever was an operator once comes back as a new one: with a second person, and by the list.
            raise Refused("FOUR_EYES")
        await staff.enable(runtime, input.username, actor=actor, reason=input.reason, now=now)
        return EmployeeChanged(employee=await _shown(info, input.username), setup_key=None)

    @strawberry.mutation(
        description="Operators: gives an employee another password; their sessions end, and for a day they"
        " approve nothing."
    )
    @refusals_as_problems
    async def change_employee_password(
        self, info: Info, input: ChangeEmployeePasswordInput
    ) -> ChangeEmployeeResult:
        actor, now = _acting_on(info, input.reason), info.context.loaders.world_now
        await staff.change_password(
            info.context.dependencies.runtime,
            input.username,
            input.password,
            actor=actor,
            reason=input.reason,
            now=now,
        )
        return EmployeeChanged(employee=await _shown(info, input.username), setup_key=None)

    @strawberry.mutation(
        description=(
            "Operators: asks for an employee's second factor to be taken away, which a second one approves."
            " Who is no operator and has never enrolled gets another set-up key at once."
        )
    )
    @refusals_as_problems
    async def reset_second_factor(self, info: Info, input: ResetSecondFactorInput) -> ResetSecondFactorResult:
        till, runtime, now = till_of(info), info.context.dependencies.runtime, info.context.loaders.world_now
        till.require_operator()
        employee = await staff.find_by_username(runtime.store, input.username)
        if employee is not None and employee.factor is None and employee.role != "OPERATOR":
            _check_reason(input.reason)
            setup_key = staff.new_setup_key()
            await staff.reset_second_factor(
                runtime, employee.username, setup_key, actor=till.staff, reason=input.reason, now=now
            )
            return EmployeeChanged(employee=await _shown(info, employee.username), setup_key=setup_key)
        proposal = await workforce.propose_reset(
            runtime,
            till=till,
            username=input.username,
            reason=input.reason,
            key=input.idempotency_key,
            now=now,
        )
        return await proposed_by_caller(info, proposal)

    @strawberry.mutation(description="Operators: opens a store.")
    async def add_store(self, info: Info, input: AddStoreInput) -> StoreSaved:
        actor = _acting_on(info, input.reason)
        added = await stores.add(
            info.context.dependencies.runtime.store,
            code=input.code,
            name=input.name,
            actor=actor,
            reason=input.reason,
            now=info.context.loaders.world_now,
        )
        return StoreSaved(store=store_of(added.code, {added.code: added.name}))

    @strawberry.mutation(description="Operators: gives a store another name.")
    async def rename_store(self, info: Info, input: RenameStoreInput) -> StoreSaved:
        actor = _acting_on(info, input.reason)
        renamed = await stores.rename(
            info.context.dependencies.runtime.store,
            input.code,
            input.name,
            actor=actor,
            reason=input.reason,
            now=info.context.loaders.world_now,
        )
        return StoreSaved(store=store_of(renamed.code, {renamed.code: renamed.name}))


def _acting_on(info: Info, reason: str) -> str:
    """Return the calling operator, as the audit trail names them. Raises NotAllowed, InvalidInput."""
    till = till_of(info)
    till.require_operator()
    _check_reason(reason)
    return till.staff


def _check_reason(reason: str) -> None:
    check_text(reason, field="reason", max_length=MAX_REASON_LENGTH)


async def _shown(info: Info, username: str) -> Employee:
    employee = await staff.find_by_username(info.context.dependencies.runtime.store, username)
    assert employee is not None, "an employee who was changed is on the list"
    caller = info.context.staff()
    usernames = {caller.staff_id: await _username(info, caller.staff_id)}
    return _employee_of(employee, usernames, await info.context.loaders.store_names(), caller.staff_id)


async def _username(info: Info, staff_id: str) -> str:
    employee = await staff.find(info.context.dependencies.runtime.store, staff_id)
    return staff_id if employee is None else employee.username


def _employee_of(
    stored: StoredEmployee, usernames: Mapping[str, str], names: Mapping[str, str], caller: str
) -> Employee:
    return Employee(
        username=stored.username,
        name=stored.name,
        role=StaffRole[stored.role],
        stores=[store_of(code, names) for code in stored.stores],
        has_second_factor=stored.factor is not None,
        is_enrolling=stored.factor is None and stored.setup_key is not None,
        disabled_at=stored.disabled_at,
        created_at=stored.created_at,
        made_by=None if stored.made_by is None else usernames.get(stored.made_by, stored.made_by),
        is_self=stored.id == caller,
    )
