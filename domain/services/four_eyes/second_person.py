"""Who may approve what a colleague has asked for: another person, whom nobody made up for it.

One person with two accounts is still one, so accounts that share a contact or a membership do not approve
each other, and neither do an account and the one that made it. An account that was made, or was given another
password or second factor, less than a day ago approves nothing: whoever reset it may be the one who asks, and
a day is time for its owner to notice. For the same reason nobody approves what an account asked for within a
day of being made or reset so: whoever did it may be the one who approves. And nobody approves that their own
account is given another second factor: whoever has their session for an hour would keep it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.services.errors import SecondPersonNeeded
from domain.services.four_eyes.own_memberships import find_own_memberships
from domain.store.document_store import DocumentStore
from domain.store.ledger import members
from domain.store.people import staff
from domain.store.people.staff import Employee

SETTLED_AFTER = timedelta(days=1)


async def require_second_person(
    store: DocumentStore, *, asker: str, asked_at: datetime, approver: str, now: datetime
) -> None:
    """Raise SecondPersonNeeded unless an employee may approve what another, by their ids, has asked for;
    `asked_at` and `now` are the world's time.
    """
    if approver == asker:
        raise SecondPersonNeeded("OWN")
    second, first = await staff.find(store, approver), await staff.find(store, asker)
    if second is None or second.disabled_at is not None or not _is_settled(second, now):
        raise SecondPersonNeeded("FRESH")
    if first is None:
        return
    if await _are_one_person(store, first, second):
        raise SecondPersonNeeded("SAME_PERSON")
    if second.made_by == asker or first.made_by == approver:
        raise SecondPersonNeeded("MADE")
    if not _is_settled(first, asked_at):
        raise SecondPersonNeeded("RESET")


async def require_other_subject(store: DocumentStore, *, username: str, approver: str) -> None:
    """Raise SecondPersonNeeded where what is asked for is about the account of whoever is to approve it, or
    about another account of theirs.
    """
    subject, second = await staff.find_by_username(store, username), await staff.find(store, approver)
    if subject is None or second is None:
        return
    if subject.id == second.id or await _are_one_person(store, subject, second):
        raise SecondPersonNeeded("SUBJECT")


def _is_settled(employee: Employee, now: datetime) -> bool:
    changes = (employee.created_at, employee.secured_at)
    return all(at is None or at + SETTLED_AFTER <= now for at in changes)


async def _are_one_person(store: DocumentStore, first: Employee, second: Employee) -> bool:
    """Tell whether two accounts share a contact, or a membership, by whatever makes it theirs."""
    if not set(first.contacts).isdisjoint(second.contacts):
        return True
    own = [await find_own_memberships(store, each) for each in (first, second)]
    of_first, of_second = [[await members.find_open(store, id) for id in ids] for ids in own]
    second_ids = {each.member.id for each in of_second if each is not None}
    return any(
        each.member.id in second_ids or second.id in each.employees for each in of_first if each is not None
    )
