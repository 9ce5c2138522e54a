"""Folds what waits by the rounds that the worker runs, or as the worker itself does until it is cancelled."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime

from domain.services.figures.projector import keep_projecting, run_round
from domain.services.runtime import Runtime
from domain.store.figures.lease import LeaseHolder


async def fold_waiting(runtime: Runtime, holder: LeaseHolder, *, now: datetime) -> None:
    """Fold everything that waits, as a worker does round by round."""
    while not (await run_round(runtime, holder, now=now)).is_idle:
        pass


async def project_until(runtime: Runtime, is_reached: asyncio.Event, *, now: datetime) -> list[Exception]:
    """Fold as the worker does until something is reached; return the faults that it reported."""
    faults: list[Exception] = []
    projecting = asyncio.create_task(
        keep_projecting(runtime, clock=lambda: now, programme_clock=lambda: now, on_error=faults.append)
    )
    async with asyncio.timeout(60):
        await is_reached.wait()
    projecting.cancel()
    with suppress(asyncio.CancelledError):
        await projecting
    assert projecting.cancelled(), "it ends when it is cancelled"
    return faults
