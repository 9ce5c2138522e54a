"""A wallet and its lots: the arithmetic of points and store credit. Pure, integer, and the only place where a
lot is opened or taken.

A lot is an amount with the instant it becomes spendable (None: now) and its last valid day (None: never
lapses). Spendable lots merge by last valid day, pending ones by that and the hour. Spending takes the lots
soonest to lapse first, never-lapsing last. What holds always: available + pending - debt = earned + adjusted
- spent - expired, and no part of it is below zero.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from domain.model.calendar import day_after, local_day, rounded
from domain.model.ledger.lots import (
    LAST,
    Lot,
    LotPart,
    add_lot,
    is_pending,
    merge_parts,
    merged,
    take_at,
    take_of,
)
from domain.model.programme.wallets import WalletSpec
from domain.model.values import computed, evolve

WRITE_OFF_DAYS = 60
WRITE_OFF_DAYS_KEPT = 400
WRITE_OFFS_KEPT = 60
WALLET_LIMIT = 2_000_000_000
SPANS_KEPT = 16
LAPSES_KEPT_DAYS = 400
LAPSES_KEPT = 430  # older ones are forgotten a month at a time


class InsufficientBalance(Exception):
    """Raised by `take` where fewer points are spendable than asked for; `missing` says how many."""

    def __init__(self, missing: int) -> None:
        super().__init__(f"the balance is {missing} short")
        self.missing = missing


@dataclass(frozen=True, slots=True)
class ValidityChange:
    """What moved the last days of open lots: a run of renewals, each before the last one's validity ended; or
    a change of tier.

    `entered` a tier with a validity of its own, or `left` one (for another, or for none). `tier` is the one
    whose validity ruled.
    """

    kind: Literal["renewed", "entered", "left"]
    first: date
    last: date
    tier: str | None = None


@dataclass(frozen=True, slots=True)
class WriteOff:
    """What a clawback could not take on a day and the programme forgave; less what was recovered of it."""

    on: date
    amount: int


@dataclass(frozen=True)
class Wallet:
    """One wallet's lots and lifetime totals. `lapsed` is what expired by day, `reminded` the days already
    announced.

    Lots are in spending order, pending ones last. Sums are kept with the value: a daily buyer has hundreds of
    lots.
    """

    COMPUTED_OF: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("available", "pending", "spendable_count", "next_available_at", "first_expiry_on"), "lots"
    )

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
    def next_available_at(self) -> datetime | None:
        """When the first pending lot becomes spendable; None where none is pending."""
        return min(
            [lot.available_at for lot in self.lots[self.spendable_count :] if lot.available_at is not None],
            default=None,
        )

    @computed
    def first_expiry_on(self) -> date | None:
        """The first of all last valid days; None where nothing lapses."""
        lots = (
            *self.lots[:1],
            *self.lots[self.spendable_count :],
        )  # spendable ones stand in the order of their last days
        return min([lot.expires_on for lot in lots if lot.expires_on is not None], default=None)

    @property
    def balance(self) -> int:
        """available + pending - debt: what entries sum to."""
        return self.available + self.pending - self.debt


# ---------------------------------------------------------------- validity


def expiry_of(spec: WalletSpec, *, tier: str | None, since: date) -> date | None:
    """Return the last valid day of what becomes spendable on a day, None where it never lapses."""
    expiry = spec.expiry
    own = expiry.by_tier.get(tier) if tier else None
    after = expiry.after if own is None else own
    if after == "never" or (own is None and expiry.never):
        return None
    assert after is not None, "the check lets no expiry through without never or after"
    return rounded(day_after(since, after), expiry.round)


def renew(wallet: Wallet, spec: WalletSpec, *, tier: str | None, day: date, zone: ZoneInfo) -> Wallet:
    """Count every open lot's validity anew from a purchase's day, or its first spendable day where later;
    never to an earlier day.
    """
    if not spec.expiry.renewed_by_activity:
        return wallet
    lots = []
    for lot in wallet.lots:
        since = max(day, local_day(lot.available_at, zone) if lot.available_at else lot.since)
        until = expiry_of(spec, tier=tier, since=since)
        lots.append(
            lot if _earlier(until, lot.expires_on) else Lot(lot.amount, lot.available_at, until, since)
        )
    spans = _renewals(
        wallet.validity_changes, spec, tier=tier if tier in spec.expiry.by_tier else None, day=day
    )
    return evolve(wallet, lots=merged(lots), validity_changes=spans)


def _renewals(
    spans: tuple[ValidityChange, ...], spec: WalletSpec, *, tier: str | None, day: date
) -> tuple[ValidityChange, ...]:
    last = spans[-1] if spans else None
    if last is not None and (day < last.last or (day == last.last and last.kind == "renewed")):
        return spans  # known for this day, or late: what has lapsed since stays lapsed
    if last is not None and last.kind == "renewed" and last.tier == tier:
        reach = expiry_of(spec, tier=tier, since=last.last)
        if reach is None or day <= reach:
            return (*spans[:-1], replace(last, last=day))
    return (*spans, ValidityChange("renewed", day, day, tier))[-SPANS_KEPT:]


def move_tier(wallet: Wallet, spec: WalletSpec, *, origin: str | None, to: str | None, day: date) -> Wallet:
    """Let a tier's own validity rule every open lot; on leaving it, validity counts from that day."""
    ruled = spec.expiry.by_tier
    if origin not in ruled and to not in ruled:
        return wallet
    left = origin in ruled
    span = ValidityChange("left" if left else "entered", day, day, to if to in ruled else None)
    lots = []
    for lot in wallet.lots:
        since = max(day, lot.since) if left else lot.since
        lots.append(Lot(lot.amount, lot.available_at, expiry_of(spec, tier=to, since=since), since))
    return evolve(wallet, lots=merged(lots), validity_changes=(*wallet.validity_changes, span)[-SPANS_KEPT:])


