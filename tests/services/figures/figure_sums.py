"""Reads figures as tests compare them: by paths, without sums of nothing."""

from __future__ import annotations

from typing import Any

from domain.model.figures.increments import ALL, DAYS, MONTHS, NOW
from domain.model.ledger.state.ledger_state import flatten
from domain.services.runtime import Runtime
from domain.store.figures import member_figures

COLLECTIONS = (DAYS, MONTHS, NOW, member_figures.COLLECTION)


async def day_sums(runtime: Runtime, day: str, *, store: str = ALL, tier: str = ALL) -> dict[str, Any]:
    """The sums of a day, by path."""
    document = await runtime.store[DAYS].find_one({"_id": f"{day}|{store}|{tier}"})
    return dict(flatten(document or {}))


async def all_figures(runtime: Runtime) -> dict[str, dict[str, Any]]:
    """Every document of figures, by its collection and id, without sums of nothing and documents of none."""
    figures: dict[str, dict[str, Any]] = {}
    for collection in COLLECTIONS:
        async for row in runtime.store[collection].find({"_id": {"$gte": ""}}):
            paths = {path: value for path, value in flatten(row).items() if value not in (0, None)}
            if any(isinstance(value, int) for value in paths.values()):
                figures[f"{collection}:{row['_id']}"] = paths
    return figures
