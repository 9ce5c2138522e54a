"""Every order of some acts over small programmes, and what no order may leave.

An act that finds nothing to act on, or is refused, is the order without it: only acts that happen are followed.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from domain.model.event_names import VOUCHER_REVERSED
from domain.model.ledger.decide import at_instant
from domain.model.ledger.events import Json
from domain.model.ledger.ladder import held_tier
from domain.model.ledger.member import Member
from domain.model.ledger.wallet import Wallet
from domain.model.programme import Programme, load
from domain.model.simulate import InputLine, Simulation

BEGAN = datetime(2026, 3, 2, 10, tzinfo=UTC)
ACTS = ("buy", "buy more", "pay", "return", "return part", "use", "reverse", "redeem", "cancel", "promote")
SETTLING = timedelta(days=6)

_HEAD = """
programme: {code: orders, name: O, currency: EUR, timezone: UTC, locales: [en]}
events: [{name: jury.chose, title: J, data: {}}]
rewards:
  - {code: mug, title: M, kind: product, cost: {wallet: p, amount: 25}}
  - {code: gift, title: G, kind: product}
  - {code: pin, title: P, kind: product}
"""
_LADDER = """
tiers:
  count: {wallet: p}
  window: {rolling: {months: 12}}
  ladder: [{code: basic, name: B, from: 0}, {code: silver, name: S, from: 60EXTRA}, {code: gold, name: G, from: 130}]
"""
_LADDER_OF_COUNTS = """
tiers:
  counts: {p: {wallet: p, title: P}, large: {on: purchase.completed, when: purchase.total > 4000, title: L}, spent: {on: purchase.completed, of: purchase.total, kind: money, title: S}}
  window: {rolling: {months: 12}}
  ladder: [{code: basic, name: B, from: 0}, {code: silver, name: S, from: {p: 60, large: 1}EXTRA}, {code: gold, name: G, from: {p: 170, spent: 13000}}]
