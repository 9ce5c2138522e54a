"""Staff: added, signed in at a store for a shift, disabled. A disabled employee's sessions end at once."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.model.people.contacts import ContactMalformed, read_email, read_phone
from domain.services.errors import InvalidInput, SignInRefused
from domain.services.people import field_checks
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.own_memberships import employee_writes, find_own_memberships
from domain.services.people.passwords import MAX_LENGTH, MIN_LENGTH
from domain.services.people.sessions import (
    OpenedSession,
    end_all,
    new_session,
    open_session,
)
from domain.store.audit import COMMAND_LINE, Action, simple_act_write
from domain.store.document_store import DocumentStore, Write
from domain.store.people import contacts, staff, stores
from domain.store.people.sessions import StaffRole
from domain.store.people.staff import Employee
from domain.store.people.stores import RetailStore

_USERNAME = re.compile("[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class StaffSignedIn:
    """An employee at a store, with the session of their shift."""

    employee: Employee
    retail_store: RetailStore
    opened_session: OpenedSession


# ---------------------------------------------------------------- reads
async def list_staff(store: DocumentStore) -> list[Employee]:
    """Return all employees, disabled ones too, by username."""
    return await staff.find_all(store)


async def find(store: DocumentStore, staff_id: str) -> Employee | None:
    """Return an employee by id."""
    return await staff.find(store, staff_id)


async def find_by_username(store: DocumentStore, username: str) -> Employee | None:
    """Return an employee by the name they sign in with."""
    return await staff.find_by_username(store, _normal_username(username))


# ---------------------------------------------------------------- writes
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
    actor: str = COMMAND_LINE,
    now: datetime,
) -> Employee:
    """Add an employee. Without store codes they may sign in anywhere. Raises InvalidInput.

    Their own membership is the one with this number, and any that has this e-mail address or phone, now or
    later.
    """
    if not _USERNAME.fullmatch(_normal_username(username)):
        raise InvalidInput(
            "username", "Write a username of 1 to 64 letters a-z, digits, dots, dashes or underscores."
        )
    _expect_password(password)
    for code in store_codes:
        if await stores.find(identity.store, code) is None:
            raise InvalidInput("store", f"There is no store {code}: add it with selo store add.")
    employee = Employee(
        id=secrets.token_hex(16),
        username=_normal_username(username),
        name=field_checks.check_name(name),
        role=role,
        stores=store_codes,
        password_hash=await identity.passwords.hash(password),
        created_at=now,
        member=await _find_own_membership(identity.store, member_number),
        contacts=_contact_keys(email, phone),
    )
    try:
        await _change_with_audit(
            identity,
            [staff.add_write(employee), *await employee_writes(identity.store, employee)],
            "STAFF_ADDED",
            employee,
            actor=actor,
            now=now,
        )
    except staff.EmployeeChanged:
        raise InvalidInput("username", f"There is somebody called {employee.username} already.") from None
    return employee


async def disable(
    identity: IdentityRuntime, username: str, *, actor: str = COMMAND_LINE, now: datetime
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
            now=now,
        )
    return await end_all(identity, f"staff:{employee.id}", reason="disabled", now=now)


async def enable(
    identity: IdentityRuntime, username: str, *, actor: str = COMMAND_LINE, now: datetime
) -> bool:
    """Enable an employee again, with their old password; False where nobody disabled them. Raises
    InvalidInput.
    """
    employee = await _load_by_username(identity, username)
    try:
        await _change_with_audit(
            identity, [staff.enable_write(employee.id)], "STAFF_ENABLED", employee, actor=actor, now=now
        )
    except staff.EmployeeChanged:
        return False
    return True


async def change_password(
    identity: IdentityRuntime, username: str, password: str, *, actor: str = COMMAND_LINE, now: datetime
) -> int:
    """Set an employee's password and end their sessions; return how many ended. Raises InvalidInput."""
    employee = await _load_by_username(identity, username)
    _expect_password(password)
    change = staff.password_write(employee.id, await identity.passwords.hash(password))
    await _change_with_audit(identity, [change], "PASSWORD_CHANGED", employee, actor=actor, now=now)
    return await end_all(identity, f"staff:{employee.id}", reason="password", now=now)


async def _load_by_username(identity: IdentityRuntime, username: str) -> Employee:
    employee = await staff.find_by_username(identity.store, _normal_username(username))
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
    now: datetime,
) -> None:
    """Change an employee, and note it in the audit trail in the same transaction. Raises EmployeeChanged."""

    async def attempt() -> None:
        await identity.store.transact(
            [*changes, simple_act_write(action, actor=actor, now=now, subject=employee.id)]
        )

    await identity.store.run_rounds(attempt, queue=employee.id)


async def sign_in(
    identity: IdentityRuntime, *, username: str, password: str, store_code: str, address: str, now: datetime
) -> StaffSignedIn:
    """Begin a shift at a store. Raises SignInRefused, and InvalidInput("store") once the password is proven.

    An unknown name takes as long as a wrong password and gets the same answer. Tries are counted for each
    address and name.
    """
    attempt_key = (address, _normal_username(username)[:64])
    wait = identity.password_attempts.count_attempt(attempt_key, now=now)
    if wait > timedelta(0):
        raise SignInRefused("TOO_MANY_ATTEMPTS", retry_after=math.ceil(wait.total_seconds()))
    employee = await staff.find_by_username(identity.store, attempt_key[1])
    if (
        not await identity.passwords.matches(employee.password_hash if employee else None, password)
        or employee is None
    ):
        raise SignInRefused("WRONG_PASSWORD")
    identity.password_attempts.forget(attempt_key)
    if employee.disabled_at is not None:
        raise SignInRefused("DISABLED")
    retail_store = await stores.find(identity.store, store_code)
    if retail_store is None or not employee.works_in(retail_store.code):
        raise InvalidInput("store", "You cannot sign in at this store.")
    own_members = await find_own_memberships(identity.store, employee)
    opened_session = new_session(
        identity,
        "staff",
        employee.id,
        now=now,
        role=employee.role,
        store=retail_store.code,
        own_members=own_members,
    )
    try:
        writes = [staff.sign_in_write(employee, now=now), *await employee_writes(identity.store, employee)]
        await open_session(identity, opened_session, *writes)
    except staff.EmployeeChanged:
        employee_now = await staff.find(identity.store, employee.id)
        raise SignInRefused(
            "WRONG_PASSWORD" if employee_now and employee_now.disabled_at is None else "DISABLED"
        ) from None
    return StaffSignedIn(employee, retail_store, opened_session)


def _expect_password(password: str) -> None:
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise InvalidInput("password", f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters.")


def _normal_username(username: str) -> str:
    return username.strip().lower()


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
        raise InvalidInput("member", f"No membership has the number {number}.")
    return member_id
