"""Stores: where staff sign in and receipts come from."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from domain.services.errors import InvalidInput
from domain.services.people import field_checks
from domain.store.audit import COMMAND_LINE, simple_act_write
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


async def add(
    store: DocumentStore,
    *,
    code: str,
    name: str,
    actor: str = COMMAND_LINE,
    reason: str | None = None,
    now: datetime,
) -> RetailStore:
    """Add a store. Raises InvalidInput."""
    if not _CODE.fullmatch(code):
        raise InvalidInput("code", "Write a code of 1 to 64 letters a-z, digits, dashes or underscores.")
    retail_store = RetailStore(code, field_checks.check_name(name), now)
    act = simple_act_write("STORE_ADDED", actor=actor, now=now, subject=code, reason=reason)

    async def attempt() -> None:
        await store.transact([stores.add_write(retail_store), act])

    try:
        await store.run_rounds(attempt, queue="stores")
    except stores.StoreTaken:
        raise InvalidInput("code", f"There is a store {code} already.") from None
    return retail_store


async def rename(
    store: DocumentStore, code: str, name: str, *, actor: str, reason: str, now: datetime
) -> RetailStore:
    """Give a store another name; its code stays, since receipts have it. Raises InvalidInput."""
    retail_store = await find(store, code)
    if retail_store is None:
        raise InvalidInput("code", f"There is no store {code:.64}.")
    renamed = replace(retail_store, name=field_checks.check_name(name))
    act = simple_act_write("STORE_RENAMED", actor=actor, now=now, subject=code, reason=reason)
    await store.transact([stores.rename_write(renamed), act])
    return renamed
