"""Staff: put on the list, signed in at a store for a shift, shut out. A disabled employee's sessions end with
the same breath.
"""

from __future__ import annotations

import math
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.model.people.contacts import ContactMalformed, read_email, read_phone
from domain.services import fields
from domain.services.desk import Desk
from domain.services.errors import InvalidInput, SignInRefused
from domain.services.passwords import LONGEST, SHORTEST
from domain.services.sessions import Opened, begin, end_all, new_session, own_memberships
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
    shop: RetailStore
    opened: Opened


# ---------------------------------------------------------------- reads
async def listed(store: DocumentStore) -> list[Employee]:
    """Return everybody, the disabled too, by username."""
    return await staff.find_all(store)


async def find(store: DocumentStore, staff_id: str) -> Employee | None:
    """Return an employee by id."""
    return await staff.find(store, staff_id)


async def by_username(store: DocumentStore, username: str) -> Employee | None:
    """Return an employee by the name they sign in with."""
    return await staff.find_by_username(store, _tidy(username))


# ---------------------------------------------------------------- writes
async def add(
    desk: Desk,
    *,
    username: str,
    name: str,
    role: StaffRole,
    store_codes: tuple[str, ...],
    password: str,
    member_number: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    by: str = COMMAND_LINE,
    now: datetime,
) -> Employee:
    """Put an employee on the list; without store codes they may sign in anywhere. Raises InvalidInput.

    Their own membership is the one with this number, and any that has this e-mail address or phone, now or
    later.
    """
    if not _USERNAME.fullmatch(_tidy(username)):
        raise InvalidInput(
            "username", "Write a username of 1 to 64 letters a-z, digits, dots, dashes or underscores."
        )
    _expect_password(password)
    for code in store_codes:
        if await stores.find(desk.store, code) is None:
            raise InvalidInput("store", f"There is no store {code}: add it with selo store add.")
    employee = Employee(
        id=secrets.token_hex(16),
        username=_tidy(username),
        name=fields.name(name),
        role=role,
        stores=store_codes,
        password_hash=await desk.passwords.hash(password),
        created_at=now,
        member=await _member(desk.store, member_number),
        contacts=_contacts(email, phone),
    )
    try:
        await _do(desk, staff.add_write(employee), "STAFF_ADDED", employee, by=by, now=now)
    except staff.EmployeeChanged:
        raise InvalidInput("username", f"There is somebody called {employee.username} already.") from None
    return employee


async def disable(desk: Desk, username: str, *, by: str = COMMAND_LINE, now: datetime) -> int:
    """Shut an employee out and end their sessions; return how many ended. Raises InvalidInput where nobody is
    called so.
    """
    employee = await _called(desk, username)
    with suppress(staff.EmployeeChanged):  # shut out already: what sessions there are end all the same
        await _do(desk, staff.disable_write(employee.id, now=now), "STAFF_DISABLED", employee, by=by, now=now)
    return await end_all(desk, f"staff:{employee.id}", reason="disabled", now=now)


async def enable(desk: Desk, username: str, *, by: str = COMMAND_LINE, now: datetime) -> bool:
    """Let an employee in again, with the password they had; False where nobody shut them out. Raises
    InvalidInput.
    """
    employee = await _called(desk, username)
    try:
        await _do(desk, staff.enable_write(employee.id), "STAFF_ENABLED", employee, by=by, now=now)
    except staff.EmployeeChanged:
        return False
    return True


async def change_password(
    desk: Desk, username: str, password: str, *, by: str = COMMAND_LINE, now: datetime
) -> int:
    """Give an employee another password and end their sessions; return how many ended. Raises
    InvalidInput.
    """
    employee = await _called(desk, username)
    _expect_password(password)
    change = staff.password_write(employee.id, await desk.passwords.hash(password))
    await _do(desk, change, "PASSWORD_CHANGED", employee, by=by, now=now)
    return await end_all(desk, f"staff:{employee.id}", reason="password", now=now)


async def _called(desk: Desk, username: str) -> Employee:
    employee = await staff.find_by_username(desk.store, _tidy(username))
    if employee is None:
        raise InvalidInput("username", f"There is nobody called {username}.")
    return employee


async def _do(
    desk: Desk, change: Write, action: Action, employee: Employee, *, by: str, now: datetime
) -> None:
    """Change something about an employee, and note it in the audit trail in the same transaction. Raises
    Changed.
    """

    async def attempt() -> None:
        await desk.store.transact([change, simple_act_write(action, actor=by, now=now, subject=employee.id)])

    await desk.store.run_rounds(attempt, queue=employee.id)


async def sign_in(
    desk: Desk, *, username: str, password: str, store_code: str, address: str, now: datetime
) -> StaffSignedIn:
    """Begin a shift at a store. Raises SignInRefused, and InvalidInput("store") once the password is proven.

    An unknown name takes as long as a wrong password and is answered the same. Guesses are counted for this
    address and name.
    """
    pair = (address, _tidy(username)[:64])
    waiting = desk.guesses.begin(pair, now=now)
    if waiting > timedelta(0):
        raise SignInRefused("TOO_MANY_ATTEMPTS", retry_after=math.ceil(waiting.total_seconds()))
    employee = await staff.find_by_username(desk.store, pair[1])
    if (
        not await desk.passwords.right(employee.password_hash if employee else None, password)
        or employee is None
    ):
        raise SignInRefused("WRONG_PASSWORD")
    desk.guesses.right(pair)
    if employee.disabled_at is not None:
        raise SignInRefused("DISABLED")
    shop = await stores.find(desk.store, store_code)
    if shop is None or not employee.works_in(shop.code):
        raise InvalidInput("store", "You cannot sign in at this store.")
    own = await own_memberships(desk.store, employee)
    opened = new_session(
        desk, "staff", employee.id, now=now, role=employee.role, store=shop.code, own_members=own
    )
    try:
        await begin(desk, opened, staff.sign_in_write(employee, now=now))
    except staff.EmployeeChanged:
        found = await staff.find(desk.store, employee.id)
        raise SignInRefused("WRONG_PASSWORD" if found and found.disabled_at is None else "DISABLED") from None
    return StaffSignedIn(employee, shop, opened)


def _expect_password(password: str) -> None:
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInput("password", f"A password has {SHORTEST} to {LONGEST} characters.")


def _tidy(username: str) -> str:
    return username.strip().lower()


def _contacts(email: str | None, phone: str | None) -> tuple[str, ...]:
    keys = []
    for field, text, read in (("email", email, read_email), ("phone", phone, read_phone)):
        try:
            keys += [] if text is None else [read(text).key]
        except ContactMalformed as fault:
            raise InvalidInput(field, str(fault)) from None
    return tuple(keys)


async def _member(store: DocumentStore, number: str | None) -> str | None:
    if number is None:
        return None
    found = await contacts.find_member(store, contacts.number_key(number.replace(" ", "")))
    if found is None:
        raise InvalidInput("member", f"No membership has the number {number}.")
    return found
