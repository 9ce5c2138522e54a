"""What each store sold and took back in a period: the sums of its days, added up by the database.

The stage goes behind the query of a report's days, so that both are one command.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from domain.model.figures.increments import ALL, DAYS, NO_STORE
from domain.model.values import dataclass
from domain.store.connect import Raw

MOST_STORES = 2_000  # in one answer
_NAMED = {"$gt": max(ALL, NO_STORE)}  # codes begin with a letter or a figure, which come after
SUMMED = ("receipts", "revenue", "corrected", "returned")


@dataclass(frozen=True, slots=True)
class StoreSums:
    """A store's sums of a period, in minor units: `revenue` as recorded, with corrections, before what was
    `returned`. `last_receipt_on` is the last day with a receipt that was looked at; None without one.
    """

    store: str
    receipts: int = 0
    revenue: int = 0
    returned: int = 0
    last_receipt_on: date | None = None


def sums_stage(*, shop: str | None, tier: str, start: date, end: date, looked_from: date) -> Raw:
    """Return the stage that adds a row of sums for each store that sold or took back something, or for one:
    at most MOST_STORES, by code. Last receipts are looked for from `looked_from`: `start`, or earlier.
    """
    days = {"$gte": looked_from.isoformat(), "$lte": end.isoformat()}
    is_inside = {"$gte": ["$day", start.isoformat()]}
    sums: dict[str, Any] = {name: {"$sum": {"$cond": [is_inside, f"${name}", 0]}} for name in SUMMED}
    last = {"$max": {"$cond": [{"$gt": ["$receipts", 0]}, "$day", None]}}
    pipeline = [
        {"$match": {"store": _NAMED if shop is None else shop, "tier": tier, "day": days}},
        {"$group": {"_id": "$store", **sums, "last": last}},
        {"$match": {"$or": [{"last": {"$ne": None}}, {"returned": {"$gt": 0}}]}},
        {"$sort": {"_id": 1}},
        {"$limit": MOST_STORES},
    ]
    return {"$unionWith": {"coll": DAYS, "pipeline": pipeline}}


def is_store_row(row: Raw) -> bool:
    """Whether a row is one of the stage's, not a day."""
    return "day" not in row


def read_sums(row: Raw) -> StoreSums:
    """Return what one of the stage's rows says."""
    last = row["last"]
    return StoreSums(
        row["_id"],
        row["receipts"],
        row["revenue"] + row["corrected"],
        row["returned"],
        None if last is None else date.fromisoformat(last),
    )
