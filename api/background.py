"""What runs beside the requests for as long as a process lives, and must not end unseen."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

RESTART_AFTER_SECONDS = 5.0

log = structlog.get_logger(__name__)


def raise_pending_cancellation() -> None:
    """Raise the cancellation that was asked for and got lost: the driver hides it where it meets a fault as
    it cleans up after one.

    Asked where a start goes over into work without an end, which nobody would stop then.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def keep_running(name: str, start: Callable[[], Awaitable[None]]) -> None:
    """Run it until cancelled. A fault that it did not expect is logged, and it is begun again: nobody else
    would notice its end.
    """
    while True:
        try:
            await start()
        except Exception:
            log.exception("beside.failed", what=name, again_in_seconds=RESTART_AFTER_SECONDS)
        else:
            log.error("beside.ended", what=name, again_in_seconds=RESTART_AFTER_SECONDS)
        await asyncio.sleep(RESTART_AFTER_SECONDS)
