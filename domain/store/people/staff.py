"""Staff: who works where and as what. A password is here only as its argon2id hash; whoever leaves is
disabled, not deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, StoreFault, Write, insert, update
from domain.store.people.sessions import StaffRole

COLLECTION = "staff"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class EmployeeChanged(StoreFault):
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
    role: StaffRole
    stores: tuple[str, ...]
    password_hash: str
    created_at: datetime
    member: str | None = None
    contacts: tuple[str, ...] = ()
    disabled_at: datetime | None = None

    def works_in(self, store: str) -> bool:
        """Tell whether they may sign in at a store."""
        return not self.stores or store in self.stores


async def ensure_indexes(store: DocumentStore) -> None:
    """Make the index that keeps a username one person's."""
    await store[COLLECTION].create_index({"username": 1}, unique=True)


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, staff: str) -> Employee | None:
    """Return an employee, disabled or not."""
    row = await store[COLLECTION].find_one({"_id": staff})
    return None if row is None else _read_employee(row)


async def find_by_username(store: DocumentStore, username: str) -> Employee | None:
    """Return an employee by the name they sign in with."""
    row = await store[COLLECTION].find_one({"username": username})
    return None if row is None else _read_employee(row)


async def find_all(store: DocumentStore) -> list[Employee]:
    """Return everybody, by username."""
    return sorted(
        [_read_employee(row) async for row in store[COLLECTION].find({})], key=lambda one: one.username
    )


# ---------------------------------------------------------------- writes
def add_write(employee: Employee) -> Write:
    """Return the writing down of a new employee; it raises Changed where the username is taken."""
    row = {
        "_id": employee.id,
        "username": employee.username,
        "name": employee.name,
        "role": employee.role,
        "stores": list(employee.stores),
        "password": employee.password_hash,
        "created_at": employee.created_at,
        "member": employee.member,
        "contacts": list(employee.contacts),
    }
    return insert(COLLECTION, row, if_taken=EmployeeChanged(employee.username))


def sign_in_write(employee: Employee, *, now: datetime) -> Write:
    """Return the write that notes a sign-in; it raises Changed where they are shut out or their password is
    another by now.
    """
    query = {"_id": employee.id, "disabled_at": None, "password": employee.password_hash}
    return update(COLLECTION, query, {"$set": {"signed_in_at": now}}, if_missed=EmployeeChanged(employee.id))


def disable_write(staff: str, *, now: datetime) -> Write:
    """Return the write that shuts an employee out; it raises Changed where they are."""
    return update(
        COLLECTION,
        {"_id": staff, "disabled_at": None},
        {"$set": {"disabled_at": now}},
        if_missed=EmployeeChanged(staff),
    )


def enable_write(staff: str) -> Write:
    """Return the write that lets an employee in again; it raises Changed where nobody shut them out."""
    query = {"_id": staff, "disabled_at": {"$gt": EPOCH}}
    return update(COLLECTION, query, {"$unset": {"disabled_at": ""}}, if_missed=EmployeeChanged(staff))


def password_write(staff: str, password_hash: str) -> Write:
    """Return the write of another password's hash."""
    return update(
        COLLECTION, {"_id": staff}, {"$set": {"password": password_hash}}, if_missed=EmployeeChanged(staff)
    )


def _read_employee(row: Raw) -> Employee:
    return Employee(
        id=row["_id"],
        username=row["username"],
        name=row["name"],
        role=row["role"],
        stores=tuple(row["stores"]),
        password_hash=row["password"],
        created_at=row["created_at"],
        member=row.get("member"),
        contacts=tuple(row.get("contacts", ())),
        disabled_at=row.get("disabled_at"),
    )
