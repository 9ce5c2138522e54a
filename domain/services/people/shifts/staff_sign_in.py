"""Sign-in of staff: a password, a second factor for those who need one, and a shift at one store.

An unknown name takes as long as a wrong password and gets the same answer. Guesses are slowed by name,
whatever the address, and never lock anybody out: a till on which the person signed in before is not slowed by
guesses from elsewhere.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import NoReturn

import structlog

from domain.model.values import dataclass
from domain.services.errors import InvalidInput, SecondFactorNeeded, SignInRefused
from domain.services.four_eyes.own_memberships import employee_writes, find_own_memberships
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.sessions import OpenedSession, new_session, open_session
from domain.services.people.shifts import second_factors, staff_attempts
from domain.services.people.shifts.second_factors import ProvenFactor
from domain.services.people.shifts.staff_attempts import KnownTill, TryCounter
from domain.services.people.staff import CONSOLE_ROLES, TILL_ROLES, needs_second_factor, normal_username
from domain.store.audit import simple_act_write
from domain.store.counters import SIGN_INS_REFUSED
from domain.store.document_store import Write
from domain.store.people import staff, stores, tills
from domain.store.people import staff_attempts as tries
from domain.store.people.staff import Employee
from domain.store.people.stores import RetailStore

MAX_USERNAME_LENGTH = 64
UNKNOWN_EMPLOYEE = "unknown"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StaffSignIn:
    """What somebody brings to begin a shift, at a store or, without one, at the console. `second_factor` is a
    code of their app, or a recovery code.

    `setup_key` enrols a second factor; `device_token` is what the till was given at the last sign-in on it.
    """

    username: str
    password: str
    store: str | None
    second_factor: str | None = None
    setup_key: str | None = None
    device_token: str | None = None


@dataclass(frozen=True, slots=True)
class StaffSignedIn:
    """An employee at a store, with the session of their shift, and the token of the till for next time.

    `recovery_codes` are those of a factor that was enrolled right now; `recovery_codes_left` counts the
    unused ones, None without a factor.
    """

    employee: Employee
    retail_store: RetailStore
    opened_session: OpenedSession
    device_token: str
    recovery_codes: tuple[str, ...] = ()
    recovery_codes_left: int | None = None


async def sign_in(identity: IdentityRuntime, request: StaffSignIn, *, now: datetime) -> StaffSignedIn:
    """Begin a shift at a store. One that is refused is counted, logged and in the audit trail.

    Raises SignInRefused; once the password is proven InvalidInput("store") and SecondFactorNeeded.
    """
    try:
        return await _sign_in(identity, request, now=now)
    except SignInRefused as refused:
        await _note_refused(identity, request, refused, now=now)
        raise


async def _note_refused(
    identity: IdentityRuntime, request: StaffSignIn, refused: SignInRefused, *, now: datetime
) -> None:
    """Note a refusal, by the same writes whether there is such an employee or not."""
    SIGN_INS_REFUSED.labels(refused.reason).inc()
    employee = await staff.find_by_username(
        identity.store, normal_username(request.username)[:MAX_USERNAME_LENGTH]
    )
    subject = employee.id if employee is not None else UNKNOWN_EMPLOYEE
    log.warning("staff.sign_in_refused", staff=subject, why=refused.reason)
    act = simple_act_write(
        "STAFF_SIGN_IN_REFUSED", actor=subject, now=now, subject=subject, reason=refused.reason
    )
    await identity.store.transact([act])


async def _sign_in(identity: IdentityRuntime, request: StaffSignIn, *, now: datetime) -> StaffSignedIn:
    username = normal_username(request.username)[:MAX_USERNAME_LENGTH]
    till = await staff_attempts.load_till(identity, request.device_token)
    employee = await staff.find_by_username(identity.store, username)
    counter = staff_attempts.counter_of(identity, username=username, employee=employee, till=till)
    await _count_try(identity, counter, employee, now=now)
    employee = await _expect_password(identity, employee, request.password)
    retail_store = await _expect_store(identity, employee, request.store)
    try:
        proven = _prove_factor(identity, employee, request, now=now)
    except SecondFactorNeeded:
        await tries.take_back(identity.store, counter.id)  # no guess: the password is right
        raise
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
    writes = await _sign_in_writes(identity, employee, proven, till, now=now)
    try:
        await open_session(identity, opened_session, *writes)
    except staff.EmployeeChanged:
        await _refuse_changed(identity, employee)
    await tries.forget(identity.store, counter.id)
    return StaffSignedIn(
        employee,
        retail_store,
        opened_session,
        till.token,
        proven.recovery_codes if proven else (),
        len(proven.factor.recovery) if proven else None,
    )


async def _count_try(
    identity: IdentityRuntime, counter: TryCounter, employee: Employee | None, *, now: datetime
) -> None:
    wait = await staff_attempts.count_try(identity, counter, now=now)
    if wait > timedelta(0):
        if employee is not None:
            log.warning("staff.guesses_slowed", staff=employee.id, seconds=math.ceil(wait.total_seconds()))
        raise SignInRefused("TOO_MANY_ATTEMPTS", retry_after=math.ceil(wait.total_seconds()))


async def _expect_password(identity: IdentityRuntime, employee: Employee | None, password: str) -> Employee:
    password_hash = employee.password_hash if employee else None
    if not await identity.passwords.matches(password_hash, password) or employee is None:
        raise SignInRefused("WRONG_PASSWORD")
    if employee.disabled_at is not None:
        raise SignInRefused("DISABLED")
    return employee


async def _expect_store(identity: IdentityRuntime, employee: Employee, store_code: str | None) -> RetailStore:
    """Return where the employee works in this shift. Raises InvalidInput."""
    if store_code is None:
        if employee.role not in CONSOLE_ROLES:
            raise InvalidInput("store", "You work at a store: sign in at its till.")
        return stores.CONSOLE
    if employee.role not in TILL_ROLES:
        raise InvalidInput("store", "You work at the console: sign in there, without a store.")
    retail_store = await stores.find(identity.store, store_code)
    if retail_store is None or not employee.works_in(retail_store.code):
        raise InvalidInput("store", "You cannot sign in at this store.")
    return retail_store


def _prove_factor(
    identity: IdentityRuntime, employee: Employee, request: StaffSignIn, *, now: datetime
) -> ProvenFactor | None:
    if not needs_second_factor(identity, employee):
        return None
    return second_factors.prove(
        identity, employee, code=request.second_factor, setup_key=request.setup_key, now=now
    )


async def _sign_in_writes(
    identity: IdentityRuntime,
    employee: Employee,
    proven: ProvenFactor | None,
    till: KnownTill,
    *,
    now: datetime,
) -> list[Write]:
    writes = [
        staff.sign_in_write(employee, proven.factor if proven else None, now=now),
        tills.sign_in_write(till.hashed, till.employees_after(employee.id), now=now),
        *await employee_writes(identity.store, employee),
    ]
    if proven is not None and proven.action is not None:
        writes.append(simple_act_write(proven.action, actor=employee.id, now=now, subject=employee.id))
    return writes


async def _refuse_changed(identity: IdentityRuntime, employee: Employee) -> NoReturn:
    """Refuse an employee who was changed while they signed in, by what has changed."""
    employee_now = await staff.find(identity.store, employee.id)
    if employee_now is None or employee_now.disabled_at is not None:
        raise SignInRefused("DISABLED") from None
    if employee_now.password_hash != employee.password_hash:
        raise SignInRefused("WRONG_PASSWORD") from None
    raise SignInRefused("WRONG_SECOND_FACTOR") from None