def current_expiry(wallet: Wallet, spec: WalletSpec, part: LotPart, *, on: date) -> date | None:
    """Return the last valid day by now of a part that left its lot on a day, renewals and changes of tier
    since included.

    Exact but for a lot of fewer days than the wallet gives (one returned with grace): that one counts as
    renewed by the next purchase.
    """
    until, since = part.expires_on, part.since
    for span in wallet.validity_changes:
        if span.last < on:
            continue
        if until is not None and until < span.first:
            break  # it had lapsed by then
        moved_since = since if span.kind == "entered" else max(since, span.last)
        moved = expiry_of(spec, tier=span.tier, since=moved_since)
        if span.kind != "renewed" or not _earlier(moved, until):
            until, since = moved, moved_since
    return until


def _earlier(a: date | None, b: date | None) -> bool:
    return a is not None and (b is None or a < b)


# ---------------------------------------------------------------- lots


def settle(wallet: Wallet, *, now: datetime) -> Wallet:
    """Let the lots in that are due at an instant. The same wallet comes back where none is."""
    if wallet.next_available_at is None or wallet.next_available_at > now:
        return wallet
    waiting = wallet.lots[wallet.spendable_count :]
    due_lots = [lot for lot in waiting if lot.available_at is not None and lot.available_at <= now]
    lots = (
        *wallet.lots[: wallet.spendable_count],
        *(lot for lot in waiting if lot.available_at is not None and lot.available_at > now),
    )
    for lot in due_lots:
        lots = add_lot(lots, Lot(lot.amount, None, lot.expires_on, lot.since))
    return evolve(wallet, lots=lots)


def expired_parts(wallet: Wallet, *, today: date) -> tuple[LotPart, ...]:
    """Return what is past its last valid day, soonest first."""
    if wallet.first_expiry_on is None or wallet.first_expiry_on >= today:
        return ()
    expired = list(
        takewhile(
            lambda lot: lot.expires_on is not None and lot.expires_on < today,
            wallet.lots[: wallet.spendable_count],
        )
    )
    expired += [
        lot
        for lot in wallet.lots[wallet.spendable_count :]
        if lot.expires_on is not None and lot.expires_on < today
    ]
    return tuple([LotPart(lot.amount, lot.expires_on, lot.since) for lot in expired])


def lapse(wallet: Wallet, *, today: date) -> tuple[Wallet, tuple[LotPart, ...]]:
    """Take out what is past its last valid day, and say what that was."""
    lost = expired_parts(wallet, today=today)
    if not lost:
        return wallet, ()
    lapsed = dict(wallet.lapsed_by_day)
    for part in lost:
        assert part.expires_on is not None, "only what has a last day lapses"
        lapsed[part.expires_on] = lapsed.get(part.expires_on, 0) + part.amount
    if len(lapsed) > LAPSES_KEPT:
        lapsed = {
            day: amount for day, amount in lapsed.items() if day >= today - timedelta(days=LAPSES_KEPT_DAYS)
        }
    left = tuple([lot for lot in wallet.lots if lot.expires_on is None or lot.expires_on >= today])
    reminded = frozenset(day for day in wallet.reminded_days if day >= today)
    expired = wallet.expired + sum(part.amount for part in lost)
    return evolve(wallet, lots=left, expired=expired, lapsed_by_day=lapsed, reminded_days=reminded), lost


