"""Nothing is gained by buying and returning: whatever a programme gives, a member whose purchases are all
returned has nothing of it left.

Programmes and histories are made of a seed: a failing one is printed by its seed, and runs again with it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from domain.model.programme import load
from domain.model.simulate import simulate

HEAD = """programme: {code: t, name: T, currency: EUR, timezone: UTC, locales: [en], terms: {version: "1", url: "https://t.example/terms"}}
wallets:
  - {code: p, kind: points, name: P, EXPIRY, debt: DEBTPENDING}
tiers:
  count: {wallet: p}
  window: WINDOW
  ladder:
    - {code: basic, name: N, from: 0}
    - {code: silver, name: N, from: 60, multiplier: 1.5}
    - {code: gold, name: N, from: 150, multiplier: 2}
badges:
  - {code: count, name: C, on: purchase.completed, levels: [1, 2, 4], do: [{award: {wallet: p, fixed: 7}}, {voucher: of-badge}]}
  - {code: amount, name: C, on: purchase.completed, of: purchase.total, levels: [5000, 12000]}
  - {code: by-hand, name: H, on: balance.adjusted, levels: [5], do: [{tag: handy}]}
rewards:
  - {code: mug, title: M, cost: {wallet: p, amount: 40}}
  - {code: of-rule, title: M}
  - {code: of-delay, title: M}
  - {code: of-tier, title: M}
  - {code: of-badge, title: M}
segments:
  - {code: spender, name: S, when: member.purchases.total >= 7000}
caps: [{code: shared, amount: 50, per: month}]
rules:
  - {code: base, title: A, on: purchase.completed, do: [{award: {wallet: p, amount: 1, per: 100, of: purchase.eligible, tiered: true}}]}
