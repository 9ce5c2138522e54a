"""Staff: added, disabled, given another password or second factor; their sessions then end at once."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from domain.model.people.contacts import ContactMalformed, read_email, read_phone
from domain.model.people.second_factor import (
    KEY_BYTES,
    SETUP_KEY_LIFE,
    SetupKey,
    hash_long_code,
    make_long_code,
)
from domain.services.errors import InvalidInput
from domain.services.four_eyes.own_memberships import employee_writes
from domain.services.people import field_checks
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.passwords import check_password
from domain.services.people.sessions import end_all
from domain.store.audit import COMMAND_LINE, simple_act_write
from domain.store.audit_actions import Action
from domain.store.document_store import DocumentStore, Write
from domain.store.people import contacts, staff, stores
from domain.store.people.sessions import StaffRole
from domain.store.people.staff import Employee

# Who signs in at a store, and who at the console.
TILL_ROLES: frozenset[StaffRole] = frozenset({"CASHIER", "MANAGER", "OPERATOR"})
CONSOLE_ROLES: frozenset[StaffRole] = frozenset({"OPERATOR", "SERVICE", "ANALYST"})

_USERNAME = re.compile("[a-z0-9][a-z0-9._-]{0,63}")


# ---------------------------------------------------------------- pure rules
def new_setup_key() -> str:
    """Return a fresh set-up key, to be given to the employee by whoever makes the account."""
    return make_long_code(secrets.token_bytes(KEY_BYTES))


def role_needs_second_factor(identity: IdentityRuntime, role: StaffRole) -> bool:
    """Tell whether everybody of a role signs in with a second factor: who works at the console does, managers
    by setting.
    """
    return role in CONSOLE_ROLES or (role == "MANAGER" and identity.managers_need_factor)


def needs_second_factor(identity: IdentityRuntime, employee: Employee) -> bool:
    """Tell whether an employee signs in with a second factor: by their role, or because they have one or the
    key for one.
    """
    return (
        role_needs_second_factor(identity, employee.role)
        or employee.factor is not None
        or employee.setup_key is not None
    )


# ---------------------------------------------------------------- reads
async def list_staff(store: DocumentStore) -> list[Employee]:
    """Return all employees, disabled ones too, by username."""
    return await staff.find_all(store)


async def find(store: DocumentStore, staff_id: str) -> Employee | None:
    """Return an employee by id."""
    return await staff.find(store, staff_id)


async def find_by_username(store: DocumentStore, username: str) -> Employee | None:
    """Return an employee by the name they sign in with."""
    return await staff.find_by_username(store, normal_username(username))


# ---------------------------------------------------------------- writes
async def make(
    identity: IdentityRuntime,
    *,
    username: str,
    name: str,
    role: StaffRole,
    store_codes: tuple[str, ...],
    password: str,
    member_number: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    made_by: str = COMMAND_LINE,
    now: datetime,
) -> Employee:
    """Return an employee who is on no list yet. Without store codes they may sign in anywhere. Raises
    InvalidInput.

    Their own membership is the one with this number, and any that has this e-mail address or phone, now or
    later.
    """
    if not _USERNAME.fullmatch(normal_username(username)):
        raise InvalidInput(
            "username", "Write a username of 1 to 64 letters a-z, digits, dots, dashes or underscores."
        )
    check_password(password, names=(username, name))
    await _check_stores(identity, role, store_codes)
    return Employee(
        id=secrets.token_hex(16),
        username=normal_username(username),
        name=field_checks.check_name(name),
        role=role,
        stores=store_codes,
        password_hash=await identity.passwords.hash(password),
        created_at=now,
        member=await _find_own_membership(identity.store, member_number),
        contacts=_contact_keys(email, phone),
        made_by=made_by,
    )


async def add(
    identity: IdentityRuntime,
    *,
    username: str,
    name: str,
    role: StaffRole,
    store_codes: tuple[str, ...],
    password: str,
    member_number: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    setup_key: str | None = None,
    actor: str = COMMAND_LINE,
    reason: str | None = None,
    now: datetime,
) -> Employee:
    """Add an employee, as `make` makes one. With `setup_key` they enrol a second factor at their first
    sign-in. Raises InvalidInput.
    """
    employee = await make(
        identity,
        username=username,
        name=name,
        role=role,
        store_codes=store_codes,
        password=password,
        member_number=member_number,
        email=email,
        phone=phone,
        made_by=actor,
        now=now,
    )
    return await admit(identity, employee, setup_key=setup_key, actor=actor, reason=reason, now=now)


async def admit(
    identity: IdentityRuntime,
    employee: Employee,
    *,
    setup_key: str | None,
    actor: str,
    reason: str | None = None,
    also: Sequence[Write] = (),
    now: datetime,
) -> Employee:
    """Put an employee on the list, with `also` in the same transaction. Raises InvalidInput."""
    admitted = replace(
        employee,
        created_at=now,
        setup_key=None if setup_key is None else _kept_setup_key(setup_key, now),
    )
    try:
        await _change_with_audit(
            identity,
            [*also, staff.add_write(admitted), *await employee_writes(identity.store, admitted)],
            "STAFF_ADDED",
            admitted,
            actor=actor,
            reason=reason,
            now=now,
        )
    except staff.EmployeeChanged:
        raise InvalidInput("username", f"There is somebody called {admitted.username} already.") from None
    return admitted


async def move(
    identity: IdentityRuntime,
    username: str,
    store_codes: tuple[str, ...],
    *,
    actor: str = COMMAND_LINE,
    reason: str | None = None,
    now: datetime,
) -> int:
    """Have an employee sign in at these stores alone, or at all where none is named, and end their sessions;
    return how many ended. Raises InvalidInput.
    """
    employee = await _load_by_username(identity, username)
    await _check_stores(identity, employee.role, store_codes)
    change = staff.stores_write(employee.id, store_codes)
    await _change_with_audit(identity, [change], "STAFF_MOVED", employee, actor=actor, reason=reason, now=now)
    return await end_all(identity, f"staff:{employee.id}", reason="moved", now=now)


async def disable(
    identity: IdentityRuntime,
    username: str,
    *,
    actor: str = COMMAND_LINE,
    reason: str | None = None,
    now: datetime,
) -> int:
    """Disable an employee and end their sessions; return how many ended. Raises InvalidInput for an unknown
    name.
    """
    employee = await _load_by_username(identity, username)
    with suppress(staff.EmployeeChanged):  # disabled already: the sessions end all the same
        await _change_with_audit(
            identity,
            [staff.disable_write(employee.id, now=now)],
            "STAFF_DISABLED",
            employee,
            actor=actor,
            reason=reason,
            now=now,
        )
    return await end_all(identity, f"staff:{employee.id}", reason="disabled", now=now)


async def enable(
    identity: IdentityRuntime,
    username: str,
    *,
    actor: str = COMMAND_LINE,
    reason: str | None = None,
    now: datetime,
) -> bool:
    """Enable an employee again, with their old password; False where nobody disabled them. Raises
    InvalidInput.
    """
    employee = await _load_by_username(identity, username)
    try:
        await _change_with_audit(
            identity,
            [staff.enable_write(employee.id)],
            "STAFF_ENABLED",
            employee,
            actor=actor,
            reason=reason,
            now=now,
        )
    except staff.EmployeeChanged:
        return False
    return True


async def change_password(
    identity: IdentityRuntime,
    username: str,
    password: str,
    *,
    actor: str = COMMAND_LINE,
    reason: str | None = None,
    now: datetime,
) -> int:
    """Set an employee's password and end their sessions; return how many ended. Raises InvalidInput."""
    employee = await _load_by_username(identity, username)
    check_password(password, names=(employee.username, employee.name))
    change = staff.password_write(employee.id, await identity.passwords.hash(password), now=now)
    await _change_with_audit(
        identity, [change], "PASSWORD_CHANGED", employee, actor=actor, reason=reason, now=now
    )
    return await end_all(identity, f"staff:{employee.id}", reason="password", now=now)


