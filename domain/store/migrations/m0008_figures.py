"""Format 8: figures are counted from the journal.

A note in `meta` says that they are to be made from the beginning: the worker does it while the server runs.
Messages say on their row that figures do not know of them yet: those of before are not counted.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pymongo import IndexModel

from domain.store.migrations.steps import StepRun, build_indexes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def apply(run: StepRun) -> None:
    """Build the indexes, however long that takes, and leave the note."""
    await build_indexes(run, "figures_due", [IndexModel({"since": 1})])
    await build_indexes(run, "figures_days", [IndexModel({"store": 1, "tier": 1, "day": 1})])
    await build_indexes(run, "figures_months", [IndexModel({"month": 1})])
    flagged = {"uncounted": {"$exists": True}}
    for collection in ("outbox", "inbox"):
        index = IndexModel({"uncounted": 1}, partialFilterExpression=flagged)
        await build_indexes(run, collection, [index])
    note = {"$set": {"done": False}, "$setOnInsert": {"lease": "", "lease_until": _EPOCH}}
    await run.store["meta"].update_one({"_id": "figures"}, note, upsert=True)
