"""Staff: who works where and as what. A password is stored as its argon2id hash alone, a second factor as its
sealed secret; whoever leaves is disabled, not deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, ClassVar, cast

from pymongo import IndexModel

from domain.model.people.second_factor import SecondFactor, SetupKey
from domain.model.values import dataclass
from domain.store.document_store import EPOCH, DocumentStore, StoreFault, Write, insert, update
from domain.store.people.sessions import StaffRole
from domain.store.stored_document import StoredDocument

COLLECTION = "staff"


class EmployeeDocument(StoredDocument):
    """An employee in the database; `password` is the hash, `setup` and `factor` are spelled below."""

    username: str
    name: str
    role: StaffRole
    stores: list[str]
    password: str
    created_at: datetime
    made_by: str | None = None  # absent in accounts of an older version
    member: str | None = None
    contacts: list[str] | None = None
    disabled_at: datetime | None = None
    secured_at: datetime | None = None  # absent where nothing was reset, as in accounts of an older version
    signed_in_at: datetime | None = None
    sign_ins: int = 0
    setup: dict[str, Any] | None = None
    factor: dict[str, Any] | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"username": 1}, unique=True),
            IndexModel({"contacts": 1}),
            IndexModel({"member": 1}),
        )


class EmployeeChanged(StoreFault):
    """The employee was disabled, enabled or given another password meanwhile, the factor was used or reset,
    or the username is taken.
    """


@dataclass(frozen=True, slots=True)
class Employee:
    """One employee: `stores` are those they may sign in at, none named means all.

    `member` is their own membership, and so is any whose contact is one of `contacts` (keys, as in the
    contacts themselves). With `setup_key` they enrol a second factor. `secured_at` is when somebody last gave
    them another password or set-up key, `made_by` who made the account, as the audit trail names actors.
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
    setup_key: SetupKey | None = None
    factor: SecondFactor | None = None
    secured_at: datetime | None = None
    made_by: str | None = None

    def works_in(self, store: str) -> bool:
        """Tell whether they may sign in at a store."""
        return not self.stores or store in self.stores


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, staff: str) -> Employee | None:
    """Return an employee, disabled or not."""
    document = await store.documents(EmployeeDocument).find_one({"_id": staff})
    return None if document is None else _read_employee(document)


async def find_by_username(store: DocumentStore, username: str) -> Employee | None:
    """Return an employee by the name they sign in with."""
    document = await store.documents(EmployeeDocument).find_one({"username": username})
    return None if document is None else _read_employee(document)


async def find_ids_by_contacts(store: DocumentStore, keys: Collection[str]) -> tuple[str, ...]:
    """Return the employees, disabled ones too, who have one of these contacts."""
    rows = store[COLLECTION].find({"contacts": {"$in": list(keys)}}, {"_id": 1})
    return tuple(sorted([cast(str, row["_id"]) async for row in rows]))


async def find_all(store: DocumentStore) -> list[Employee]:
    """Return everybody, by username."""
    documents = await store.documents(EmployeeDocument).find({}).to_list()
    return sorted(map(_read_employee, documents), key=lambda employee: employee.username)


# ---------------------------------------------------------------- writes
def add_write(employee: Employee) -> Write:
    """Return the insertion of a new employee; it raises EmployeeChanged where the username is taken."""
    document = {
        "_id": employee.id,
        "username": employee.username,
        "name": employee.name,
        "role": employee.role,
        "stores": list(employee.stores),
        "password": employee.password_hash,
        "created_at": employee.created_at,
        "made_by": employee.made_by,
        "member": employee.member,
        "contacts": list(employee.contacts),
        "setup": _setup_row(employee.setup_key),
    }
    return insert(COLLECTION, document, if_taken=EmployeeChanged(employee.username))


