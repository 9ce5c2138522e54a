"""A wallet and its lots: the arithmetic of points and store credit. Pure, integer, and the only place where a
lot is opened or taken.

A lot is an amount with the instant it becomes spendable (None: now) and its last valid day (None: never
lapses). Spendable lots merge by last valid day, pending ones by that and the hour. Spending takes the lots
soonest to lapse first, never-lapsing last. What holds always: available + held + pending - debt = earned +
adjusted - spent - expired, and no part of it is below zero.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import ClassVar

from domain.model.ledger.lots import (
    LAST,
    LOTS_KEPT,
    NO_HOLDS,
    Hold,
    Layer,
    Lot,
    LotPart,
    Origin,
    add_lot,
    is_pending,
    merge_parts,
    merged,
    parts_of,
    spendable_lot,
    take_at,
    take_of,
    without,
)
from domain.model.ledger.validity.changes import ValidityChange
from domain.model.values import computed, dataclass, evolve, keep_computed

WRITE_OFF_DAYS = 60
WRITE_OFF_DAYS_KEPT = 400
WRITE_OFFS_KEPT = 60
WALLET_LIMIT = 2_000_000_000
LAPSES_KEPT_DAYS = 400
LAPSES_KEPT = 430  # older ones are forgotten a month at a time


class InsufficientBalance(Exception):
    """Raised by `take` where fewer points are spendable than asked for; `missing` says how many."""

    def __init__(self, missing: int) -> None:
        super().__init__(f"the balance is {missing} short")
        self.missing = missing


@dataclass(frozen=True, slots=True)
class WriteOff:
    """What a clawback could not take on a day and the programme forgave; less what was recovered of it."""

    on: date
    amount: int


@dataclass(frozen=True, slots=True)
class OwnLot:
    """What an award put in, as the wallet would hold it by now, and the days on which it may have lapsed."""

    lot: Lot
    lapse_days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """A wallet with the lots in that are due from one instant until another."""

    since: datetime
    until: datetime | None
    wallet: Wallet


@dataclass(frozen=True)
class Wallet:
    """One wallet's lots and lifetime totals. `lapsed` is what expired by day, `reminded` the days already
    announced. `holds` are what is set aside for payments to come, by their keys.

    Lots are in spending order, pending ones last. Sums are kept with the value: a daily buyer has hundreds of
    lots.
    """

    COMPUTED_OF: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("available", "pending", "spendable_count"), "lots"),
        **dict.fromkeys(("next_available_at", "first_expiry_on"), "lots"),
        "held": "holds",
    }

    lots: tuple[Lot, ...] = ()
    debt: int = 0
    earned: int = 0
    spent: int = 0
    expired: int = 0
    adjusted: int = 0
    entries: int = 0
    validity_changes: tuple[ValidityChange, ...] = ()
    write_offs: tuple[WriteOff, ...] = ()
    lapsed_by_day: Mapping[date, int] = field(default_factory=dict)
    reminded_days: frozenset[date] = frozenset()
    holds: Mapping[str, Hold] = field(default_factory=lambda: NO_HOLDS)

    @computed
    def spendable_count(self) -> int:
        """How many lots are spendable: the first ones."""
        return bisect_left(self.lots, 1, key=is_pending)

    @computed
    def available(self) -> int:
        """What is spendable, once settled."""
        return sum([lot.amount for lot in self.lots[: self.spendable_count]])

    @computed
    def pending(self) -> int:
        """What is awarded and not yet spendable."""
        return sum([lot.amount for lot in self.lots[self.spendable_count :]])

    @computed
    def held(self) -> int:
        """What is set aside for payments to come."""
        return sum([part.amount for hold in self.holds.values() for part in hold.parts])

    @property
    def room(self) -> int:
        """What may still be put in, whatever it is spendable for."""
        return WALLET_LIMIT - self.available - self.held - self.pending

    @computed
    def next_available_at(self) -> datetime | None:
        """When the first pending lot becomes spendable; None where none is pending."""
        return min(
            [lot.available_at for lot in self.lots[self.spendable_count :] if lot.available_at is not None],
            default=None,
        )

    @computed
    def first_expiry_on(self) -> date | None:
        """The first of all last valid days; None where nothing lapses."""
        # Spendable ones stand in the order of their last days.
        lots = (*self.lots[:1], *self.lots[self.spendable_count :])
        return min([lot.expires_on for lot in lots if lot.expires_on is not None], default=None)

    @computed
    def settled(self) -> Settled | None:
        """What `settle` has made of it last: a decision asks for the same several times."""
        return None

    @property
    def balance(self) -> int:
        """available + held + pending - debt: what entries sum to."""
        return self.available + self.held + self.pending - self.debt


# ---------------------------------------------------------------- lots


def settle(wallet: Wallet, *, now: datetime) -> Wallet:
    """Let the lots in that are due at an instant. The same wallet comes back where none is."""
    if wallet.next_available_at is None or wallet.next_available_at > now:
        return wallet
    known = wallet.settled
    if known is not None and known.since <= now and (known.until is None or now < known.until):
        return known.wallet
    due, later, since = list[Lot](), list[Lot](), wallet.next_available_at
    until: datetime | None = None
    for lot in wallet.lots[wallet.spendable_count :]:
        at = lot.available_at
        if at is not None and at <= now:
            due.append(lot)
            since = max(since, at)
        else:
            later.append(lot)
            until = at if until is None or (at is not None and at < until) else until
    lots = (*wallet.lots[: wallet.spendable_count], *later)
    for lot in due:
        lots = add_lot(lots, Lot(lot.amount, None, lot.expires_on, lot.since, lot.layers))
    after, come = evolve(wallet, lots=lots), sum([lot.amount for lot in due])
    if len(lots) < LOTS_KEPT:  # else two others may have become one
        keep_computed(
            after,
            available=wallet.available + come,
            pending=wallet.pending - come,
            next_available_at=until,
            first_expiry_on=wallet.first_expiry_on,
        )
    keep_computed(wallet, settled=Settled(since, until, after))
    return after


def expired_parts(wallet: Wallet, *, today: date) -> tuple[LotPart, ...]:
    """Return what is past its last valid day, soonest first."""
    if wallet.first_expiry_on is None or wallet.first_expiry_on >= today:
        return ()

    def is_past(lot: Lot) -> bool:
        return lot.expires_on is not None and lot.expires_on < today

    spendable, waiting = wallet.lots[: wallet.spendable_count], wallet.lots[wallet.spendable_count :]
    expired = (*takewhile(is_past, spendable), *filter(is_past, waiting))
    return tuple([part for lot in expired for part in parts_of(lot)])


def lapse(wallet: Wallet, *, today: date) -> tuple[Wallet, tuple[LotPart, ...]]:
    """Take out what is past its last valid day, and say what that was."""
    lost = expired_parts(wallet, today=today)
    if not lost:
        return wallet, ()
    lapsed = dict(wallet.lapsed_by_day)
    for part in lost:
        assert part.expires_on is not None, "only what has a last day lapses"
        day = part.origin.until if part.origin and part.origin.until else part.expires_on
        lapsed[day] = lapsed.get(day, 0) + part.amount
    if len(lapsed) > LAPSES_KEPT:
        lapsed = {
            day: amount for day, amount in lapsed.items() if day >= today - timedelta(days=LAPSES_KEPT_DAYS)
        }
    left = tuple([lot for lot in wallet.lots if lot.expires_on is None or lot.expires_on >= today])
    reminded = frozenset(day for day in wallet.reminded_days if day >= today)
    expired = wallet.expired + sum(part.amount for part in lost)
    after = evolve(wallet, lots=left, expired=expired, lapsed_by_day=lapsed, reminded_days=reminded)
    _keep_sums_lapsed(wallet, after, sum(part.amount for part in lost))
    return after, lost


def _keep_sums_lapsed(before: Wallet, after: Wallet, amount: int) -> None:
    """Keep the sums of a wallet out of which an amount lapsed, where nothing of it was pending."""
    gone = len(before.lots) - len(after.lots)
    if gone <= before.spendable_count and before.lots[gone:] == after.lots:
        keep_computed(
            after,
            spendable_count=before.spendable_count - gone,
            available=before.available - amount,
            pending=before.pending,
            next_available_at=before.next_available_at,
        )


def award(
    wallet: Wallet,
    *,
    amount: int,
    available_at: datetime | None,
    expires_on: date | None,
    since: date,
    origin: Origin | None = None,
) -> tuple[Wallet, int]:
    """Open a lot for what debt leaves of an award (entered whole), and say how much that was."""
    repaid = min(wallet.debt, amount)
    opened = amount - repaid
    if not opened:
        return evolve(wallet, debt=wallet.debt - repaid, earned=wallet.earned + amount), 0
    layers = () if origin is None else (Layer(opened, since, origin),)
    lots = add_lot(wallet.lots, Lot(opened, available_at, expires_on, since, layers))
    after = evolve(wallet, lots=lots, debt=wallet.debt - repaid, earned=wallet.earned + amount)
    if len(lots) < LOTS_KEPT:  # else two others may have become one
        _keep_sums(wallet, after, opened, available_at, expires_on)
    return after, opened


def _keep_sums(
    before: Wallet, after: Wallet, amount: int, available_at: datetime | None, expires_on: date | None
) -> None:
    """Keep the sums of a wallet in which one more amount came to be: it has hundreds of lots at times."""
    first, comes = before.first_expiry_on, before.next_available_at
    if expires_on is not None and (first is None or expires_on < first):
        first = expires_on
    if available_at is None:
        count = before.spendable_count + len(after.lots) - len(before.lots)
        available, pending = before.available + amount, before.pending
    else:
        comes = available_at if comes is None or available_at < comes else comes
        count, available, pending = before.spendable_count, before.available, before.pending + amount
    keep_computed(
        after,
        spendable_count=count,
        available=available,
        pending=pending,
        next_available_at=comes,
        first_expiry_on=first,
    )


def take(wallet: Wallet, *, amount: int) -> tuple[Wallet, tuple[LotPart, ...]]:
    """Take spendable lots, soonest to lapse first, and say which. Raises InsufficientBalance and takes
    nothing where they do not reach.
    """
    if amount > wallet.available:
        raise InsufficientBalance(amount - wallet.available)
    left, taken, lots = amount, list[LotPart](), []
    for lot in wallet.lots:
        part = min(left, lot.amount) if lot.available_at is None else 0
        if part:
            left -= part
            lot = without(lot, part, taken)
        if lot.amount:
            lots.append(lot)
    return evolve(wallet, lots=tuple(lots)), tuple(taken)


def give_back(wallet: Wallet, parts: Iterable[LotPart]) -> tuple[Wallet, tuple[LotPart, ...]]:
    """Put parts back as spendable lots of their own last days, for what debt leaves of them. Debt is repaid
    by those that lapse last: nothing outlives its day by a purchase that was returned. Returns the wallet and
    the parts that were put in.
    """
    left, rest = wallet.debt, []
    soonest_first = sorted(parts, key=lambda part: part.expires_on or LAST)
    for part in reversed(soonest_first):
        repaid = min(left, part.amount)
        left -= repaid
        if part.amount > repaid:
            rest.append(evolve(part, amount=part.amount - repaid))
    rest.reverse()
    lots = merged((*wallet.lots, *map(spendable_lot, rest)))
    return evolve(wallet, lots=lots, debt=left), tuple(rest)


def recover_from_award(wallet: Wallet, lot: Lot, *, today: date) -> tuple[Wallet, tuple[LotPart, ...]]:
    """Take of a lot just awarded what was written off in the last 60 days, each write-off once."""
    return _recover(wallet, [lot], since=today - timedelta(days=WRITE_OFF_DAYS))


def recover_from_return(
    wallet: Wallet, parts: Iterable[LotPart], *, since: date
) -> tuple[Wallet, tuple[LotPart, ...]]:
    """Take of parts just given back, those that lapse last first, what was written off since the day they
    were taken, each write-off once.
    """
    own = sorted(map(spendable_lot, parts), key=lambda lot: lot.expires_on or LAST, reverse=True)
    return _recover(wallet, own, since=since)


def _recover(wallet: Wallet, own: Sequence[Lot], *, since: date) -> tuple[Wallet, tuple[LotPart, ...]]:
    known = sum(write_off.amount for write_off in wallet.write_offs if write_off.on >= since)
    if not known:
        return wallet, ()
    left, lots, taken = known, list(wallet.lots), list[LotPart]()
    for own_lot in own:
        left -= take_of(lots, taken, min(left, own_lot.amount), own_lot)
    recovered, write_offs = known - left, []
    amount = recovered
    for write_off in wallet.write_offs:
        part = min(amount, write_off.amount) if write_off.on >= since else 0
        amount -= part
        if write_off.amount > part:
            write_offs.append(WriteOff(write_off.on, write_off.amount - part))
    after = evolve(wallet, lots=merged(lots), write_offs=tuple(write_offs), earned=wallet.earned - recovered)
    return after, merge_parts(taken)


def _written_off(write_offs: tuple[WriteOff, ...], amount: int, *, on: date) -> tuple[WriteOff, ...]:
    if not amount:
        return write_offs
    first = on - timedelta(days=WRITE_OFF_DAYS_KEPT)
    recent = [write_off for write_off in write_offs if write_off.on > first]
    if recent and (recent[-1].on >= on or len(recent) >= WRITE_OFFS_KEPT):
        return (*recent[:-1], WriteOff(max(on, recent[-1].on), recent[-1].amount + amount))
    return (*recent, WriteOff(on, amount))


def claw_back(
    wallet: Wallet, *, amount: int, own: Iterable[OwnLot], today: date, forgive: bool
) -> tuple[Wallet, tuple[LotPart, ...], int]:
    """Take back an award: of its own lots first (pending before spendable, lapsed counting as taken), then
    others, then as debt.

    `own` is what the award put in. Returns the wallet, what was taken of lots and what is
    owed; where the programme forgives nothing is owed.
    """
    left, taken = amount, list[LotPart]()
    lots = list(wallet.lots)
    lapsed = dict(wallet.lapsed_by_day)
    for part in sorted(own, key=lambda part: (part.lot.available_at is None, part.lot.expires_on or LAST)):
        want = min(left, part.lot.amount)
        if part.lot.expires_on is None or part.lot.expires_on >= today:
            took = take_of(lots, taken, want, part.lot)
            left, want = left - took, want - took
        for day in part.lapse_days:
            counted = min(want, lapsed.get(day, 0)) if day < today else 0
            lapsed[day] = lapsed.get(day, 0) - counted
            left, want = left - counted, want - counted
    for index in range(len(lots)):  # in spending order, pending ones last: none stands beside a debt
        if left:
            left -= take_at(lots, taken, left, index)
    owed = 0 if forgive else left
    took = sum(part.amount for part in taken) + owed
    after = evolve(
        wallet,
        lots=merged(lots),
        lapsed_by_day={day: amount for day, amount in lapsed.items() if amount},
        debt=wallet.debt + owed,
        write_offs=_written_off(wallet.write_offs, left, on=today) if forgive else wallet.write_offs,
    )
    return evolve(after, earned=wallet.earned - took), merge_parts(taken), owed
