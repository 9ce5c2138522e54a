"""Format 11: what was returned of a sale that is parked stands in its receipt, and nobody records it anew.

Before, a partial refund without an identity left no trace but the row's revision, which a correction of the
till's raises too. Such a sale counts as returned in part: it is still credited by its code or contact, and a
till is told so.
"""

from __future__ import annotations

import pymongo
from pymongo import UpdateOne

from domain.store.connect import Raw
from domain.store.migrations.steps import WINDOW, WINDOW_SECONDS, StepRun


async def apply(run: StepRun) -> None:
    """Keep what was returned of each parked sale whose receipt was not recorded."""
    query = {"_id": {"$gt": run.position}}
    cursor = run.store["parked_events"].find(query, {"event.purchase": 1, "rev": 1, "refund_ids": 1})
    window: list[Raw] = []
    async for parked in cursor.sort("_id", 1):
        window.append(parked)
        if len(window) == WINDOW:
            await _keep(run, window)
            window = []
    if window:
        await _keep(run, window)


async def _keep(run: StepRun, window: list[Raw]) -> None:
    returned = {parked["_id"]: receipt for parked in window if (receipt := _receipt(parked)) is not None}
    updates = [
        UpdateOne({"_id": id}, {"$setOnInsert": receipt}, upsert=True) for id, receipt in returned.items()
    ]
    if updates:
        with pymongo.timeout(WINDOW_SECONDS):
            await run.store["receipts"].bulk_write(updates, ordered=False)
    run.position = window[-1]["_id"]
    await run.save(run.position, len(updates))


def _receipt(parked: Raw) -> Raw | None:
    purchase = parked["event"].get("purchase")
    if purchase is None or not (purchase.get("returned") or parked["refund_ids"] or parked["rev"] > 1):
        return None
    part = "whole" if purchase.get("returned") else "part"
    return {"member": "", "seq": 0, "store": purchase.get("store"), "returned": part}