def sign_in_write(employee: Employee, factor: SecondFactor | None, *, now: datetime) -> Write:
    """Return the write that notes a sign-in, and the second factor as it is after it.

    It raises EmployeeChanged where they are disabled, or their password or factor is another by now. Each
    counts: a write that changes nothing, as of two in one millisecond, would meet no change of password.
    """
    query = {"_id": employee.id, "disabled_at": None, "password": employee.password_hash}
    change: dict[str, Any] = {"$set": {"signed_in_at": now}, "$inc": {"sign_ins": 1}}
    if factor != employee.factor and factor is not None:
        query |= _factor_query(employee)
        change["$set"]["factor"] = _factor_row(factor)
        if employee.factor is None:
            change["$unset"] = {"setup": ""}
    return update(COLLECTION, query, change, if_missed=EmployeeChanged(employee.id))


def _factor_query(employee: Employee) -> dict[str, Any]:
    """Return what holds while nobody used or reset the factor, or the set-up key, that was read."""
    if employee.factor is None:
        return {"factor": None, "setup.hash": employee.setup_key.hashed if employee.setup_key else None}
    return {
        "factor.sealed": employee.factor.sealed,
        "factor.step": employee.factor.last_step,
        "factor.recovery": {"$size": len(employee.factor.recovery)},
    }


def setup_write(staff: str, setup_key: SetupKey, *, now: datetime | None) -> Write:
    """Return the write that takes a second factor away and gives a set-up key for another, at an instant;
    None where the key is that which the account was made with.
    """
    sets = {"setup": _setup_row(setup_key)} | ({} if now is None else {"secured_at": now})
    change = {"$set": sets, "$unset": {"factor": ""}}
    return update(COLLECTION, {"_id": staff}, change, if_missed=EmployeeChanged(staff))


def disable_write(staff: str, *, now: datetime) -> Write:
    """Return the write that disables an employee; it raises EmployeeChanged where they are."""
    return update(
        COLLECTION,
        {"_id": staff, "disabled_at": None},
        {"$set": {"disabled_at": now}},
        if_missed=EmployeeChanged(staff),
    )


def enable_write(staff: str) -> Write:
    """Return the write that enables an employee again; it raises EmployeeChanged where they are."""
    query = {"_id": staff, "disabled_at": {"$gt": EPOCH}}
    return update(COLLECTION, query, {"$unset": {"disabled_at": ""}}, if_missed=EmployeeChanged(staff))


def stores_write(staff: str, stores: Sequence[str]) -> Write:
    """Return the write of the stores at which an employee may sign in; it raises EmployeeChanged."""
    change = {"$set": {"stores": list(stores)}}
    return update(COLLECTION, {"_id": staff}, change, if_missed=EmployeeChanged(staff))


def password_write(staff: str, password_hash: str, *, now: datetime) -> Write:
    """Return the write of another password's hash, given at an instant."""
    change = {"$set": {"password": password_hash, "secured_at": now}}
    return update(COLLECTION, {"_id": staff}, change, if_missed=EmployeeChanged(staff))


def _read_employee(document: EmployeeDocument) -> Employee:
    return Employee(
        id=document.id,
        username=document.username,
        name=document.name,
        role=document.role,
        stores=tuple(document.stores),
        password_hash=document.password,
        created_at=document.created_at,
        member=document.member,
        contacts=tuple(document.contacts or ()),
        disabled_at=document.disabled_at,
        setup_key=None
        if document.setup is None
        else SetupKey(document.setup["hash"], document.setup["until"]),
        factor=None if document.factor is None else _read_factor(document.factor),
        secured_at=document.secured_at,
        made_by=document.made_by,
    )


def _setup_row(setup_key: SetupKey | None) -> dict[str, Any] | None:
    return None if setup_key is None else {"hash": setup_key.hashed, "until": setup_key.expires_at}


def _factor_row(factor: SecondFactor) -> dict[str, Any]:
    return {"sealed": factor.sealed, "step": factor.last_step, "recovery": list(factor.recovery)}


def _read_factor(row: dict[str, Any]) -> SecondFactor:
    return SecondFactor(bytes(row["sealed"]), row["step"], tuple(row["recovery"]))
