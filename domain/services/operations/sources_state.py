"""The sources that report, and when each did last: the shops of the sources file, and systems with keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from domain.model.intake.refusals import CallRefusal
from domain.model.values import dataclass
from domain.services.intake import clients, refusals
from domain.services.intake.refusals import LastTaken
from domain.services.intake.registry import SourceRegistry
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.intake import deliveries, source_pauses
from domain.store.intake.deliveries import DeliveryFate
from domain.store.intake.refused_calls import RefusedCalls
from domain.store.intake.source_pauses import SourcePause


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source: `kind` is that of its file, or `system` for one with a key. `known_since` is when the newest
    file was published, or the system was added. `last_at` and what follows are of what it sent last; None
    where it has sent nothing that is still stored. `key_used_at` is when a key of the system was used last.
    `refused_since` is since when everything that it sends is refused, for `refused_reason` the last time.
    """

    code: str
    kind: str
    store: str
    known_since: datetime | None = None
    last_at: datetime | None = None
    last_fate: DeliveryFate | None = None
    last_reason: str = ""
    pause: SourcePause | None = None
    key_used_at: datetime | None = None
    refused_since: datetime | None = None
    refused_reason: CallRefusal | None = None


async def list_sources(identity: IdentityRuntime, *, now: datetime) -> list[SourceState]:
    """Return all sources, by code."""
    registry = SourceRegistry(identity.store)
    shops, published_at = await registry.find_all(), await registry.find_published_at()
    known = [SourceState(each.code, each.kind, each.store, published_at) for each in shops.values()]
    known += [
        SourceState(
            each.source,
            "system",
            each.store,
            each.created_at,
            key_used_at=max(each.used.values(), default=None),
        )
        for each in await clients.find_all(identity)
        if each.revoked_at is None and each.source not in shops
    ]
    pauses = await source_pauses.find_all(identity.store)
    refused = await refusals.find_since(identity.store, now=now)
    states = [await _with_last(identity, each) for each in sorted(known, key=lambda each: each.code)]
    return [_with_refusal(replace(each, pause=pauses.get(each.code)), refused) for each in states]


def _with_refusal(source: SourceState, refused: Sequence[RefusedCalls]) -> SourceState:
    standing = refusals.standing_refusal(
        [each for each in refused if each.source == source.code],
        LastTaken(source.last_at, source.key_used_at),
    )
    if standing is None:
        return source
    return replace(source, refused_since=standing[0], refused_reason=standing[1])


async def _with_last(identity: IdentityRuntime, source: SourceState) -> SourceState:
    newest = await deliveries.find_newest(identity.store, source.code)
    if newest is None:
        return source
    return replace(source, last_at=newest.arrived_at, last_fate=newest.state, last_reason=newest.reason)
