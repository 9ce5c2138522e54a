"""The sources that report, and when each did last: the shops of the sources file, and systems with keys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from domain.services.intake import clients
from domain.services.intake.registry import SourceRegistry
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.intake import deliveries, source_pauses
from domain.store.intake.deliveries import DeliveryFate
from domain.store.intake.source_pauses import SourcePause


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source: `kind` is that of its file, or `system` for one with a key. `last_at` and what follows are of
    what it sent last; None where it has sent nothing that is still stored.
    """

    code: str
    kind: str
    store: str
    last_at: datetime | None = None
    last_fate: DeliveryFate | None = None
    last_reason: str = ""
    pause: SourcePause | None = None


async def list_sources(identity: IdentityRuntime) -> list[SourceState]:
    """Return all sources, by code."""
    shops = await SourceRegistry(identity.store).find_all()
    described: list[tuple[str, str, str]] = [(each.code, each.kind, each.store) for each in shops.values()]
    described += [
        (each.source, "system", each.store)
        for each in await clients.find_all(identity)
        if each.revoked_at is None and each.source not in shops
    ]
    pauses = await source_pauses.find_all(identity.store)
    states = [await _state_of(identity, code, kind, store) for code, kind, store in sorted(described)]
    return [replace(each, pause=pauses.get(each.code)) for each in states]


async def _state_of(identity: IdentityRuntime, code: str, kind: str, store: str) -> SourceState:
    newest = await deliveries.find_newest(identity.store, code)
    if newest is None:
        return SourceState(code, kind, store)
    return SourceState(code, kind, store, newest.arrived_at, newest.state, newest.reason)
