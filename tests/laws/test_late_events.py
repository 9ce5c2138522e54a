"""Late receipts end where the same receipts in time would have ended, and a returned purchase had renewed
nothing.

Programmes and histories are made of a seed: a failing one is printed by its seed, and runs again with it.
Nothing is spent, and nothing lapses, between a receipt's own time and its arrival: what was told or spent
stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from domain.model.ledger.validity import renewal
from domain.model.ledger.wallet import Wallet
from domain.model.programme import Programme, load
from domain.model.programme.wallets import WalletSpec
from domain.model.simulate import simulate

BEGIN = datetime(2026, 1, 2, 10, tzinfo=UTC)
HEAD = """programme: {code: t, name: T, currency: EUR, timezone: Europe/Lisbon, locales: [en], terms: {version: "1", url: "https://t.example/terms"}}
wallets:
  - {code: p, kind: points, name: P, EXPIRY PENDING}
events: [{name: visit, title: V, data: {}}]
badges:
  - {code: count, name: C, on: purchase.completed, levels: [2, 4]DO}
rules:
  - {code: base, title: A, on: purchase.completed, do: [{award: {wallet: p, amount: 1, per: 100, of: purchase.total, tiered: true}}]}
"""
BOUND_RULES = """  - {code: some, title: S, on: purchase.completed, limit: {times: 2, per: month}, do: [{award: {wallet: p, fixed: 5}}]}
  - {code: capped, title: C, on: purchase.completed, cap: {amount: 60, per: week}, do: [{award: {wallet: p, amount: 1, per: 150, of: purchase.total}}]}
"""
TIERS = """tiers:
  count: {wallet: p}
  window: WINDOW
  ladder:
    - {code: basic, name: N, from: 0}
    - {code: silver, name: N, from: 100, multiplier: 1.5}
    - {code: gold, name: N, from: 260, multiplier: 2}
