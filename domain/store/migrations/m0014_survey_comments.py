"""Format 14: words beside the scores of surveys lie with the letters, and are found by survey."""

from __future__ import annotations

from pymongo import IndexModel

from domain.store.migrations.steps import StepRun, build_indexes


async def apply(run: StepRun) -> None:
    """Build the index, however long that takes: no letter of before has words."""
    keys = {"code": 1, "answered_at": -1, "_id": -1, "score": 1}
    await build_indexes(
        run, "inbox", [IndexModel(keys, partialFilterExpression={"comment": {"$exists": True}})]
    )
