"""Erasures done again in a database that was restored from before them."""

from __future__ import annotations

from datetime import datetime

from domain.model.calendar import milliseconds
from domain.services.erasure.erasing import ErasureActor, erase
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.ledger import members


async def replay(identity: IdentityRuntime, *, actor: str, now: datetime) -> int:
    """Erase every member of the log whom this database still has; return how many that were.

    Those whom it has erased already, or never had, are passed over. Raises Busy, NothingPublished.
    """
    erased_count, now = 0, milliseconds(now)
    for member in await identity.erasure_log.read():
        stored_member = await members.find(identity.store, member)
        if stored_member is None or stored_member.status == "erased":
            continue
        by = ErasureActor("restored", actor)
        erased_count += await erase(identity, member, by=by, now=now, is_noted=True) is not None
    return erased_count
