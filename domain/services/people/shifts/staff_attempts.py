"""Tries to sign in as an employee: counted by name over all addresses, or by a till that the person knows.

A try is counted before it is checked, so that many at once count as many. Names are hashed: somebody may have
typed a password there.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from domain.model.people import lockout
from domain.model.values import dataclass
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.people import staff_attempts, tills
from domain.store.people.staff import Employee

TOKEN_BYTES = 32
MAX_TOKEN_LENGTH = 128


@dataclass(frozen=True, slots=True)
class KnownTill:
    """A till by its token's hash, with the employees who signed in on it before."""

    token: str
    employees: tuple[str, ...] = ()

    @property
    def hashed(self) -> str:
        """Return what is kept of the token; 256 random bits need no key."""
        return sha256(self.token.encode()).hexdigest()

    def employees_after(self, employee: str) -> tuple[str, ...]:
        """Return the employees once this one has signed in."""
        return (*(other for other in self.employees if other != employee), employee)


@dataclass(frozen=True, slots=True)
class TryCounter:
    """Whose tries are counted together, and the longest that the next one has to wait."""

    id: str
    longest_wait: timedelta


async def load_till(identity: IdentityRuntime, token: str | None) -> KnownTill:
    """Return the till of a token; a new one where no till has it."""
    if token is not None and len(token) <= MAX_TOKEN_LENGTH:
        till = KnownTill(token)
        employees = await tills.find_employees(identity.store, till.hashed)
        if employees is not None:
            return KnownTill(token, employees)
    return KnownTill(secrets.token_urlsafe(TOKEN_BYTES))


def counter_of(
    identity: IdentityRuntime, *, username: str, employee: Employee | None, till: KnownTill
) -> TryCounter:
    """Return what counts the tries of a name: the till's own counter where the person has signed in there."""
    if employee is not None and employee.id in till.employees:
        return TryCounter(f"till:{till.hashed}:{employee.id}", lockout.LONGEST_KNOWN_WAIT)
    hashed = hmac.digest(identity.secret, b"selo.staff.tries.1" + username.encode(), "sha256").hex()
    return TryCounter(f"name:{hashed}", lockout.LONGEST_WAIT)


async def count_try(identity: IdentityRuntime, counter: TryCounter, *, now: datetime) -> timedelta:
    """Count a try and return zero; where it is not heard yet, return how long to wait."""

    async def attempt() -> timedelta:
        failures = await staff_attempts.find(identity.store, counter.id)
        wait_left = lockout.wait(failures, longest=counter.longest_wait, now=now)
        if wait_left == timedelta(0):
            after = lockout.after_try(failures, now=now)
            await identity.store.transact([staff_attempts.count_write(counter.id, failures, after)])
        return wait_left

    return await identity.store.run_rounds(attempt, queue=counter.id)