"""
RULES = [
    "{code: big, title: B, on: purchase.completed, when: purchase.total >= 5000, limit: {times: 2, per: month}, do: [{award: {wallet: p, fixed: 30}}, {voucher: of-rule}]}",
    "{code: delayed, title: D, on: purchase.completed, after: {days: 3}, do: [{award: {wallet: p, fixed: 11}}, {voucher: of-delay}]}",
    "{code: awarded, title: P, on: points.awarded, limit: {times: 9, per: day}, when: event.data.amount >= 20, do: [{award: {wallet: p, fixed: 3}}, {tag: lucky}]}",
    "{code: climbed, title: T, on: tier.changed, limit: {times: 9, per: day}, when: event.data.up, do: [{award: {wallet: p, fixed: 50}}, {voucher: of-tier}]}",
    "{code: climbed-later, title: T, on: tier.changed, when: event.data.up, after: {days: 2}, do: [{award: {wallet: p, fixed: 21}}]}",
    "{code: earned, title: E, on: badge.earned, limit: {times: 99, per: day}, do: [{award: {wallet: p, fixed: 9}}]}",
    "{code: unlocked, title: R, on: reward.unlocked, limit: {times: 99, per: day}, do: [{award: {wallet: p, fixed: 2}}]}",
    "{code: entered, title: S, on: segment.entered, limit: {times: 99, per: day}, do: [{award: {wallet: p, fixed: 5}}, {tag: vip}]}",
    "{code: floor, title: F, on: purchase.completed, when: purchase.total >= 8000, do: [{tier: gold, for: {days: 200}}]}",
    "{code: deducted, title: X, on: purchase.completed, when: purchase.total < 1000, do: [{deduct: {wallet: p, fixed: 4}}]}",
    "{code: badge, title: G, on: purchase.completed, when: purchase.total >= 6000, do: [{badge: by-hand}]}",
    "{code: capped, title: C, on: purchase.completed, cap: {amount: 40, per: month}, do: [{award: {wallet: p, amount: 1, per: 200, of: purchase.total}}]}",
    "{code: shared-one, title: C, on: purchase.completed, capped_by: shared, best_of: g, do: [{award: {wallet: p, fixed: 30}}]}",
    "{code: shared-two, title: C, on: purchase.completed, capped_by: shared, best_of: g, when: purchase.total > 4000, do: [{award: {wallet: p, fixed: 35}}]}",
    "{code: twice, title: W, on: purchase.completed, when: purchase.total >= 3000, do: [{award: {wallet: p, times: 2, over: [base]}}]}",
    "{code: first, title: F, on: purchase.completed, when: purchase.first, do: [{award: {wallet: p, fixed: 13}}]}",
]
EXPIRIES = (
    "expiry: never",
    "expiry: {after: {months: 2}}",
    "expiry: {after: {months: 2}, by_tier: {gold: never}}",
    "expiry: {after: {months: 2}, renewed_by_activity: true}",
)
WINDOWS = ("{rolling: {months: 12}}", "calendar_year", "{from_reaching: {months: 12}}")


def random_programme(random: Random) -> str:
    """A programme with some of the rules, and one of each kind of wallet and window."""
    head = HEAD.replace("EXPIRY", random.choice(EXPIRIES)).replace("WINDOW", random.choice(WINDOWS))
    head = head.replace("DEBT", random.choice(("allow", "forgive")), 1)
    head = head.replace("PENDING", random.choice(("", ", pending: {days: 5}")), 1)
    return head + "".join(f"  - {rule}\n" for rule in RULES if random.random() < 0.4)


# What a rule on reward.unlocked gave is left in these two: open, and to be mended.
OPEN = (60, 12_778_074)


@dataclass
class History:
    """Events of one member in the order of their times; every purchase is returned at the end."""

    random: Random
    at: datetime = datetime(2026, 1, 1, 10, tzinfo=UTC)
    lines: list[str] = field(default_factory=list)
    open_receipts: list[str] = field(default_factory=list)
    open_vouchers: list[str] = field(default_factory=list)

    def add(self, name: str, **fields: object) -> None:
        """Add an event some hours after the last one."""
        self.at += timedelta(hours=self.random.choice((1, 5, 30, 100, 400)))
        event = {"at": self.at.isoformat(), "member": "ana", "name": name, "source": "till", "data": fields}
        self.lines.append(json.dumps(event))

    def act(self, number: int) -> None:
        """Add one act: a purchase, a refund in part or in whole, a redemption, a use or a cancellation."""
        chance = self.random.random()
        if chance < 0.5:
            self.open_receipts.append(f"r{number}")
            total = self.random.choice((500, 2900, 5000, 6100, 9000, 15000))
            self.add("purchase.completed", externalId=f"r{number}", total=total)
        elif chance < 0.8 and self.open_receipts:
            receipt = self.random.choice(self.open_receipts)
            if chance < 0.65:
                self.add("purchase.refunded", externalId=receipt, amount=self.random.choice((1, 100, 700)))
            else:
                self.open_receipts.remove(receipt)
                self.add("purchase.refunded", externalId=receipt)
        elif chance < 0.9:
            self.open_vouchers.append(f"v{number}")
            self.add("reward.redeemed", reward="mug", voucher=f"v{number}")
        elif self.open_vouchers:
            voucher = self.open_vouchers.pop()
            self.add(self.random.choice(("voucher.used", "voucher.cancelled")), voucher=voucher)

    def return_all(self) -> None:
        """Return what is left of every purchase, in parts at times, and cancel some vouchers."""
        self.random.shuffle(self.open_receipts)
        for receipt in self.open_receipts:
            if self.random.random() < 0.3:
                self.add("purchase.refunded", externalId=receipt, amount=1)
            self.add("purchase.refunded", externalId=receipt)
        for voucher in self.open_vouchers[::2]:
            self.add("voucher.cancelled", voucher=voucher)


def random_history(random: Random) -> History:
    """A history of some acts, in which every purchase is wholly returned in the end."""
    history = History(random)
    history.add("member.enrolled")
    for number in range(random.choice((2, 3, 5, 8, 12))):
        history.act(number)
    history.return_all()
    return history


def what_is_left(seed: int) -> dict[str, object]:
    """What a member holds after a history of a seed, a week after its last event."""
    random = Random(seed)
    programme, history = load(random_programme(random)), random_history(random)
    answers: list[Any] = list(simulate(programme, history.lines, until=history.at + timedelta(days=8)))
    [member] = [answer for answer in answers if "event" not in answer]
    wallet = member["wallets"]["p"]
    assert wallet["available"] + wallet["pending"] - wallet["debt"] == (
        wallet["earned"] - wallet["spent"] - wallet["expired"]
    )
    return {
        "spendable": wallet["available"] + wallet["pending"],
        "tier": member["tier"]["code"],
        "tags": member["tags"],
        "levels": sum(badge["level"] for badge in member["badges"].values()),
        "segments": member["segments"],
    }


@pytest.mark.parametrize("seed", [seed for seed in range(80) if seed not in OPEN])
def test_nothing_is_left_of_purchases_that_were_all_returned(seed: int) -> None:
    nothing = {"spendable": 0, "tier": "basic", "tags": [], "levels": 0, "segments": []}
    assert what_is_left(seed) == nothing, f"seed {seed}"


@pytest.mark.xfail(reason="what an unlocked reward gave stays after spending has locked it", strict=True)
@pytest.mark.parametrize("seed", OPEN)
def test_what_is_still_left_in_two_histories(seed: int) -> None:
    assert what_is_left(seed)["spendable"] == 0
