"""Cancellations that got lost: the driver hides one where it meets a fault while it cleans up, and a wait
that ends in the same moment may hide one as well. Who works without an end would then never be stopped.
"""

import asyncio


def raise_pending_cancellation() -> None:
    """Raise the cancellation that this task was asked for and that got lost. Call it once in each round of
    work without an end, and where a start becomes such work.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
