"""What runs beside the requests for as long as a process lives, and must not end unseen."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

AGAIN_AFTER_SECONDS = 5.0

log = structlog.get_logger(__name__)


def expect_not_cancelled() -> None:
    """Raise the cancellation that was asked for and got lost: the driver hides it where it meets a fault as
    it cleans up after one.

    Asked where a start goes over into work without an end, which nobody would stop then.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def keep_going(what: str, begin: Callable[[], Awaitable[None]]) -> None:
    """Run it until cancelled. A fault that it did not expect is logged, and it is begun again: nobody else
    would notice its end.
    """
    while True:
        try:
            await begin()
        except Exception:
            log.exception("beside.failed", what=what, again_in_seconds=AGAIN_AFTER_SECONDS)
        else:
            log.error("beside.ended", what=what, again_in_seconds=AGAIN_AFTER_SECONDS)
        await asyncio.sleep(AGAIN_AFTER_SECONDS)
