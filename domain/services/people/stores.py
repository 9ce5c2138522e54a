"""Stores: where staff sign in and receipts come from."""

from __future__ import annotations

import re
from datetime import datetime

from domain.services.errors import InvalidInput
from domain.services.people import field_checks
from domain.store.document_store import DocumentStore
from domain.store.people import stores
from domain.store.people.stores import RetailStore

# The form of store codes in the programme file.
_CODE = re.compile("[a-z0-9][a-z0-9_-]{0,63}")


async def list_stores(store: DocumentStore) -> list[RetailStore]:
    """Return every store, by code."""
    return await stores.find_all(store)


async def find(store: DocumentStore, code: str) -> RetailStore | None:
    """Return a store by its code."""
    return await stores.find(store, code)


async def add(store: DocumentStore, *, code: str, name: str, now: datetime) -> RetailStore:
    """Add a store. Raises InvalidInput."""
    if not _CODE.fullmatch(code):
        raise InvalidInput("code", "Write a code of 1 to 64 letters a-z, digits, dashes or underscores.")
    retail_store = RetailStore(code, field_checks.check_name(name), now)
    if not await stores.add(store, retail_store):
        raise InvalidInput("code", f"There is a store {code} already.")
    return retail_store
