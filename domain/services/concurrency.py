"""Awaitables run at once, but only so many of them at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TypeVar

T = TypeVar("T")


async def gather_limited(awaitables: Sequence[Awaitable[T]], *, limit: int) -> list[T]:
    """Await all, `limit` at a time, each begun in its order; return the results in that order."""
    slots = asyncio.Semaphore(limit)

    async def run_in_slot(awaitable: Awaitable[T]) -> T:
        async with slots:
            return await awaitable

    return await asyncio.gather(*map(run_in_slot, awaitables))
