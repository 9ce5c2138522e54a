"""Staff: who works where and as what. A password is here only as its argon2id hash; whoever leaves is disabled, not deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from domain.store.sessions import Role

Raw = Mapping[str, Any]
Data = AsyncDatabase[Raw]

COLLECTION = "staff"


@dataclass(frozen=True, slots=True)
class Employee:
    """One employee: `stores` are those they may sign in at, none named means all; `member` their own membership."""

    id: str
    username: str
    name: str
    role: Role
    stores: tuple[str, ...]
    password: str
    created_at: datetime
    member: str | None = None
    disabled_at: datetime | None = None

    def works_in(self, store: str) -> bool:
        """Tell whether they may sign in at a store."""
        return not self.stores or store in self.stores


async def ensure_indexes(data: Data) -> None:
    """Make the index that keeps a username one person's."""
    await data[COLLECTION].create_index({"username": 1}, unique=True)


# ---------------------------------------------------------------- reads
async def find(data: Data, staff: str) -> Employee | None:
    """Return an employee, disabled or not."""
    row = await data[COLLECTION].find_one({"_id": staff})
    return None if row is None else _employee(row)


async def by_username(data: Data, username: str) -> Employee | None:
    """Return an employee by the name they sign in with."""
    row = await data[COLLECTION].find_one({"username": username})
    return None if row is None else _employee(row)


async def listed(data: Data) -> list[Employee]:
    """Return everybody, by username."""
    return sorted([_employee(row) async for row in data[COLLECTION].find({})], key=lambda one: one.username)


# ---------------------------------------------------------------- writes
async def add(data: Data, employee: Employee) -> bool:
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
    }
    try:
        await data[COLLECTION].insert_one(row)
    except DuplicateKeyError:
        return False
    return True


async def came_in(data: Data, staff: str, *, now: datetime, within: AsyncClientSession) -> bool:
    """Note a sign-in; False where they were disabled meanwhile, so that no session outlives that."""
    done = await data[COLLECTION].update_one({"_id": staff, "disabled_at": None}, {"$set": {"signed_in_at": now}}, session=within)
    return done.matched_count == 1


async def disable(data: Data, staff: str, *, now: datetime) -> bool:
    """Shut an employee out; False where they were."""
    done = await data[COLLECTION].update_one({"_id": staff, "disabled_at": None}, {"$set": {"disabled_at": now}})
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
        disabled_at=row.get("disabled_at"),
    )
