"""Tasks that run beside the requests for as long as a process lives. Their end must not go unnoticed."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

RESTART_AFTER_SECONDS = 5.0

log = structlog.get_logger(__name__)


def raise_pending_cancellation() -> None:
    """Raise the cancellation that this task was asked for and that got lost.

    The driver hides a cancellation where it meets a fault while it cleans up. This is called where a start
    becomes work without an end, which nobody could stop afterwards.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def keep_running(name: str, start: Callable[[], Awaitable[None]]) -> None:
    """Run a task until it is cancelled. Log a fault or an unexpected end, and start the task again."""
    while True:
        try:
            await start()
        except Exception:
            log.exception("beside.failed", what=name, again_in_seconds=RESTART_AFTER_SECONDS)
        else:
            log.error("beside.ended", what=name, again_in_seconds=RESTART_AFTER_SECONDS)
        await asyncio.sleep(RESTART_AFTER_SECONDS)
