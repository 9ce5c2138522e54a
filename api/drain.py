"""Mutations under way, so that none is cut in the middle of a transaction.

A mutation runs in a task of its own. Its client may leave and its answer may be given up on; it still runs to
its end, or to the hard limit at which it is cancelled. The database's own time limits end it long before. At
shutdown `close` waits for all of them.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from api.errors import Busy

T = TypeVar("T")


class Drain:
    """The mutations of one process that have not ended."""

    def __init__(self, *, stop_after_seconds: float = 30) -> None:
        self._running: set[asyncio.Task[object]] = set()
        self._stop_after_seconds = stop_after_seconds
        self._closed = False

    @property
    def running_count(self) -> int:
        return len(self._running)

    def check(self) -> None:
        """Raise Busy at shutdown. Call this before a mutation takes its first step."""
        if self._closed:
            raise Busy("The server is shutting down. Try again.", retry_after=2)

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Return the task that runs this to its end. Wait for it by `asyncio.wait` or a shield, never cancel
        it.
        """
        task = asyncio.create_task(self._bounded(work))
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self, *, seconds: float) -> int:
        """Accept no more mutations, wait for those under way, and cancel the rest; return how many were
        cancelled.
        """
        self._closed = True
        if self._running:
            await asyncio.wait(set(self._running), timeout=seconds)
        unfinished = set(self._running)
        for task in unfinished:
            task.cancel()
        if unfinished:
            await asyncio.wait(unfinished, timeout=1)
        return len(unfinished)

    async def _bounded(self, work: Coroutine[Any, Any, T]) -> T:
        async with asyncio.timeout(self._stop_after_seconds):
            return await work

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # mark it as retrieved: whoever waited has it, or has left
