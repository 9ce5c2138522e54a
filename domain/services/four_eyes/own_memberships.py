"""Which memberships are an employee's own, so that nobody serves themselves.

A membership is an employee's own by its number, or because it has a contact of theirs. It is noted with the
member in the transaction that gives it the contact or takes it away, and it stays noted: another contact
changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection

from domain.store.document_store import DocumentStore, TransactionStep, Write
from domain.store.ledger import members
from domain.store.people import contacts, staff
from domain.store.people.staff import Employee


async def find_own_memberships(store: DocumentStore, employee: Employee) -> tuple[str, ...]:
    """Return the memberships that are an employee's own now: the linked one, and those of their contacts."""
    linked = frozenset([employee.member] if employee.member else [])
    return tuple(sorted(linked | await contacts.find_members(store, employee.contacts)))


async def employee_writes(store: DocumentStore, employee: Employee) -> list[Write]:
    """Return the writes that note an employee with each membership that is their own now."""
    own_members = await find_own_memberships(store, employee)
    return [members.link_employees_write(member, [employee.id]) for member in own_members]


async def contact_writes(store: DocumentStore, member: str, keys: Collection[str]) -> list[Write]:
    """Return the writes that note with a member the employees who have one of these contact keys."""
    employees = await staff.find_ids_by_contacts(store, keys)
    return [members.link_employees_write(member, employees)] if employees else []


async def contact_steps(store: DocumentStore, member: str, keys: Collection[str]) -> list[TransactionStep]:
    """Return the same as steps, for a member whom the same transaction creates."""
    return [store.step_of(write) for write in await contact_writes(store, member, keys)]
