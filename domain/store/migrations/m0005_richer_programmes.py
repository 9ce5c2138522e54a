"""Members, journal rows and receipts may hold payments, named counts, stamp cards, attributes and codes.

All of it is absent where a programme uses none of it, so nothing is rewritten. The format is new because
a version before it would drop what it does not know at its next write.
"""

from __future__ import annotations

from domain.store.migrations.steps import StepRun


async def apply(run: StepRun) -> None:
    """Leave what is stored as it is."""
