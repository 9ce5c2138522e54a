"""What members hold by when it lapses: all of it, each day anew, in as many steps as there are members."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from domain.model.ledger.wallet import Wallet
from domain.services.figures import lapses, reading
from domain.services.figures.lapses import DailyLapses, HeldUnits, held_of
from domain.services.ledger import purchases
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.figures.lease import LeaseHolder
from tests.folding import fold_waiting
from tests.small_runtime import NOW, TILL, join, new_purchase, open_runtime

CLUB = """
programme: {code: small, name: Small, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets:
  - {code: points, name: Points, unit_cost: "0.02", expiry: {after: {months: 1}, renewed_by_activity: true}}
  - {code: later, name: Later, pending: {days: 14}, debt: allow}
  - {code: hidden, name: Hidden, hidden: true}
rules:
  - code: euro
    title: Euro
    on: purchase.completed
    do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.total}}, {award: {wallet: later, fixed: 3}}, {award: {wallet: hidden, fixed: 9}}]
"""


async def buy(runtime: Runtime, member: str, *, days: int) -> None:
    at, receipt = NOW + timedelta(days=days), f"{member}-{days}"
    asked = new_purchase(receipt, 10_000)
    await purchases.record(runtime, till=TILL, member_id=member, purchase_input=asked, key=receipt, now=at)


async def held(runtime: Runtime, *, days: int) -> tuple[tuple[HeldUnits, ...], date | None]:
    at = NOW + timedelta(days=days)
    report = await reading.read_report(runtime, reading.default_period(runtime, now=at))
    outstanding = {each.subject: each.value for each in report.figures if each.code == "outstanding"}
    for wallet, amount in outstanding.items():
        if report.held:
            assert sum(each.amount for each in report.held if each.wallet == wallet) == amount
    return report.held, report.held_on


async def test_what_is_held_stands_in_the_month_in_which_it_lapses(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lapses, "MEMBERS_AT_ONCE", 2)
    runtime, daily = await open_runtime(database, CLUB), DailyLapses()
    assert await held(runtime, days=0) == ((), None)
    for member in ("ana", "bob", "eva"):
        await join(runtime, member)
        await buy(runtime, member, days=1)
    await buy(runtime, "bob", days=20)  # which renews what bob had: it goes on to April
    holder, now = LeaseHolder(lambda: NOW), NOW + timedelta(days=20)
    await fold_waiting(runtime, holder, now=now)
    assert [await daily.go_on(runtime, now=now) for _ in range(3)] == [False, True, True]
    told, day = await held(runtime, days=20)
    assert day == date(2026, 3, 22)
    assert told == (
        HeldUnits("points", "2026-04", 400, 800.0),
        HeldUnits("later", "never", 9, None),
        HeldUnits("later", "pending", 3, None),
    )
    later = NOW + timedelta(days=40)  # ana's and eva's have lapsed, whatever job has written that down
    assert [await daily.go_on(runtime, now=later) for _ in range(2)] == [False, True]
    report = await reading.read_report(runtime, reading.default_period(runtime, now=later))
    assert report.held[0] == HeldUnits("points", "2026-04", 200, 400.0)
    assert await DailyLapses().go_on(runtime, now=later), "another process sees that the day is done"


def test_what_is_owed_stands_below_zero() -> None:
    assert held_of(Wallet(debt=7)) == {"owed": -7}
