"""Format 10: an operator finds by an index what a source sent last, and rare acts in the audit trail."""

from __future__ import annotations

from pymongo import IndexModel

from domain.store.migrations.steps import StepRun, build_indexes


async def apply(run: StepRun) -> None:
    """Build the indexes, however long that takes."""
    await build_indexes(run, "intake_deliveries", [IndexModel({"source": 1, "arrived_at": 1})])
    await build_indexes(run, "audit", [IndexModel({"action": 1, "at": 1})])
