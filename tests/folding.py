"""Folds what waits by the rounds that the worker runs."""

from __future__ import annotations

from datetime import datetime

from domain.services.figures.projector import run_round
from domain.services.runtime import Runtime
from domain.store.figures.lease import LeaseHolder


async def fold_waiting(runtime: Runtime, holder: LeaseHolder, *, now: datetime) -> None:
    """Fold everything that waits, as a worker does round by round."""
    while not (await run_round(runtime, holder, now=now)).is_idle:
        pass
