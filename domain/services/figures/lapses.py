"""What members hold by the month in which it lapses: gathered once a day, some hundred members at a time, so
that folding goes on meanwhile.

A lot's last day may be moved by a purchase or a tier without an entry of its own, so that no sum of rows
could tell it: each member is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime

from domain.model.calendar import local_day
from domain.model.figures.definitions.points import unit_cost
from domain.model.ledger.decide import at_instant
from domain.model.ledger.wallet import Wallet
from domain.model.programme import Programme
from domain.model.values import dataclass
from domain.services.runtime import Runtime
from domain.store.figures import lapses
from domain.store.figures.lapses import NEVER, OWED, PENDING, HeldKey
from domain.store.ledger.scans import member_scans

MEMBERS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class HeldUnits:
    """What is held of a wallet: `lapses` is NEVER, PENDING, OWED (below zero), or the month `2027-03` in
    which it lapses. `cost` is in minor units, None where nobody says what a unit costs.
    """

    wallet: str
    lapses: str
    amount: int
    cost: float | None


@dataclass(slots=True)
class LapseScan:
    """Members being asked, on one day: `ids` are the next, those before and with `after` were."""

    day: date
    after: str = ""
    ids: list[str] = field(default_factory=list)
    held: Counter[HeldKey] = field(default_factory=Counter)


class DailyLapses:
    """The scan of a day, which goes on a little each time; who dies begins it again."""

    def __init__(self) -> None:
        self._scan: LapseScan | None = None
        self._done_on: date | None = None

    async def go_on(self, runtime: Runtime, *, now: datetime) -> bool:
        """Ask the next members, unless the day is done; tell whether it is done now."""
        today = local_day(now, runtime.programme.zone)
        if self._done_on == today:
            return True
        if self._scan is None:
            if await lapses.find_day(runtime.store) == today.isoformat():
                self._done_on = today
                return True
            self._scan = LapseScan(today)
        if await _ask_some(runtime, self._scan, now=now):
            await lapses.store_held(runtime.store, self._scan.held, day=self._scan.day)
            self._done_on, self._scan = self._scan.day, None
        return self._scan is None


async def _ask_some(runtime: Runtime, scan: LapseScan, *, now: datetime) -> bool:
    """Add the next members; tell whether those were the last."""
    scan.ids = scan.ids or await member_scans.find_ids(runtime.store, after=scan.after)
    batch, rest = scan.ids[:MEMBERS_AT_ONCE], scan.ids[MEMBERS_AT_ONCE:]
    async for stored_member in member_scans.read_in_order(runtime.store, batch):
        member = at_instant(runtime.programme, stored_member.member, now=now)
        for code, wallet in member.wallets.items():
            scan.held.update({(code, lapse): amount for lapse, amount in held_of(wallet).items()})
    scan.ids, scan.after = rest, batch[-1] if batch else scan.after
    return len(batch) < MEMBERS_AT_ONCE  # ids are read many times as many at once


# ---------------------------------------------------------------- pure rules
def held_of(wallet: Wallet) -> Counter[str]:
    """Return what a wallet holds by when it lapses; together they are what is outstanding of it."""
    held = Counter[str]()
    for lot in wallet.lots:
        if lot.available_at is not None:
            held[PENDING] += lot.amount
        else:
            held[NEVER if lot.expires_on is None else f"{lot.expires_on:%Y-%m}"] += lot.amount
    held[OWED] -= wallet.debt
    return held


def held_units(programme: Programme, held: Mapping[HeldKey, int]) -> tuple[HeldUnits, ...]:
    """Return what is held of wallets that members see, in file order, months first."""
    out: list[HeldUnits] = []
    for wallet in programme.shown_wallets:
        cost = unit_cost(wallet, programme.programme.currency)
        of_wallet = sorted((lapse, amount) for (code, lapse), amount in held.items() if code == wallet.code)
        out += [
            HeldUnits(wallet.code, lapse, amount, None if cost is None else float(amount * cost))
            for lapse, amount in of_wallet
            if amount
        ]
    return tuple(out)
