"""The memberships that were merged into a member's: their journals, receipts and vouchers stay theirs, and
are shown after the member's own.
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.model.ledger.member import Member
from domain.services.runtime import Runtime
from domain.store.ledger import members


async def load_merged(runtime: Runtime, ids: Sequence[str]) -> list[Member]:
    """Return merged memberships, the one that was merged last first: one command, where there are some."""
    if not ids:
        return []
    stored = await members.find_many(runtime.store, ids)
    return [stored[id].member for id in reversed(ids) if id in stored]
