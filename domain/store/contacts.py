"""Contacts: `email:...`, `phone:...`, `number:...`, each belonging to one member wherever it is written: the `_id` is the contact itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

Raw = Mapping[str, Any]
Data = AsyncDatabase[Raw]

COLLECTION = "contacts"


def number_key(number: str) -> str:
    """Return the key of a membership number."""
    return f"number:{number}"


async def member_of(data: Data, key: str) -> str | None:
    """Return the member whose contact it is."""
    found = await data[COLLECTION].find_one({"_id": key})
    return None if found is None else cast(str, found["member"])


async def take(data: Data, key: str, member: str, *, within: AsyncClientSession | None = None) -> None:
    """Give a contact to a member. Raises DuplicateKeyError where somebody has it."""
    await data[COLLECTION].insert_one({"_id": key, "member": member}, session=within)


async def leave(data: Data, key: str, member: str, *, within: AsyncClientSession | None = None) -> None:
    """Take a contact from a member, so that anybody may have it."""
    await data[COLLECTION].delete_one({"_id": key, "member": member}, session=within)
