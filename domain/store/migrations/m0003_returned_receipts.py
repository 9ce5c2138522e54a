"""Format 3: a receipt of which nothing is kept says so; before, a total of 0 after a refund meant it."""

from __future__ import annotations

from domain.store.connect import Raw
from domain.store.migrations.steps import StepRun, rewrite_documents


async def apply(run: StepRun) -> None:
    """Mark each receipt that refunds brought to nothing."""
    await rewrite_documents(run, "receipts", _mark_returned, fields=("left", "refunds"))


def _mark_returned(receipt: Raw) -> Raw | None:
    left = receipt.get("left")
    if left is None or not receipt.get("refunds") or left["total"] or left.get("returned"):
        return None
    return {"$set": {"left.returned": True}}
