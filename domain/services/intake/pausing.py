"""Pausing a source: what it sends is taken and waits, and is worked off in its order once it is resumed.

Its deliveries stay `pending`, an hour ahead, so that no round looks at them each time; resuming brings them
up at once. A body leaves after 30 days, also while it waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.services.errors import InvalidInput
from domain.services.input_checks import MAX_REASON_LENGTH, check_text
from domain.services.intake.registry import SourceRegistry
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store.document_store import DocumentStore
from domain.store.intake import deliveries, source_pauses
from domain.store.intake.deliveries import StoredDelivery
from domain.store.intake.source_pauses import SourcePause

LOOKED_AT_AGAIN = timedelta(hours=1)


async def pause(runtime: Runtime, *, till: Till, source: str, reason: str, now: datetime) -> None:
    """Have what a source sends wait; one that is paused stays so. Raises NotAllowed, InvalidInput, Busy."""
    await _check(runtime, till, source, reason)
    paused = SourcePause(source, till.staff, now, reason)

    async def attempt() -> None:
        if source in await source_pauses.find_all(runtime.store, sources=[source]):
            return
        act = till.act_writes("SOURCE_PAUSED", now=now, subject=source, reason=reason)
        await runtime.store.transact([source_pauses.pause_write(paused), *act])

    await runtime.store.run_rounds(attempt, queue=f"source:{source}")


async def resume(runtime: Runtime, *, till: Till, source: str, reason: str, now: datetime) -> int:
    """Have what waits of a source worked off, and what comes; return how many deliveries waited. Raises
    NotAllowed, InvalidInput, Busy.
    """
    await _check(runtime, till, source, reason)

    async def attempt() -> None:
        if source not in await source_pauses.find_all(runtime.store, sources=[source]):
            return
        act = till.act_writes("SOURCE_RESUMED", now=now, subject=source, reason=reason)
        await runtime.store.transact([source_pauses.resume_write(source), *act])

    await runtime.store.run_rounds(attempt, queue=f"source:{source}")
    return await deliveries.wake_held(runtime.store, source, now=now)


async def _check(runtime: Runtime, till: Till, source: str, reason: str) -> None:
    till.require_operator()
    check_text(reason, field="reason", max_length=MAX_REASON_LENGTH)
    if await SourceRegistry(runtime.store).find(source) is None:
        raise InvalidInput(
            "source",
            "The sources file has no such source. A system with a key acts at once: shut it out instead.",
        )


async def hold_back(
    store: DocumentStore, claimed: Sequence[StoredDelivery], *, lease: str, now: datetime
) -> list[StoredDelivery]:
    """Return those claimed deliveries that are worked off now; those of paused sources wait on."""
    pauses = await source_pauses.find_all(store, sources={each.source for each in claimed})
    if not pauses:
        return list(claimed)
    held = [each for each in claimed if each.source in pauses and each.client is None]
    await deliveries.hold(store, [each.id for each in held], lease=lease, until=now + LOOKED_AT_AGAIN)
    ids = {each.id for each in held}
    return [each for each in claimed if each.id not in ids]
