"""Holds of a wallet: what is set aside for a payment to come, and how it comes back. Pure values.

A hold takes spendable lots as a payment does, soonest to lapse first, and keeps them until it is captured,
released, or its time is over. What comes back goes to the days that it would have had by now, without grace:
what has lapsed meanwhile lapses at once, so that holding again stops no expiry. A hold that time has ended
is remembered for a while, so that its payment may still come late.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Literal

from domain.model.calendar import local_day
from domain.model.ledger import wallet
from domain.model.ledger.decision import Refusal
from domain.model.ledger.events import WalletPayment
from domain.model.ledger.lots import Hold, LotPart, merged, spendable_lot
from domain.model.ledger.member import Member
from domain.model.ledger.validity import renewal
from domain.model.ledger.validity.changes import origin_of
from domain.model.ledger.wallet import Wallet
from domain.model.programme import Programme, WalletSpec
from domain.model.values import dataclass, evolve

LIVE_HOLDS = 5
LOTS_HELD = 200
ENDED_KEPT = 10  # of a wallet, the newest

HoldFault = Literal["TOO_MANY_HOLDS", "TOO_MANY_LOTS"]


# ---------------------------------------------------------------- errors
class HoldRefused(Refusal):
    """Nothing more can be set aside so: `most` is how many live holds a member has, or how many units the
    lots of one hold come to.
    """

    def __init__(self, reason: HoldFault, most: int) -> None:
        super().__init__(f"not held: {reason}, at most {most}")
        self.reason: HoldFault = reason
        self.most = most
        self.name = f"HoldRefused:{reason}"


class HoldNotUsable(Refusal):
    """The hold was captured, released or replaced, ended long ago, holds less, or never was."""

    def __init__(self) -> None:
        super().__init__("there is no such hold any more")


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class PlacedHold:
    """A hold with its key and the wallet that it is of."""

    key: str
    wallet: str
    hold: Hold


# ---------------------------------------------------------------- reads
def holds_of(member: Member) -> Iterator[PlacedHold]:
    """Yield the holds of a member, live ones and those that time has ended."""
    for code, held_wallet in member.wallets.items():
        for key, hold in held_wallet.holds.items():
            yield PlacedHold(key, code, hold)


def find_hold(member: Member, key: str) -> PlacedHold:
    """Return a hold by its key. Raises HoldNotUsable."""
    known = next((placed for placed in holds_of(member) if placed.key == key), None)
    if known is None:
        raise HoldNotUsable
    return known


def next_end(member: Member) -> datetime | None:
    """Return when the first live hold of a member ends; None where there is none."""
    ends = [placed.hold.until for placed in holds_of(member) if placed.hold.is_live]
    return min(ends, default=None)


def payment_by(member: Member, key: str, units: int | None) -> WalletPayment:
    """Return what a hold pays: all of it, or so many units. Raises HoldNotUsable."""
    placed = find_hold(member, key)
    hold = placed.hold
    if units is not None and not 1 <= units <= hold.units:
        raise HoldNotUsable
    return priced(WalletPayment(placed.wallet, hold.units if units is None else units, hold=key), hold)


def priced(part: WalletPayment, hold: Hold) -> WalletPayment:
    """Return a payment by a hold with what the hold promised for as much of it, floored."""
    worth = hold.worth * part.units // hold.units
    return evolve(part, worth=worth, earns=hold.earns, fiscal=hold.fiscal)


def split_parts(parts: Iterable[LotPart], units: int) -> tuple[tuple[LotPart, ...], tuple[LotPart, ...]]:
    """Return the first units of parts, and the rest."""
    left, first, rest = units, list[LotPart](), list[LotPart]()
    for part in parts:
        amount = min(left, part.amount)
        left -= amount
        if amount:
            first.append(evolve(part, amount=amount))
        if part.amount > amount:
            rest.append(evolve(part, amount=part.amount - amount))
    return tuple(first), tuple(rest)


# ---------------------------------------------------------------- writes
def with_hold(held_wallet: Wallet, key: str, hold: Hold) -> Wallet:
    """Return a wallet with a hold, new or changed; the oldest that time has ended are forgotten."""
    holds = {**held_wallet.holds, key: hold}
    ended = sorted([old for old in holds if not holds[old].is_live], key=lambda old: holds[old].until)
    return evolve(held_wallet, holds=_without(holds, ended[:-ENDED_KEPT]))


def without_hold(held_wallet: Wallet, key: str) -> Wallet:
    """Return a wallet that knows nothing of a hold; its lots are gone with it."""
    return evolve(held_wallet, holds=_without(held_wallet.holds, (key,)))


def _without(holds: Mapping[str, Hold], keys: Iterable[str]) -> dict[str, Hold]:
    gone = frozenset(keys)
    return {key: hold for key, hold in holds.items() if key not in gone}


def give_back(
    held_wallet: Wallet,
    spec: WalletSpec | None,
    parts: Iterable[LotPart],
    *,
    taken_on: date,
) -> tuple[Wallet, tuple[LotPart, ...]]:
    """Put held parts back, for what debt leaves of them, and say which. `spec` is None where the programme
    has no such wallet any more: then they keep their days.
    """
    back = [_moved(held_wallet, spec, part, taken_on) for part in parts]
    return wallet.give_back(held_wallet, back)


def _moved(held_wallet: Wallet, spec: WalletSpec | None, part: LotPart, taken_on: date) -> LotPart:
    if spec is None:
        return part
    until = renewal.current_expiry(held_wallet, spec, part, on=taken_on)
    origin = part.origin or origin_of(spec, on=taken_on, until=part.expires_on)
    return evolve(part, expires_on=until, origin=origin)


def end_due(programme: Programme, member: Member, *, at: datetime) -> Member:
    """Return the member as a reader sees it, without the holds that have ended by an instant."""
    end = next_end(member)
    if end is None or end > at:
        return member
    wallets = dict(member.wallets)
    specs = {spec.code: spec for spec in programme.wallets}
    for placed in sorted(holds_of(member), key=lambda placed: (placed.hold.until, placed.key)):
        hold = placed.hold
        if not hold.is_live or hold.until > at:
            continue
        on = local_day(hold.placed_at, programme.zone)
        ended = with_hold(wallets[placed.wallet], placed.key, evolve(hold, parts=()))
        after, rest = give_back(ended, specs.get(placed.wallet), hold.parts, taken_on=on)
        wallets[placed.wallet] = wallet.recover_from_return(after, rest, since=on)[0]
    return evolve(member, wallets=wallets)


def as_if_free(member: Member) -> Member:
    """Return the member as if nothing were set aside: what a hold takes it may give back, so it alone moves
    no segment and locks no reward.
    """
    if not any(held_wallet.holds for held_wallet in member.wallets.values()):
        return member
    return evolve(member, wallets={code: free(held) for code, held in member.wallets.items()})


def free(held_wallet: Wallet) -> Wallet:
    """Return a wallet in which all that was held is among its lots, and no hold is known."""
    if not held_wallet.holds:
        return held_wallet
    held = [spendable_lot(part) for hold in held_wallet.holds.values() for part in hold.parts]
    return evolve(held_wallet, lots=merged((*held_wallet.lots, *held)), holds={})
