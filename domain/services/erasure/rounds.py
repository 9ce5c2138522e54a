"""What follows each turn: deletions that are final, sweeps that are due, and the term of retention."""

from __future__ import annotations

from datetime import datetime

from domain.services.erasure import erasing, retention
from domain.services.erasure.erasing import ErasureRound
from domain.services.people.identity_runtime import IdentityRuntime


async def run_round(identity: IdentityRuntime, *, now: datetime) -> ErasureRound:
    """Take both rounds; return them as one. Raises NothingPublished."""
    erased = await erasing.run_round(identity, now=now)
    reviewed = await retention.run_round(identity, now=now)
    return ErasureRound(
        erased.erased_count + reviewed.erased_count,
        erased.swept_count,
        erased.left_count,
        erased.failed_count + reviewed.failed_count,
    )
