"""Renewals and changes of tier on a wallet: each moves the last valid days of its open lots.

A purchase (or another event that the wallet names) renews every open lot; one that is wholly returned had
renewed nothing. What comes late moves lots as it would have in time; what has lapsed since stays lapsed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from operator import attrgetter

from domain.model.ledger.lots import (
    Layer,
    Lot,
    LotPart,
    OpenedLot,
    Origin,
    layers_of,
    lot_of,
    merged,
    with_layers,
)
from domain.model.ledger.validity.changes import (
    SPANS_KEPT,
    Changes,
    ValidityChange,
    bounded,
    expiry_of,
    is_earlier,
    moved,
    rebased,
    ruled_by,
    split,
    with_renewal,
    without_renewal,
)
from domain.model.ledger.wallet import OwnLot, Wallet
from domain.model.programme.wallets import WalletSpec
from domain.model.values import evolve, keep_computed

_origin = attrgetter("origin")


def renew(wallet: Wallet, spec: WalletSpec, *, tier: str | None, day: date) -> Wallet:
    """Count every open lot's validity anew from a day, or its first spendable day where later; never to an
    earlier day. A late renewal moves the lots that had come by then.
    """
    last = wallet.validity_changes[-1].last if wallet.validity_changes else None
    changes = with_renewal(wallet.validity_changes, spec, tier=ruled_by(spec, tier), day=day)
    is_late = last is not None and last > day
    until = expiry_of(spec, tier=tier, since=day)

    def renewed(lot: Lot, layer: Layer) -> date | None:
        if is_late and layer.origin is not None and layer.origin.on > day:
            return lot.expires_on
        if is_late:
            new = _until(lot, layer, changes, spec, on=day)
        else:
            new = until if layer.since <= day else expiry_of(spec, tier=tier, since=layer.since)
        return lot.expires_on if is_earlier(new, lot.expires_on) else new

    def ends(lot: Lot, layers: tuple[Layer, ...]) -> list[date | None]:
        if not is_late and lot.since <= day:  # all of its layers count from then
            return [renewed(lot, layers[0])] * len(layers)
        return [renewed(lot, layer) for layer in layers]

    return _with_lots(wallet, ends, changes, spec, day=day)


def undo_renewal(wallet: Wallet, spec: WalletSpec, *, tier: str | None, day: date) -> Wallet:
    """Give open lots the days that the renewals give without one of a day. The same wallet comes back where
    that renewal is not known (it is older than the 30 that are).
    """
    changes = without_renewal(wallet.validity_changes, tier=ruled_by(spec, tier), day=day)
    if changes is wallet.validity_changes:
        return wallet

    def without(lot: Lot, layer: Layer) -> date | None:
        if layer.origin is None or layer.origin.on > day:
            return lot.expires_on
        new = _until(lot, layer, changes, spec, on=day)
        return new if is_earlier(new, lot.expires_on) else lot.expires_on

    def ends(lot: Lot, layers: tuple[Layer, ...]) -> list[date | None]:
        return [without(lot, layer) for layer in layers]

    return _with_lots(wallet, ends, changes, spec, day=day)


def move_tier(
    wallet: Wallet,
    spec: WalletSpec,
    *,
    origin: str | None,
    to: str | None,
    day: date,
    came: date | None = None,
) -> Wallet:
    """Let a tier's own validity rule every open lot; on leaving it, validity counts from that day, or from
    the earlier one on which a late event came.
    """
    ruled = spec.expiry.by_tier
    if origin not in ruled and to not in ruled:
        return wallet
    left = origin in ruled
    came = came if came != day else None
    change = ValidityChange("left" if left else "entered", day, day, ruled_by(spec, to), since=came)
    if spec.expiry.renewing_events or any(lot.layers for lot in wallet.lots):
        until = expiry_of(spec, tier=to, since=change.counts_from) if left else None
        single = evolve(change, count=1, until=until)
        changes = bounded((*wallet.validity_changes, single), spec)

        def ends(lot: Lot, layers: tuple[Layer, ...]) -> list[date | None]:
            return [_until(lot, layer, changes, spec, on=day) for layer in layers]

        return _with_lots(wallet, ends, changes, spec, day=day)
    lots = []
    for lot in wallet.lots:
        since = max(change.counts_from, lot.since) if left else lot.since
        lots.append(Lot(lot.amount, lot.available_at, expiry_of(spec, tier=to, since=since), since))
    changes = (*wallet.validity_changes, change)[-SPANS_KEPT:]
    return evolve(wallet, lots=merged(lots), validity_changes=changes)


def current_expiry(wallet: Wallet, spec: WalletSpec, part: LotPart, *, on: date) -> date | None:
    """Return the last valid day by now of a part that left its lot on a day, or was put in on it: renewals
    and changes of tier since included.
    """
    origin = part.origin or Origin(on, part.expires_on)
    return moved(wallet.validity_changes, spec, since=part.since, origin=origin)[0]


def own_lot(wallet: Wallet, spec: WalletSpec, opened: OpenedLot, *, on: date, now: datetime) -> OwnLot:
    """Return what an award of a day put in, as the wallet holds it by now, and the days it may have lapsed
    on.
    """
    waits = opened.available_at if opened.available_at is not None and opened.available_at > now else None
    began = Origin(on, opened.expires_on)
    until = moved(wallet.validity_changes, spec, since=opened.since, origin=began)[0]
    if not spec.expiry.renewing_events:
        return OwnLot(Lot(opened.amount, waits, until, opened.since), _days(until))
    own = (Layer(opened.amount, opened.since, began),)
    [layer] = rebased(own, split(wallet.validity_changes)[0], spec)
    lot = lot_of(layer, available_at=waits, expires_on=until)
    return OwnLot(lot, _days(opened.expires_on, layer.origin.until if layer.origin else None, until))


def _days(*days: date | None) -> tuple[date, ...]:
    return tuple(dict.fromkeys(day for day in days if day is not None))


def _until(lot: Lot, layer: Layer, changes: Changes, spec: WalletSpec, *, on: date) -> date | None:
    origin = layer.origin or Origin(on, lot.expires_on)
    return moved(changes, spec, since=layer.since, origin=origin)[0]


def _with_lots(
    wallet: Wallet,
    ends_of: Callable[[Lot, tuple[Layer, ...]], list[date | None]],
    changes: Changes,
    spec: WalletSpec,
    *,
    day: date,
) -> Wallet:
    """Return the wallet after a change of a day, each layer of its lots with the last day that it has now."""
    older = split(changes)[0]
    lots: list[Lot] = []
    for lot in wallet.lots:
        before = layers_of(lot)
        layers = rebased(_with_origins(before, lot, day), older, spec)
        ends = ends_of(lot, before)
        if ends.count(ends[0]) == len(ends):
            lots.append(with_layers(lot, layers, expires_on=ends[0]))
            continue
        by_end: dict[date | None, list[Layer]] = {}
        for layer, end in zip(layers, ends, strict=True):
            by_end.setdefault(end, []).append(layer)
        lots += [lot_of(*mine, available_at=lot.available_at, expires_on=end) for end, mine in by_end.items()]
    after = evolve(wallet, lots=merged(lots), validity_changes=changes)
    keep_computed(
        after,
        available=wallet.available,
        pending=wallet.pending,
        next_available_at=wallet.next_available_at,
    )
    return after


def _with_origins(layers: tuple[Layer, ...], lot: Lot, day: date) -> tuple[Layer, ...]:
    """Return layers with an origin each: those of an earlier format begin with the day's change."""
    if all(map(_origin, layers)):
        return layers
    began = Origin(day, lot.expires_on)
    return tuple(layer if layer.origin else evolve(layer, origin=began) for layer in layers)
