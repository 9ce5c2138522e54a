"""Staff: who works where and as what. A password is here only as its argon2id hash; whoever leaves is
disabled, not deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from domain.store.base import Store, StoreFault, Write, insert, update
from domain.store.connect import Raw
from domain.store.sessions import Role

COLLECTION = "staff"
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Changed(StoreFault):
    """The employee was disabled, or let in again, or given another password, or another has the username
    meanwhile.
    """


@dataclass(frozen=True, slots=True)
class Employee:
    """One employee: `stores` are those they may sign in at, none named means all.

    `member` is their own membership, and so is any whose contact is one of `contacts` (keys, as in the
    contacts themselves).
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
def adding(employee: Employee) -> Write:
    """Return the writing down of a new employee; it raises Changed where the username is taken."""
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
    return insert(COLLECTION, row, taken=Changed(employee.username))


def coming_in(employee: Employee, *, now: datetime) -> Write:
    """Return the write that notes a sign-in; it raises Changed where they are shut out or their password is
    another by now.
    """
    asked = {"_id": employee.id, "disabled_at": None, "password": employee.password}
    return update(COLLECTION, asked, {"$set": {"signed_in_at": now}}, missed=Changed(employee.id))


def disabling(staff: str, *, now: datetime) -> Write:
    """Return the write that shuts an employee out; it raises Changed where they are."""
    return update(
        COLLECTION, {"_id": staff, "disabled_at": None}, {"$set": {"disabled_at": now}}, missed=Changed(staff)
    )


def enabling(staff: str) -> Write:
    """Return the write that lets an employee in again; it raises Changed where nobody shut them out."""
    asked = {"_id": staff, "disabled_at": {"$gt": BEGINNING}}
    return update(COLLECTION, asked, {"$unset": {"disabled_at": ""}}, missed=Changed(staff))


def changing_password(staff: str, hashed: str) -> Write:
    """Return the write of another password's hash."""
    return update(COLLECTION, {"_id": staff}, {"$set": {"password": hashed}}, missed=Changed(staff))


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
