"""The days of employees in counters, as limits count them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from domain.model.values import dataclass
from domain.store.audit import SHIFT_COUNTERS, SHIFTS, ShiftCounter, shift_id
from domain.store.document_store import DocumentStore

# The documents of a day: what it did, what it looked up, and what it corrected alone.
SHIFT_PARTS = ("", ":look-ups", ":corrections")


@dataclass(frozen=True, slots=True)
class ShiftDay:
    """What an employee did in a day: `counts` by counter, at the store where the day began."""

    employee: str
    day: date
    store: str | None
    counts: Mapping[ShiftCounter, int]


async def find_shift_days(
    store: DocumentStore, employees: Sequence[str], days: Sequence[date]
) -> list[ShiftDay]:
    """Return the days on which employees did anything, with the counters of the day's three documents."""
    ids = {shift_id(employee, day): (employee, day) for employee in employees for day in days}
    parts = {f"{id}{part}": id for id in ids for part in SHIFT_PARTS}
    stores, counts = dict[str, str | None](), dict[str, Counter[ShiftCounter]]()
    async for row in store[SHIFTS].find({"_id": {"$in": list(parts)}}):
        id = parts[row["_id"]]
        stores[id] = row.get("store") or stores.get(id)
        counts.setdefault(id, Counter()).update({name: row.get(name, 0) for name in SHIFT_COUNTERS})
    return [ShiftDay(*ids[id], stores[id], counts[id]) for id in counts]