def award(
    wallet: Wallet, *, amount: int, available_at: datetime | None, expires_on: date | None, since: date
) -> tuple[Wallet, int]:
    """Open a lot for what debt leaves of an award (entered whole), and say how much that was."""
    repaid = min(wallet.debt, amount)
    lots = wallet.lots
    if amount > repaid:
        lots = add_lot(lots, Lot(amount - repaid, available_at, expires_on, since))
    return evolve(
        wallet, lots=lots, debt=wallet.debt - repaid, earned=wallet.earned + amount
    ), amount - repaid


def take(wallet: Wallet, *, amount: int) -> tuple[Wallet, tuple[LotPart, ...]]:
    """Take spendable lots, soonest to lapse first, and say which. Raises InsufficientBalance and takes
    nothing where they do not reach.
    """
    if amount > wallet.available:
        raise InsufficientBalance(amount - wallet.available)
    left, taken, lots = amount, [], []
    for lot in wallet.lots:
        part = min(left, lot.amount) if lot.available_at is None else 0
        if part:
            taken.append(LotPart(part, lot.expires_on, lot.since))
            left -= part
        if lot.amount > part:
            lots.append(replace(lot, amount=lot.amount - part) if part else lot)
    return evolve(wallet, lots=tuple(lots)), tuple(taken)


def give_back(wallet: Wallet, parts: Iterable[LotPart]) -> tuple[Wallet, tuple[LotPart, ...]]:
    """Put parts back as spendable lots of their own last days, for what debt leaves of them. Debt is repaid
    by those that lapse first. Returns the wallet and the parts that were put in.
    """
    left, rest = wallet.debt, []
    for part in sorted(parts, key=lambda part: part.expires_on or LAST):
        repaid = min(left, part.amount)
        left -= repaid
        if part.amount > repaid:
            rest.append(replace(part, amount=part.amount - repaid))
    lots = merged((*wallet.lots, *(Lot(part.amount, None, part.expires_on, part.since) for part in rest)))
    return evolve(wallet, lots=lots, debt=left), tuple(rest)


def recover_from_award(wallet: Wallet, lot: Lot, *, today: date) -> tuple[Wallet, tuple[LotPart, ...]]:
    """Take of a lot just awarded what was written off in the last 60 days, each write-off once."""
    return _recover(wallet, [lot], since=today - timedelta(days=WRITE_OFF_DAYS))


def recover_from_return(
    wallet: Wallet, parts: Iterable[LotPart], *, since: date
) -> tuple[Wallet, tuple[LotPart, ...]]:
    """Take of parts just given back what was written off since the day they were taken, each write-off
    once.
    """
    return _recover(
        wallet, [Lot(part.amount, None, part.expires_on, part.since) for part in parts], since=since
    )


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
    recent = [
        write_off for write_off in write_offs if write_off.on > on - timedelta(days=WRITE_OFF_DAYS_KEPT)
    ]
    if recent and (recent[-1].on >= on or len(recent) >= WRITE_OFFS_KEPT):
        return (*recent[:-1], WriteOff(max(on, recent[-1].on), recent[-1].amount + amount))
    return (*recent, WriteOff(on, amount))


def claw_back(
    wallet: Wallet, *, amount: int, own: Iterable[Lot], today: date, forgive: bool
) -> tuple[Wallet, tuple[LotPart, ...], int]:
    """Take back an award: of its own lots first (pending before spendable, lapsed counting as taken), then
    others, then as debt.

    `own` is what the award put in, at its days by now. Returns the wallet, what was taken of lots and what is
    owed; where the programme forgives nothing is owed.
    """
    left, taken = amount, list[LotPart]()
    lots = list(wallet.lots)
    lapsed = dict(wallet.lapsed_by_day)
    for own_lot in sorted(own, key=lambda lot: (lot.available_at is None, lot.expires_on or LAST)):
        want = min(left, own_lot.amount)
        if own_lot.expires_on is not None and own_lot.expires_on < today:
            counted = min(want, lapsed.get(own_lot.expires_on, 0))
            lapsed[own_lot.expires_on] = lapsed.get(own_lot.expires_on, 0) - counted
            left -= counted
            continue
        left -= take_of(lots, taken, want, own_lot)
    for index, lot in enumerate(lots):
        if left and lot.available_at is None:
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
