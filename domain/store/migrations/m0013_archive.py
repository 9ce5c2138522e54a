"""Format 13: old journal rows may stand in an archive, and bases of journals say what they came to.

Nothing is rewritten. The format is new because a version before it would take what is left of a journal for
all of it: it would count figures anew without the rest, and fail at a receipt that is closed.
"""

from __future__ import annotations

from domain.store.migrations.steps import StepRun


async def apply(run: StepRun) -> None:
    """Change nothing: no database of before has an archive."""
