"""Lots: amounts with their last valid days, merged and in spending order. Pure arithmetic; a wallet holds
them.

Spendable lots merge by last valid day, pending ones by that and the hour. Spending takes the lots soonest to
lapse first, never-lapsing last.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

LAST = date.max
EARLIEST = datetime.min.replace(tzinfo=UTC)
LOTS_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class LotPart:
    """What a debit took of one lot, or an award put into one: enough to give exactly that back. `since` as in
    `Lot`.
    """

    amount: int
    expires_on: date | None
    since: date


@dataclass(frozen=True, slots=True)
class Lot:
    """Points of one last valid day. `since` is the local day their validity counts from (the latest, where
    lots merged).
    """

    amount: int
    available_at: datetime | None
    expires_on: date | None
    since: date


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
    key = merge_key(lot)
    index = bisect_left(lots, _order(lot), key=_order)
    for near in (index - 1, index):
        if 0 <= near < len(lots) and lots[near].expires_on == lot.expires_on and merge_key(lots[near]) == key:
            return (*lots[:near], _merge_two(lots[near], lot), *lots[near + 1 :])
    return _bounded([*lots[:index], lot, *lots[index:]])


def _merge_two(first: Lot, second: Lot) -> Lot:
    at = min(first.available_at, second.available_at) if first.available_at and second.available_at else None
    return Lot(first.amount + second.amount, at, second.expires_on, max(first.since, second.since))


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
        lots[:2] = [
            replace(second, amount=first.amount + second.amount, since=max(first.since, second.since))
        ]
    return tuple(lots)


def merge_parts(parts: Iterable[LotPart]) -> tuple[LotPart, ...]:
    out: dict[date | None, LotPart] = {}
    for part in parts:
        known = out.get(part.expires_on)
        out[part.expires_on] = (
            replace(part, amount=known.amount + part.amount, since=max(known.since, part.since))
            if known
            else part
        )
    return tuple(out.values())


def take_of(lots: list[Lot], taken: list[LotPart], want: int, own_lot: Lot) -> int:
    key = merge_key(own_lot)
    for index, lot in enumerate(lots):
        if merge_key(lot) == key:
            return take_at(lots, taken, want, index)
    return 0


def take_at(lots: list[Lot], taken: list[LotPart], want: int, index: int) -> int:
    lot = lots[index]
    part = min(want, lot.amount)
    if part:
        taken.append(LotPart(part, lot.expires_on, lot.since))
        lots[index] = replace(lot, amount=lot.amount - part)
    return part
