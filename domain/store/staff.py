"""Staff: who works where and as what. A password is here only as its argon2id hash; whoever leaves is disabled, not deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from domain.store.base import Store, StoreFault, Write, update
from domain.store.connect import Raw
from domain.store.sessions import Role

COLLECTION = "staff"


class Disabled(StoreFault):
    """The employee was disabled meanwhile."""


@dataclass(frozen=True, slots=True)
class Employee:
    """One employee: `stores` are those they may sign in at, none named means all.

    `member` is their own membership, and so is any whose contact is one of `contacts` (keys, as in the contacts themselves).
    """

    id: str
    username: str
    name: str
    role: Role
    stores: tuple[str, ...]
    password: str
    created_at: datetime
    member: str | None = None
    contacts: tuple[str, ...] = ()
    disabled_at: datetime | None = None

    def works_in(self, store: str) -> bool:
        """Tell whether they may sign in at a store."""
        return not self.stores or store in self.stores


async def ensure_indexes(store: Store) -> None:
    """Make the index that keeps a username one person's."""
    await store[COLLECTION].create_index({"username": 1}, unique=True)


# ---------------------------------------------------------------- reads
async def find(store: Store, staff: str) -> Employee | None:
    """Return an employee, disabled or not."""
    row = await store[COLLECTION].find_one({"_id": staff})
    return None if row is None else _employee(row)


async def by_username(store: Store, username: str) -> Employee | None:
    """Return an employee by the name they sign in with."""
    row = await store[COLLECTION].find_one({"username": username})
    return None if row is None else _employee(row)


async def listed(store: Store) -> list[Employee]:
    """Return everybody, by username."""
    return sorted([_employee(row) async for row in store[COLLECTION].find({})], key=lambda one: one.username)


# ---------------------------------------------------------------- writes
async def add(store: Store, employee: Employee) -> bool:
    """Write down a new employee; False where the username is taken."""
    row = {
        "_id": employee.id,
        "username": employee.username,
        "name": employee.name,
        "role": employee.role,
        "stores": list(employee.stores),
        "password": employee.password,
        "created_at": employee.created_at,
        "member": employee.member,
        "contacts": list(employee.contacts),
    }
    try:
        await store[COLLECTION].insert_one(row)
    except DuplicateKeyError:
        return False
    return True


def coming_in(staff: str, *, now: datetime) -> Write:
    """Return the write that notes a sign-in; it raises Disabled, so that no session outlives that."""
    return update(COLLECTION, {"_id": staff, "disabled_at": None}, {"$set": {"signed_in_at": now}}, missed=Disabled(staff))


async def disable(store: Store, staff: str, *, now: datetime) -> bool:
    """Shut an employee out; False where they were."""
    done = await store[COLLECTION].update_one({"_id": staff, "disabled_at": None}, {"$set": {"disabled_at": now}})
    return done.modified_count == 1


def _employee(row: Raw) -> Employee:
    return Employee(
        id=row["_id"],
        username=row["username"],
        name=row["name"],
        role=row["role"],
        stores=tuple(row["stores"]),
        password=row["password"],
        created_at=row["created_at"],
        member=row.get("member"),
        contacts=tuple(row.get("contacts", ())),
        disabled_at=row.get("disabled_at"),
    )
