"""Members, journal rows and receipts may hold payments, named counts, stamp cards, attributes and codes.

All of it is absent where a programme uses none of it, so nothing is rewritten. The format is new because a
version before it would drop what it does not know at its next write. Fiscal reports read the journal by time,
and vouchers by the receipt that they were used on.
"""

from __future__ import annotations

from pymongo import IndexModel

from domain.store.migrations.steps import StepRun, build_indexes


async def apply(run: StepRun) -> None:
    """Build the indexes of fiscal reports, however long that takes on a large journal."""
    await build_indexes(run, "journal", [IndexModel({"at": 1})])
    await build_indexes(run, "vouchers", [IndexModel({"receipt": 1}, sparse=True)])
