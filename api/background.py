"""Tasks that run beside the requests for as long as a process lives. Their end must not go unnoticed."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

import structlog
from prometheus_client import Counter

from domain.store.cancellation import raise_pending_cancellation

RESTART_AFTER_SECONDS = 5.0
# A task that was cancelled ends at once; one that lost its cancellation is told again, so many times.
CANCEL_AGAIN_SECONDS, MAX_CANCELLATIONS = 1.0, 20

TASKS_FAILED = Counter(
    "selo_tasks_failed", "Tasks that ended beside the requests, and begin again.", ["task"]
)

log = structlog.get_logger(__name__)


async def keep_running(name: str, start: Callable[[], Awaitable[None]]) -> None:
    """Run a task until it is cancelled. Log a fault or an unexpected end, and start the task again."""
    while True:
        try:
            await start()
        except Exception:
            log.exception("beside.failed", what=name, again_in_seconds=RESTART_AFTER_SECONDS)
        else:
            log.error("beside.ended", what=name, again_in_seconds=RESTART_AFTER_SECONDS)
        raise_pending_cancellation()
        TASKS_FAILED.labels(name).inc()
        await asyncio.sleep(RESTART_AFTER_SECONDS)


async def end_tasks(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait until they have ended; one that lost its cancellation is cancelled again. What
    does not end all the same is logged and left.
    """
    running = set(tasks)
    for _ in range(MAX_CANCELLATIONS):
        for task in running:
            task.cancel()
        if running:
            _, running = await asyncio.wait(running, timeout=CANCEL_AGAIN_SECONDS)
    for task in running:
        log.error("beside.does_not_end", what=task.get_name())
