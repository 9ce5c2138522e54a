"""A wallet that takes another one over, lot by lot: amounts, last days and pending instants stay as they are.

Debt is repaid first, on either side: by what comes, which lapses last first, or by what is there, as a
clawback takes it. The lifetime totals add up, so that both wallets together are what they were. Pure values.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from domain.model.ledger.lots import Lot, LotPart, Origin, layers_of, lot_of, merge_parts, merged, take_at
from domain.model.ledger.wallet import (
    LAPSES_KEPT,
    LAPSES_KEPT_DAYS,
    WRITE_OFFS_KEPT,
    OwnLot,
    Wallet,
    WriteOff,
    claw_back,
)
from domain.model.programme.wallets import WalletSpec
from domain.model.values import dataclass, evolve


@dataclass(frozen=True, slots=True)
class JoinedWallet:
    """A wallet after it took another one over: the lots that came in or were taken for debt that came, by how
    much debt fell (-) or grew (+). Of debt that came, `lapsed` counts as taken since those lots had lapsed
    before, and `unpaid` is written off where the programme forgives: so much comes back.
    """

    wallet: Wallet
    parts: tuple[LotPart, ...]
    debt: int
    lapsed: int = 0
    unpaid: int = 0


def join(
    held: Wallet, moved: Wallet, spec: WalletSpec | None, *, own: Sequence[OwnLot] = (), today: date
) -> JoinedWallet:
    """Return a wallet with what another one held. Of debt that comes, `own` lots are taken first."""
    incoming, repaid = _repaying(moved.lots, held.debt)
    taken, owed, lots = tuple[LotPart, ...](), 0, held.lots
    lapsed = _sum_days(held, moved, today=today)
    if moved.debt:
        clawed, taken, owed = claw_back(
            evolve(held, lapsed_by_day=lapsed), amount=moved.debt, own=own, today=today, forgive=False
        )
        lots, lapsed = clawed.lots, dict(clawed.lapsed_by_day)
    lots = merged((*lots, *(_as_begun(lot, spec, today) for lot in incoming)))
    joined = evolve(
        held,
        lots=lots,
        debt=held.debt - repaid + owed,
        earned=held.earned + moved.earned,
        spent=held.spent + moved.spent,
        expired=held.expired + moved.expired,
        adjusted=held.adjusted + moved.adjusted,
        lapsed_by_day=lapsed,
        reminded_days=held.reminded_days | moved.reminded_days,
        write_offs=_sum_write_offs(held, moved),
        holds={**moved.holds, **held.holds} if moved.holds else held.holds,
    )
    counted_as_taken = moved.debt - owed - sum(part.amount for part in taken)
    parts = taken or tuple(LotPart(lot.amount, lot.expires_on, lot.since) for lot in incoming)
    is_forgiving = spec is not None and spec.debt == "forgive"
    return JoinedWallet(
        evolve(joined, debt=joined.debt + counted_as_taken),
        merge_parts(parts),
        owed - repaid,
        counted_as_taken,
        owed if is_forgiving else 0,
    )


def made_good(joined: JoinedWallet, *, today: date) -> Wallet:
    """Return the wallet without the debt that comes back: what had lapsed before is taken once, and what is
    written off is made up for by the awards of the next days.
    """
    held, amount = joined.wallet, joined.lapsed + joined.unpaid
    write_offs = held.write_offs
    if joined.unpaid:
        write_offs = _bounded_write_offs((*write_offs, WriteOff(today, joined.unpaid)))
    return evolve(held, debt=held.debt - amount, adjusted=held.adjusted + amount, write_offs=write_offs)


def _repaying(lots: tuple[Lot, ...], debt: int) -> tuple[tuple[Lot, ...], int]:
    """Return what debt leaves of lots, those that lapse last going first, and what was repaid."""
    left, rest = debt, list(lots)
    for index in reversed(range(len(rest))):
        left -= take_at(rest, [], left, index)
    return tuple(lot for lot in rest if lot.amount), debt - left


def _as_begun(lot: Lot, spec: WalletSpec | None, today: date) -> Lot:
    """Return a lot that begins here with the days it has: what moved days in this wallet before did not move
    it. Where nothing renews the wallet lots keep no origin.
    """
    if spec is None or not spec.expiry.renewing_events:
        return Lot(lot.amount, lot.available_at, lot.expires_on, lot.since)
    layers = [evolve(layer, origin=Origin(today, lot.expires_on)) for layer in layers_of(lot)]
    return lot_of(*layers, available_at=lot.available_at, expires_on=lot.expires_on)


def _sum_days(held: Wallet, moved: Wallet, *, today: date) -> dict[date, int]:
    lapsed = dict(held.lapsed_by_day)
    for day, amount in moved.lapsed_by_day.items():
        lapsed[day] = lapsed.get(day, 0) + amount
    if len(lapsed) <= LAPSES_KEPT:
        return lapsed
    oldest = today - timedelta(days=LAPSES_KEPT_DAYS)
    return {day: amount for day, amount in lapsed.items() if day >= oldest}


def _sum_write_offs(held: Wallet, moved: Wallet) -> tuple[WriteOff, ...]:
    if not moved.write_offs:
        return held.write_offs
    return _bounded_write_offs((*held.write_offs, *moved.write_offs))


def _bounded_write_offs(write_offs: Sequence[WriteOff]) -> tuple[WriteOff, ...]:
    """Return write-offs by day, the newest of them one by one."""
    amounts = dict[date, int]()
    for write_off in sorted(write_offs, key=lambda write_off: write_off.on):
        amounts[write_off.on] = amounts.get(write_off.on, 0) + write_off.amount
    return tuple(WriteOff(on, amount) for on, amount in amounts.items())[-WRITE_OFFS_KEPT:]