"""
_BASE = "{code: base, title: B, on: purchase.completed, do: [{award: {wallet: p, amount: 1, per: 100, of: purchase.total, tiered: true}}]}"
_JURY = "{code: jury, title: J, on: jury.chose, do: [{tier: gold, for: {days: 30}}]}"
PROGRAMMES = {
    "vouchers": [
        "{code: p, kind: points, name: P, debt: forgive}",
        "{code: big, title: B, on: purchase.completed, when: purchase.total >= 5000, do: [{voucher: gift}, {tag: big}]}",
        "{code: once, title: O, on: purchase.completed, limit: {times: 1, per: month}, do: [{award: {wallet: p, fixed: 30}}, {voucher: pin}]}",
        "{code: redeemed, title: R, on: reward.redeemed, do: [{award: {wallet: p, fixed: 3}}]}",
        "{code: used, title: U, on: voucher.used, do: [{award: {wallet: p, fixed: 2}}, {tag: user}]}",
    ],
    "ladder": [
        "{code: p, kind: points, name: P, debt: allow}",
        "{code: up, title: U, on: tier.changed, when: event.data.up, limit: {times: 9, per: day}, do: [{award: {wallet: p, fixed: 20}}, {voucher: gift}, {tag: risen}]}",
        "{code: down, title: D, on: tier.changed, when: '!event.data.up', limit: {times: 9, per: day}, do: [{award: {wallet: p, fixed: 4}}]}",
    ],
    "counts": [
        "{code: p, kind: points, name: P, debt: allow}",
        "{code: up, title: U, on: tier.changed, when: event.data.up, limit: {times: 9, per: day}, do: [{award: {wallet: p, fixed: 20}}, {voucher: gift}, {tag: risen}]}",
    ],
    "badges": [
        "{code: p, kind: points, name: P, debt: allow, pending: {days: 1}}",
        "{code: earned, title: E, on: badge.earned, limit: {times: 9, per: day}, do: [{award: {wallet: p, fixed: 9}}, {tag: earner}]}",
        "{code: deducted, title: D, on: purchase.completed, when: purchase.total < 5000, do: [{deduct: {wallet: p, fixed: 4}}]}",
        "{code: share, title: H, on: purchase.completed, do: [{deduct: {wallet: p, of: purchase.total / 900}}]}",
    ],
    "payments": [
        "{code: p, kind: points, name: P, debt: forgive, pay: {units: 1, worth: 50}}",
        "{code: open, title: O, on: reward.unlocked, limit: {times: 1, per: month}, do: [{award: {wallet: p, fixed: 2}}]}",
        "{code: paid, title: D, on: purchase.completed, when: purchase.paid >= 2500, do: [{voucher: gift}, {tag: big}]}",
    ],
    "credit": [
        "{code: p, kind: money, name: P, debt: allow}",
        "{code: half, title: H, on: purchase.completed, do: [{award: {wallet: p, amount: 1, per: 200, of: purchase.eligible}}]}",
    ],
    "codes": [
        "{code: p, kind: points, name: P, debt: allow}, {code: h, name: H, hidden: true, debt: forgive}",
        "{code: coded, title: C, on: code.entered, do: [{award: {wallet: p, fixed: 22}}, {voucher: gift}, {tag: big}]}",
        "{code: stars, title: S, on: purchase.completed, do: [{award: {wallet: h, amount: 1, per: 100, of: purchase.total}}]}",
        "{code: bright, title: I, on: purchase.completed, when: purchase.total >= 5000, do: [{award: {wallet: p, fixed: 8}}, {award: {wallet: h, fixed: 5}}, {voucher: pin}]}",
    ],
    "states": [
        "{code: p, kind: points, name: P, debt: forgive}",
        "{code: later, title: L, on: purchase.completed, after: {days: 2}, do: [{award: {wallet: p, fixed: 11}}, {voucher: pin}]}",
        "{code: open, title: O, on: reward.unlocked, limit: {times: 1, per: month}, do: [{award: {wallet: p, fixed: 2}}]}",
        "{code: entered, title: E, on: segment.entered, limit: {times: 99, per: day}, do: [{voucher: gift}, {tag: inside}]}",
        "{code: left, title: L, on: segment.left, limit: {times: 99, per: day}, do: [{award: {wallet: p, fixed: 5}}]}",
    ],
}
_MORE = {
    "codes": "codes: [{code: SPRING, title: S}]\n",
    "badges": "badges:\n  - {code: buyer, name: B, on: purchase.completed, levels: [1, 2], do: [{voucher: gift}, {award: {wallet: p, fixed: 5}}]}\n",
    "states": "segments:\n  - {code: spender, name: S, when: member.purchases.total >= 5000}\n",
}


@lru_cache
def order_programme(name: str, extra: str = "") -> Programme:
    """Load a small programme; `extra` is a field of its silver tier, such as a multiplier."""
    wallet, *rules = PROGRAMMES[name]
    written = "".join(f"  - {rule}\n" for rule in (_BASE, _JURY, *rules))
    head = _HEAD + (_LADDER_OF_COUNTS if name == "counts" else _LADDER).replace("EXTRA", extra)
    return load(f"{head}wallets: [{wallet}]\nrules:\n{written}{_MORE.get(name, '')}")


class OrderRun(Simulation):
    """A run that can be forked, an hour an act."""

    def __init__(self, programme: Programme) -> None:
        super().__init__(programme)
        self.keeps_rows = False
        self._declared = self._declared | {VOUCHER_REVERSED}
        self.clock, self.number = BEGAN, 0
        self.bought: tuple[str, ...] = ()
        self.promoted: tuple[datetime, ...] = ()
        self.used: frozenset[str] = frozenset()
        self.rewards_used: dict[str, str] = {}
        self.by_promotion: frozenset[str] = frozenset()
        self.peak: Counter[str] = Counter()
        self.redeemed: frozenset[str] = frozenset()
        self.send("member.enrolled", {})

    def fork(self) -> OrderRun:
        """Return a run that goes on from here by itself."""
        other = copy.copy(self)
        for name, value in vars(self).items():
            if isinstance(value, (dict, list, set)):
                setattr(other, name, copy.copy(value))
        other._traces = {}  # no act is late
        forked = {id(one): copy.copy(one) for one in self.receipts.values()}
        for receipt in forked.values():
            receipt.claims, receipt.delayed = list(receipt.claims), list(receipt.delayed)
        other.receipts = {key: forked[id(one)] for key, one in self.receipts.items()}
        other._receipts_by_event = {key: forked[id(one)] for key, one in self._receipts_by_event.items()}
        return other

    @property
    def ana(self) -> Member:
        """The member."""
        return self.members["ana"]

    def send(self, name: str, event_data: dict[str, Json]) -> bool:
        """Run one event now. Returns whether it was accepted."""
        self.number += 1
        line = InputLine(self.number, self.clock, "ana", name, "till", event_data)
        return not any(answer["refused"] for answer in self.event(line))

    def wait(self, span: timedelta) -> None:
        """Let time pass."""
        for _ in self.advance(self.clock + span):
            pass

    def buy(self, total: int, units: int = 0) -> bool:
        """Buy for an amount, in part with units of the wallet."""
        self.bought = (*self.bought, f"x{self.number}")
        receipt: dict[str, Json] = {"externalId": self.bought[-1], "total": total}
        if units:
            receipt["payWith"] = [{"wallet": "p", "units": units}]
        return self.send("purchase.completed", receipt)

    def promote(self) -> bool:
        """Let what has nothing to do with purchases happen: a code where the programme has one, or the jury."""
        if self.programme.codes:
            return self.send("code.entered", {"code": self.programme.codes[0].name})
        return self.send("jury.chose", {})

    def standing(self) -> dict[str, tuple[datetime, int]]:
        """Return the receipts that stand, with their instants and what is kept of them."""
        return {
            key[1][2]: (receipt.row.event.at, receipt.remaining.total)
            for key, receipt in self.receipts.items()
            if receipt.remaining.total
        }

    def act(self, act: str) -> bool:
        """Let one act happen an hour later. Returns whether there was anything to act on."""
        self.wait(timedelta(hours=1))
        has_acted = self._act(act)
        if has_acted:
            self.peak |= _vouchers_earned(self)
        return has_acted

    def _act(self, act: str) -> bool:
        standing, vouchers = self.standing(), self.ana.vouchers
        match act:
            case "buy" | "buy more":
                return self.buy(3_000 if act == "buy" else 7_000)
            case "pay":
                units = min(self.ana.wallets.get("p", Wallet()).available, 45)
                return self.programme.pay_terms("p") is not None and bool(units) and self.buy(5_000, units)
            case "return" if standing:
                return self.send("purchase.refunded", {"externalId": next(iter(standing))})
            case "return part" if standing:
                return self.send("purchase.refunded", {"externalId": list(standing)[-1], "amount": 2_500})
            case "redeem":
                label = f"v{self.number}"
                self.redeemed |= {label}
                return self.send("reward.redeemed", {"reward": "mug", "voucher": label})
            case "cancel":
                paid = [code for code, one in vouchers.items() if one.taken_lots and one.used_at is None]
                self.redeemed -= set(paid[:1])
                return bool(paid) and self.send("voucher.cancelled", {"voucher": paid[0]})
            case "promote":
                self.promoted = (*self.promoted, self.clock)
                if len(self.promoted) > 1:
                    return False
                is_sent = self.promote()
                self.by_promotion = frozenset(self.ana.vouchers) - frozenset(vouchers)
                return is_sent
            case "use" | "reverse":
                return self._use(is_reversed=act == "reverse")
        return False

    def _use(self, *, is_reversed: bool) -> bool:
        vouchers = self.ana.vouchers
        known = [code for code, one in vouchers.items() if (one.used_at is not None) is is_reversed]
        if not known:
            return False
        voucher = known[-1]
        self.used ^= {voucher}
        self.rewards_used[voucher] = vouchers[voucher].reward
        return self.send(VOUCHER_REVERSED if is_reversed else "voucher.used", {"voucher": voucher})


def orders(
    run: OrderRun, depth: int, told: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], OrderRun]]:
    """Return every order of so many acts at most, with the run that lived through it."""
    for act in ACTS if depth else ():
        after = run.fork()
        if after.act(act):
            yield (*told, act), after
            yield from orders(after, depth - 1, (*told, act))


# ---------------------------------------------------------------- what no order may leave


@lru_cache(maxsize=100_000)
def _earned(
    programme: Programme,
    bought: tuple[tuple[datetime, int], ...],
    promoted: tuple[datetime, ...],
    until: datetime,
) -> OrderRun:
    """Live through only the purchases that stand, and the promotions."""
    run = OrderRun(programme)
    events = sorted([(at, total) for at, total in bought] + [(at, 0) for at in promoted])
    for at, total in events:
        run.wait(at - run.clock)
        if total:
            run.buy(total)
        else:
            run.promote()
    run.wait(until - run.clock)
    return run


@dataclass(frozen=True)
class Held:
    """What a member holds: points less debt and what was spent, free vouchers, tags and the place of the tier."""

    value: int
    spent: int
    free_vouchers: Counter[str]
    tags: frozenset[str]
    tier: int


def _held(run: OrderRun) -> Held:
    member = at_instant(run.programme, run.ana, now=run.clock)
    points = member.wallets.get("p", Wallet())
    free = [one.reward for one in member.vouchers.values() if not one.taken_lots and one.used_at is None]
    assert member.tier is not None
    tier = run.programme.tier_order[held_tier(run.programme, member.tier)]
    return Held(points.balance, points.spent, Counter(free), member.tags, tier)


def excess(run: OrderRun) -> list[str]:
    """Return what a member holds beyond what the purchases that stand earn, with a promotion at its time or
    after them: value, a tier, a tag or a second voucher.

    A used voucher stays, also where its purchase does not, and is given no second time: free and used ones are
    never more than were earned at some time. What the promotion alone gave stays, whatever was used of the
    purchases. What a use or a redemption gives is theirs as long as that stands.
    """
    bought = tuple(run.standing().values())
    mine, earned = _held(run), [_held(_earned(run.programme, bought, run.promoted, run.clock))]
    if run.promoted:
        earned.append(_held(_earned(run.programme, bought, (run.clock,), run.clock)))
    is_owed = run.programme.wallet("p").debt == "allow"
    value = mine.value + (mine.spent if is_owed else 0)
    due = max(one.value + (one.spent if is_owed else 0) for one in earned)
    due += _given(run, "used") * len(run.used) + _given(run, "redeemed") * len(run.redeemed)
    out = [f"{value} for {due}"] if value > due else []
    vouchers = _vouchers_earned(run)
    alone = _held(_earned(run.programme, (), run.promoted, run.clock)).free_vouchers
    for reward, held in mine.free_vouchers.items():
        used = [voucher for voucher in run.used if run.rewards_used[voucher] == reward]
        by_promotion = len(run.by_promotion.intersection(used))
        is_due = held <= vouchers[reward] and held + len(used) <= run.peak[reward]
        if not is_due and held > alone[reward] - by_promotion:
            out.append(f"{held} x {reward} for {vouchers[reward]}, {len(used)} used")
    tags = mine.tags - earned[0].tags - earned[-1].tags
    out += [f"tag {tag}" for tag in sorted(tags) if not (tag == "user" and run.used)]
    if mine.tier > max(one.tier for one in earned):
        out.append(f"tier {mine.tier}")
    return out


def _vouchers_earned(run: OrderRun) -> Counter[str]:
    """Return the free vouchers that what stands earns, with the promotion at its time or after all."""
    bought = tuple(run.standing().values())
    earned = _held(_earned(run.programme, bought, run.promoted, run.clock)).free_vouchers
    if run.promoted:
        earned |= _held(_earned(run.programme, bought, (run.clock,), run.clock)).free_vouchers
    return earned


def _given(run: OrderRun, rule: str) -> int:
    """Return what a rule on a use or a redemption gives: theirs, as long as they stand."""
    rules = [one for one in run.programme.rules if one.code == rule]
    return sum(action.award.fixed or 0 for one in rules for action in one.do if action.award is not None)


def excess_when_all_is_returned(run: OrderRun) -> list[str]:
    """Return what a member holds beyond what was promised when every purchase is returned."""
    after = run.fork()
    after.wait(timedelta(hours=1))
    for number in after.standing():
        after.send("purchase.refunded", {"externalId": number})
    return excess(after)
