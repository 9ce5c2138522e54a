"""Stores: where staff sign in and receipts come from."""

from __future__ import annotations

import re
from datetime import datetime

from domain.services import fields
from domain.services.errors import InvalidInput
from domain.store import stores
from domain.store.base import Store
from domain.store.stores import Shop

# As the programme file writes the codes of stores.
_CODE = re.compile("[a-z0-9][a-z0-9_-]{0,63}")


async def listed(store: Store) -> list[Shop]:
    """Return every store, by code."""
    return await stores.listed(store)


async def find(store: Store, code: str) -> Shop | None:
    """Return a store by its code."""
    return await stores.find(store, code)


async def add(store: Store, *, code: str, name: str, now: datetime) -> Shop:
    """Open a store. Raises InvalidInput."""
    if not _CODE.fullmatch(code):
        raise InvalidInput("code", "Write a code of 1 to 64 letters a-z, digits, dashes or underscores.")
    shop = Shop(code, fields.name(name), now)
    if not await stores.add(store, shop):
        raise InvalidInput("code", f"There is a store {code} already.")
    return shop