"""
AFTERS = (
    "{after: {months: 3}, renewed_by_activity: true}",
    "{after: {days: 80}, renewed_by: [purchase.completed], round: month}",
    "{after: {months: 3}}",
)
BY_TIER = (
    "{after: {months: 3}, renewed_by_activity: true, by_tier: {silver: {months: 5}, gold: never}}",
    "{after: {months: 3}, by_tier: {gold: never}}",
    "{after: {months: 4}, renewed_by_activity: true, by_tier: {silver: {months: 3}}}",
)
SEEDS = range(40)
WINDOWS = ("{rolling: {months: 12}}", "calendar_year", "{from_reaching: {months: 12}}")


def random_programme(random: Random, *, tiered: bool) -> Programme:
    """A programme of one wallet; what one receipt gives depends on others only where it is tiered."""
    expiry = random.choice(AFTERS + BY_TIER if tiered else AFTERS)
    pending = random.choice(("", ", pending: {days: 5}", ", pending: {hours: 30}"))
    text = HEAD.replace("EXPIRY", f"expiry: {expiry}").replace(" PENDING", pending)
    text = text.replace("DO", ", do: [{award: {wallet: p, fixed: 7}}]" if tiered else "")
    text += (BOUND_RULES + TIERS) if tiered else ""
    return load(text.replace("WINDOW", random.choice(WINDOWS)))


def line(at: datetime, name: str, **fields: object) -> str:
    """A line of a simulated history."""
    event = {"at": at.isoformat(), "member": "ana", "name": name, "source": "till", "data": fields}
    return json.dumps(event)


def receipts(random: Random, count: int) -> list[tuple[datetime, str]]:
    """Receipts within 50 days, in the order of their times."""
    at, out = BEGIN, []
    for number in range(count):
        at += timedelta(hours=random.choice((2, 26, 50, 75, 160)))
        total = random.choice((700, 2900, 5000, 9000, 12000))
        out.append((at, line(at, "purchase.completed", externalId=f"r{number}", total=total)))
    return out


def outcome(programme: Programme, lines: Iterable[str], *, until: datetime) -> dict[str, Any]:
    """What a member holds after a history."""
    history = [line(BEGIN, "member.enrolled"), *lines]
    answers: list[Any] = list(simulate(programme, history, until=until))
    [member] = [answer for answer in answers if "event" not in answer]
    return {key: member[key] for key in ("wallets", "tier", "badges", "tags") if key in member}


def arrived(random: Random, planned: list[tuple[datetime, str]]) -> list[str]:
    """Receipts as they arrive: some late, each after a visit of its day of arrival."""
    arrivals = []
    for at, text in planned:
        delay = timedelta(hours=random.choice((0, 0, 30, 200, 400)))
        if delay:
            arrivals.append((at + delay, 0, line(at + delay, "visit")))
        arrivals.append((at + delay, 1, text))
    return [text for _, _, text in sorted(arrivals)]


def returns(random: Random, count: int, at: datetime, *, splits: bool) -> list[str]:
    """Whole returns of some receipts, each at once or in parts."""
    out, parts = [], list[str]()
    for number in range(count):
        if random.random() < 0.4:
            out.append(line(at, "purchase.refunded", externalId=f"r{number}"))
            parts += [f"r{number}"] * random.choice((1, 2))
    if splits:
        random.shuffle(parts)
        out = [line(at, "purchase.refunded", externalId=code, amount=100) for code in parts] + out
    return out


LATER = (timedelta(days=1), timedelta(days=45), timedelta(days=130), timedelta(days=500))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_queue_sent_in_the_order_of_its_times_ends_where_it_had_in_time(seed: int) -> None:
    random = Random(seed)
    programme, planned = random_programme(random, tiered=True), receipts(random, random.choice((2, 4, 7)))
    arrival = planned[-1][0] + timedelta(hours=random.choice((1, 30, 200)))
    lines = [text for _, text in planned]
    rest = returns(random, len(planned), arrival + timedelta(hours=3), splits=False)
    for later in LATER:
        until = arrival + later
        in_time = outcome(programme, [*lines, line(arrival, "visit"), *rest], until=until)
        late = outcome(programme, [line(arrival, "visit"), *lines, *rest], until=until)
        assert late == in_time, f"seed {seed}, {later} later"


@pytest.mark.parametrize("seed", SEEDS)
def test_receipts_that_come_late_in_any_order_end_where_they_had_in_time(seed: int) -> None:
    random = Random(seed)
    programme, planned = random_programme(random, tiered=False), receipts(random, random.choice((2, 5, 9)))
    until, lines = planned[-1][0] + timedelta(days=18), [text for _, text in planned]
    rest = returns(random, len(planned), until, splits=False)
    mixed = arrived(random, planned)
    for later in LATER:
        in_time = outcome(programme, [*lines, line(until, "visit"), *rest], until=until + later)
        late = outcome(programme, [*mixed, line(until, "visit"), *rest], until=until + later)
        assert late == in_time, f"seed {seed}, {later} later"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_purchase_that_was_wholly_returned_had_renewed_nothing(seed: int) -> None:
    random = Random(seed)
    programme, planned = random_programme(random, tiered=False), receipts(random, random.choice((2, 5, 9)))
    until = planned[-1][0] + timedelta(days=18)
    returned = {number for number in range(len(planned)) if random.random() < 0.4}
    rest = [line(until, "purchase.refunded", externalId=f"r{number}") for number in returned]
    stays = [text for number, (_, text) in enumerate(planned) if number not in returned]
    mixed = arrived(random, planned)
    for later in LATER:
        with_returns = outcome(programme, [*mixed, line(until, "visit"), *rest], until=until + later)
        without = outcome(programme, [*stays, line(until, "visit")], until=until + later)
        assert with_returns["wallets"] == without["wallets"], f"seed {seed}, {later} later"


@pytest.mark.parametrize("are_late", [True, False], ids=["late", "in time"])
@pytest.mark.parametrize("seed", [*range(20), 23, 27, 113, 120, 122, 153, 196, 210, 253, 276, 378])
def test_returns_in_parts_end_where_whole_ones_end(seed: int, are_late: bool) -> None:
    random = Random(seed)
    programme, planned = random_programme(random, tiered=True), receipts(random, random.choice((2, 5, 9)))
    until = planned[-1][0] + timedelta(days=18)
    mixed = arrived(random, planned) if are_late else [text for _, text in planned]
    choices = random.random()
    whole = returns(Random(choices), len(planned), until, splits=False)
    parts = returns(Random(choices), len(planned), until, splits=True)
    for later in LATER:
        once = outcome(programme, [*mixed, line(until, "visit"), *whole], until=until + later)
        split = outcome(programme, [*mixed, line(until, "visit"), *parts], until=until + later)
        assert split == once, f"seed {seed}, {later} later"


@pytest.mark.parametrize("fault", ["renew", "undo_renewal"])
def test_a_planted_fault_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = renewal.renew

    def only_in_time(wallet: Wallet, spec: WalletSpec, *, tier: str | None, day: date) -> Wallet:
        is_late = bool(wallet.validity_changes) and day < wallet.validity_changes[-1].last
        return wallet if is_late else sound(wallet, spec, tier=tier, day=day)

    def never(wallet: Wallet, spec: WalletSpec, *, tier: str | None, day: date) -> Wallet:
        return wallet

    monkeypatch.setattr(renewal, fault, only_in_time if fault == "renew" else never)
    with pytest.raises(AssertionError, match="seed"):
        _hold_all()


def _hold_all() -> None:
    for seed in SEEDS:
        test_a_purchase_that_was_wholly_returned_had_renewed_nothing(seed)
        test_receipts_that_come_late_in_any_order_end_where_they_had_in_time(seed)
