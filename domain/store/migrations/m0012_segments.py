"""Format 12: the console reads a segment's members, and acts on them, by an index."""

from __future__ import annotations

from pymongo import IndexModel

from domain.store.migrations.steps import StepRun, build_indexes


async def apply(run: StepRun) -> None:
    """Build the index, however long that takes."""
    await build_indexes(run, "members", [IndexModel({"ledger.segments": 1, "_id": 1})])
