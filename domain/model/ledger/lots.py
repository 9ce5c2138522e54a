"""Lots: amounts with their last valid days, merged and in spending order. Pure arithmetic; a wallet holds
them.

Spendable lots merge by last valid day, pending ones by that and the hour. Spending takes the lots soonest to
lapse first, never-lapsing last. Where activity renews a wallet its lots keep the layers that merged into
them, each with its origin, so that a renewal can be undone or come late; the oldest layer is spent first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from operator import is_
from types import MappingProxyType
from typing import Literal

from domain.model.values import dataclass, evolve

LAST = date.max
EARLIEST = datetime.min.replace(tzinfo=UTC)
LOTS_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Origin:
    """What a lot was before anything moved it: the local day it came on, and its last valid day then."""

    on: date
    until: date | None


@dataclass(frozen=True, slots=True)
class LotPart:
    """What a debit took of one lot, or an award put into one: enough to give exactly that back. `since` and
    `origin` as in `Layer`.
    """

    amount: int
    expires_on: date | None
    since: date
    origin: Origin | None = None


# What a payment is for the books: it lowers the sale, or is a means of paying it.
FiscalUse = Literal["DISCOUNT", "PAYMENT"]


@dataclass(frozen=True, slots=True)
class Hold:
    """What is set aside of a wallet for a payment to come: `units`, which stand for `worth` minor units of an
    order of `total`; `store` is None where the member asked for it. It ends by itself at `until`.

    `parts` are the lots that it took, soonest to lapse first. One that time has ended has none; its payment
    may still come late. `earns` and `fiscal` are those of the payment.
    """

    order: str
    store: str | None
    units: int
    worth: int
    total: int
    placed_at: datetime
    until: datetime
    earns: bool = False
    fiscal: FiscalUse = "DISCOUNT"
    parts: tuple[LotPart, ...] = ()

    @property
    def is_live(self) -> bool:
        """Tell whether it still has its lots."""
        return bool(self.parts)


NO_HOLDS: Mapping[str, Hold] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Layer:
    """A part of a lot that came on its own: `since` as in `Lot`, of its origin. Without an origin where a lot
    of an earlier format is part of one.
    """

    amount: int
    since: date
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class Lot:
    """Points of one last valid day. `since` is the local day their validity counts from (the latest, where
    lots merged); `layers`, oldest first, are what the amount consists of where activity renews the wallet.
    """

    amount: int
    available_at: datetime | None
    expires_on: date | None
    since: date
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenedLot:
    """What a purchase put into a wallet's lot, debt already taken off. `since` is the day its validity counts
    from.
    """

    wallet: str
    amount: int
    available_at: datetime | None
    expires_on: date | None
    since: date


def merged(lots: Iterable[Lot]) -> tuple[Lot, ...]:
    """Merge lots of one last day (pending ones of one hour too) and put them in spending order, pending
    last.
    """
    lots = tuple(lots)
    if len(lots) == 1 and lots[0].amount:
        return lots
    by: dict[tuple[datetime | None, date | None], Lot] = {}
    for lot in lots:
        if lot.amount:
            key = merge_key(lot)
            same_key = by.get(key)
            by[key] = _merge_two(same_key, lot) if same_key else lot
    return _bounded(sorted(by.values(), key=_order))


def ordered(lots: Iterable[Lot]) -> tuple[Lot, ...]:
    """Put lots that are merged already in spending order, pending last."""
    return tuple(sorted(lots, key=_order))


def add_lot(lots: tuple[Lot, ...], lot: Lot) -> tuple[Lot, ...]:
    """Merge one more lot into merged ones, touching no other."""
    if lots and lot.available_at is lots[-1].available_at is None and lots[-1].expires_on == lot.expires_on:
        return (*lots[:-1], _merge_two(lots[-1], lot))  # the commonest, without a search
    key, order = merge_key(lot), _order(lot)
    is_last = not lots or _order(lots[-1]) < order
    index = len(lots) if is_last else bisect_left(lots, order, key=_order)
    for near in (index - 1, index):
        if 0 <= near < len(lots) and lots[near].expires_on == lot.expires_on and merge_key(lots[near]) == key:
            return (*lots[:near], _merge_two(lots[near], lot), *lots[near + 1 :])
    return _bounded([*lots[:index], lot, *lots[index:]])


def _merge_two(first: Lot, second: Lot) -> Lot:
    at = min(first.available_at, second.available_at) if first.available_at and second.available_at else None
    since = max(first.since, second.since)
    amount = first.amount + second.amount
    if not (first.layers or second.layers):
        return Lot(amount, at, second.expires_on, since)
    older, newer = layers_of(first), layers_of(second)
    if len(newer) == 1 and _age(older[-1]) < _age(newer[0]):
        layers = (*older, *newer)
    else:
        layers = _merged_layers((*older, *newer))
    return Lot(amount, at, second.expires_on, since, layers)


def layers_of(lot: Lot) -> tuple[Layer, ...]:
    """Return the layers of a lot; one that keeps none is one without an origin."""
    return lot.layers or (Layer(lot.amount, lot.since, None),)


def _merged_layers(layers: Iterable[Layer]) -> tuple[Layer, ...]:
    by: dict[tuple[date, Origin] | None, Layer] = {}
    for layer in layers:
        key = (layer.since, layer.origin) if layer.origin is not None else None
        known = by.get(key)
        if known is not None:
            layer = Layer(known.amount + layer.amount, max(known.since, layer.since), layer.origin)
        by[key] = layer
    return tuple(sorted(by.values(), key=_age))


def _age(layer: Layer) -> tuple[date, date, date]:
    origin = layer.origin
    return layer.since, origin.on if origin else date.min, (origin and origin.until) or LAST


def lot_of(*layers: Layer, available_at: datetime | None, expires_on: date | None) -> Lot:
    """Return the lot of layers."""
    is_bare = len(layers) == 1 and layers[0].origin is None
    since = max([layer.since for layer in layers])
    amount = sum([layer.amount for layer in layers])
    return Lot(amount, available_at, expires_on, since, () if is_bare else _merged_layers(layers))


def with_layers(lot: Lot, layers: tuple[Layer, ...], *, expires_on: date | None) -> Lot:
    """Return a lot with its layers, of which the oldest may have changed and become alike."""
    own = layers_of(lot)
    if layers is own:
        return lot if expires_on == lot.expires_on else evolve(lot, expires_on=expires_on)
    same = [*map(is_, reversed(layers), reversed(own))]
    changed = len(layers) - (same.index(False) if False in same else len(same))
    latest = max([layer.since for layer in layers[:changed]])
    while changed < len(layers) and layers[changed].since <= latest:
        changed += 1
    layers = (*_merged_layers(layers[:changed]), *layers[changed:])
    return Lot(lot.amount, lot.available_at, expires_on, layers[-1].since, layers)


def spendable_lot(part: LotPart) -> Lot:
    """Return a part as a lot of its own that can be spent."""
    layer = Layer(part.amount, part.since, part.origin)
    return lot_of(layer, available_at=None, expires_on=part.expires_on)


def parts_of(lot: Lot) -> list[LotPart]:
    """Return what a lot consists of as parts."""
    return [LotPart(layer.amount, lot.expires_on, layer.since, layer.origin) for layer in layers_of(lot)]


def merge_key(lot: Lot) -> tuple[datetime | None, date | None]:
    hour = lot.available_at.replace(minute=0, second=0, microsecond=0) if lot.available_at else None
    return hour, lot.expires_on


def _order(lot: Lot) -> tuple[bool, date, datetime]:
    return (lot.available_at is not None, lot.expires_on or LAST, lot.available_at or EARLIEST)


def is_pending(lot: Lot) -> int:
    return lot.available_at is not None


def _bounded(lots: list[Lot]) -> tuple[Lot, ...]:
    # beyond the bound the soonest to lapse joins the next of its kind: later, in the member's favour
    while len(lots) > LOTS_KEPT:
        first, second = lots[0], lots[1]
        lots[:2] = [evolve(_merge_two(first, second), available_at=second.available_at)]
    return tuple(lots)


def merge_parts(parts: Iterable[LotPart]) -> tuple[LotPart, ...]:
    out: dict[date | None, LotPart] = {}
    for part in parts:
        known = out.get(part.expires_on)
        out[part.expires_on] = (
            evolve(part, amount=known.amount + part.amount, since=max(known.since, part.since))
            if known
            else part
        )
    return tuple(out.values())


def shown_parts(parts: tuple[LotPart, ...]) -> tuple[LotPart, ...]:
    """Return parts as an entry shows them: those of one last day together, where they keep their origins."""
    if len(parts) == 1:
        return parts if parts[0].origin is None else (evolve(parts[0], origin=None),)
    if all(part.origin is None for part in parts):
        return parts
    return tuple(evolve(part, origin=None) for part in merge_parts(parts))


def take_of(lots: list[Lot], taken: list[LotPart], want: int, own_lot: Lot) -> int:
    """Take of the lot that an own lot went into, its own layer first."""
    key = merge_key(own_lot)
    for index, lot in enumerate(lots):
        if merge_key(lot) == key:
            own = own_lot.layers[0] if own_lot.layers else None
            return take_at(lots, taken, want, index, own=own)
    return 0


def take_at(lots: list[Lot], taken: list[LotPart], want: int, index: int, *, own: Layer | None = None) -> int:
    """Take of a lot, up to what is wanted. Returns how much that was."""
    lot = lots[index]
    part = min(want, lot.amount)
    if part:
        lots[index] = without(lot, part, taken, own=own)
    return part


def without(lot: Lot, amount: int, taken: list[LotPart], *, own: Layer | None = None) -> Lot:
    """Return a lot less an amount of it, and note what was taken: the own layer's first, then the oldest."""
    if not lot.layers:
        taken.append(LotPart(amount, lot.expires_on, lot.since))
        return evolve(lot, amount=lot.amount - amount)
    left, wanted = {id(layer): layer.amount for layer in lot.layers}, amount
    own_first = sorted(
        lot.layers,
        key=lambda layer: own is None or (layer.since, layer.origin) != (own.since, own.origin),
    )
    for layer in own_first:
        part = min(wanted, layer.amount)
        if part:
            taken.append(LotPart(part, lot.expires_on, layer.since, layer.origin))
            left[id(layer)] -= part
            wanted -= part
    layers = tuple(
        layer if left[id(layer)] == layer.amount else evolve(layer, amount=left[id(layer)])
        for layer in lot.layers
        if left[id(layer)]
    )
    since = max((layer.since for layer in layers), default=lot.since)
    return Lot(lot.amount - amount, lot.available_at, lot.expires_on, since, layers)