async def reset_second_factor(
    identity: IdentityRuntime,
    username: str,
    setup_key: str,
    *,
    actor: str = COMMAND_LINE,
    reason: str | None = None,
    also: Sequence[Write] = (),
    now: datetime,
) -> int:
    """Take an employee's second factor away, have them enrol another with `setup_key`, with `also` in the
    same transaction, and end their sessions; return how many ended. Raises InvalidInput for an unknown name.
    """
    employee = await _load_by_username(identity, username)
    change = staff.setup_write(employee.id, _kept_setup_key(setup_key, now), now=now)
    await _change_with_audit(
        identity, [*also, change], "SECOND_FACTOR_RESET", employee, actor=actor, reason=reason, now=now
    )
    return await end_all(identity, f"staff:{employee.id}", reason="second_factor", now=now)


async def renew_setup_key(
    identity: IdentityRuntime, employee: Employee, setup_key: str, *, now: datetime
) -> None:
    """Have the set-up key that an employee was given at first, and has not used, work from now on."""
    setup = staff.setup_write(employee.id, _kept_setup_key(setup_key, now), now=None)
    await identity.store.transact([setup])


async def _load_by_username(identity: IdentityRuntime, username: str) -> Employee:
    employee = await staff.find_by_username(identity.store, normal_username(username))
    if employee is None:
        raise InvalidInput("username", f"There is nobody called {username}.")
    return employee


async def _change_with_audit(
    identity: IdentityRuntime,
    changes: Sequence[Write],
    action: Action,
    employee: Employee,
    *,
    actor: str,
    reason: str | None = None,
    now: datetime,
) -> None:
    """Change an employee, and note it in the audit trail in the same transaction. Raises EmployeeChanged."""

    async def attempt() -> None:
        await identity.store.transact(
            [*changes, simple_act_write(action, actor=actor, now=now, subject=employee.id, reason=reason)]
        )

    await identity.store.run_rounds(attempt, queue=employee.id)


def normal_username(username: str) -> str:
    return username.strip().lower()


async def _check_stores(identity: IdentityRuntime, role: StaffRole, codes: tuple[str, ...]) -> None:
    if codes and role not in TILL_ROLES:
        raise InvalidInput("stores", "Service and analysts work at the console: name no store.")
    for code in codes:
        if await stores.find(identity.store, code) is None:
            raise InvalidInput("stores", f"There is no store {code}: add it with selo store add.")


def _kept_setup_key(setup_key: str, now: datetime) -> SetupKey:
    return SetupKey(hash_long_code(setup_key), now + SETUP_KEY_LIFE)


def _contact_keys(email: str | None, phone: str | None) -> tuple[str, ...]:
    keys = []
    for field, text, read in (("email", email, read_email), ("phone", phone, read_phone)):
        try:
            keys += [] if text is None else [read(text).key]
        except ContactMalformed as error:
            raise InvalidInput(field, str(error)) from None
    return tuple(keys)


async def _find_own_membership(store: DocumentStore, number: str | None) -> str | None:
    if number is None:
        return None
    member_id = await contacts.find_member(store, contacts.number_key(number.replace(" ", "")))
    if member_id is None:
        raise InvalidInput("memberNumber", f"No membership has the number {number}.")
    return member_id
